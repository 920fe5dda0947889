// IDX, the file format of MNIST and its relatives. A file has two zero bytes, the element type, the rank, the
// dimensions as big-endian u32, then the elements in row-major order. This file turns bytes into arrays, in browsers
// too; files.ts opens files.

import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";

/** The contents of an IDX file of unsigned bytes. `data` is row-major and has as many bytes as `shape` says. */
export interface IdxFile {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Grey images, with or without labels. `images` is (count, height, width), one byte per pixel, where 0 is black. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
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
const OTHER_ELEMENTS: ReadonlyMap<number, string> = new Map([
  [0x09, "signed bytes"],
  [0x0b, "16-bit integers"],
  [0x0c, "32-bit integers"],
  [0x0d, "32-bit floats"],
  [0x0e, "64-bit floats"],
]);

const MOST_RANK = 4; // no header of an image set has a higher rank

const EXPECTED_MAGIC = "an IDX file of unsigned bytes starts with 00 00 08 and its rank";

/** The header of an IDX file. */
export interface IdxHeader {
  readonly shape: readonly number[];
  /** The header's own length. */
  readonly bytes: number;
  /** How many bytes of data the shape needs. Four dimensions can exceed what a number holds exactly. */
  readonly wanted: bigint;
}

/**
 * Parses an IDX file of unsigned bytes. `data` is a view of `bytes`, not a copy. Errors call the file `name`.
 *
 * Throws DataError if the magic number, the element type or the length is wrong.
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxFile {
  const header = idxHeader(bytes, name, bytes.length);
  requireIdxLength(header, bytes.length - header.bytes, name);
  return { shape: header.shape, data: bytes.subarray(header.bytes) };
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
  if (element !== UNSIGNED_BYTE) {
    const what = OTHER_ELEMENTS.get(element) ?? "not an element type of IDX";
    throw new DataError(
      `${name}: starts with ${hex(bytes)}, and ${byteHex(element)} is ${what}; ${EXPECTED_MAGIC}.`,
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
  return { shape, bytes: headerBytes, wanted: product(shape) };
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
  { shape, wanted }: IdxHeader,
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
  if (product(swapped) === BigInt(found) && found > 0) {
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
  if (zero2 === 0 && zero3 === 0 && element === UNSIGNED_BYTE && rank >= 1 && rank <= 4) {
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
 * Joins an images file, (count, height, width), and its labels, (count), into one set. Errors call the two files by
 * `names`.
 *
 * Throws DataError on another rank, on an empty set, and if there isn't one label per image.
 */
export function imageSet(
  images: IdxFile,
  labels: IdxFile | undefined,
  names: { readonly images: string; readonly labels?: string | undefined },
): ImageSet {
  const [number = 0, height = 0, width = 0] = images.shape;
  if (images.shape.length !== 3) {
    throw new DataError(
      `${names.images}: has rank ${images.shape.length} (${images.shape.join("×")}); images have rank 3: count × height × width.`,
    );
  }
  if (number === 0 || height === 0 || width === 0) {
    throw new DataError(
      `${names.images}: is ${number}×${height}×${width} and holds no pixels; at least one image is needed.`,
    );
  }
  if (labels === undefined) {
    return { images: images.data, count: number, height, width, labels: undefined, classes: 0 };
  }

  const labelsName = names.labels ?? "labels";
  if (labels.shape.length !== 1) {
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
  return { images: images.data, count: number, height, width, labels: labels.data, classes };
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
