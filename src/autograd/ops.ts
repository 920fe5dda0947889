// The list of ops: one line each. A rule becomes a function of tensors here, and nowhere else.
import type { GpuArray } from "../gpu/array.ts";
import * as pairs from "../kernels/arithmetic.ts";
import * as norm from "../kernels/batch-norm.ts";
import * as conv from "../kernels/conv2d.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "../kernels/convolution.ts";
import * as products from "../kernels/matmul.ts";
import * as random from "../kernels/random.ts";
import * as reductions from "../kernels/reduce.ts";
import * as shapes from "../kernels/reshape.ts";
import type { Rule } from "../kernels/rule.ts";
import * as losses from "../kernels/sigmoid-cross-entropy.ts";
import { unaryRules, type AlphaAttribute } from "../kernels/unary.ts";
import { apply, arrayOf, type Tensor } from "./tensor.ts";

type Array1 = readonly [GpuArray];
type Array2 = readonly [GpuArray, GpuArray];
type Array3 = readonly [GpuArray, GpuArray, GpuArray];
type Of1 = (x: Tensor) => Tensor;
type Of2 = (a: Tensor, b: Tensor) => Tensor;

/** An op of one tensor; `defaults` stand in for attributes that are left out. */
function op1<A>(rule: Rule<Array1, A>, defaults: A): (x: Tensor, attributes?: A) => Tensor {
  return (x, attributes = defaults) => apply(rule, [x], [arrayOf(rule.name, 0, x)], attributes);
}

function op2<A>(
  rule: Rule<Array2, A>,
  defaults: A,
): (a: Tensor, b: Tensor, attributes?: A) => Tensor {
  return (a, b, attributes = defaults) =>
    apply(rule, [a, b], [arrayOf(rule.name, 0, a), arrayOf(rule.name, 1, b)], attributes);
}

/** An op of one tensor that can't do without its attributes. */
function with1<A>(rule: Rule<Array1, A>): (x: Tensor, attributes: A) => Tensor {
  return (x, attributes) => apply(rule, [x], [arrayOf(rule.name, 0, x)], attributes);
}

function with3<A>(
  rule: Rule<Array3, A>,
): (a: Tensor, b: Tensor, c: Tensor, attributes: A) => Tensor {
  return (a, b, c, attributes) => {
    const array = (index: number, input: Tensor): GpuArray => arrayOf(rule.name, index, input);
    return apply(rule, [a, b, c], [array(0, a), array(1, b), array(2, c)], attributes);
  };
}

/** A bias that an op adds to its result, one element a channel. */
export interface Bias {
  readonly bias?: Tensor;
}

/** An op of two tensors and, among the attributes, a bias. */
function biased(
  rule: Rule<readonly [GpuArray, GpuArray, ...GpuArray[]], TransposedAttributes>,
): Convolve<TransposedAttributes> {
  return (x, filter, attributes) => {
    const { bias, ...rest } = attributes ?? {};
    const pair = [arrayOf(rule.name, 0, x), arrayOf(rule.name, 1, filter)] as const;
    const more = bias === undefined ? [] : [bias];
    const arrays = more.map((tensor) => arrayOf(rule.name, 2, tensor));
    return apply(rule, [x, filter, ...more], [...pair, ...arrays], rest);
  };
}

type Reduce = (x: Tensor, attributes?: reductions.ReduceAttributes) => Tensor;
type Convolve<A> = (x: Tensor, filter: Tensor, attributes?: A & Bias) => Tensor;

/** a + b, broadcast. */
export const add: Of2 = op2(pairs.add, {});
/** a − b, broadcast. */
export const sub: Of2 = op2(pairs.sub, {});
/** a · b, element by element, broadcast. */
export const mul: Of2 = op2(pairs.mul, {});
/** a / b, broadcast. */
export const div: Of2 = op2(pairs.div, {});
/** The larger of a and b, broadcast; NaN if either is; ties share the gradient evenly. */
export const maximum: Of2 = op2(pairs.maximum, {});
/** The smaller of a and b, broadcast; NaN if either is; ties share the gradient evenly. */
export const minimum: Of2 = op2(pairs.minimum, {});

/** max(x, 0); NaN stays NaN; the gradient at 0 is 0. */
export const relu: Of1 = op1(unaryRules.relu, {});
/** x above 0, α·x elsewhere (α 0.3 unless given, as in Keras). */
export const leakyRelu: (x: Tensor, attributes?: AlphaAttribute) => Tensor = op1<AlphaAttribute>(
  unaryRules.leakyRelu,
  { alpha: 0.3 },
);
/** The hyperbolic tangent. */
export const tanh: Of1 = op1(unaryRules.tanh, {});
/** 1 / (1 + exp(−x)). */
export const sigmoid: Of1 = op1(unaryRules.sigmoid, {});
/** log(1 + exp(x)), with neither overflow nor a lost tail. */
export const softplus: Of1 = op1(unaryRules.softplus, {});
/** eˣ. */
export const exp: Of1 = op1(unaryRules.exp, {});
/** The natural logarithm. */
export const log: Of1 = op1(unaryRules.log, {});
/** The square root. */
export const sqrt: Of1 = op1(unaryRules.sqrt, {});
/** x². */
export const square: Of1 = op1(unaryRules.square, {});
/** |x|; the gradient at 0 is 0. */
export const abs: Of1 = op1(unaryRules.abs, {});
/** −x. */
export const neg: Of1 = op1(unaryRules.neg, {});
/** 1 / x. */
export const reciprocal: Of1 = op1(unaryRules.reciprocal, {});

/** The sum over `axes` (all unless given). */
export const sum: Reduce = op1(reductions.sum, {});
/** The mean over `axes` (all unless given). */
export const mean: Reduce = op1(reductions.mean, {});
/** The largest element over `axes`; ties share the gradient evenly. */
export const max: Reduce = op1(reductions.max, {});
/** The smallest element over `axes`; ties share the gradient evenly. */
export const min: Reduce = op1(reductions.min, {});
/** The same elements under another shape; one extent may be −1. */
export const reshape: (x: Tensor, attributes: shapes.ReshapeAttributes) => Tensor = with1(
  shapes.reshape,
);

/** The product of matrices (M, K) · (K, N), or of batches of them. */
export const matmul: (a: Tensor, b: Tensor, attributes?: products.MatmulAttributes) => Tensor = op2(
  products.matmul,
  {},
);
/** Convolution: x (N, H, W, C), filter (KH, KW, C / groups, K) to (N, OH, OW, K). */
export const conv2d: Convolve<ConvolutionAttributes> = biased(conv.conv2d);
/** Transposed convolution: x (N, h, w, K), filter (KH, KW, C / groups, K) to (N, H, W, C). */
export const convTranspose2d: Convolve<TransposedAttributes> = biased(conv.convTranspose2d);
/** Batch normalisation of x (…, C) with γ (C) and β (C). */
export const batchNorm: (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  attributes: norm.BatchNormAttributes,
) => Tensor = with3(norm.batchNorm);
/** Sets elements to 0 at a rate, and scales the rest by 1 / (1 − rate). */
export const dropout: (x: Tensor, attributes: random.DropoutAttributes) => Tensor = with1(
  random.dropout,
);
/** Binary cross-entropy of logits, element by element. */
export const sigmoidCrossEntropy: (
  logits: Tensor,
  attributes: losses.SigmoidCrossEntropyAttributes,
) => Tensor = with1(losses.sigmoidCrossEntropy);
