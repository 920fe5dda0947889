// NumPy's .npy files: a header in Python's notation, then the elements. Reads numbers of every kind, in C's or Fortran's
// order and either byte order, and writes bytes, integers and floats. Of the packages that read it, npyjs doesn't check
// lengths, knows no other byte order and leaves Fortran's order to the caller; numpy-parser lacks 64-bit integers and booleans.
// Source: NumPy Enhancement Proposal 1, versions 1.0 to 3.0.
import { DataError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { fromHalf } from "../gpu/half.ts";
import { ELEMENTS, numbersIn, type ElementType } from "./elements.ts";

/** What a file says about its array. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly element: ElementType;
  readonly littleEndian: boolean;
  /** Whether the first axis varies fastest. */
  readonly fortran: boolean;
  /** The header's own length. */
  readonly bytes: number;
  /** How many bytes of elements follow. */
  readonly wanted: bigint;
}

const HIGH = 2 ** 32;

/** Returns where the words of a 64-bit integer lie. */
const wordsAt = (at: number, little: boolean): readonly [low: number, high: number] =>
  little ? [at, at + 4] : [at + 4, at];

/** The element types by NumPy's names: kind and bytes. Integers above 2^53 are rounded. */
const TYPES: Readonly<Record<string, ElementType>> = {
  ...ELEMENTS,
  b1: {
    words: "booleans",
    bytes: 1,
    Array: Uint8Array,
    read: (view, at) => Number(view.getUint8(at) !== 0),
  },
  u2: {
    words: "16-bit integers",
    bytes: 2,
    Array: Uint16Array,
    read: (view, at, low) => view.getUint16(at, low),
  },
  u4: {
    words: "32-bit integers",
    bytes: 4,
    Array: Uint32Array,
    read: (view, at, low) => view.getUint32(at, low),
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
};

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
/** Types whose bytes are those of their arrays, on a machine of the same byte order. */
const DIRECT: ReadonlySet<ElementType | undefined> = new Set(
  ["u1", "i1", "u2", "i2", "u4", "i4", "f4", "f8"].map((code) => TYPES[code]),
);

/** Returns some of an array's numbers in the file's order, in an array of their own. */
export function npyNumbers(
  { element, littleEndian }: NpyHeader,
  bytes: Uint8Array,
  count: number,
): ArrayLike<number> {
  if (!DIRECT.has(element) || (littleEndian !== isLittle && element.bytes > 1)) {
    return numbersIn(bytes, element, count, littleEndian);
  }
  const copy = new Uint8Array(bytes.subarray(0, count * element.bytes)); // aligned
  return new element.Array(copy.buffer);
}

/** Bytes that are enough for the header of any array of numbers. */
export const MOST_HEADER = 4096;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const MOST_RANK = 8;

/** Whether a file's first bytes are those of an .npy file. */
export const looksLikeNpy = (bytes: Uint8Array): boolean =>
  MAGIC.every((byte, at) => bytes[at] === byte);

/** Parses the header in a file's first bytes. Errors call the file `name`. Throws `DataError` if it holds no numbers. */
export function npyHeader(bytes: Uint8Array, name: string): NpyHeader {
  if (!looksLikeNpy(bytes)) {
    throw new DataError(
      `${name}: not a NumPy array: its first bytes are another file's; fetch it again`,
    );
  }
  const [major = 0] = bytes.subarray(6);
  if (major < 1 || major > 3) {
    throw new DataError(
      `${name}: is of .npy version ${major}; versions 1 to 3 are read: save it again with numpy.save`,
    );
  }
  const start = major === 1 ? 10 : 12;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < start) throw cutShort(name);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > MOST_HEADER) {
    throw new DataError(
      `${name}: its header has ${length} bytes, more than an array of numbers needs; save plain numbers`,
    );
  }
  if (start + length > bytes.length) throw cutShort(name);
  const text = new TextDecoder("latin1").decode(bytes.subarray(start, start + length));
  const { element, littleEndian } = elementOf(text, name);
  const shape = shapeOf(text, name);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  if (order === undefined) throw badHeader(name, "the order of its elements");
  return {
    shape,
    element,
    littleEndian,
    fortran: order === "True",
    bytes: start + length,
    wanted: shape.reduce((product, size) => product * BigInt(size), BigInt(element.bytes)),
  };
}

function elementOf(text: string, name: string): Pick<NpyHeader, "element" | "littleEndian"> {
  if (/'descr'\s*:\s*\[/.test(text)) {
    throw new DataError(
      `${name}: its elements have fields of their own; save one field as a plain array of numbers`,
    );
  }
  const [, descr = "", order = "", kind = ""] =
    /'descr'\s*:\s*'(([<>|=]?)(\w+)[^']*)'/.exec(text) ?? [];
  if (kind.startsWith("O")) {
    throw new DataError(
      `${name}: holds Python objects, which could run any code when they are read; save a plain array of numbers, such as numpy.stack(images)`,
    );
  }
  const element = Object.hasOwn(TYPES, kind) ? TYPES[kind] : undefined;
  if (!element) {
    if (descr === "") throw badHeader(name, "the type of its elements");
    throw new DataError(
      `${name}: has elements of type ${show(descr)}; save numbers, such as uint8 or float32`,
    );
  }
  return { element, littleEndian: order !== ">" };
}

function shapeOf(text: string, name: string): readonly number[] {
  const inner = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (inner === undefined) throw badHeader(name, "its shape");
  const sizes = inner.match(/\d+/g)?.map(Number) ?? [];
  if (sizes.length <= MOST_RANK && sizes.every(Number.isSafeInteger)) return sizes;
  throw badHeader(name, "a shape that an array can have");
}

const badHeader = (name: string, what: string): DataError =>
  new DataError(`${name}: its header doesn't say ${what}; save it again with numpy.save`);

const cutShort = (name: string): DataError =>
  new DataError(`${name}: ends within its header; fetch it again`);

/** Throws `DataError` unless as many bytes follow a header as it asks for. */
export function requireNpyLength({ shape, wanted }: NpyHeader, found: number, name: string): void {
  if (BigInt(found) === wanted) return;
  const verdict = BigInt(found) < wanted ? "it was cut short" : "it has too many bytes";
  throw new DataError(
    `${name}: has ${found} bytes of elements, but its header (${shape.join("×") || "one number"}) asks for ${wanted}: ${verdict}; fetch it again`,
  );
}

/** Returns where the element at `index` of a file lies in C's order, in which the last axis varies fastest. */
export function placeInOrder({ shape, fortran }: NpyHeader): (index: number) => number {
  if (!fortran || shape.length < 2) return (index) => index;
  const strides = shape.map((_, axis) =>
    shape.slice(axis + 1).reduce((product, size) => product * size, 1),
  );
  return (index) => {
    let [rest, place] = [index, 0];
    for (let axis = 0; axis < shape.length; axis += 1) {
      const size = shape[axis]!;
      place += (rest % size) * strides[axis]!;
      rest = Math.floor(rest / size);
    }
    return place;
  };
}

/** An array that can be written. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int32Array | Float32Array;
}

/** Returns an array as an .npy file of version 1.0, which NumPy maps into memory as it is. */
export function encodeNpy({ shape, data }: NpyArray): Uint8Array<ArrayBuffer> {
  const descr = data instanceof Uint8Array ? "|u1" : data instanceof Int32Array ? "<i4" : "<f4";
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sizes}), }`;
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10;
  const bytes = new Uint8Array(10 + length + data.byteLength);
  bytes.set([...MAGIC, 1, 0, length & 255, length >> 8]);
  bytes.set(new TextEncoder().encode(`${dict.padEnd(length - 1)}\n`), 10);
  const view = new DataView(bytes.buffer);
  const start = 10 + length;
  // Through a view, because big-endian machines have their numbers the other way round.
  if (data instanceof Uint8Array) bytes.set(data, start);
  else if (data instanceof Int32Array) {
    data.forEach((value, i) => view.setInt32(start + 4 * i, value, true));
  } else data.forEach((value, i) => view.setFloat32(start + 4 * i, value, true));
  return bytes;
}
