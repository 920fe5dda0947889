// The outputs of a traced function: arrays or tensors by name.
import { GpuArray } from "./array.ts";
import type { Device } from "./device.ts";
import { AttributeError, TraceError } from "./errors.ts";
import { keyPath, show } from "./foreign-text.ts";

/** Outputs by name, as `compile`'s function returns them: arrays, or tensors, of which the arrays are used. */
export type Outputs = Readonly<Record<string, GpuArray | { readonly array: GpuArray }>>;

/** A program's outputs: arrays by name. */
export type OutputArrays<T extends Outputs> = { readonly [Name in keyof T]: GpuArray };

/** Returns the arrays that a traced function returned, by name. Throws `TraceError` if it returned anything else. */
export function outputArrays<T extends Outputs>(
  label: string,
  device: Device,
  returned: T | undefined,
): OutputArrays<T> {
  const give = "return an object of named arrays, such as ({ loss })";
  if (returned === undefined || returned === null) {
    throw new TraceError(`${label}: the traced function returned nothing; ${give}`);
  }
  if (typeof returned !== "object" || isArrayLike(returned)) {
    throw new TraceError(`${label}: the traced function returned ${show(returned)}; ${give}`);
  }
  const arrays = Object.entries(returned).map(([name, value]): [string, GpuArray] => {
    const array = isArrayLike(value) && !(value instanceof GpuArray) ? value.array : value;
    if (!(array instanceof GpuArray)) {
      throw new TraceError(
        `${label}: output ${keyPath([name])} must be an array or a tensor; got ${show(array)}`,
      );
    }
    if (array.device !== device) {
      throw new AttributeError(`${label}: output ${keyPath([name])} is on a different device`);
    }
    return [name, array];
  });
  return Object.assign(Object.create(null), Object.fromEntries(arrays));
}

function isArrayLike(value: unknown): value is GpuArray | { readonly array: GpuArray } {
  if (value instanceof GpuArray) return true;
  return (
    typeof value === "object" &&
    value !== null &&
    "array" in value &&
    value.array instanceof GpuArray &&
    "tracked" in value
  );
}
