// From arrays to what WebGPU binds and copies: buffers, offsets, sizes, host views.
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

/** WebGPU binds buffers from multiples of this many bytes; shaders add the rest (their `_AT` constants). */
const ALIGNMENT = 256;

/** The buffer and byte offset behind an array. Throws if it was given back, or isn't planned yet. */
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
      ? `${op}: ${root.label} ${formatShape(array.shape)} was given back at the end of its scope; return it from the scope to keep it`
      : `${op}: ${root.label} ${formatShape(array.shape)} is a temporary of a program; return it from the program to read it`,
  );
}

/**
 * Where an array starts in its binding, in words as its shader counts them (of 16 bits for f16, else of 32):
 * what its offset has past a multiple of 256 bytes.
 */
export function wordsIntoBinding(array: GpuArray): number {
  const bytes = locate(array.storage, array.byteOffset).byteOffset % ALIGNMENT;
  return bytes / (array.dtype === "f16" ? 2 : 4);
}

/** Whether a shader may read the array as `vec4f`s (`vec4h`s for f16): it starts at a whole one. */
export function byFours(array: GpuArray): boolean {
  return wordsIntoBinding(array) % 4 === 0;
}

/** The part of a buffer that an array is bound by: from an aligned byte on; to the end of slack, if it has any. */
export function rangeOf(
  array: GpuArray,
  op: string,
  planned?: ReadonlyMap<Storage, GPUBuffer>,
): GPUBufferBinding {
  const { buffer, offset } = bufferOf(array, op, planned);
  const { root } = locate(array.storage, array.byteOffset);
  const start = offset - (offset % ALIGNMENT);
  const bytes = offset - start + byteSize(array.shape, array.dtype);
  const whole = start + Math.ceil(bytes / 16) * 16; // of a `vec4f` cut short nothing could be read
  const end = root.slack > 0 ? root.bytes : Math.min(whole, root.bytes);
  return { buffer, offset: start, size: end - start };
}

/** Throws `ShapeError` unless a view lies inside its storage and starts at a whole word (of 16 bits for f16). */
export function checkView({ byteOffset, shape, dtype, storage }: GpuArray): void {
  checkDType("view", dtype);
  const { bytes, slack, label } = storage;
  const end = Math.ceil((byteOffset + exactBytes(shape, dtype)) / 4) * 4;
  const step = dtype === "f16" ? 2 : 4;
  if (byteOffset % step === 0 && byteOffset >= slack && end <= bytes - slack) return;
  throw new ShapeError(
    `view: ${formatShape(shape)} at byte ${byteOffset} of ${label}; offsets are multiples of ${step} inside its ${bytes} bytes`,
  );
}

/** Throws unless host data is of the kind that a dtype wants (`DTypeError`), and as long as a shape (`ShapeError`). */
export function checkData(op: string, data: unknown, shape: readonly number[], dtype: DType): void {
  checkShape(op, shape);
  checkDType(op, dtype);
  const kind = HOST[dtype];
  if (!(data instanceof kind)) {
    throw new DTypeError(`${op}: ${dtype} wants a ${kind.name}; got ${show(data)}`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${op}: got ${data.length} values for shape ${formatShape(shape)}, which takes ${sizeOf(shape)}`,
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

/** What the GPU reported, and nobody asked for. */
export function faultOf(error: GPUError): LonghandError {
  const words = `gpu: ${dawnsWords(error.message)}`;
  return error.constructor.name === "GPUOutOfMemoryError"
    ? new MemoryError(`${words}; take less at once, or end what else uses the GPU`)
    : new GpuError(words);
}

/** Throws `AttributeError` unless a device can be opened with such options. */
export function checkDeviceOptions(options: unknown): void {
  const given = typeof options === "object" && options !== null ? options : {};
  const { adapter, shaderText } = Object.assign(Object.create(null), given);
  const opens = typeof adapter === "object" && adapter !== null && "requestDevice" in adapter;
  if (opens && typeof shaderText === "function") return;
  throw new AttributeError(
    `openDevice: takes { adapter: a GPUAdapter, shaderText: a function, software: true or false }; got ${show(options)}; on Node, open of longhand/node does all that`,
  );
}

/** Throws unless an array of this name, shape and dtype can be made on a device. */
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

/** Throws `AttributeError` on what is no dtype, `DTypeError` where a device can't store one: f16 takes `shader-f16`. */
export function checkStored(op: string, { features }: GPUDevice, dtype: DType): void {
  checkDType(op, dtype);
  if (dtype !== "f16" || features.has("shader-f16")) return;
  throw new DTypeError(
    `${op}: f16 takes an adapter with the feature shader-f16, which this one lacks; store f32, or choose another adapter`,
  );
}

/** Host data as bytes to write to an array: whole words, and not in shared memory, on which Dawn crashes. */
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

/** Mapped bytes, from one of them on, as host data of a dtype. */
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
