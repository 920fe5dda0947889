// Turns ops into functions of tensors, by how many tensors they take and whether attributes may be left out.
import { isPlain } from "../gpu/options.ts";
import type { GpuArray } from "../gpu/array.ts";
import { DTypeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import type { TransposedAttributes } from "../kernels/conv2d-geometry.ts";
import type { OutputAttributes } from "../kernels/epilogue-attributes.ts";
import type { ReduceAttributes } from "../kernels/reduce.ts";
import type { Op } from "../kernels/op.ts";
import { apply, arrayOf, Tensor, tensorOf } from "./tensor.ts";

type Array1 = readonly [GpuArray];
type Array2 = readonly [GpuArray, GpuArray];
type Array3 = readonly [GpuArray, GpuArray, GpuArray];
/** A function of one tensor. */
export type Of1 = (x: Tensor) => Tensor;

/** Wraps an op of one tensor; `defaults` are its attributes if a call gives none. */
export function op1<A>(op: Op<Array1, A>, defaults: A): (x: Tensor, attributes?: A) => Tensor {
  return (x, attributes = defaults) => apply(op, [x], [arrayOf(op.name, 0, x)], attributes);
}

/** Wraps an op of two tensors; `defaults` are its attributes if a call gives none. */
export function op2<A>(
  op: Op<Array2, A>,
  defaults: A,
): (a: Tensor, b: Tensor, attributes?: A) => Tensor {
  return (a, b, attributes = defaults) =>
    apply(op, [a, b], [arrayOf(op.name, 0, a), arrayOf(op.name, 1, b)], attributes);
}

/** A function of two tensors, or of a tensor and a number. */
export interface OfPair {
  (a: Tensor, b: Tensor | number): Tensor;
  (a: number, b: Tensor): Tensor;
}

/** Makes a scalar from a number, next to another input. */
type ToScalar = (op: string, index: number, value: number, like: GpuArray) => Tensor;

/** Uploads a number as an f32 scalar to the device of another input. */
const f32Scalar: ToScalar = (_op, _index, value, { device }) =>
  new Tensor(device.upload(Float32Array.of(value), [], "f32", "scalar"));

function pairOf<A extends object>(op: Op<Array2, A>, attributes: A, toScalar: ToScalar): OfPair {
  return (a: Tensor | number, b: Tensor | number, given: A = attributes) => {
    const like = [a, b].find((each) => each instanceof Tensor)?.array;
    const at = (index: number, each: Tensor | number): Tensor =>
      typeof each === "number" && like
        ? toScalar(op.name, index, each, like)
        : tensorOf(op.name, index, each);
    const [x, y] = [at(0, a), at(1, b)];
    return apply(op, [x, y], [x.array, y.array], given);
  };
}

/** Wraps an op of two tensors. One of them may be a number, which is uploaded as an f32 scalar. */
export function ofPair<A extends object>(op: Op<Array2, A>, attributes: A): OfPair {
  return pairOf(op, attributes, f32Scalar);
}

const WHOLE = { i32: [-(2 ** 31), 2 ** 31 - 1], u32: [0, 2 ** 32 - 1] } as const;

/**
 * Uploads a number as a scalar of another input's type, to its device. Throws `DTypeError` if that type can't hold it.
 */
const scalarLike: ToScalar = (op, index, value, like) => {
  const { device, dtype } = like;
  if (dtype !== "i32" && dtype !== "u32") return f32Scalar(op, index, value, like);
  const [low, high] = WHOLE[dtype];
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new DTypeError(
      `${op}: input ${index} must be a whole number in [${low}, ${high}] next to an input of ${dtype}; got ${value}`,
    );
  }
  const array =
    dtype === "i32"
      ? device.upload(Int32Array.of(value), [], dtype, "scalar")
      : device.upload(Uint32Array.of(value), [], dtype, "scalar");
  return new Tensor(array);
};

/** Wraps an op of two tensors of one type. One of them may be a number, which is uploaded as a scalar of that type. */
export function ofLikes(op: Op<Array2, Readonly<Record<never, never>>>): OfPair {
  return pairOf(op, {}, scalarLike);
}

/** A function of a condition and two tensors of one type. Either tensor or both may be numbers. */
export type Choice = (condition: Tensor, a: Tensor | number, b: Tensor | number) => Tensor;

/** Wraps an op of a condition and two tensors of one type. Two numbers become f32 scalars. */
export function ofChoice(op: Op<Array3, Readonly<Record<never, never>>>): Choice {
  return (condition: Tensor, a: Tensor | number, b: Tensor | number, attributes: object = {}) => {
    const given = tensorOf(op.name, 0, condition);
    const like = [a, b].find((each) => each instanceof Tensor)?.array;
    const at = (index: number, each: Tensor | number): Tensor => {
      if (typeof each !== "number") return tensorOf(op.name, index, each);
      return like
        ? scalarLike(op.name, index, each, like)
        : f32Scalar(op.name, index, each, given.array);
    };
    const [x, y] = [at(1, a), at(2, b)];
    return apply(op, [given, x, y], [given.array, x.array, y.array], attributes);
  };
}

/** Wraps an op of one tensor whose attributes are required. */
export function with1<A>(op: Op<Array1, A>): (x: Tensor, attributes: A) => Tensor {
  return (x, attributes) => apply(op, [x], [arrayOf(op.name, 0, x)], attributes);
}

/** Wraps an op of three tensors whose attributes are required. */
export function with3<A>(
  op: Op<Array3, A>,
): (a: Tensor, b: Tensor, c: Tensor, attributes: A) => Tensor {
  return (a, b, c, attributes) => {
    const array = (index: number, input: Tensor): GpuArray => arrayOf(op.name, index, input);
    return apply(op, [a, b, c], [array(0, a), array(1, b), array(2, c)], attributes);
  };
}

/** Wraps an op of three tensors; `defaults` are its attributes if a call gives none. */
export function op3<A>(
  op: Op<Array3, A>,
  defaults: A,
): (a: Tensor, b: Tensor, c: Tensor, attributes?: A) => Tensor {
  return (a, b, c, attributes = defaults) => with3(op)(a, b, c, attributes);
}

/** Wraps an op of a list of one tensor or more. */
export function listed<A>(
  op: Op<readonly GpuArray[], A>,
): (tensors: readonly Tensor[], attributes: A) => Tensor {
  return (tensors, attributes) => {
    if (!Array.isArray(tensors) || tensors.length === 0) {
      throw new DTypeError(`${op.name}: takes a list of one tensor or more; got ${show(tensors)}`);
    }
    const arrays = Array.from(tensors, (tensor, index) => arrayOf(op.name, index, tensor));
    return apply(op, tensors, arrays, attributes);
  };
}

/** A bias that an op adds to its result, one element per channel. */
export interface Bias {
  readonly bias?: Tensor;
}

/** Wraps an op of two tensors that takes a bias among its attributes. */
export function biased(
  op: Op<readonly [GpuArray, GpuArray, ...GpuArray[]], TransposedAttributes & OutputAttributes>,
): Biased<TransposedAttributes & OutputAttributes> {
  return (x, weight, attributes = {}) => {
    const isObject = isPlain(attributes); // else the op refuses it
    const { bias, ...rest }: TransposedAttributes & Bias & OutputAttributes = isObject
      ? attributes
      : {};
    const pair = [arrayOf(op.name, 0, x), arrayOf(op.name, 1, weight)] as const;
    const more = bias === undefined ? [] : [bias];
    const arrays = more.map((tensor) => arrayOf(op.name, 2, tensor));
    return apply(op, [x, weight, ...more], [...pair, ...arrays], isObject ? rest : attributes);
  };
}

/** A function of a tensor along some of its axes. */
export type Reduce = (x: Tensor, attributes?: ReduceAttributes) => Tensor;
/** A function of a tensor and a filter or kernel, with a bias and an epilogue among its attributes. */
export type Biased<A> = (
  x: Tensor,
  weight: Tensor,
  attributes?: A & Bias & OutputAttributes,
) => Tensor;
