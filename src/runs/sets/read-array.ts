// Reads a NumPy array piece by piece as the bytes of images or of classes: once to check it and to see its range, once to
// keep it. So what is held is one byte per element, whatever the elements are and whatever the header promises.
import { createReadStream } from "node:fs";
import { NO_NUMBERS, scalingOf, toLabels, widened } from "../../data/levels.ts";
import {
  MOST_HEADER,
  npyHeader,
  npyNumbers,
  placeInOrder,
  requireNpyLength,
  type NpyHeader,
} from "../../data/npy.ts";
import { DataError } from "../../gpu/errors.ts";
import { youngGarbage } from "../../gpu/node/young-garbage.ts";
import { systemReason } from "../../gpu/system-reason.ts";
import { MOST_PIXELS } from "./limits.ts";
import { requireRegular } from "./regular-file.ts";

/** Where an array's bytes come from. */
export interface ArraySource {
  /** What errors call it. */
  readonly name: string;
  /** Its length in bytes, header and all. */
  readonly size: number;
  /** Yields its bytes from the start. `whole` says that all of them will be read, so that they can be checked. */
  readonly pieces: (whole: boolean) => AsyncIterable<Uint8Array>;
}

/** An array as bytes. */
export interface ReadArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
  /** How elements became levels; undefined if they were levels. */
  readonly converted: string | undefined;
}

/** Returns an .npy file as a source. Throws `DataError` if there is no such file. */
export function npyFile(path: string): ArraySource {
  const size = requireRegular(path);
  const pieces = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of createReadStream(path, { highWaterMark: 2 ** 18 })) {
        yield piece as Buffer;
      }
    } catch (error) {
      throw new DataError(`${path}: can't be read: ${systemReason(error)}`, { cause: error });
    }
  };
  return { name: path, size, pieces };
}

/** Reads an array's header, and checks its length. Rejects with `DataError`. */
export async function readHeader({ name, size, pieces }: ArraySource): Promise<NpyHeader> {
  let head: Uint8Array = new Uint8Array(0);
  for await (const piece of pieces(false)) {
    head = Buffer.concat([head, piece.subarray(0, MOST_HEADER)]);
    if (head.length >= MOST_HEADER) break;
  }
  const header = npyHeader(head.subarray(0, MOST_HEADER), name);
  requireNpyLength(header, size - header.bytes, name);
  const { shape, wanted, element } = header;
  if (wanted / BigInt(element.bytes) > BigInt(MOST_PIXELS)) {
    throw new DataError(
      `${name}: has ${shape.join("×")} elements; at most ${MOST_PIXELS} are read: save a part of them`,
    );
  }
  return header;
}

/** Reads an array of pixels as levels. Rejects with `DataError`, which names it. */
export async function readPixels(source: ArraySource): Promise<ReadArray> {
  const { name } = source;
  const header = await readHeader(source);
  let range = NO_NUMBERS;
  await eachPiece(source, header, (numbers, first) => {
    range = widened(range, numbers, name, first);
  });
  const { toLevel, words } = scalingOf(range, name);
  const data = new Uint8Array(countOf(header));
  const place = placeInOrder(header);
  await eachPiece(source, header, (numbers, first) => {
    for (let i = 0; i < numbers.length; i += 1) data[place(first + i)] = toLevel(numbers[i]!);
  });
  const isBytes = header.element.words === "unsigned bytes" && words === undefined;
  const converted = isBytes
    ? undefined
    : `${header.element.words}: ${words ?? "taken as they are"}`;
  return { shape: header.shape, data, converted };
}

/** Reads an array of classes: one per image, or one row per image with a 1 at its class. Rejects with `DataError`. */
export async function readClasses(source: ArraySource): Promise<Uint8Array<ArrayBuffer>> {
  const { name } = source;
  const header = await readHeader(source);
  const [count = 0, columns = 1] = header.shape;
  if (header.shape.length !== 1 && header.shape.length !== 2) {
    throw new DataError(
      `${name}: has rank ${header.shape.length} (${header.shape.join("×")}); labels have rank 1, or one row per image`,
    );
  }
  await eachPiece(source, header, (numbers, first) => toLabels(numbers, name, first));
  const values = new Uint8Array(countOf(header));
  const place = placeInOrder(header);
  await eachPiece(source, header, (numbers, first) => {
    for (let i = 0; i < numbers.length; i += 1) values[place(first + i)] = numbers[i]!;
  });
  return columns === 1 ? values : classesOf(values, count, columns, name);
}

/** Returns the classes that rows of zeros and a one say. Throws `DataError` on other rows. */
function classesOf(
  rows: Uint8Array,
  count: number,
  columns: number,
  name: string,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, row) => {
    const own = rows.subarray(row * columns, (row + 1) * columns);
    const at = own.indexOf(1);
    if (at >= 0 && at < 256 && own.reduce((sum, value) => sum + value, 0) === 1) return at;
    throw new DataError(
      `${name}: row ${row} of ${columns} numbers isn't a class: a row has a 1 at its class and zeros elsewhere; save one number per image`,
    );
  });
}

const countOf = ({ wanted, element }: NpyHeader): number => Number(wanted) / element.bytes;

/** Visits an array's elements in the file's order, some at a time. */
async function eachPiece(
  { name, pieces }: ArraySource,
  header: NpyHeader,
  visit: (numbers: ArrayLike<number>, first: number) => void,
): Promise<void> {
  const { bytes: start, element, wanted } = header;
  const size = element.bytes;
  const sweep = youngGarbage();
  let toSkip = start;
  let left: Uint8Array = new Uint8Array(0);
  let seen = 0;
  for await (const piece of pieces(true)) {
    const skipped = Math.min(toSkip, piece.length);
    toSkip -= skipped;
    const fresh = piece.subarray(skipped);
    const bytes = left.length === 0 ? fresh : Buffer.concat([left, fresh]);
    const count = Math.floor(bytes.length / size);
    visit(npyNumbers(header, bytes, count), seen);
    seen += count;
    left = bytes.subarray(count * size);
    sweep(2 * piece.length);
  }
  if (BigInt(seen * size) === wanted && left.length === 0) return;
  throw new DataError(`${name}: has other bytes than its header says; fetch it again`);
}
