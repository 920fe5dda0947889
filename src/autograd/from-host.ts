// Tensors from host data.
import { formatShape, sizeOf, type DType } from "../gpu/array.ts";
import { checkShape } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { Tensor, variable } from "./tensor.ts";

/** Numbers in row-major order. */
export type Values = readonly number[] | Float32Array | Int32Array;

/**
 * Puts numbers on a device as a tensor of a shape (a vector unless given), of `f32`, or of `i32` if
 * they are an Int32Array or `dtype` says so. Gradients can be taken with respect to it if `tracked`.
 * Throws `ShapeError` if the count doesn't fit the shape, `DTypeError` on values of another kind, or
 * on i32 values that aren't whole or are past ±2³¹.
 */
export function tensor(
  device: Device,
  values: Values,
  shape: readonly number[] = [values.length],
  options: { readonly dtype?: Extract<DType, "f32" | "i32">; readonly tracked?: boolean } = {},
): Tensor {
  if (
    !Array.isArray(values) &&
    !(values instanceof Float32Array) &&
    !(values instanceof Int32Array)
  ) {
    throw new DTypeError(
      `tensor: takes a list of numbers, a Float32Array or an Int32Array; got ${show(values)}`,
    );
  }
  checkShape("tensor", shape);
  if (values.length !== sizeOf(shape)) {
    throw new ShapeError(
      `tensor: got ${values.length} values for shape ${formatShape(shape)}, which takes ${sizeOf(shape)}`,
    );
  }
  const { dtype = values instanceof Int32Array ? "i32" : "f32", tracked = false } = options;
  if (dtype === "i32") {
    const off = Array.from(values).find((value) => (value | 0) !== value);
    if (off !== undefined) {
      throw new DTypeError(`tensor: i32 takes whole numbers in [-2^31, 2^31); got ${off}`);
    }
  }
  const array =
    dtype === "i32"
      ? device.upload(Int32Array.from(values), shape, "i32", "tensor")
      : device.upload(Float32Array.from(values), shape, "f32", "tensor");
  return tracked ? variable(array) : new Tensor(array);
}
