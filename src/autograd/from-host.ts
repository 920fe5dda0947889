// Tensors from host data.
import { checkShape, formatShape, sizeOf, type DType } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkAttributes, flag, oneOf } from "../kernels/attributes.ts";
import { Tensor, variable } from "./tensor.ts";

/** Numbers in row-major order, or nested lists of numbers whose lengths are the shape. */
export type Values = number | readonly Values[] | Float32Array | Int32Array;

/** The options of `tensor`. */
export interface TensorOptions {
  readonly dtype?: Extract<DType, "f32" | "i32">;
  readonly tracked?: boolean;
}

/**
 * Uploads numbers to a device and returns them as a tensor. The default shape is that of the lists. The default type is
 * `i32` for an Int32Array, else `f32`. If `tracked` is true, gradients can be taken with respect to the tensor.
 * Throws `ShapeError` if the number of values doesn't fit the shape or the lists differ in length, `DTypeError` on
 * values of another kind, and on i32 values that aren't whole or lie outside [−2³¹, 2³¹).
 */
export function tensor(
  device: Device,
  values: Values,
  shape?: readonly number[],
  options: TensorOptions = {},
): Tensor {
  checkDevice("tensor", device);
  checkAttributes<TensorOptions>("tensor", options, { dtype: oneOf("f32", "i32"), tracked: flag });
  const found = numbersIn(values);
  const into = shape === undefined ? found.shape : shape;
  checkShape("tensor", into);
  const { numbers } = found;
  if (numbers.length !== sizeOf(into)) {
    throw new ShapeError(
      `tensor: shape ${formatShape(into)} takes ${sizeOf(into)} values; got ${numbers.length}`,
    );
  }
  const { dtype = values instanceof Int32Array ? "i32" : "f32", tracked = false } = options;
  if (dtype === "i32") {
    const off = Array.from(numbers).find((value) => (value | 0) !== value);
    if (off !== undefined) {
      throw new DTypeError(`tensor: i32 takes whole numbers in [-2^31, 2^31); got ${off}`);
    }
  }
  const array =
    dtype === "i32"
      ? device.upload(Int32Array.from(numbers), into, "i32", "tensor")
      : device.upload(Float32Array.from(numbers), into, "f32", "tensor");
  return tracked ? variable(array) : new Tensor(array);
}

interface Numbers {
  readonly numbers: ArrayLike<number>;
  readonly shape: readonly number[];
}

const MOST_AXES = 32;

/** Returns the numbers of nested lists in row-major order, and the lists' lengths. */
function numbersIn(values: Values): Numbers {
  if (values instanceof Float32Array || values instanceof Int32Array) {
    return { numbers: values, shape: [values.length] };
  }
  const shape: number[] = [];
  for (let first: unknown = values; Array.isArray(first); first = first[0]) {
    shape.push(first.length);
    if (shape.length > MOST_AXES) {
      throw new ShapeError(`tensor: lists must be nested at most ${MOST_AXES} deep; got more`);
    }
  }
  const numbers: number[] = [];
  const visit = (value: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (typeof value === "number") numbers.push(value);
      else refuse(value, numbers.length);
    } else if (!Array.isArray(value)) {
      refuse(value, numbers.length);
    } else if (value.length !== shape[axis]) {
      throw new ShapeError(
        `tensor: lists at the same depth must have the same length; got ${shape[axis]} and ${value.length}`,
      );
    } else {
      for (let at = 0; at < value.length; at += 1) visit(value[at], axis + 1); // visits holes too
    }
  };
  visit(values, 0);
  return { numbers, shape };
}

function refuse(value: unknown, at: number): never {
  const where = at === 0 ? "" : ` after ${at} ${at === 1 ? "number" : "numbers"}`;
  throw new DTypeError(
    `tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got ${show(value)}${where}`,
  );
}
