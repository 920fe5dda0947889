// Ops along axes: reductions, running sums, places and softmax.
import * as places from "../../kernels/argmax.ts";
import { prod as product } from "../../kernels/prod.ts";
import * as reductions from "../../kernels/reduce.ts";
import * as scans from "../../kernels/scan.ts";
import * as rows from "../../kernels/softmax.ts";
import * as tops from "../../kernels/top-k.ts";
import { op1, type Reduce, with1 } from "../lift.ts";
import { apply, type Tensor } from "../tensor.ts";

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

/**
 * log Σ exp(x) along an axis, from differences to the largest element. NaN makes its row NaN; a largest element
 * of ±∞ is the result.
 *
 * Shapes: x (…) → x's shape without the axis, or with 1 in its place.
 * Attributes: axis — along which to add up (−1); keepDims — keep the axis with an extent of 1 (false).
 * Gradient: dy · softmax(x), which is NaN where the largest element is infinite.
 * Throws: `AttributeError` on an axis that isn't there; `ShapeError` if there is nothing to add up.
 * Source: PyTorch's logsumexp.
 */
export const logSumExp: (x: Tensor, attributes?: rows.LogSumExpAttributes) => Tensor = op1(
  rows.logSumExp,
  {},
);

/**
 * The product over some axes; 1 if there is nothing to multiply.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — which to reduce, negative ones from the end (all); keepDims — keep them with
 * an extent of 1 (false).
 * Gradient: to each element dy times the product of all others, with no division: a zero or an infinite
 * element gets its own.
 * Throws: `AttributeError` on an axis that isn't there, or named twice; `ShapeError` if kept and reduced axes
 * alternate more than four times.
 * Source: NumPy's prod; PyTorch's gradient at zeros.
 */
export const prod: Reduce = op1(product, {});

/**
 * Running sums along an axis: y[i] = x[0] + … + x[i]. Long rows are added up by runs, in a fixed order.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — along which to add up (−1); exclusive — leave x[i] out of y[i], so that the first is 0
 * (false); reverse — start at the axis's end (false).
 * Gradient: the running sums of dy from the other end.
 * Throws: `AttributeError` on an axis that isn't there.
 * Source: TensorFlow's cumsum; without attributes PyTorch's.
 */
export const cumsum: (x: Tensor, attributes?: scans.CumsumAttributes) => Tensor = op1(
  scans.cumsum,
  {},
);

/**
 * The place of the smallest element over some axes, i32: argminᵢ x[i], where i is the row-major index
 * among the reduced axes. Of equal elements the first wins; NaN counts as smaller than any number.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place; i32.
 * Attributes: axes — which to reduce, negative from the end (all); keepDims — whether to keep them as 1 (false).
 * Gradient: none; the place doesn't change with small changes of x.
 * Throws: `DTypeError` unless x is f32; `AttributeError` if axes are out of range or repeated; `ShapeError` if there is nothing to reduce, or kept and reduced axes alternate more than four times.
 * Source: NumPy's and PyTorch's argmin; several axes as one flattened axis.
 */
export const argmin: Reduce = op1(places.argmin, {});

/** What `topK` finds. */
export interface TopK {
  /** The elements, largest first. */
  readonly values: Tensor;
  /** Where they stand along the axis, i32. */
  readonly indices: Tensor;
}

/**
 * The k largest elements along an axis, largest first, and where they stand. Of equal elements the first
 * wins; NaN counts as larger than any number.
 *
 * Shapes: x (…, n, …) → { values (…, k, …), indices (…, k, …) i32 }.
 * Attributes: k — how many, from 1 to the axis's extent (needed); axis — along which to look (−1).
 * Gradient: from the values to the elements that they came from, 0 to all others; none from the indices.
 * Throws: `AttributeError` on an axis that isn't there, or a k that is out of range; `DTypeError` unless x is f32.
 * Source: PyTorch's topk, which leaves the order of equals open; TensorFlow's top_k settles it so.
 */
export function topK(x: Tensor, attributes: tops.TopKAttributes): TopK {
  const indices = with1(tops.topPlaces)(x, attributes);
  const values = apply(tops.takePlaces, [x, indices], [x.array, indices.array], attributes);
  return { values, indices };
}
