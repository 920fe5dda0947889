// Reads the pictures of a folder as a set of images: PNGs of one size, in one folder per class or without classes.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { AttributeError, DataError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkOptions, checkPath } from "../gpu/options.ts";
import { systemReason } from "../gpu/system-reason.ts";
import { grayOfPng } from "./png-gray.ts";
import type { ImageSet } from "./idx.ts";

/** How to read a folder of pictures. */
export interface ImageFolderOptions {
  /** Whether each folder in it is a class (false). Otherwise the pictures are those in the folder itself. */
  readonly classes?: boolean;
}

/** A set of pictures, and the names of their classes. */
export interface ImageFolder extends ImageSet {
  /** The folders' names by class, sorted; empty without classes. */
  readonly classNames: readonly string[];
  /** Each image's file, in the set's order. */
  readonly files: readonly string[];
  /** SHA-256 of the pixels, in hex. */
  readonly fingerprint: string;
}

const MOST_CLASSES = 256; // labels are bytes

/**
 * Reads a folder's PNGs as grey images, sorted by name. With `classes`, reads those of each folder in it, which is a
 * class.
 *
 * Attributes: classes — whether folders are classes (false).
 * Throws: `DataError` that names the file or folder: on pictures of several sizes, on one that can't be read, on a
 * folder without pictures, and on more than 256 classes; `AttributeError` on an invalid option.
 */
export function readImageFolder(folder: string, options: ImageFolderOptions = {}): ImageFolder {
  checkPath("imageFolder", "the folder", folder);
  checkOptions("imageFolder", options, ["classes"]);
  const { classes = false } = options;
  if (typeof classes !== "boolean") {
    throw new AttributeError(`imageFolder: classes must be true or false; got ${show(classes)}`);
  }
  const classNames = classes ? foldersIn(folder) : [];
  if (classNames.length > MOST_CLASSES || (classes && classNames.length === 0)) {
    throw new DataError(
      `${folder}: must hold 1 to ${MOST_CLASSES} folders, one per class; got ${classNames.length}`,
    );
  }
  const folders = classes ? classNames.map((name) => join(folder, name)) : [folder];
  const found = folders.map((each) => picturesIn(each).map((name) => join(each, name)));
  const empty = found.findIndex((files) => files.length === 0);
  if (empty >= 0) {
    throw new DataError(
      `${folders[empty]!}: must hold PNGs, but has none${classes ? "" : ": put them there, or pass `classes: true` if its folders are classes"}`,
    );
  }
  const files = found.flat();
  const first = grayOfPng(bytesOf(files[0]!), files[0]!);
  const { width, height } = first;
  const images = new Uint8Array(files.length * width * height);
  files.forEach((file, index) => {
    const picture = index === 0 ? first : grayOfPng(bytesOf(file), file);
    if (picture.width !== width || picture.height !== height) {
      throw new DataError(
        `${file}: all pictures must have the same size, ${height}×${width} as ${files[0]!}; got ${picture.height}×${picture.width}: resize it`,
      );
    }
    images.set(picture.pixels, index * width * height);
  });
  const labels = Uint8Array.from(found.flatMap((each, label) => each.map(() => label)));
  const fingerprint = createHash("sha256").update(images).digest("hex");
  const set = { images, count: files.length, height, width, classNames, files, fingerprint };
  return { ...set, labels: classes ? labels : undefined, classes: classNames.length };
}

/** Returns the names of the folders in a folder, sorted by their code units. Hidden ones are left out; links count. */
function foldersIn(folder: string): string[] {
  return namesIn(folder).filter((name) =>
    statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory(),
  );
}

/**
 * Returns the names of a folder's PNGs. Throws `DataError` on a picture of another kind, which would be left out
 * silently.
 */
function picturesIn(folder: string): string[] {
  const names = namesIn(folder);
  const other = names.find((name) => /\.(jpe?g|gif|bmp|webp|tiff?|avif)$/i.test(name));
  if (other === undefined) return names.filter((name) => /\.png$/i.test(name));
  throw new DataError(`${join(folder, other)}: pictures must be PNGs; convert it, or move it away`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => !name.startsWith("."))
      .toSorted();
  } catch (error) {
    throw new DataError(`${folder}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}

function bytesOf(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new DataError(`${file}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}
