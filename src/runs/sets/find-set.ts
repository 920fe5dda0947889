// Finds the set that `--data` means: a folder of pictures, IDX files, NumPy arrays or CSV tables, by names and contents.
import { closeSync, openSync, readSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import { findIdx, holdsIdx, statusOf, type Split } from "../../data/find-idx.ts";
import { looksLikeIdx } from "../../data/own-images.ts";
import { DataError } from "../../gpu/errors.ts";
import { formatOf } from "../../gpu/formats.ts";
import { systemReason } from "../../gpu/system-reason.ts";
import { arraySets, isArrayFile } from "./array-set.ts";
import { meansPrefix, some, type Candidate } from "./candidate.ts";
import { partsOf, stemOf } from "./file-names.ts";
import { pictureSet } from "./picture-set.ts";
import { requireRegular } from "./regular-file.ts";
import { isTableFile, tableSets } from "./table-set.ts";

const LOOKED =
  "folders of PNGs or JPEGs by class, IDX files such as train-images-idx3-ubyte, .npz, .npy and .csv files";

/** IDX files: those that find-idx.ts finds, or one file of any name. */
export interface IdxFound {
  readonly isFile: boolean;
  readonly notes: readonly string[];
}

/** Finds the set at a path. Rejects with `DataError` if there is none, or more than one. */
export async function findSet(path: string, split: Split): Promise<Candidate | IdxFound> {
  const status = statusOf(path);
  if (status && !status.isDirectory()) return fileAt(path, split);
  if (!status) {
    const folder = dirname(path);
    const named = statusOf(folder)?.isDirectory()
      ? (await fileSets(folder)).filter(({ prefix }) => meansPrefix(basename(path), prefix))
      : [];
    return onlyOne(named, path) ?? { isFile: false, notes: [] };
  }
  if (holdsIdx(path)) return { isFile: false, notes: besideIdx(path) };
  const pictures = pictureSet(path);
  const files = await fileSets(path);
  // Loose pictures next to files of images are previews of them, more often than a set.
  const counts = pictures && !(pictures.loose && files.length > 0);
  const one = onlyOne(counts ? [...files, pictures] : files, path);
  if (one) return one;
  findIdx(path, split, LOOKED); // which says what is there instead
  throw new DataError(`${path}: has no ${split} images; looked for ${LOOKED}`);
}

/** Returns the only one of some sets; undefined if there is none. Throws `DataError` on several. */
function onlyOne(found: readonly Candidate[], path: string): Candidate | undefined {
  if (found.length <= 1) return found[0];
  const kinds = new Set(found.map(({ kind }) => kind));
  const each = found.map(({ kind, path: own }) => `${own} (${kind})`);
  throw new DataError(
    `${path}: holds ${kinds.size > 1 ? `${kinds.size} kinds of image sets` : `${found.length} image sets`}: ${some(each)}; name one of them: --data ${found[0]!.path === path ? found[1]!.path : found[0]!.path}`,
  );
}

/** Returns the sets of arrays and tables in a folder. */
async function fileSets(folder: string): Promise<readonly Candidate[]> {
  const names = namesIn(folder);
  const paths = (test: (name: string) => boolean): string[] =>
    names.filter(test).map((name) => join(folder, name));
  // Kaggle's sample submissions hold no images.
  const tables = paths((name) => isTableFile(name) && !/submission/i.test(name));
  return [...(await arraySets(paths(isArrayFile))), ...tableSets(tables)];
}

/** IDX files come first, as they always did; what lies next to them is said. */
function besideIdx(folder: string): readonly string[] {
  const others = namesIn(folder).filter((name) => isArrayFile(name) || isTableFile(name));
  return others.length === 0
    ? []
    : [
        `${folder}: its IDX files are read; to read another set there, name its file: ${some(others, 3)}.`,
      ];
}

/** Returns what a file is, by its content. Throws `DataError` if it holds no set. */
async function fileAt(path: string, split: Split): Promise<Candidate | IdxFound> {
  requireRegular(path);
  const head = headOf(path);
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  const start = isPacked ? unpackedStart(head) : head;
  const format = formatOf(start);
  const siblings = (test: (name: string) => boolean): string[] => {
    const { prefix } = partsOf(stemOf(basename(path)));
    const others = namesIn(dirname(path)).filter(
      (name) => test(name) && name !== basename(path) && partsOf(stemOf(name)).prefix === prefix,
    );
    return [path, ...others.map((name) => join(dirname(path), name))];
  };
  const own = (sets: readonly Candidate[]): Candidate => {
    const set = sets.find(({ files }) => files.includes(path))!;
    return { ...set, path };
  };
  if (!isPacked && format?.words === "a NumPy array")
    return own(await arraySets(siblings(isArrayFile)));
  if (!isPacked && format?.words === "a zip archive") {
    const isZip = (each: string): boolean => each === path || /\.npz$/i.test(each);
    return own(await arraySets(siblings(isArrayFile), isZip));
  }
  if (format?.words === "a CSV table" || isTableFile(path))
    return own(tableSets(siblings(isTableFile)));
  if (format && ["png", "jpeg", "picture"].includes(format.kind)) {
    throw new DataError(
      `${path}: is ${format.words}; name the folder of the pictures to train on, or ask classify or project about one`,
    );
  }
  // find-idx.ts knows a set's files by their names; others are taken as they are.
  try {
    findIdx(path, split);
    return { isFile: false, notes: [] };
  } catch (error) {
    if (!(error instanceof DataError) || !looksLikeIdx(head)) throw error;
    if (split === "train") return { isFile: true, notes: [] };
    throw new DataError(
      `${path}: has no test images: it is one file of images, to train with; give both files names that tell them apart, such as train-images-idx3-ubyte and t10k-images-idx3-ubyte`,
      { cause: error },
    );
  }
}

const HEAD = 4096; // bytes

function headOf(path: string): Uint8Array {
  try {
    const head = new Uint8Array(HEAD);
    const file = openSync(path, "r");
    try {
      return head.subarray(0, readSync(file, head));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new DataError(`${path}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}

function unpackedStart(head: Uint8Array): Uint8Array {
  try {
    return gunzipSync(head.subarray(0, 1024), { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array(0); // whoever reads all of it says what is wrong
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith(".") && !entry.isDirectory())
      .map(({ name }) => name)
      .toSorted();
  } catch (error) {
    throw new DataError(`${folder}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}
