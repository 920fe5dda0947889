// IDX, the file format of MNIST and its relatives: two zero bytes, the element type, the rank, the
// dimensions as big-endian u32, then the elements in row-major order. Bytes in, arrays out: opening
// files is `files.ts`'s affair, so this one serves browsers too.

import { DataError } from "../gpu/errors.ts";

/** What an IDX file of unsigned bytes holds: `data` is row-major and has as many bytes as `shape` says. */
export interface IdxFile {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Grey images, perhaps labelled. `images` is (count, height, width), one byte a pixel, 0 is black. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** One class a picture, or undefined where the set has no labels. */
  readonly labels: Uint8Array | undefined;
  /** The largest label plus one; 0 without labels. */
  readonly classes: number;
}

/** Where a web server offers the images to train with, below the page: an IDX file, not gzipped. */
export const SERVED_IMAGES: string = "data/train-images-idx3-ubyte";

/** And their labels, where there are any: only recipes with classes ask for them. */
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

const EXPECTED_MAGIC = "an IDX file of unsigned bytes starts with 00 00 08 and its rank";

/**
 * Reads an IDX file of unsigned bytes. `data` is a view of `bytes`, not a copy. `name` is what errors
 * call the file.
 *
 * Throws DataError where the magic number, the element type or the length isn't as it should be.
 */
export function parseIdx(bytes: Uint8Array, name: string): IdxFile {
  const [zero0, zero1, element = 0, rank = 0] = bytes;
  if (bytes.length < 4) {
    throw new DataError(`${name}: ends after ${count(bytes.length, "byte")}; ${EXPECTED_MAGIC}.`);
  }
  if (zero0 !== 0 || zero1 !== 0) {
    throw new DataError(`${name}: not an IDX file: starts with ${hex(bytes)}; ${EXPECTED_MAGIC}.`);
  }
  if (element !== UNSIGNED_BYTE) {
    const what = OTHER_ELEMENTS.get(element) ?? "no element type of IDX";
    throw new DataError(
      `${name}: starts with ${hex(bytes)}, and ${byteHex(element)} is ${what}; ${EXPECTED_MAGIC}.`,
    );
  }
  if (rank === 0) {
    throw new DataError(`${name}: its header says rank 0; labels have rank 1 and images rank 3.`);
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError(
      `${name}: ends after ${bytes.length} bytes, within its header of ${headerBytes} (rank ${rank}); fetch it again.`,
    );
  }

  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // In BigInt: four dimensions can already exceed what a double holds exactly.
  const expected = shape.reduce((product, size) => product * BigInt(size), 1n);
  const found = bytes.length - headerBytes;
  if (BigInt(found) !== expected) {
    const verdict =
      BigInt(found) < expected
        ? "it was cut short or its header is wrong"
        : "it has bytes too many";
    throw new DataError(
      `${name}: has ${count(found, "byte")} of data, its header (${shape.join("×")}) asks for ${expected}: ${verdict}; fetch it again.`,
    );
  }
  return { shape, data: bytes.subarray(headerBytes) };
}

/**
 * Joins an images file, (count, height, width), and its labels, (count), into one set. `names` is what
 * errors call the two files.
 *
 * Throws DataError for another rank, an empty set, or labels that don't match the images in number.
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
      `${names.images}: is ${number}×${height}×${width} and so holds no pixel; at least one image is needed.`,
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
