// IDX, the file format of MNIST and its relatives. A file has two zero bytes, the element type, the rank, the
// dimensions as big-endian u32, then the elements in row-major order. This file turns bytes into arrays, in browsers
// too; files.ts opens files.

import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";
import { ELEMENTS, numbersIn, type ElementType } from "./elements.ts";
import { colourImages, grayImages } from "./gray-images.ts";
import { toLabels, toLevels } from "./levels.ts";

/**
 * The contents of an IDX file as bytes. `data` is row-major and has as many bytes as `shape` says. Other elements than
 * unsigned bytes were made so: pixels as levels from 0 to 255, labels as classes.
 */
export interface IdxFile {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
  /** How elements became levels, as in "32-bit floats: 0 to 1 became 0 to 255"; undefined for bytes. */
  readonly converted?: string | undefined;
}

/** Images, with or without labels. `images` is (count, height, width, channels) of bytes, where 0 is black. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1, which is the default, for grey, or 3 for red, green and blue. */
  readonly channels?: number;
  /** One class per image, or undefined if the set has no labels. */
  readonly labels: Uint8Array | undefined;
  /** The largest label plus one; 0 without labels. */
  readonly classes: number;
}

/** Where a web server offers the training images, relative to the page: an IDX file, not gzipped. */
export const SERVED_IMAGES: string = "data/train-images-idx3-ubyte";

/** Where it offers their labels, if there are any. Only recipes with classes need them. */
export const SERVED_LABELS: string = "data/train-labels-idx1-ubyte";

// The third byte of the magic number.
const UNSIGNED_BYTE = 0x08;
const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map<number, ElementType>([
  [UNSIGNED_BYTE, ELEMENTS.u1],
  [0x09, ELEMENTS.i1],
  [0x0b, ELEMENTS.i2],
  [0x0c, ELEMENTS.i4],
  [0x0d, ELEMENTS.f4],
  [0x0e, ELEMENTS.f8],
]);

const MOST_RANK = 4; // no header of an image set has a higher rank

const EXPECTED_MAGIC =
  "an IDX file starts with 00 00, its element type (08 for unsigned bytes) and its rank";

/** The header of an IDX file. */
export interface IdxHeader {
  readonly shape: readonly number[];
  /** The header's own length. */
  readonly bytes: number;
  readonly element: ElementType;
  /** How many bytes of data the shape needs. Four dimensions can exceed what a number holds exactly. */
  readonly wanted: bigint;
}

/**
 * Parses an IDX file. `data` is a view of `bytes` if they are unsigned, not a copy. Errors call the file `name`.
 *
 * Throws DataError if the magic number, the element type or the length is wrong, and on numbers that are neither pixels
 * nor classes.
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxFile {
  const header = idxHeader(bytes, name, bytes.length);
  requireIdxLength(header, bytes.length - header.bytes, name);
  return idxContents(header, bytes.subarray(header.bytes), name);
}

/** Returns what a header and the bytes after it hold. Throws as `parseIdx` does. */
export function idxContents(
  { shape, element }: IdxHeader,
  bytes: Uint8Array,
  name: string,
): IdxFile {
  if (element === ELEMENTS.u1) return { shape, data: bytes };
  const numbers = numbersIn(bytes, element, bytes.length / element.bytes, false);
  const isLabels = shape.length === 1 || (shape.length === 2 && shape[1] === 1);
  if (isLabels) return { shape, data: toLabels(numbers, name) };
  const { data, words = "taken as they are" } = toLevels(numbers, name);
  return { shape, data, converted: `${element.words}: ${words}` };
}

/**
 * Parses the header from a file's first bytes; `size` is the size of the whole file. Throws DataError as `parseIdx`
 * does, and says what the file is instead if it can tell.
 */
export function idxHeader(bytes: Uint8Array, name: string, size: number): IdxHeader {
  const [zero0, zero1, element = 0, rank = 0] = bytes;
  if (size < 4) {
    throw new DataError(`${name}: ends after ${count(size, "byte")}; ${EXPECTED_MAGIC}.`);
  }
  if (zero0 !== 0 || zero1 !== 0) throw new DataError(`${name}: ${notIdx(bytes)}`);
  const type = ELEMENT_TYPES.get(element);
  if (!type) {
    throw new DataError(
      `${name}: starts with ${hex(bytes)}, and ${byteHex(element)} is not an element type of IDX; ${EXPECTED_MAGIC}.`,
    );
  }
  if (rank === 0 || rank > MOST_RANK) {
    throw new DataError(
      `${name}: its header says rank ${rank}; labels have rank 1 and images rank 3.`,
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (size < headerBytes || bytes.length < headerBytes) {
    throw new DataError(
      `${name}: ends after ${size} bytes, within its header of ${headerBytes} (rank ${rank}); fetch it again.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const wanted = product(shape) * BigInt(type.bytes);
  return { shape, bytes: headerBytes, element: type, wanted };
}

/** Returns an array of bytes as an IDX file. */
export function encodeIdx({ shape, data }: IdxFile): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, UNSIGNED_BYTE, shape.length]);
  shape.forEach((size, axis) => view.setUint32(4 + 4 * axis, size));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

const product = (shape: readonly number[]): bigint =>
  shape.reduce((sum, size) => sum * BigInt(size), 1n);

/**
 * Throws DataError unless a file has as many bytes of data as its header asks for. `stopped` means that counting ended
 * at the first byte too many.
 */
export function requireIdxLength(
  { shape, wanted, element }: IdxHeader,
  found: number,
  name: string,
  stopped = false,
): void {
  if (BigInt(found) === wanted) return;
  const swapped = shape.map((size) => {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, size);
    return view.getUint32(0, true);
  });
  if (product(swapped) * BigInt(element.bytes) === BigInt(found) && found > 0) {
    throw new DataError(
      `${name}: its sizes are little-endian (${swapped.join("×")}), ${LITTLE_ENDIAN}`,
    );
  }
  const verdict =
    BigInt(found) < wanted ? "it was cut short or its header is wrong" : "it has too many bytes";
  throw new DataError(
    `${name}: has ${stopped ? "at least " : ""}${count(found, "byte")} of data, but its header (${shape.join("×")}) asks for ${wanted}: ${verdict}; fetch it again.`,
  );
}

const LITTLE_ENDIAN =
  "but IDX has the high byte first: write it again with big-endian numbers (NumPy's '>i4').";

/** Returns why bytes that don't start with two zeros are not an IDX file. */
function notIdx(bytes: Uint8Array): string {
  const [rank = 0, element = 0, zero2, zero3] = bytes;
  if (zero2 === 0 && zero3 === 0 && ELEMENT_TYPES.has(element) && rank >= 1 && rank <= 4) {
    return `its header is little-endian (${hex(bytes)}), ${LITTLE_ENDIAN}`;
  }
  const format = formatOf(bytes);
  if (!format) return `not an IDX file: starts with ${hex(bytes)}; ${EXPECTED_MAGIC}.`;
  const mend = {
    "a web page": "the download failed; fetch it again",
    "gzip data": "it was packed twice; unpack it once",
    "a CSV table": "convert it to IDX files of images and labels",
  }[format.words];
  const unpack = format.kind === "archive" ? "unpack it, and name the folder" : undefined;
  return `not an IDX file, but ${format.words}; ${mend ?? unpack ?? EXPECTED_MAGIC}.`;
}

/**
 * Joins an images file, (count, height, width), and its labels, (count), into one set. Images may have a channel axis, or
 * their pixels in one row, and labels an axis of 1 more. Errors call the two files by `names`. With 3 `channels`, colours
 * stay colours; with 1, they become grey.
 *
 * Throws DataError on another rank, on an empty set, and if there isn't one label per image.
 */
export function imageSet(
  images: IdxFile,
  labels: IdxFile | undefined,
  names: { readonly images: string; readonly labels?: string | undefined },
  channels: number = 1,
): ImageSet {
  const read = channels === 3 ? colourImages : grayImages;
  const {
    images: pixels,
    count: number,
    height,
    width,
  } = read(images.shape, images.data, names.images);
  const set = {
    images: pixels,
    count: number,
    height,
    width,
    ...(channels === 3 ? { channels } : {}),
  };
  if (labels === undefined) return { ...set, labels: undefined, classes: 0 };

  const labelsName = names.labels ?? "labels";
  if (labels.shape.length !== 1 && !(labels.shape.length === 2 && labels.shape[1] === 1)) {
    throw new DataError(
      `${labelsName}: has rank ${labels.shape.length} (${labels.shape.join("×")}); labels have rank 1.`,
    );
  }
  if (labels.data.length !== number) {
    throw new DataError(
      `${labelsName}: has ${count(labels.data.length, "label")}, but ${names.images} has ${count(number, "image")}: the two don't belong together.`,
    );
  }
  const classes = 1 + labels.data.reduce((largest, label) => Math.max(largest, label), 0);
  return { ...set, labels: labels.data, classes };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes.subarray(0, 4), byteHex).join(" ");
}

function byteHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
