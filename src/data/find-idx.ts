// Finds the IDX files of an image set below a folder, under the names that people give them. These are MNIST's own,
// with dots, with a prefix, in upper case, as a browser's second copy, in torchvision's MNIST/raw, or each in a folder
// of its own name, as Kaggle's archive unpacks. Both splits come from the same set.

import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";
import { systemCode, systemReason } from "../gpu/system-reason.ts";

/** The split of a set. */
export type Split = "train" | "test";

/** The files of a split. */
export interface FoundFiles {
  readonly images: string;
  /** Undefined if the set has no labels. */
  readonly labels: string | undefined;
}

/** The parts of a file's name. */
interface Named {
  readonly prefix: string;
  readonly split: Split | undefined;
  readonly kind: "images" | "labels";
  /** The lowest comes first: plain before gzipped, dashes before dots, originals before copies. */
  readonly order: number;
}

/** Files of one folder whose names have the same beginning. */
interface FoundSet {
  readonly folder: string;
  readonly prefix: string;
  readonly depth: number;
  readonly files: { readonly path: string; readonly named: Named; readonly nested: boolean }[];
}

const DEEPEST = 3; // levels of folders below the given one
const MOST_FOLDERS = 500; // to look into
const USUAL: Readonly<Record<Split, string>> = {
  train: "train-images-idx3-ubyte",
  test: "t10k-images-idx3-ubyte",
};
const SPLIT_FOLDERS: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  test: "test",
  testing: "test",
  t10k: "test",
};
const COPY = /(\s*\(\d+\)|\s+-\s+copy|\s+copy(\s+\d+)?)+$/;
const KIND = /(images?|labels?)((?:[-_. ](?:idx\d?|u?byte|uint8|int|bin))*)$/;
const WITH_SPLIT = new RegExp(`^(?:(.*?)[-_. ])?(train|t10k|test)[-_. ]${KIND.source}`);
const WITHOUT_SPLIT = new RegExp(`^(?:(.*?)[-_. ])?()${KIND.source}`);

/**
 * Returns the files of a split of the one set below `path`. `path` may also name one of several sets in a folder, by
 * its prefix (`emnist/emnist-digits`) or by its images' file.
 *
 * Throws `DataError` if there is no set, or more than one. The message says what was `looked` for (names of IDX files),
 * what is there, and what to do.
 */
export function findIdx(path: string, split: Split, looked?: string): FoundFiles {
  const set = chooseSet(path, split, looked);
  const best = (kind: Named["kind"]): string | undefined =>
    set.files
      .filter(({ named }) => named.split === split && named.kind === kind)
      .toSorted(
        (a, b) =>
          Number(a.nested) - Number(b.nested) ||
          a.named.order - b.named.order ||
          (a.path < b.path ? -1 : 1),
      )[0]?.path;
  const images = best("images");
  if (images === undefined) throw new DataError(missingWords(path, split, set));
  return { images, labels: best("labels") };
}

/** Whether there are IDX files of images below a folder. Throws `DataError` if it can't be read. */
export function holdsIdx(folder: string): boolean {
  return setsBelow(folder).some(({ files }) => files.some(({ named }) => named.kind === "images"));
}

/**
 * Returns what is at a path; undefined if there is nothing. Throws `DataError` on an invalid path, such as one with a
 * name that is too long.
 */
export function statusOf(path: string): { isDirectory(): boolean } | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw new DataError(`${path}: can't be looked at: ${systemReason(error)}`, { cause: error });
  }
}

function chooseSet(path: string, split: Split, looked: string | undefined): FoundSet {
  const status = statusOf(path);
  const chosen = status?.isDirectory() ? undefined : setNamed(path);
  if (chosen) return chosen;
  const sets = setsBelow(path).filter(({ files }) =>
    files.some(({ named }) => named.kind === "images"),
  );
  const nearest = Math.min(...sets.map(({ depth }) => depth));
  const near = sets.filter(({ depth }) => depth === nearest);
  if (near.length > 1) {
    const names = near.map((set) => wordsFor(set)).toSorted();
    const some = names.slice(0, 6).join(", ") + (names.length > 6 ? ", …" : "");
    throw new DataError(
      `${path}: holds ${near.length} image sets: ${some}; name one of them: --data ${names[0]!}`,
    );
  }
  if (near.length === 0) throw new DataError(missingWords(path, split, undefined, looked));
  return near[0]!;
}

/** Returns the value of `--data` that means a set. */
function wordsFor({ folder, prefix, files }: FoundSet): string {
  return prefix === ""
    ? files.find(({ named }) => named.kind === "images")!.path
    : join(folder, prefix);
}

/** Returns the set that a path means by a prefix or by its images' file; undefined if there is none. */
function setNamed(path: string): FoundSet | undefined {
  const folder = dirname(path);
  if (!statusOf(folder)?.isDirectory()) return undefined;
  const name = basename(path).toLowerCase();
  const named = parseName(basename(path), undefined);
  const isFile = statusOf(path) !== undefined;
  const wanted = isFile ? (named?.kind === "images" ? named.prefix : undefined) : name;
  if (wanted === undefined || (wanted === "" && !isFile)) return undefined;
  return setsBelow(folder).find(({ depth, prefix }) => depth === 0 && prefix === wanted);
}

/** Parses a file's name; undefined if it isn't the name of an IDX file. `within` is the split in its folder's name. */
function parseName(name: string, within: Split | undefined): Named | undefined {
  const lower = name.toLowerCase();
  const whole = lower.replace(COPY, "");
  const plain = whole.replace(/\.gz$/, "");
  const stem = plain.replace(COPY, "");
  const found = WITH_SPLIT.exec(stem) ?? (within && WITHOUT_SPLIT.exec(stem));
  if (!found) return undefined;
  const [, prefix = "", which, kind, tail] = found as unknown as [string, string?, ...string[]];
  const split = which === "" ? within! : which === "train" ? "train" : "test";
  const isCopy = lower !== whole || plain !== stem;
  const isPacked = plain !== whole;
  const order = 8 * Number(isCopy) + 4 * Number(isPacked) + 2 * Number(tail!.startsWith("."));
  return {
    prefix,
    split,
    kind: kind!.startsWith("image") ? "images" : "labels",
    order: order + Number(stem !== plain || name !== lower),
  };
}

/** Returns all sets below a folder, the nearest first. Throws `DataError` if the folder can't be read. */
function setsBelow(top: string): FoundSet[] {
  const sets = new Map<string, FoundSet>();
  // `home` is the folder to which a file counts as belonging. A folder with the name of a file or a split is only a
  // step on the way.
  const open = [{ folder: top, home: top, depth: 0, within: undefined as Split | undefined }];
  for (let looked = 0; looked < MOST_FOLDERS && open.length > 0; looked += 1) {
    const { folder, home, depth, within } = open.shift()!;
    for (const { name, isFolder } of entriesOf(folder, top)) {
      if (isFolder) {
        if (relative(top, folder).split(/[/\\]/).length > DEEPEST) continue;
        const inside = parseName(name, "train")
          ? within
          : (SPLIT_FOLDERS[name.toLowerCase()] ?? undefined);
        const isThrough = inside !== undefined || parseName(name, "train") !== undefined;
        const path = join(folder, name);
        const next = isThrough ? { home, depth } : { home: path, depth: depth + 1 };
        open.push({ folder: path, within: inside, ...next });
        continue;
      }
      const named = parseName(name, within);
      if (!named) continue;
      const key = JSON.stringify([home, named.prefix]);
      const set = sets.get(key) ?? { folder: home, prefix: named.prefix, depth, files: [] };
      set.files.push({ path: join(folder, name), named, nested: folder !== home });
      sets.set(key, set);
    }
  }
  return [...sets.values()];
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Returns the entries of a folder, without hidden files. Links count as their targets. */
function entriesOf(folder: string, top: string): Entry[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") && name !== "__MACOSX")
      .map((entry) => ({
        name: entry.name,
        isFolder: entry.isSymbolicLink()
          ? (statSync(join(folder, entry.name), { throwIfNoEntry: false })?.isDirectory() ?? false)
          : entry.isDirectory(),
      }));
  } catch (error) {
    if (folder !== top) return []; // a folder further down that isn't ours to read
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

const MOST_TOLD = 4;
const ADVICE: readonly [kind: RegExp, advice: string][] = [
  [/archive|xz data|zstd data|bzip2 data/, "unpack it, and name the folder that it becomes"],
  [/web page/, "the download failed; fetch it again"],
  [/IDX file of rank 3/, "name it after what it holds, such as train-images-idx3-ubyte"],
  [/Git LFS/, "fetch the file itself: git lfs pull"],
  [/CSV|Parquet|NumPy|HDF5|MATLAB|JSON/, "convert it to IDX files"],
  [/picture/, "put pictures in one folder per class; single ones are for classify and project"],
];

/** Returns why a split isn't there: the names that were searched for, what the folder holds instead, and what to do. */
function missingWords(
  path: string,
  split: Split,
  set: FoundSet | undefined,
  looked = `${USUAL[split]} and names like it, plain or .gz`,
): string {
  const missing = `${path}: has no ${split} images; looked for ${looked}`;
  if (set) {
    const others = set.files.map((file) => basename(file.path)).toSorted();
    return `${missing}; they are missing next to ${others.slice(0, MOST_TOLD).join(", ")}: fetch them too.`;
  }
  const folder = statusOf(path)?.isDirectory() ? path : dirname(path);
  const entries = entriesOf(folder, folder);
  if (entries.length === 0) return `${missing}; the folder is empty.`;
  const told = entries
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, isFolder }) => ({
      name,
      words: isFolder ? "a folder" : wordsOf(join(folder, name)),
    }));
  // Entries for which there is advice come first.
  const advised = told.toSorted(
    (a, b) => Number(adviceOn(b.words) !== undefined) - Number(adviceOn(a.words) !== undefined),
  );
  const some = advised.slice(0, MOST_TOLD).map(({ name, words }) => `${name} (${words})`);
  const more = entries.length > some.length ? `, and ${entries.length - some.length} more` : "";
  const advice = adviceOn(advised[0]!.words);
  return `${missing}; it holds ${some.join(", ")}${more}${advice ? `: ${advice}` : ""}.`;
}

function adviceOn(words: string): string | undefined {
  return ADVICE.find(([kind]) => kind.test(words))?.[1];
}

const SNIFFED = 512;

/** Returns what a file is, by its first bytes. */
function wordsOf(path: string): string {
  const head = new Uint8Array(SNIFFED);
  let length = 0;
  try {
    if (!statSync(path).isFile()) return "not a regular file";
    const file = openSync(path, "r");
    try {
      length = readSync(file, head, 0, SNIFFED, 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    return systemReason(error);
  }
  const bytes = head.subarray(0, length);
  if (length === 0) return "empty";
  const [a, b, element = 0, rank = 0] = bytes;
  if (a === 0 && b === 0 && element >= 8 && element <= 14 && rank >= 1 && rank <= 4) {
    return `an IDX file of rank ${rank}`;
  }
  return formatOf(bytes)?.words ?? "of an unknown format";
}
