// The element types of IDX files, and how to read a number of each; npy.ts has those that only NumPy's files have.

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

/** The element types by NumPy's names: kind and bytes. */
export const ELEMENTS: Readonly<Record<"u1" | "i1" | "i2" | "i4" | "f4" | "f8", ElementType>> = {
  u1: {
    words: "unsigned bytes",
    bytes: 1,
    Array: Uint8Array,
    read: (view, at) => view.getUint8(at),
  },
  i1: { words: "signed bytes", bytes: 1, Array: Int8Array, read: (view, at) => view.getInt8(at) },
  i2: {
    words: "16-bit integers",
    bytes: 2,
    Array: Int16Array,
    read: (view, at, low) => view.getInt16(at, low),
  },
  i4: {
    words: "32-bit integers",
    bytes: 4,
    Array: Int32Array,
    read: (view, at, low) => view.getInt32(at, low),
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

/** Returns `count` numbers that lie one after the other in `bytes`, in an array of their own. */
export function numbersIn(
  bytes: Uint8Array,
  { bytes: size, read, Array: Numbers }: ElementType,
  count: number,
  little: boolean,
): ArrayLike<number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const numbers = new Numbers(count);
  for (let i = 0; i < count; i += 1) numbers[i] = read(view, i * size, little);
  return numbers;
}
