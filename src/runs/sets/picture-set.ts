// Image sets in folders of pictures: one folder per class, in folders of splits or not, or pictures without classes.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { COLOUR_WORDS } from "../../data/gray-images.ts";
import type { Split } from "../../data/find-idx.ts";
import { DataError } from "../../gpu/errors.ts";
import { systemReason } from "../../gpu/system-reason.ts";
import { some, type Candidate, type HowToRead, type ReadSet } from "./candidate.ts";
import { colourPicture, fittedPicture, grayPicture } from "./gray-picture.ts";
import { MOST_PIXELS } from "./limits.ts";
import { requireRegular } from "./regular-file.ts";

/** Whether a file's name is that of a picture, in a format that is read or another. */
export const isPictureFile = (name: string): boolean =>
  /\.(png|jpe?g|jfif|gif|bmp|webp|tiff?|avif|hei[cf]|jxl)$/i.test(name);

const isReadPicture = (name: string): boolean => /\.(png|jpe?g|jfif)$/i.test(name);

const SPLIT_NAMES: Readonly<Record<Split, readonly string[]>> = {
  train: ["train", "training", "trainingset", "training_set"],
  test: ["test", "testing", "testset", "test_set", "t10k"],
};
/** Folders that are no class next to those of the splits. */
const OTHER_SPLITS = ["val", "valid", "validation"];

const MOST_CLASSES = 256; // labels are bytes

/** The entries of a folder, without hidden ones. */
interface Entries {
  readonly folders: readonly string[];
  readonly pictures: readonly string[];
  readonly others: readonly string[];
}

/**
 * Returns the set of a folder; undefined if there are no pictures in it or in the folders below. `loose` says that they
 * lie in the folder itself.
 */
export function pictureSet(path: string): (Candidate & { readonly loose: boolean }) | undefined {
  const top = topOf(path);
  const { folders, pictures } = entriesOf(top);
  const splits = [...SPLIT_NAMES.train, ...SPLIT_NAMES.test].filter((name) =>
    folders.some((folder) => folder.toLowerCase() === name),
  );
  const below = folders.map((folder) => topOf(join(top, folder)));
  const has = (folder: string): boolean => {
    const inside = entriesBelow(folder);
    return (
      inside.pictures.length > 0 ||
      (splits.length > 0 &&
        inside.folders.some((name) => entriesBelow(join(folder, name)).pictures.length > 0))
    );
  };
  if (pictures.length === 0 && !below.some(has)) return undefined;
  return {
    kind: "pictures",
    loose: pictures.length > 0,
    path,
    prefix: "",
    files: [path],
    read: async (split, how) =>
      splits.length > 0
        ? readSplit(top, folders, { split, ...how })
        : readAll(top, { split, ...how }),
  };
}

/** Goes down while a folder holds one folder and nothing else, as unpacked archives do. */
function topOf(path: string): string {
  for (let top = path, depth = 0; ; depth += 1) {
    const { folders, pictures, others } = entriesBelow(top);
    const next = join(top, folders[0] ?? "");
    const only = folders.length === 1 && pictures.length + others.length === 0;
    // A folder of a single class is a set; so one goes down only to where there are folders.
    if (!only || depth === 3 || entriesBelow(next).folders.length === 0) return top;
    top = next;
  }
}

/** What of a folder to read, and how. */
interface Request extends HowToRead {
  readonly split: Split;
}

function readSplit(top: string, folders: readonly string[], request: Request): ReadSet {
  const { split } = request;
  const called = folders.find((name) => SPLIT_NAMES[split].includes(name.toLowerCase()));
  if (called === undefined) {
    throw new DataError(
      `${top}: has no ${split} images; it has the folders ${some(folders)}: put them in ${join(top, split)}`,
    );
  }
  // Both splits count their classes alike, even if one of them lacks some.
  const roots = folders
    .filter((name) => Object.values(SPLIT_NAMES).flat().includes(name.toLowerCase()))
    .map((name) => topOf(join(top, name)));
  const classes = [...new Set(roots.flatMap((root) => classFolders(root)))];
  const notes = folders
    .filter((name) => OTHER_SPLITS.includes(name.toLowerCase()))
    .map((name) => `${join(top, name)}: neither train nor test, so it isn't read.`);
  return readFolder(topOf(join(top, called)), classes, notes, request);
}

function readAll(top: string, request: Request): ReadSet {
  if (request.split === "test") {
    throw new DataError(
      `${top}: has no test images: put them in ${join(top, "test")}, and the others in ${join(top, "train")}`,
    );
  }
  return readFolder(top, classFolders(top), [], request);
}

/** Returns the names of the folders in a folder that hold pictures. */
const classFolders = (root: string): readonly string[] =>
  entriesOf(root).folders.filter((name) => entriesOf(join(root, name)).pictures.length > 0);

/** Reads the pictures of a folder, or of the folders in it that classes are named by. */
function readFolder(
  root: string,
  names: readonly string[],
  notes: readonly string[],
  request: Request,
): ReadSet {
  const { channels } = request;
  const { folders, pictures, others } = entriesOf(root);
  const classes = folders
    .map((name) => ({ name, files: entriesOf(join(root, name)).pictures }))
    .filter(({ files }) => files.length > 0);
  if (classes.length > 0 && pictures.length > 0) {
    throw new DataError(
      `${root}: holds pictures (${some(pictures, 2)}) next to folders of pictures (${some(folders, 2)}); move each picture into the folder of its class`,
    );
  }
  const files =
    classes.length > 0
      ? classes.flatMap((each) => each.files.map((file) => join(root, each.name, file)))
      : pictures.map((file) => join(root, file));
  if (files.length === 0) {
    throw new DataError(
      `${root}: holds no pictures${others.length > 0 ? `, but ${some(others, 3)}` : ""}; put PNGs or JPEGs there, in one folder per class`,
    );
  }
  const foreign = files.find((file) => !isReadPicture(file));
  if (foreign !== undefined) {
    throw new DataError(
      `${foreign}: only PNG and JPEG pictures are read; convert it, or move it away`,
    );
  }
  const { numbering, numbered } = numberingOf(names, root);
  const { images, height, width, coloured } = readPictures(files, request);
  const labels =
    classes.length === 0
      ? undefined
      : Uint8Array.from(classes.flatMap((each) => each.files.map(() => numbering.get(each.name)!)));
  const classNames = labels && !numbered ? [...numbering.keys()] : [];
  return {
    set: {
      images,
      count: files.length,
      height,
      width,
      ...(channels === 3 ? { channels } : {}),
      labels,
      classes: labels ? 1 + labels.reduce((most, label) => Math.max(most, label), 0) : 0,
    },
    source: root,
    classNames,
    notes: [
      ...notes,
      ...(coloured && channels === 1 ? [`${root}: ${COLOUR_WORDS}`] : []),
      ...(others.length > 0
        ? [`${root}: other files than pictures aren't read: ${some(others, 3)}.`]
        : []),
    ],
    files,
  };
}

/**
 * Returns each class's number: the number that its folder is named, if all are whole numbers below 256, else its place
 * in the order of the names. Throws `DataError` on too many classes.
 */
function numberingOf(
  names: readonly string[],
  root: string,
): { readonly numbering: ReadonlyMap<string, number>; readonly numbered: boolean } {
  if (names.length > MOST_CLASSES) {
    throw new DataError(
      `${root}: has ${names.length} folders; there are at most ${MOST_CLASSES} classes: join some of them`,
    );
  }
  const numbered = names.every((name) => /^\d{1,3}$/.test(name) && Number(name) < MOST_CLASSES);
  const sorted = numbered ? names.toSorted((a, b) => Number(a) - Number(b)) : names.toSorted();
  const numbering = new Map(sorted.map((name, at) => [name, numbered ? Number(name) : at]));
  return { numbering, numbered };
}

/** Reads pictures of one size, or fits them into one. Throws `DataError`, which names the first that differs or can't be read. */
function readPictures(
  files: readonly string[],
  { channels, size }: HowToRead,
): {
  readonly images: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly coloured: boolean;
} {
  let [images, height, width, coloured] = [new Uint8Array(0), 0, 0, false];
  files.forEach((file, index) => {
    const bytes = bytesOf(file);
    const read = channels === 3 ? colourPicture : grayPicture;
    const picture =
      size === undefined ? read(bytes, file) : fittedPicture(bytes, file, { channels, size });
    if (index === 0) {
      ({ height, width } = picture);
      if (files.length * height * width * channels > MOST_PIXELS) {
        throw new DataError(
          `${file}: ${files.length} pictures of ${height}×${width} are more than ${MOST_PIXELS} pixels; shrink them`,
        );
      }
      images = new Uint8Array(files.length * height * width * channels);
    }
    if (picture.width !== width || picture.height !== height) {
      throw new DataError(
        `${file}: is ${picture.height}×${picture.width}, but ${files[0]!} is ${height}×${width}; all pictures of a set must have one size: fit them into one with --size, such as --size 28`,
      );
    }
    images.set(picture.pixels, index * height * width * channels);
    coloured ||= picture.coloured;
  });
  return { images, height, width, coloured };
}

function bytesOf(file: string): Uint8Array {
  requireRegular(file);
  try {
    return readFileSync(file);
  } catch (error) {
    throw new DataError(`${file}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}

// What operating systems add to folders: `._0.png` and .DS_Store, __MACOSX, Thumbs.db, desktop.ini.
const HIDDEN = /^(\..*|__MACOSX|Thumbs\.db|desktop\.ini)$/i;

/** Returns the entries of a folder by their names' order. Links count as their targets. Throws `DataError`. */
function entriesOf(folder: string): Entries {
  const [folders, pictures, others]: [string[], string[], string[]] = [[], [], []];
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const { name } = entry;
      if (HIDDEN.test(name)) continue;
      const isFolder = entry.isSymbolicLink()
        ? (statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false)
        : entry.isDirectory();
      (isFolder ? folders : isPictureFile(name) ? pictures : others).push(name);
    }
  } catch (error) {
    throw new DataError(`${folder}: can't be read: ${systemReason(error)}`, { cause: error });
  }
  return { folders: folders.toSorted(), pictures: pictures.toSorted(), others: others.toSorted() };
}

/** Returns the entries of a folder; none of one that isn't ours to read, such as a disk's lost+found. */
function entriesBelow(folder: string): Entries {
  try {
    return entriesOf(folder);
  } catch (error) {
    if (error instanceof DataError) return { folders: [], pictures: [], others: [] };
    throw error;
  }
}

/** Returns the name by which people know a class: its folder's, or its number. */
export const className = (names: readonly string[], label: number): string =>
  names[label] === undefined ? String(label) : `${label} (${basename(names[label])})`;
