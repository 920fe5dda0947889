// The safetensors format: bytes in, arrays out, without file access. A file is the u64 length of a header, the header
// in JSON (names, element types, shapes, byte ranges), then the data, little-endian and without gaps.
// https://github.com/huggingface/safetensors, version 0.8.0.

import { CheckpointError } from "../gpu/errors.ts";
import { quote } from "../gpu/foreign-text.ts";
import { fromHalves } from "../gpu/half.ts";
import {
  compare,
  DTYPES,
  LENGTH_BYTES,
  longestHeader,
  MAX_HEADER_BYTES,
  METADATA_KEY,
  readHeader,
  refuse,
  shapeWords,
  type Dtype,
  type ExpectedTensors,
} from "./safetensors-header.ts";

/** The element types that are used here, and the typed arrays that hold them. */
export interface NativeArrays {
  readonly F32: Float32Array;
  readonly I32: Int32Array;
  readonly U32: Uint32Array;
  /** The bits of 16-bit floats: `toHalves` and `fromHalves` of src/gpu/half.ts convert them. */
  readonly F16: Uint16Array;
  readonly U8: Uint8Array;
  /** PyTorch counts batches in these. */
  readonly I64: BigInt64Array;
}

/** An element type that can be written, and read as its typed array. */
export type NativeDtype = keyof NativeArrays;

/** A tensor that can be written. `data` is row-major, with as many elements as `shape` says; rank 0 is a scalar. */
export type NativeTensor = {
  [D in NativeDtype]: {
    readonly dtype: D;
    readonly shape: readonly number[];
    readonly data: NativeArrays[D];
  };
}[NativeDtype];

/** A tensor of a valid element type that isn't used here. `data` is its unchanged bytes. */
export interface ForeignTensor {
  readonly dtype: Exclude<Dtype, NativeDtype>;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A safetensors file. */
export interface SafetensorsFile {
  /** The name of the file in errors. */
  readonly name: string;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, NativeTensor | ForeignTensor>;
  /** Free strings from the header. The object has no prototype, so any key is just a key. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Returns the bytes of a safetensors file. Equal input gives equal bytes, whatever its order. Tensors are ordered by
 * element type, then by name, as in the reference. Each starts at a multiple of its element's size, and the data as a
 * whole at a multiple of 8.
 *
 * Throws CheckpointError on a shape that doesn't fit its data, or a name that the format can't hold.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NativeTensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const laid = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      DTYPES.indexOf(b.dtype) - DTYPES.indexOf(a.dtype) || compare(nameA, nameB),
  );
  const strings = Object.entries(metadata ?? {}).sort(([a], [b]) => compare(a, b));
  if (tensors.has(METADATA_KEY)) {
    throw new CheckpointError(`No tensor can be named ${METADATA_KEY}: the format uses that name.`);
  }
  for (const text of [...tensors.keys(), ...strings.flat()]) checkText(text);

  // By hand, because an object would reorder names such as "10" and swallow "__proto__".
  const fields: string[] = [];
  if (strings.length > 0) {
    const pairs = strings.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
    fields.push(`"${METADATA_KEY}":{${pairs.join(",")}}`);
  }
  let dataBytes = 0;
  for (const [name, { dtype, shape, data }] of laid) {
    checkShape(name, shape, data.length);
    const data_offsets = [dataBytes, dataBytes + data.byteLength];
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets })}`);
    dataBytes += data.byteLength;
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const headerBytes = Math.ceil(header.length / 8) * 8;
  if (headerBytes > MAX_HEADER_BYTES) {
    throw new CheckpointError(
      `Names and metadata take ${headerBytes} bytes; a safetensors header has at most ${MAX_HEADER_BYTES}.`,
    );
  }

  const bytes = new Uint8Array(LENGTH_BYTES + headerBytes + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(header, LENGTH_BYTES);
  bytes.fill(0x20, LENGTH_BYTES + header.length, LENGTH_BYTES + headerBytes);
  let at = LENGTH_BYTES + headerBytes;
  for (const [, { data }] of laid) {
    putLittleEndian(data, bytes, at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. Tensors are copies, so `bytes` may be reused. Errors call the file `name`. `expected` are
 * the tensors that the caller needs. A header far longer than theirs isn't parsed, because it would cost memory and
 * time; without `expected`, the limit is 64 KiB.
 *
 * Accepts what safetensors 0.8.0 accepts, including the latter of two equal names, with three exceptions that no writer
 * makes: an empty tensor with a dimension above 2^53, a tensor's fields as a bare list, and an element type as an
 * object (the reference's JSON reader happens to allow the last two). Throws CheckpointError on anything else.
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  name: string,
  expected?: ExpectedTensors,
): SafetensorsFile {
  const most = expected && longestHeader(expected);
  const { tensors, metadata, dataStart } = readHeader(bytes, name, most);
  const read = tensors.map(({ key, dtype, shape, begin, end }) => {
    const data = bytes.subarray(dataStart + begin, dataStart + end);
    return [key, toTensor(dtype, shape, data)] as const;
  });
  return { name, tensors: new Map(read), metadata };
}

/**
 * Returns the elements of one tensor of a file, which must have this element type and, if given, this shape.
 *
 * Throws CheckpointError, which names the file and the tensor, if it is missing or differs.
 */
export function readTensor<D extends NativeDtype>(
  file: SafetensorsFile,
  key: string,
  dtype: D,
  shape?: readonly number[],
): NativeArrays[D] {
  const tensor = file.tensors.get(key);
  if (tensor === undefined) return refuse(file.name, `has no tensor ${quote(key)}`);
  if (!hasDtype(tensor, dtype)) {
    return refuse(
      file.name,
      `tensor ${quote(key)} is stored as ${tensor.dtype}, expected ${dtype}`,
    );
  }
  if (shape !== undefined && shape.join() !== tensor.shape.join()) {
    return refuse(
      file.name,
      `tensor ${quote(key)} has shape ${shapeWords(tensor.shape)}, expected ${shapeWords(shape)}`,
    );
  }
  return tensor.data;
}

/**
 * Returns the elements of one tensor of a file as floats, whether it is stored in 32 bits or 16. Throws CheckpointError
 * as `readTensor` does.
 */
export function readFloats(
  file: SafetensorsFile,
  key: string,
  shape?: readonly number[],
): Float32Array {
  return file.tensors.get(key)?.dtype === "F16"
    ? fromHalves(readTensor(file, key, "F16", shape))
    : readTensor(file, key, "F32", shape);
}

function toTensor(
  dtype: Dtype,
  shape: readonly number[],
  bytes: Uint8Array,
): NativeTensor | ForeignTensor {
  switch (dtype) {
    case "F32":
      return { dtype, shape, data: new Float32Array(wordsOf(bytes).buffer) };
    case "I32":
      return { dtype, shape, data: new Int32Array(wordsOf(bytes).buffer) };
    case "U32":
      return { dtype, shape, data: wordsOf(bytes) };
    case "F16":
      return { dtype, shape, data: halfWordsOf(bytes) };
    case "I64":
      return { dtype, shape, data: new BigInt64Array(longWordsOf(bytes).buffer) };
    default:
      return { dtype, shape, data: Uint8Array.from(bytes) };
  }
}

// Copies as u32, never as f32, which keeps the bits of every NaN. DataView is right on any host and at any alignment.
function wordsOf(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Uint32Array(bytes.byteLength / 4);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint32(4 * i, true);
  return words;
}

function halfWordsOf(bytes: Uint8Array): Uint16Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint16Array.from({ length: bytes.byteLength / 2 }, (_, i) => view.getUint16(2 * i, true));
}

function longWordsOf(bytes: Uint8Array): BigUint64Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return BigUint64Array.from({ length: bytes.byteLength / 8 }, (_, i) =>
    view.getBigUint64(8 * i, true),
  );
}

function putLittleEndian(data: NativeTensor["data"], bytes: Uint8Array, at: number): void {
  if (data instanceof Uint8Array) {
    bytes.set(data, at);
    return;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, data.byteLength);
  if (data instanceof Uint16Array) {
    for (const [i, half] of data.entries()) view.setUint16(2 * i, half, true);
    return;
  }
  if (data instanceof BigInt64Array) {
    for (const [i, long] of data.entries()) view.setBigInt64(8 * i, long, true);
    return;
  }
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  for (let i = 0; i < words.length; i++) view.setUint32(4 * i, words[i] ?? 0, true);
}

function hasDtype<D extends NativeDtype>(
  tensor: { readonly dtype: Dtype; readonly data: ArrayBufferView },
  dtype: D,
): tensor is { readonly dtype: D; readonly data: NativeArrays[D] } {
  return tensor.dtype === dtype;
}

function checkText(text: string): void {
  if (/\p{Surrogate}/u.test(text)) {
    throw new CheckpointError(`${quote(text)} isn't Unicode text, so safetensors can't hold it.`);
  }
}

function checkShape(name: string, shape: readonly number[], elements: number): void {
  const whole = shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  const expected = shape.reduce((product, size) => product * size, 1);
  if (!whole || expected !== elements) {
    throw new CheckpointError(
      `Tensor ${quote(name)} of shape [${shape.join(", ")}] can't have ${elements} elements.`,
    );
  }
}
