// Image sets in NumPy's files: .npy, one array each, and .npz, several arrays in a zip. Their names say which arrays are
// images and which are labels, of which split.
import { basename } from "node:path";
import { COLOUR_WORDS, layoutOf } from "../../data/gray-images.ts";
import { imageSet } from "../../data/idx.ts";
import type { Split } from "../../data/find-idx.ts";
import { DataError } from "../../gpu/errors.ts";
import { byPrefix, ofSplit, some, type Candidate, type ReadSet } from "./candidate.ts";
import { partsOf, stemOf } from "./file-names.ts";
import { withNpz } from "./npz.ts";
import { npyFile, readClasses, readHeader, readPixels, type ArraySource } from "./read-array.ts";

/** An array of a set. */
interface Member {
  readonly path: string;
  /** Its name in an .npz file. */
  readonly key: string | undefined;
  readonly prefix: string;
  readonly split: Split | "other" | undefined;
  readonly role: "images" | "labels" | undefined;
  /** Undefined if it can't be read, which is said if it turns out to be needed. */
  readonly rank: number | undefined;
}

const isNpz = (path: string): boolean => /\.npz$/i.test(path);

/** Whether a file is one of NumPy's by its name. */
export const isArrayFile = (name: string): boolean => /\.np[yz]$/i.test(name);

/**
 * Returns the sets in some files of a folder, one per prefix. Rejects with `DataError` if one of them is damaged.
 * `isZip` says whether a file is a zip, which names may not show.
 */
export async function arraySets(
  files: readonly string[],
  isZip: (path: string) => boolean = isNpz,
): Promise<Candidate[]> {
  const members: Member[] = [];
  for (const path of files) {
    await eachArray(path, isZip(path), async (key, source) => {
      members.push({ path, key, rank: await rankOf(source), ...nameParts(path, key) });
    });
  }
  return [...byPrefix(members)].map(([prefix, own]) => {
    const paths = [...new Set(own.map(({ path }) => path))];
    return {
      kind: "NumPy arrays",
      path: paths[0]!,
      prefix,
      files: paths,
      read: async (split, { channels }) => readMembers(own, { split, channels }, isZip),
    };
  });
}

async function rankOf(source: ArraySource): Promise<number | undefined> {
  try {
    return (await readHeader(source)).shape.length;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

/** Whether somebody named an array. NumPy calls others `arr_0`, `arr_1`. */
const isName = (key: string | undefined): boolean => key !== undefined && !/^arr_\d+$/.test(key);

/** Returns what an array's own name says, then its file's. */
function nameParts(
  path: string,
  key: string | undefined,
): Pick<Member, "prefix" | "split" | "role"> {
  const file = partsOf(stemOf(basename(path)));
  const own = key !== undefined && isName(key) ? partsOf(key) : undefined;
  return {
    prefix: file.prefix,
    split: own?.split ?? file.split,
    role: own?.role ?? file.role,
  };
}

async function eachArray(
  path: string,
  isZip: boolean,
  visit: (key: string | undefined, source: ArraySource) => Promise<void>,
): Promise<void> {
  if (!isZip) {
    await visit(undefined, npyFile(path));
    return;
  }
  await withNpz(path, async (arrays) => {
    for (const { key, source } of arrays) await visit(key, source);
  });
}

const nameOf = ({ path, key }: Member): string =>
  key === undefined ? basename(path) : `${basename(path)} (${key})`;

/** Returns the arrays of images: those that their names call so, else those of a rank above 1. */
function imagesAmong(members: readonly Member[]): readonly Member[] {
  const called = members.filter(({ role }) => role === "images");
  if (called.length > 0) return called;
  const unnamed = members.filter(({ role }) => role === undefined);
  const readable = unnamed.filter(({ rank }) => rank !== undefined && rank >= 2);
  return readable.length > 0 ? readable : unnamed.filter(({ rank }) => rank === undefined);
}

/** Returns the arrays of labels: those that their names call so, else those of rank 1 that have no name. */
function labelsAmong(members: readonly Member[]): readonly Member[] {
  const called = members.filter(({ role }) => role === "labels");
  return called.length > 0
    ? called
    : members.filter(({ role, rank, key }) => role === undefined && rank === 1 && !isName(key));
}

async function readMembers(
  members: readonly Member[],
  { split, channels }: { readonly split: Split; readonly channels: number },
  isZip: (path: string) => boolean,
): Promise<ReadSet> {
  const { path } = members[0]!;
  const images = imagesAmong(members);
  if (images.length === 0) {
    throw new DataError(
      `${path}: has no array of images; it has ${some(members.map(nameOf))}: name one of them images, x or imgs`,
    );
  }
  const chosen = ofSplit(images, split, path, nameOf);
  const labels = labelsAmong(members).filter((each) => each.split === chosen.split);
  if (labels.length > 1) {
    throw new DataError(
      `${path}: has ${labels.length} arrays of labels for ${nameOf(chosen)}: ${some(labels.map(nameOf))}; leave one of them`,
    );
  }
  const pixels = await reading(chosen, isZip, readPixels);
  const classes = labels[0] && (await reading(labels[0], isZip, readClasses));
  const called = { images: fullName(chosen), labels: labels[0] && fullName(labels[0]) };
  const notes = [
    ...(pixels.converted === undefined ? [] : [`${called.images}: ${pixels.converted}.`]),
    ...(channels === 1 && layoutOf(pixels.shape)?.channels === 3
      ? [`${called.images}: ${COLOUR_WORDS}`]
      : []),
  ];
  const labelled = classes && { shape: [classes.length], data: classes };
  const set = imageSet(pixels, labelled, called, channels);
  return { set, source: chosen.path, classNames: [], notes };
}

const fullName = ({ path, key }: Member): string => (key === undefined ? path : `${path} (${key})`);

async function reading<T>(
  { path, key }: Member,
  isZip: (path: string) => boolean,
  read: (source: ArraySource) => Promise<T>,
): Promise<T> {
  if (!isZip(path)) return read(npyFile(path));
  return withNpz(path, async (arrays) => read(arrays.find((each) => each.key === key)!.source));
}
