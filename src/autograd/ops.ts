// The list of ops: one line each. A rule becomes a function of tensors here, and nowhere else.
import type { GpuArray } from "../gpu/array.ts";
import * as places from "../kernels/argmax.ts";
import { DTypeError } from "../gpu/errors.ts";
import * as pairs from "../kernels/arithmetic.ts";
import { show } from "../kernels/attributes.ts";
import * as norm from "../kernels/batch-norm.ts";
import * as conv from "../kernels/conv2d.ts";
import type { ConvolutionAttributes, TransposedAttributes } from "../kernels/convolution.ts";
import * as gathering from "../kernels/gather.ts";
import * as products from "../kernels/matmul.ts";
import * as classes from "../kernels/one-hot.ts";
import * as moves from "../kernels/moves.ts";
import * as padding from "../kernels/pad.ts";
import * as pools from "../kernels/pool.ts";
import * as powers from "../kernels/power.ts";
import * as random from "../kernels/random.ts";
import * as reductions from "../kernels/reduce.ts";
import * as shapes from "../kernels/reshape.ts";
import * as resizing from "../kernels/resize.ts";
import type { Rule } from "../kernels/rule.ts";
import * as losses from "../kernels/sigmoid-cross-entropy.ts";
import * as rows from "../kernels/softmax.ts";
import {
  unaryRules,
  type ClipAttributes,
  type EluAttributes,
  type LeakyReluAttributes,
} from "../kernels/unary.ts";
import { apply, arrayOf, Tensor } from "./tensor.ts";

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

/** An op of a list of tensors, one or more. */
function listed<A>(
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
function biased(
  rule: Rule<readonly [GpuArray, GpuArray, ...GpuArray[]], TransposedAttributes>,
): Convolve<TransposedAttributes> {
  return (x, filter, attributes = {}) => {
    const isObject = typeof attributes === "object" && attributes !== null;
    const { bias, ...rest } = isObject ? attributes : {};
    const pair = [arrayOf(rule.name, 0, x), arrayOf(rule.name, 1, filter)] as const;
    const more = bias === undefined ? [] : [bias];
    const arrays = more.map((tensor) => arrayOf(rule.name, 2, tensor));
    return apply(rule, [x, filter, ...more], [...pair, ...arrays], isObject ? rest : attributes);
  };
}

type Reduce = (x: Tensor, attributes?: reductions.ReduceAttributes) => Tensor;
type Convolve<A> = (x: Tensor, filter: Tensor, attributes?: A & Bias) => Tensor;

/**
 * a + b, element by element.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to both, summed over what was stretched.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const add: Of2 = op2(pairs.add, {});
/**
 * a − b, element by element.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to both, summed over what was stretched.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const sub: Of2 = op2(pairs.sub, {});
/**
 * a · b, element by element.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to both, summed over what was stretched.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const mul: Of2 = op2(pairs.mul, {});
/**
 * a / b, element by element.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to both (1 / b and −a / b²), summed over what was stretched.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const div: Of2 = op2(pairs.div, {});
/**
 * a to the power b, element by element. NaN where a is negative and b isn't whole; a⁰ and 1ᵇ are 1, of
 * NaN too.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to a, b·a^(b − 1), and 0 where b is 0; to b, a^b·log(a), and 0 where a is 0 and b ≥ 0.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: C99's pow; PyTorch's gradients.
 */
export const pow: Of2 = op2(powers.pow, {});
/**
 * The larger of a and b, element by element; NaN if either is.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to the larger one; equal ones get half each.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: PyTorch's maximum.
 */
export const maximum: Of2 = op2(pairs.maximum, {});
/**
 * The smaller of a and b, element by element; NaN if either is.
 *
 * Shapes: a (…), b (…), broadcast as NumPy does → the broadcast shape.
 * Gradient: to the smaller one; equal ones get half each.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: PyTorch's minimum.
 */
export const minimum: Of2 = op2(pairs.minimum, {});

/**
 * max(x, 0); NaN stays NaN.
 *
 * Shapes: x (…) → the same.
 * Gradient: 1 above 0, else 0 (at 0 too); NaN's is 1.
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's relu.
 */
export const relu: Of1 = op1(unaryRules.relu, {});
/**
 * x above 0, α·x elsewhere.
 *
 * Shapes: x (…) → the same.
 * Attributes: alpha — the slope below 0 (0.3).
 * Gradient: 1 above 0, else α.
 * Throws: `AttributeError` unless alpha is finite.
 * Source: Keras's LeakyReLU; PyTorch's and WebNN's default is 0.01.
 */
export const leakyRelu: (x: Tensor, attributes?: LeakyReluAttributes) => Tensor =
  op1<LeakyReluAttributes>(unaryRules.leakyRelu, {});
/**
 * The exponential linear unit: x above 0, α·(eˣ − 1) elsewhere; NaN stays NaN.
 *
 * Shapes: x (…) → the same.
 * Attributes: alpha — minus what the result tends to far below 0 (1).
 * Gradient: 1 above 0, else α·eˣ (α at 0).
 * Throws: `AttributeError` unless alpha is finite.
 * Source: Clevert et al. 2015; the gradient at 0 is PyTorch's.
 */
export const elu: (x: Tensor, attributes?: EluAttributes) => Tensor = op1<EluAttributes>(
  unaryRules.elu,
  {},
);
/**
 * x limited to [min, max]: min(max(x, min), max); NaN stays NaN.
 *
 * Shapes: x (…) → the same.
 * Attributes: min — the least result (−∞); max — the greatest result (∞).
 * Gradient: 1 where min ≤ x ≤ max, else 0 (at NaN too).
 * Throws: `AttributeError` if a limit is NaN, or min exceeds max.
 * Source: ONNX's Clip and WebNN's clamp; the gradient at a limit is PyTorch's.
 */
export const clip: (x: Tensor, attributes?: ClipAttributes) => Tensor = op1<ClipAttributes>(
  unaryRules.clip,
  {},
);
/**
 * The hyperbolic tangent.
 *
 * Shapes: x (…) → the same.
 * Gradient: (1 − y)·(1 + y).
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const tanh: Of1 = op1(unaryRules.tanh, {});
/**
 * 1 / (1 + exp(−x)).
 *
 * Shapes: x (…) → the same.
 * Gradient: y·(1 − y).
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's sigmoid.
 */
export const sigmoid: Of1 = op1(unaryRules.sigmoid, {});
/**
 * log(1 + exp(x)), with neither overflow nor a lost tail.
 *
 * Shapes: x (…) → the same.
 * Gradient: sigmoid(x).
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's softplus with β = 1 and no threshold.
 */
export const softplus: Of1 = op1(unaryRules.softplus, {});
/**
 * eˣ.
 *
 * Shapes: x (…) → the same.
 * Gradient: y.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const exp: Of1 = op1(unaryRules.exp, {});
/**
 * The natural logarithm; −∞ at 0, NaN below.
 *
 * Shapes: x (…) → the same.
 * Gradient: 1 / x.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const log: Of1 = op1(unaryRules.log, {});
/**
 * The square root; NaN below 0.
 *
 * Shapes: x (…) → the same.
 * Gradient: 0.5 / y, which is ∞ at 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const sqrt: Of1 = op1(unaryRules.sqrt, {});
/**
 * x².
 *
 * Shapes: x (…) → the same.
 * Gradient: 2x.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const square: Of1 = op1(unaryRules.square, {});
/**
 * |x|.
 *
 * Shapes: x (…) → the same.
 * Gradient: the sign of x: 0 at 0, NaN of NaN.
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's abs.
 */
export const abs: Of1 = op1(unaryRules.abs, {});
/**
 * −x.
 *
 * Shapes: x (…) → the same.
 * Gradient: −1.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const neg: Of1 = op1(unaryRules.neg, {});
/**
 * 1 / x.
 *
 * Shapes: x (…) → the same.
 * Gradient: −1 / x².
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const reciprocal: Of1 = op1(unaryRules.reciprocal, {});

/**
 * The sum over some axes; 0 if there is nothing to add.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — which to reduce, negative ones from the end (all); keepDims — keep them with
 * an extent of 1 (false).
 * Gradient: to every element alike.
 * Throws: `AttributeError` on an axis that isn't there, or named twice.
 * Source: NumPy.
 */
export const sum: Reduce = op1(reductions.sum, {});
/**
 * The mean over some axes.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — which to reduce, negative ones from the end (all); keepDims — keep them with
 * an extent of 1 (false).
 * Gradient: to every element alike, divided by their number.
 * Throws: `AttributeError` on an axis that isn't there, or named twice; `ShapeError` if there is
 * nothing to reduce.
 * Source: NumPy.
 */
export const mean: Reduce = op1(reductions.mean, {});
/**
 * The largest element over some axes; NaN if any is.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — which to reduce, negative ones from the end (all); keepDims — keep them with
 * an extent of 1 (false).
 * Gradient: to the largest; equal ones share it evenly.
 * Throws: `AttributeError` on an axis that isn't there, or named twice; `ShapeError` if there is
 * nothing to reduce.
 * Source: PyTorch's amax.
 */
export const max: Reduce = op1(reductions.max, {});
/**
 * The smallest element over some axes; NaN if any is.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — which to reduce, negative ones from the end (all); keepDims — keep them with
 * an extent of 1 (false).
 * Gradient: to the smallest; equal ones share it evenly.
 * Throws: `AttributeError` on an axis that isn't there, or named twice; `ShapeError` if there is
 * nothing to reduce.
 * Source: PyTorch's amin.
 */
export const min: Reduce = op1(reductions.min, {});
/**
 * The same elements under another shape; nothing is copied.
 *
 * Shapes: x (…), f32, i32 or u32 → shape.
 * Attributes: shape — the new one, in which one extent may be −1 and is worked out.
 * Gradient: reshaped back.
 * Throws: `ShapeError` if the sizes differ.
 * Source: NumPy.
 */
export const reshape: (x: Tensor, attributes: shapes.ReshapeAttributes) => Tensor = with1(
  shapes.reshape,
);
/**
 * The elements of x that indices name along an axis: out[…, i…, …] = x[…, indices[i…], …]. An index in
 * [−n, −1] counts from the end of the axis's n; any other that is out of range is clamped to [0, n − 1],
 * as indices are data, and can't be refused before they are on the device.
 *
 * Shapes: x (…), f32, i32 or u32, indices (…), i32 → x.shape[..axis] + indices.shape[batchDims..] + x.shape[axis + 1..].
 * Attributes: axis — the axis of x to gather from, negative from the end (batchDims, which is 0 unless given); batchDims — how many leading axes x and indices have in common (0).
 * Gradient: to x alone; each element gets the sum over the indices that name it, in their order.
 * Throws: `DTypeError` unless x is f32, i32 or u32 and indices are i32; `AttributeError` if axis or batchDims is out of range, or axis is a batch axis; `ShapeError` if the batch axes differ, or indices name rows of an empty axis.
 * Source: NumPy's take; batchDims as TensorFlow's gather; indices out of range as WebNN's gather.
 */
export const gather: (
  x: Tensor,
  indices: Tensor,
  attributes?: gathering.GatherAttributes,
) => Tensor = op2(gathering.gather, {});
/**
 * Class numbers as lines of `off` with one `on`: out[…, d, …] = on where indices[…] = d, else off. An
 * index out of range leaves its whole line off.
 *
 * Shapes: indices (…), i32 → indices' shape with an axis of `depth` put in; f32.
 * Attributes: depth — the number of classes (must be given); axis — where their axis stands in the result, negative from its end (−1); on — any number, infinities and NaN too (1); off — likewise (0); wrapNegative — whether an index in [−depth, −1] counts from the end (false).
 * Gradient: none; indices are integers.
 * Throws: `DTypeError` unless indices are i32; `AttributeError` if depth isn't a whole number ≥ 0, or axis is out of range.
 * Source: TensorFlow's one_hot; ONNX's OneHot with wrapNegative.
 */
export const oneHot: (indices: Tensor, attributes: classes.OneHotAttributes) => Tensor = with1(
  classes.oneHot,
);
/**
 * The place of the largest element over some axes, i32: argmaxᵢ x[i], where i is the row-major index
 * among the reduced axes. Of equal elements the first wins; NaN counts as larger than any number.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place; i32.
 * Attributes: axes — which to reduce, negative from the end (all); keepDims — whether to keep them as 1 (false).
 * Gradient: none; the place doesn't change with small changes of x.
 * Throws: `DTypeError` unless x is f32; `AttributeError` if axes are out of range or repeated; `ShapeError` if there is nothing to reduce, or kept and reduced axes alternate more than four times.
 * Source: NumPy's and PyTorch's argmax; several axes as one flattened axis.
 */
export const argmax: Reduce = op1(places.argmax, {});
/**
 * The axes in another order: axis k of the result is axis permutation[k] of x.
 *
 * Shapes: x (…) → x's extents in that order.
 * Attributes: permutation — an axis of x for each axis, negative ones from the end (reversed).
 * Gradient: moved back by the inverse permutation.
 * Throws: `AttributeError` unless each axis is named once; `DTypeError` on u8.
 * Source: NumPy's and WebNN's transpose.
 */
export const transpose: (x: Tensor, attributes?: moves.TransposeAttributes) => Tensor = op1(
  moves.transpose,
  {},
);
/**
 * A strided part of x: element i along an axis is x's element start + i · step.
 *
 * Shapes: x (…) → sizes.
 * Attributes: starts — the first element along each axis, negative ones from the end; sizes — how
 * many, −1 for all in the step's direction (all); steps — from one to the next, negative ones
 * backwards (1). A list may be shorter than the rank: it is of the leading axes.
 * Gradient: to the elements that were taken; 0 elsewhere.
 * Throws: `AttributeError` on a list longer than the rank, a step of 0, or a part that reaches
 * outside x; `ShapeError` past 8 axes that don't join; `DTypeError` on u8.
 * Source: TensorFlow's slice, with the steps of its strided_slice; sizes as in WebNN.
 */
export const slice: (x: Tensor, attributes: moves.SliceAttributes) => Tensor = with1(moves.slice);
/**
 * Tensors one after another along an axis.
 *
 * Shapes: [a (…, I, …), b (…, J, …), …], one or more, alike but for that axis → (…, I + J + …, …).
 * Attributes: axis — along which they follow one another, negative ones from the end.
 * Gradient: to each its own part.
 * Throws: `ShapeError` if ranks or other extents differ; `AttributeError` on an axis that isn't
 * there; `DTypeError` on an empty list, several types or u8.
 * Source: TensorFlow's and WebNN's concat.
 */
export const concat: (tensors: readonly Tensor[], attributes: moves.ConcatAttributes) => Tensor =
  listed(moves.concat);
/**
 * x repeated as a whole: element i along an axis is x's element i mod its extent.
 *
 * Shapes: x (…, I, …) → (…, repetitions · I, …).
 * Attributes: repetitions — how often along each axis, 0 or more.
 * Gradient: the sum over the repetitions.
 * Throws: `AttributeError` unless there is one whole number ≥ 0 for each axis; `DTypeError` on u8.
 * Source: ONNX's and WebNN's tile; NumPy's for as many numbers as axes.
 */
export const tile: (x: Tensor, attributes: moves.TileAttributes) => Tensor = with1(moves.tile);
/**
 * x stretched to a shape: repeated along new leading axes, and along axes of 1.
 *
 * Shapes: x (…), each extent, from the last, the same as shape's or 1 → shape.
 * Attributes: shape — the result's.
 * Gradient: the sum over what was stretched.
 * Throws: `ShapeError` if x doesn't stretch to shape, or past 8 axes that don't join; `DTypeError`
 * on u8.
 * Source: NumPy's broadcast_to; WebNN's expand.
 */
export const broadcastTo: (x: Tensor, attributes: moves.BroadcastAttributes) => Tensor = with1(
  moves.broadcastTo,
);
/**
 * x with elements added before and after it along its axes: a constant, or copies of elements.
 *
 * Shapes: x (…, I, …) → (…, before + I + after, …).
 * Attributes: padding — (before, after) for each axis, negative ones crop (constant alone); mode —
 * 'constant', 'reflect' (3 2 | 1 2 3), 'symmetric' (2 1 | 1 2 3) or 'edge' (1 1 | 1 2 3)
 * ('constant'); value — what constant adds, NaN and infinities too (0).
 * Gradient: the sum over an element's copies; 0 where it was cropped.
 * Throws: `AttributeError` unless there is a pair for each axis, on cropping more than there is or in
 * another mode, on too few elements to copy (reflect takes more than it adds, symmetric as many,
 * edge one), and on a value that x's type can't hold; `ShapeError` past 8 axes that don't join;
 * `DTypeError` on u8.
 * Source: NumPy's pad; constant, reflect and edge as in ONNX and WebNN.
 */
export const pad: (x: Tensor, attributes: padding.PadAttributes) => Tensor = with1(padding.pad);

/**
 * The matrix product Σₖ a[…, m, k]·b[…, k, n]. A vector is a row on the left and a column on the
 * right, and its axis is gone from the product.
 *
 * Shapes: a (…, M, K), b (…, K, N), the axes before the last two broadcast → (…, M, N).
 * Attributes: transposeA, transposeB — read that operand with its last two axes swapped (false).
 * Gradient: to both, summed over broadcast axes.
 * Throws: `ShapeError` if the inner sizes differ, the batches don't broadcast or an operand is a
 * scalar; `AttributeError` for a vector to be transposed.
 * Source: NumPy's matmul.
 */
export const matmul: (a: Tensor, b: Tensor, attributes?: products.MatmulAttributes) => Tensor = op2(
  products.matmul,
  {},
);
/**
 * Convolution (as neural networks call it: a cross-correlation), out[n, y, x, k] = Σ inp[n, y·S +
 * i·D − P, x·S + j·D − P, c] · filter[i, j, c, k] + bias[k].
 *
 * Shapes: x (N, H, W, C), filter (KH, KW, C / groups, K), bias (K) → (N, OH, OW, K).
 * Attributes: strides — one for both axes, or (vertical, horizontal) (1); padding — 'same' (⌈size /
 * stride⌉ out, the odd one at the end), 'valid' or rows and columns of zeros [top, bottom, left,
 * right] ('valid'); dilations — distance between taps, as strides (1); groups — channels are cut
 * into so many, each with its own filters; C for depthwise (1); bias — added to every pixel (none).
 * Gradient: to x, filter and bias.
 * Throws: `ShapeError` if ranks, channels or the bias don't fit, or a filter reaches past the
 * padded image; `AttributeError` on strides, dilations, padding or groups that can't be.
 * Source: TensorFlow's conv2d with NHWC and HWIO; PyTorch's dilation and groups.
 */
export const conv2d: Convolve<ConvolutionAttributes> = biased(conv.conv2d);
/**
 * Transposed convolution: the adjoint of `conv2d` in its input, plus a bias.
 *
 * Shapes: x (N, h, w, K), filter (KH, KW, C / groups, K), bias (C) → (N, H, W, C).
 * Attributes: strides — as conv2d (1); padding — 'same' (H = h·stride), 'valid' (the full output),
 * or rows and columns cropped from the full output [top, bottom, left, right] ('valid');
 * outputPadding — rows and columns added at the end, less than the stride or the dilation (0);
 * dilations — as conv2d (1); groups — as conv2d (1); bias — added to every pixel (none).
 * Gradient: to x, filter and bias.
 * Throws: `ShapeError` if ranks, channels or the bias don't fit, or everything is cropped;
 * `AttributeError` on attributes that can't be.
 * Source: Keras's Conv2DTranspose ('same', filter layout); PyTorch's ConvTranspose2d (numbers).
 */
export const convTranspose2d: Convolve<TransposedAttributes> = biased(conv.convTranspose2d);
/**
 * The largest element of each window of x: y[n, i, j, c] = max over the window's taps in the image.
 *
 * Shapes: x (N, H, W, C) → (N, OH, OW, C).
 * Attributes: size — rows and columns of a window, a number or a pair; strides — from window to window
 * (size); padding — 'valid', 'same' as in TensorFlow, or [top, bottom, left, right], which never wins
 * ('valid'); dilations — from tap to tap (1); ceil — whether a last window may reach past the padded
 * image, if it doesn't start past the image's end (false).
 * Gradient: to the first largest element of each window, in row-major order; to the last NaN if there
 * is one. NaN passes on; a window in the padding alone gives −∞.
 * Throws: `ShapeError` unless x is of rank 4 and windows fit the padded image; `AttributeError` if
 * padding isn't smaller than a window.
 * Source: PyTorch's max_pool2d in NHWC.
 */
export const maxPool: (x: Tensor, attributes: pools.PoolAttributes) => Tensor = with1(
  pools.maxPool,
);
/**
 * The mean of each window of x: y[n, i, j, c] = Σ over the window's taps in the image / their number.
 *
 * Shapes: x (N, H, W, C) → (N, OH, OW, C).
 * Attributes: size, strides, padding, dilations, ceil — as for `maxPool`; countPadding — whether the
 * divisor counts the taps in the padding too, though none past the padded image (false).
 * Gradient: evenly to the taps of each window. A window in the padding alone gives 0.
 * Throws: `ShapeError` unless x is of rank 4 and windows fit the padded image; `AttributeError` if
 * padding isn't smaller than a window.
 * Source: PyTorch's avg_pool2d in NHWC; countPadding is its count_include_pad, here false as in
 * TensorFlow and ONNX.
 */
export const avgPool: (x: Tensor, attributes: pools.AvgPoolAttributes) => Tensor = with1(
  pools.avgPool,
);
/**
 * Images of another size: y[n, i, j, c] is x at (src(i), src(j)), the nearest pixel's value or a sum
 * over four, Σ (1 − |src(i) − k|)⁺ · (1 − |src(j) − l|)⁺ · x[n, k, l, c], with src clamped to the image.
 *
 * Shapes: x (N, H, W, C) → (N, size[0], size[1], C).
 * Attributes: size — rows and columns of the output; mode — 'nearest' or 'bilinear' ('nearest');
 * coordinates — src(i): 'halfPixel' (i + ½) · in/out − ½, 'alignCorners' i · (in − 1)/(out − 1), or 0 if
 * out is 1, 'asymmetric' i · in/out ('halfPixel'); rounding — of src for 'nearest': 'floor', 'ceil', or to
 * the nearest with halves down, 'preferFloor', or up, 'preferCeil' ('preferCeil', but 'floor' for
 * 'asymmetric'); scales — replaces out/in in src, one number an axis, as the simplest fraction of the
 * same float32 (out/in).
 * Gradient: to each input pixel what the outputs took of it. Coordinates are exact, so ties are too.
 * Throws: `ShapeError` unless x is of rank 4; `AttributeError` if the exact coordinates outgrow 32 bits,
 * and on rounding beside 'bilinear' or scales beside 'alignCorners'.
 * Source: ONNX's Resize (half_pixel, align_corners, asymmetric); 'halfPixel' is TensorFlow's
 * resize_nearest_neighbor and resize_bilinear and PyTorch's bilinear and nearest-exact, 'asymmetric'
 * with 'floor' PyTorch's nearest.
 */
export const resize: (x: Tensor, attributes: resizing.ResizeAttributes) => Tensor = with1(
  resizing.resize,
);
/**
 * Batch normalisation of each channel, the last axis: (x − mean) / √(variance + ε) · γ + β. Training
 * takes mean and population variance from the batch and updates the running ones: running =
 * momentum · running + (1 − momentum) · batch (PyTorch's momentum is 1 − this one). Inference takes
 * the running ones. A single row has a variance of 0, and becomes β.
 *
 * Shapes: x (…, C), gamma (C), beta (C) → (…, C).
 * Attributes: training — whether the statistics are the batch's (needed); running — an array (2, C)
 * of mean and variance, which training updates and inference needs (none); epsilon — ε (1e-3);
 * momentum — the share of the running statistics that stays (0.99); runningVariance — which
 * variance enters the running one: 'population' as in Keras, or 'sample', over n − 1, as in PyTorch
 * ('population').
 * Gradient: to x, in training through the batch's statistics; to gamma and beta.
 * Throws: `ShapeError` if gamma, beta or running don't fit; `AttributeError` for inference without
 * running.
 * Source: Keras's BatchNormalization; Ioffe and Szegedy 2015.
 */
export const batchNorm: (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  attributes: norm.BatchNormAttributes,
) => Tensor = with3(norm.batchNorm);
/**
 * Sets elements to 0 at a rate, and scales the rest by 1 / (1 − rate).
 *
 * Shapes: x (…) → the same.
 * Attributes: rate — in [0, 1), the share that is dropped (needed); generator — where the mask
 * comes from: one stream a call (needed).
 * Gradient: through the same mask, drawn again.
 * Throws: `AttributeError` on a rate outside [0, 1).
 * Source: PyTorch's dropout in training.
 */
export const dropout: (x: Tensor, attributes: random.DropoutAttributes) => Tensor = with1(
  random.dropout,
);
/**
 * exp(x) / Σ exp(x) along an axis, from differences to the largest element. NaN makes its row NaN,
 * as does an infinite largest element; −∞ beside finite ones gives 0.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — along which rows sum to 1 (−1).
 * Gradient: y · (dy − Σ dy · y).
 * Throws: `AttributeError` on an axis that isn't there.
 * Source: PyTorch's softmax.
 */
export const softmax: (x: Tensor, attributes?: rows.AxisAttribute) => Tensor = op1(
  rows.softmax,
  {},
);
/**
 * The logarithm of softmax, x − log Σ exp(x) along an axis. NaN and infinities as for `softmax`; −∞
 * beside finite elements stays.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — along which the softmax runs (−1).
 * Gradient: dy − exp(y) · Σ dy.
 * Throws: `AttributeError` on an axis that isn't there.
 * Source: PyTorch's log_softmax.
 */
export const logSoftmax: (x: Tensor, attributes?: rows.AxisAttribute) => Tensor = op1(
  rows.logSoftmax,
  {},
);

/** The labels that logits are held against. */
export interface SigmoidCrossEntropyAttributes {
  /** One probability for all elements, or one each (no gradient flows to them). */
  readonly labels: number | GpuArray | Tensor;
}

/**
 * Binary cross-entropy of logits, element by element: max(x, 0) − x · t + log(1 + exp(−|x|)).
 *
 * Shapes: logits (…) → the same.
 * Attributes: labels — t, a Tensor or an array of the logits' shape, or one number in [0, 1]
 * (needed).
 * Gradient: to logits, sigmoid(x) − t; none to labels.
 * Throws: `ShapeError` if labels are of another shape; `AttributeError` on a number outside [0, 1].
 * Source: TensorFlow's sigmoid_cross_entropy_with_logits.
 */
export const sigmoidCrossEntropy: (
  logits: Tensor,
  attributes: SigmoidCrossEntropyAttributes,
) => Tensor = (logits, attributes) => {
  const { labels, ...rest } = attributes ?? {};
  const values = labels instanceof Tensor ? labels.array : labels;
  return with1(losses.sigmoidCrossEntropy)(logits, { ...rest, labels: values });
};
