// A device's limits: requested when it is opened, and checked before WebGPU sees a request. After one that WebGPU
// refuses, no result can be trusted.
import { byteSize, formatShape, type DType } from "./array.ts";
import { MemoryError } from "./errors.ts";

/** The bytes of the largest array, as WebGPU limits them: per binding, and per buffer. */
export interface ArrayLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

/**
 * WebGPU's default limits; or all that the adapter has; or the defaults with larger arrays, as far as the adapter
 * allows them. Up to 32 KiB of workgroup memory are always among them, for the kernels that can use it.
 */
export type LimitRequest = "default" | "adapter" | Partial<ArrayLimits>;

/** The features of WebGPU that a device requests, if its adapter has them. */
export const DEVICE_FEATURES: readonly GPUFeatureName[] = [
  "timestamp-query",
  "subgroups",
  "shader-f16",
];

/** The limits for launches that this engine looks at. */
interface LaunchLimits {
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxComputeWorkgroupStorageSize: number;
}

/** The limits for arrays and launches that every adapter meets. */
export const DEFAULT_LIMITS: ArrayLimits & LaunchLimits = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupsPerDimension: 65_535,
  maxComputeWorkgroupStorageSize: 16 * 2 ** 10,
};

const WORKGROUP_BYTES = 32 * 2 ** 10; // all that any kernel could use, and all that many adapters have

/** Returns the limits of an adapter or a device by their names, as plain data. */
export function limitsByName(limits: GPUSupportedLimits): Record<string, number> {
  const all: Record<string, number> = {};
  // They are getters of the prototype, so `Object.entries` finds none.
  for (const name in limits) {
    const limit: unknown = Reflect.get(limits, name);
    if (typeof limit === "number") all[name] = limit;
  }
  return all;
}

/** Returns the limits to request from an adapter. */
export function requiredLimits(
  request: LimitRequest,
  limits: GPUSupportedLimits,
): Record<string, number> {
  const required: Record<string, number> = {};
  const memory = Math.min(WORKGROUP_BYTES, limits.maxComputeWorkgroupStorageSize);
  if (memory > DEFAULT_LIMITS.maxComputeWorkgroupStorageSize) {
    required["maxComputeWorkgroupStorageSize"] = memory;
  }
  if (request === "default") return required;
  if (request === "adapter") return limitsByName(limits);
  for (const name of ["maxStorageBufferBindingSize", "maxBufferSize"] as const) {
    const wanted = Math.min(Math.ceil((request[name] ?? 0) / 4) * 4, limits[name]); // bindings are whole words
    if (wanted > DEFAULT_LIMITS[name]) required[name] = wanted;
  }
  return required;
}

/** Returns the bytes of the largest array that a device can bind whole. */
export function mostBytes(limits: ArrayLimits): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/**
 * Throws `MemoryError` if an array, with `more` bytes around it, is larger than the `most` bytes that a device can
 * bind. The message says how long its first axis may be.
 */
export function checkBytes(
  label: string,
  shape: readonly number[],
  dtype: DType,
  most: number,
  more = 0,
): void {
  const bytes = byteSize(shape, dtype) + more;
  if (bytes <= most) return;
  const [first = 1, ...rest] = shape;
  const fits = Math.floor((most - more) / byteSize(rest, dtype));
  const mend =
    fits > 0 && fits < first
      ? `at most ${fits} along its first axis fit; use a smaller batch`
      : "use a smaller array";
  throw new MemoryError(
    `${label}: an array of ${formatShape(shape)} ${dtype} takes ${bytes} bytes, but this device binds at most ${most}; ${mend}, or open the device with higher limits`,
  );
}
