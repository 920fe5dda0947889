// The element types of array files, IDX's and NumPy's: their sizes, their names, and how to read a number of each.
import { fromHalf } from "../gpu/half.ts";

/** The arrays that elements are read into. */
type NumberArray =
  | Uint8ArrayConstructor
  | Int8ArrayConstructor
  | Uint16ArrayConstructor
  | Int16ArrayConstructor
  | Uint32ArrayConstructor
  | Int32ArrayConstructor
  | Float32ArrayConstructor
  | Float64ArrayConstructor;

/** A type of an array's elements. */
export interface ElementType {
  /** As in "32-bit floats". */
  readonly words: string;
  /** Bytes per element. */
  readonly bytes: number;
  /** An array that holds such elements exactly; 64-bit integers as far as JavaScript's numbers do. */
  readonly Array: NumberArray;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const HIGH = 2 ** 32;

/** Returns the words of 64-bit integers, low and high. Above 2^53 the sum is rounded. */
const wordsAt = (at: number, little: boolean): readonly [low: number, high: number] =>
  little ? [at, at + 4] : [at + 4, at];

/** An element type by NumPy's name: its kind and its bytes. */
export type ElementCode =
  | "b1"
  | "u1"
  | "i1"
  | "u2"
  | "i2"
  | "u4"
  | "i4"
  | "u8"
  | "i8"
  | "f2"
  | "f4"
  | "f8";

/** The element types. */
export const ELEMENTS: Readonly<Record<ElementCode, ElementType>> = {
  b1: {
    words: "booleans",
    bytes: 1,
    Array: Uint8Array,
    read: (view, at) => Number(view.getUint8(at) !== 0),
  },
  u1: {
    words: "unsigned bytes",
    bytes: 1,
    Array: Uint8Array,
    read: (view, at) => view.getUint8(at),
  },
  i1: { words: "signed bytes", bytes: 1, Array: Int8Array, read: (view, at) => view.getInt8(at) },
  u2: {
    words: "16-bit integers",
    bytes: 2,
    Array: Uint16Array,
    read: (view, at, low) => view.getUint16(at, low),
  },
  i2: {
    words: "16-bit integers",
    bytes: 2,
    Array: Int16Array,
    read: (view, at, low) => view.getInt16(at, low),
  },
  u4: {
    words: "32-bit integers",
    bytes: 4,
    Array: Uint32Array,
    read: (view, at, low) => view.getUint32(at, low),
  },
  i4: {
    words: "32-bit integers",
    bytes: 4,
    Array: Int32Array,
    read: (view, at, low) => view.getInt32(at, low),
  },
  u8: {
    words: "64-bit integers",
    bytes: 8,
    Array: Float64Array,
    read: (view, at, little) => {
      const [low, high] = wordsAt(at, little);
      return view.getUint32(low, little) + HIGH * view.getUint32(high, little);
    },
  },
  i8: {
    words: "64-bit integers",
    bytes: 8,
    Array: Float64Array,
    read: (view, at, little) => {
      const [low, high] = wordsAt(at, little);
      return view.getUint32(low, little) + HIGH * view.getInt32(high, little);
    },
  },
  f2: {
    words: "16-bit floats",
    bytes: 2,
    Array: Float32Array,
    read: (view, at, low) => fromHalf(view.getUint16(at, low)),
  },
  f4: {
    words: "32-bit floats",
    bytes: 4,
    Array: Float32Array,
    read: (view, at, low) => view.getFloat32(at, low),
  },
  f8: {
    words: "64-bit floats",
    bytes: 8,
    Array: Float64Array,
    read: (view, at, low) => view.getFloat64(at, low),
  },
};

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** Types whose bytes are those of their arrays, on a machine of the same byte order. */
const DIRECT: ReadonlySet<ElementType> = new Set(
  (["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"] as const).map((code) => ELEMENTS[code]),
);

/** Returns `count` numbers that lie one after the other in `bytes`, in an array of their own. */
export function numbersIn(
  bytes: Uint8Array,
  element: ElementType,
  count: number,
  little: boolean,
): ArrayLike<number> {
  const { bytes: size, read } = element;
  if (DIRECT.has(element) && (little === isLittle || size === 1)) {
    const copy = new Uint8Array(bytes.subarray(0, count * size)); // aligned
    return new element.Array(copy.buffer);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new element.Array(count);
  for (let i = 0; i < count; i += 1) numbers[i] = read(view, i * size, little);
  return numbers;
}
