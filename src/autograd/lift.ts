// Rules into functions of tensors: by how many tensors an op takes, and whether attributes may be left out.
import { isPlain } from "../gpu/arguments.ts";
import type { GpuArray } from "../gpu/array.ts";
import { DTypeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import type { TransposedAttributes } from "../kernels/convolution.ts";
import type { OutputAttributes } from "../kernels/epilogue-attributes.ts";
import type { ReduceAttributes } from "../kernels/reduce.ts";
import type { Rule } from "../kernels/rule.ts";
import { apply, arrayOf, type Tensor } from "./tensor.ts";

type Array1 = readonly [GpuArray];
type Array2 = readonly [GpuArray, GpuArray];
type Array3 = readonly [GpuArray, GpuArray, GpuArray];
/** A function of one tensor. */
export type Of1 = (x: Tensor) => Tensor;
/** A function of two tensors. */
export type Of2 = (a: Tensor, b: Tensor) => Tensor;

/** An op of one tensor; `defaults` stand in for attributes that are left out. */
export function op1<A>(rule: Rule<Array1, A>, defaults: A): (x: Tensor, attributes?: A) => Tensor {
  return (x, attributes = defaults) => apply(rule, [x], [arrayOf(rule.name, 0, x)], attributes);
}

/** An op of two tensors. */
export function op2<A>(
  rule: Rule<Array2, A>,
  defaults: A,
): (a: Tensor, b: Tensor, attributes?: A) => Tensor {
  return (a, b, attributes = defaults) =>
    apply(rule, [a, b], [arrayOf(rule.name, 0, a), arrayOf(rule.name, 1, b)], attributes);
}

/** An op of one tensor that can't do without its attributes. */
export function with1<A>(rule: Rule<Array1, A>): (x: Tensor, attributes: A) => Tensor {
  return (x, attributes) => apply(rule, [x], [arrayOf(rule.name, 0, x)], attributes);
}

/** An op of three tensors that can't do without its attributes. */
export function with3<A>(
  rule: Rule<Array3, A>,
): (a: Tensor, b: Tensor, c: Tensor, attributes: A) => Tensor {
  return (a, b, c, attributes) => {
    const array = (index: number, input: Tensor): GpuArray => arrayOf(rule.name, index, input);
    return apply(rule, [a, b, c], [array(0, a), array(1, b), array(2, c)], attributes);
  };
}

/** An op of a list of tensors, one or more. */
export function listed<A>(
  rule: Rule<readonly GpuArray[], A>,
): (tensors: readonly Tensor[], attributes: A) => Tensor {
  return (tensors, attributes) => {
    if (!Array.isArray(tensors) || tensors.length === 0) {
      throw new DTypeError(
        `${rule.name}: takes a list of one tensor or more; got ${show(tensors)}`,
      );
    }
    const arrays = Array.from(tensors, (tensor, index) => arrayOf(rule.name, index, tensor));
    return apply(rule, tensors, arrays, attributes);
  };
}

/** A bias that an op adds to its result, one element a channel. */
export interface Bias {
  readonly bias?: Tensor;
}

/** An op of two tensors and, among the attributes, a bias. */
export function biased(
  rule: Rule<readonly [GpuArray, GpuArray, ...GpuArray[]], TransposedAttributes & OutputAttributes>,
): Biased<TransposedAttributes & OutputAttributes> {
  return (x, weight, attributes = {}) => {
    const isObject = isPlain(attributes); // else the rule refuses it
    const { bias, ...rest }: TransposedAttributes & Bias & OutputAttributes = isObject
      ? attributes
      : {};
    const pair = [arrayOf(rule.name, 0, x), arrayOf(rule.name, 1, weight)] as const;
    const more = bias === undefined ? [] : [bias];
    const arrays = more.map((tensor) => arrayOf(rule.name, 2, tensor));
    return apply(rule, [x, weight, ...more], [...pair, ...arrays], isObject ? rest : attributes);
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
