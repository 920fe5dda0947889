// An array is (storage, byte offset, shape, dtype). It knows nothing of gradients.
import type { Device } from "./device.ts";
import { ShapeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/**
 * Element types. `u8` is for datasets alone: four pixels to a 32-bit word. `f16` is for activations, where the
 * adapter has `shader-f16`: stored in 16 bits, computed with in 32.
 */
export type DType = "f32" | "i32" | "u32" | "u8" | "f16";

/** Host data by dtype: f16 as f32, which holds each of its values. */
export interface HostData {
  f32: Float32Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
  u8: Uint8Array<ArrayBuffer>;
  f16: Float32Array<ArrayBuffer>;
}

/** Host data of any dtype, on whatever buffer. */
export type HostArray = Float32Array | Int32Array | Uint32Array | Uint8Array;

/** A run of bytes on the device. A traced temporary has no buffer until its program is planned. */
export interface Storage {
  readonly label: string;
  readonly bytes: number;
  /** Bytes at either end that belong to no array, and are bound all the same (see `Device.slack`). */
  readonly slack: number;
  /** `temporary` belongs to the trace that made it; `persistent` outlives every program and scope. */
  readonly kind: "eager" | "temporary" | "persistent";
  buffer: GPUBuffer | undefined;
  /** Set when a temporary was placed inside a larger storage, such as a gradient arena. */
  parent: { readonly storage: Storage; readonly byteOffset: number } | undefined;
  /** Whether anything was written to it, by the host or by a launch, run or recorded. */
  written: boolean;
}

const BYTES: Readonly<Record<DType, number>> = { f32: 4, i32: 4, u32: 4, u8: 1, f16: 2 };

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Bytes of an array on the device: never 0 (WebGPU can't bind 0), and whole `vec4f`s to load by four. */
export function byteSize(shape: readonly number[], dtype: DType): number {
  return Math.max(16, Math.ceil(exactBytes(shape, dtype) / 16) * 16);
}

/** Bytes of an array's elements, and nothing more. */
export function exactBytes(shape: readonly number[], dtype: DType): number {
  return sizeOf(shape) * BYTES[dtype];
}

/** `(32, 28, 28, 1)`: a shape as errors and tables print it. */
export function formatShape(shape: readonly number[]): string {
  return `(${shape.join(", ")})`;
}

/** Throws `ShapeError` unless a shape is a list of whole numbers ≥ 0. */
export function checkShape(op: string, shape: readonly number[]): void {
  const whole = (extent: unknown): boolean => Number.isInteger(extent) && Number(extent) >= 0;
  if (!Array.isArray(shape) || !Array.from(shape).every(whole)) {
    throw new ShapeError(`${op}: a shape is a list of whole numbers ≥ 0; got ${show(shape)}`);
  }
}

/** An n-dimensional array on a device, in row-major order. Made by `Device`, never by hand. */
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

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape);
  }

  /** The same elements under another shape; nothing is copied. Throws `ShapeError` if the sizes differ. */
  view(shape: readonly number[]): GpuArray {
    checkShape("reshape", shape);
    if (sizeOf(shape) !== this.size) {
      throw new ShapeError(
        `reshape: ${formatShape(this.shape)} has ${this.size} elements, ${formatShape(shape)} wants ${sizeOf(shape)}`,
      );
    }
    return new GpuArray(this.device, this.storage, this.byteOffset, shape, this.dtype);
  }

  /** Elements `first` to `first + count` of the first axis; nothing is copied. Throws `ShapeError`. */
  rows(first: number, count: number): GpuArray {
    const [extent = 0, ...rest] = this.shape;
    const whole = Number.isInteger(first) && Number.isInteger(count);
    if (this.shape.length === 0 || !whole || first < 0 || count < 0 || first + count > extent) {
      throw new ShapeError(
        `rows: ${formatShape(this.shape)} has no rows from ${show(first)} on, ${show(count)} of them`,
      );
    }
    const start = exactBytes([first, ...rest], this.dtype);
    return this.device.viewAt(this, start, [count, ...rest], this.dtype);
  }

  /** Copies the elements to the host. Throws `TraceError` inside a trace, `DTypeError` on another type. */
  async read(): Promise<HostData["f32"]>;
  async read<D extends DType>(dtype: D): Promise<HostData[D]>;
  async read(dtype: DType = "f32"): Promise<HostArray> {
    return this.device.read(this, dtype);
  }

  /** Overwrites the elements, in order with what was launched before. */
  write(data: HostArray): void {
    this.device.write(this, data);
  }
}

/** Where a storage really lives once it has a buffer: follows placements inside arenas. */
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
