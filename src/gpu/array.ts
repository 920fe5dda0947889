// Arrays on a device: (storage, byte offset, shape, dtype). They know nothing about gradients.
import type { Device } from "./device.ts";
import { ShapeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/**
 * Element types. `u8` is only for datasets: four pixels per 32-bit word. `f16` is for activations, on adapters with
 * `shader-f16`: they are stored in 16 bits and computed with in 32.
 */
export type DType = "f32" | "i32" | "u32" | "u8" | "f16";

/** Host data by dtype. f16 becomes f32 on the host, which represents each of its values exactly. */
export interface HostData {
  f32: Float32Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
  u8: Uint8Array<ArrayBuffer>;
  f16: Float32Array<ArrayBuffer>;
}

/** Host data of any dtype, on whatever buffer. */
export type HostArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A range of bytes on the device. A traced temporary has no buffer until its program is planned. */
export interface Storage {
  readonly label: string;
  readonly bytes: number;
  /** Bytes at each end that belong to no array but are bound anyway (see `Device.slack`). */
  readonly slack: number;
  /** `temporary` belongs to the trace that made it; `persistent` outlives every program and scope. */
  readonly kind: "eager" | "temporary" | "persistent";
  buffer: GPUBuffer | undefined;
  /** Set when a temporary was placed inside a larger storage, such as a gradient arena. */
  parent: { readonly storage: Storage; readonly byteOffset: number } | undefined;
  /** Whether the host, or a launch that was run or recorded, has written to it. */
  written: boolean;
}

const BYTES: Readonly<Record<DType, number>> = { f32: 4, i32: 4, u32: 4, u8: 1, f16: 2 };

/** Returns the number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Returns the bytes of an array on the device: never 0, which WebGPU can't bind, and a whole number of `vec4f`s. */
export function byteSize(shape: readonly number[], dtype: DType): number {
  return Math.max(16, Math.ceil(exactBytes(shape, dtype) / 16) * 16);
}

/** Returns the bytes of an array's elements alone. */
export function exactBytes(shape: readonly number[], dtype: DType): number {
  return sizeOf(shape) * BYTES[dtype];
}

/** Formats a shape as errors and tables print it: `(32, 28, 28, 1)`. */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(", ")})`;
}

/** Throws `ShapeError` unless a shape is a list of whole numbers ≥ 0. */
export function checkShape(op: string, shape: readonly number[]): void {
  const whole = (extent: unknown): boolean => Number.isInteger(extent) && Number(extent) >= 0;
  if (!Array.isArray(shape) || !Array.from(shape).every(whole)) {
    throw new ShapeError(`${op}: shape must be a list of whole numbers ≥ 0; got ${show(shape)}`);
  }
}

/** An n-dimensional array on a device, in row-major order. Only `Device` makes arrays. */
export class GpuArray {
  readonly device: Device;
  readonly storage: Storage;
  readonly byteOffset: number;
  readonly shape: readonly number[];
  readonly dtype: DType;

  constructor(
    device: Device,
    storage: Storage,
    byteOffset: number,
    shape: readonly number[],
    dtype: DType,
  ) {
    this.device = device;
    this.storage = storage;
    this.byteOffset = byteOffset;
    this.shape = shape;
    this.dtype = dtype;
  }

  /** The number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** Returns the same elements in another shape; nothing is copied. Throws `ShapeError` if the sizes differ. */
  view(shape: readonly number[]): GpuArray {
    checkShape("reshape", shape);
    if (sizeOf(shape) !== this.size) {
      throw new ShapeError(
        `reshape: ${formatShape(this.shape)} has ${this.size} elements, but ${formatShape(shape)} takes ${sizeOf(shape)}`,
      );
    }
    return new GpuArray(this.device, this.storage, this.byteOffset, shape, this.dtype);
  }

  /** Returns `count` rows (of the first axis) from row `first` on; nothing is copied. Throws `ShapeError`. */
  rows(first: number, count: number): GpuArray {
    const [extent = 0, ...rest] = this.shape;
    const whole = Number.isInteger(first) && Number.isInteger(count);
    if (this.shape.length === 0 || !whole || first < 0 || count < 0 || first + count > extent) {
      throw new ShapeError(
        `rows: first and count must select rows of ${formatShape(this.shape)}; got first ${show(first)} and count ${show(count)}`,
      );
    }
    const start = exactBytes([first, ...rest], this.dtype);
    return this.device.viewAt(this, start, [count, ...rest], this.dtype);
  }

  /** Copies the elements to the host. Throws `TraceError` inside a trace, and `DTypeError` if the array has another type. */
  async read(): Promise<HostData["f32"]>;
  async read<D extends DType>(dtype: D): Promise<HostData[D]>;
  async read(dtype: DType = "f32"): Promise<HostArray> {
    return this.device.read(this, dtype);
  }

  /** Overwrites the elements, after everything that was launched before. */
  write(data: HostArray): void {
    this.device.write(this, data);
  }
}

/** Returns where a storage is once it has a buffer; follows placements inside arenas. */
export function locate(
  storage: Storage,
  byteOffset: number,
): { root: Storage; byteOffset: number } {
  let root = storage;
  let offset = byteOffset;
  while (root.parent) {
    offset += root.parent.byteOffset;
    root = root.parent.storage;
  }
  return { root, byteOffset: offset };
}
