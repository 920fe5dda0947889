// What a device takes at most: asked for when it is opened, and checked before WebGPU sees a request, as one that it
// refuses voids all that follows.
import { byteSize, formatShape, type DType } from "./array.ts";
import { MemoryError } from "./errors.ts";

/** Bytes that the largest array takes, as WebGPU limits them: in one binding, and in one buffer. */
export interface ArrayLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
}

/**
 * No more than WebGPU's default limits; all that the adapter has; or the defaults except for arrays, which may be as large
 * as this, so far as the adapter allows it.
 */
export type LimitRequest = "default" | "adapter" | Partial<ArrayLimits>;

/** What a device has of WebGPU's features, where its adapter does. */
export const DEVICE_FEATURES: readonly GPUFeatureName[] = [
  "timestamp-query",
  "subgroups",
  "shader-f16",
];

/** What every adapter has, so far as arrays and launches go by it. */
export const DEFAULT_LIMITS: ArrayLimits & { readonly maxComputeWorkgroupsPerDimension: number } = {
  maxStorageBufferBindingSize: 128 * 2 ** 20,
  maxBufferSize: 256 * 2 ** 20,
  maxComputeWorkgroupsPerDimension: 65_535,
};

/** The limits to ask an adapter for. */
export function requiredLimits(
  request: LimitRequest,
  limits: GPUSupportedLimits,
): Record<string, number> {
  const required: Record<string, number> = {};
  if (request === "default") return required;
  if (request === "adapter") {
    for (const name in limits) {
      const limit: unknown = Reflect.get(limits, name);
      if (typeof limit === "number") required[name] = limit;
    }
    return required;
  }
  for (const name of ["maxStorageBufferBindingSize", "maxBufferSize"] as const) {
    const wanted = Math.min(Math.ceil((request[name] ?? 0) / 4) * 4, limits[name]); // of a binding: whole words
    if (wanted > DEFAULT_LIMITS[name]) required[name] = wanted;
  }
  return required;
}

/** The bytes of an array that a device holds to be bound whole. */
export function mostBytes(limits: ArrayLimits): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/**
 * Throws `MemoryError` if an array is larger than a device can bind, and says how far its first axis may go. `more` are
 * bytes around it.
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
      ? `at most ${fits} along its first axis fit; take a smaller batch`
      : "take a smaller one";
  throw new MemoryError(
    `${label}: an array of ${formatShape(shape)} ${dtype} takes ${bytes} bytes, and this device binds at most ${most}; ${mend}, or open the device with more of the adapter's limits`,
  );
}
