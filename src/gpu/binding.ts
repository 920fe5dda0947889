// Turns arrays into what WebGPU binds and copies: buffers, offsets, sizes, host views.
import {
  byteSize,
  checkShape,
  exactBytes,
  formatShape,
  locate,
  sizeOf,
  type DType,
  type GpuArray,
  type HostArray,
  type HostData,
  type Storage,
} from "./array.ts";
import {
  AttributeError,
  DTypeError,
  GpuError,
  MemoryError,
  ShapeError,
  TraceError,
  type LonghandError,
} from "./errors.ts";
import { checkName } from "./arguments.ts";
import { dawnsWords, show } from "./foreign-text.ts";
import { fromHalves, toHalves } from "./half.ts";

/** WebGPU binds buffers at multiples of this many bytes. Shaders add the rest of the offset (their `_AT` constants). */
const ALIGNMENT = 256;

/** Returns the buffer and byte offset of an array. Throws `TraceError` if it was freed, or isn't planned yet. */
export function bufferOf(
  array: GpuArray,
  op: string,
  planned?: ReadonlyMap<Storage, GPUBuffer>,
): { buffer: GPUBuffer; offset: number } {
  const { root, byteOffset } = locate(array.storage, array.byteOffset);
  const buffer = planned?.get(root) ?? root.buffer;
  if (buffer) return { buffer, offset: byteOffset };
  throw new TraceError(
    root.kind === "eager"
      ? `${op}: ${root.label} ${formatShape(array.shape)} was freed at the end of its scope; return it from the scope to keep it`
      : `${op}: ${root.label} ${formatShape(array.shape)} is a temporary of a program; return it from the program to read it`,
  );
}

/**
 * Returns where an array starts in its binding, in words as its shader counts them (16 bits for f16, else 32): its
 * offset past a multiple of 256 bytes.
 */
export function wordsIntoBinding(array: GpuArray): number {
  const bytes = locate(array.storage, array.byteOffset).byteOffset % ALIGNMENT;
  return bytes / (array.dtype === "f16" ? 2 : 4);
}

/** Whether a shader may read the array as `vec4f`s (`vec4h`s for f16), because it starts at one. */
export function byFours(array: GpuArray): boolean {
  return wordsIntoBinding(array) % 4 === 0;
}

/** Returns the range of a buffer to bind for an array: from an aligned byte, to the end of its slack if it has any. */
export function rangeOf(
  array: GpuArray,
  op: string,
  planned?: ReadonlyMap<Storage, GPUBuffer>,
): GPUBufferBinding {
  const { buffer, offset } = bufferOf(array, op, planned);
  const { root } = locate(array.storage, array.byteOffset);
  const start = offset - (offset % ALIGNMENT);
  const bytes = offset - start + byteSize(array.shape, array.dtype);
  const whole = start + Math.ceil(bytes / 16) * 16; // a truncated `vec4f` couldn't be read at all
  const end = root.slack > 0 ? root.bytes : Math.min(whole, root.bytes);
  return { buffer, offset: start, size: end - start };
}

/** Throws `ShapeError` unless a view lies inside its storage and starts at a 32-bit word (16-bit for f16). */
export function checkView({ byteOffset, shape, dtype, storage }: GpuArray): void {
  checkDType("view", dtype);
  const { bytes, slack, label } = storage;
  const end = Math.ceil((byteOffset + exactBytes(shape, dtype)) / 4) * 4;
  const step = dtype === "f16" ? 2 : 4;
  if (byteOffset % step === 0 && byteOffset >= slack && end <= bytes - slack) return;
  throw new ShapeError(
    `view: the view must start at a multiple of ${step} and lie inside the ${bytes} bytes of ${label}; got ${formatShape(shape)} at byte ${byteOffset}`,
  );
}

/** Throws unless host data has the class that a dtype needs (`DTypeError`) and the length of a shape (`ShapeError`). */
export function checkData(op: string, data: unknown, shape: readonly number[], dtype: DType): void {
  checkShape(op, shape);
  checkDType(op, dtype);
  const kind = HOST[dtype];
  if (!(data instanceof kind)) {
    throw new DTypeError(`${op}: ${dtype} data must be a ${kind.name}; got ${show(data)}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${op}: shape ${formatShape(shape)} takes ${sizeOf(shape)} values; got ${data.length}`,
    );
  }
}

const HOST = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  u8: Uint8Array,
  f16: Float32Array,
} as const;

function checkDType(op: string, dtype: DType): void {
  if (typeof dtype === "string" && Object.hasOwn(HOST, dtype)) return;
  throw new AttributeError(`${op}: dtype must be f32, i32, u32, u8 or f16; got ${show(dtype)}`);
}

/** Returns the error for one that the GPU reported outside any request. */
export function faultOf(error: GPUError): LonghandError {
  const words = `gpu: ${dawnsWords(error.message)}`;
  return error.constructor.name === "GPUOutOfMemoryError"
    ? new MemoryError(`${words}; use a smaller batch, or close other programs that use the GPU`)
    : new GpuError(words);
}

/** Throws unless an array of this label, shape and dtype can be made on a device. */
export function checkNew(
  gpu: GPUDevice,
  label: string,
  shape: readonly number[],
  dtype: DType,
): void {
  checkName("array", label);
  checkShape(label, shape);
  checkStored(label, gpu, dtype);
}

/** Throws `AttributeError` on an unknown dtype, and `DTypeError` on f16 if the device lacks `shader-f16`. */
export function checkStored(op: string, { features }: GPUDevice, dtype: DType): void {
  checkDType(op, dtype);
  if (dtype !== "f16" || features.has("shader-f16")) return;
  throw new DTypeError(
    `${op}: f16 needs an adapter with the feature shader-f16, which this one lacks; store f32, or choose another adapter`,
  );
}

/** Returns host data as bytes to write to an array: whole words, and not in shared memory, on which Dawn crashes. */
export function bytesOf(data: HostArray, dtype: DType): Uint8Array<ArrayBuffer> {
  const from = dtype === "f16" ? toHalves(data) : data;
  const { buffer, byteOffset, byteLength } = from;
  if (buffer instanceof ArrayBuffer && byteLength % 4 === 0) {
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
  const whole = new Uint8Array(Math.ceil(byteLength / 4) * 4);
  whole.set(new Uint8Array(buffer, byteOffset, byteLength));
  return whole;
}

/** Returns `count` elements of mapped bytes, from byte `first` on, as host data of a dtype. */
export function hostView<D extends DType>(
  bytes: ArrayBuffer,
  first: number,
  count: number,
  dtype: D,
): HostData[D] {
  const views: { readonly [K in DType]: () => HostData[K] } = {
    f32: () => new Float32Array(bytes, first, count),
    i32: () => new Int32Array(bytes, first, count),
    u32: () => new Uint32Array(bytes, first, count),
    u8: () => new Uint8Array(bytes, first, count),
    f16: () => fromHalves(new Uint16Array(bytes, first, count)),
  };
  return views[dtype]();
}
