// Ops along axes: reductions, running sums, indices of elements, and softmax.
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
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: dy, to every element.
 * Throws: `AttributeError` if an axis is out of range or repeated.
 * Source: NumPy.
 */
export const sum: Reduce = op1(reductions.sum, {});

/**
 * The mean over some axes.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: dy divided by the number of elements, to every element.
 * Throws: `AttributeError` if an axis is out of range or repeated; `ShapeError` if there is nothing to reduce.
 * Source: NumPy.
 */
export const mean: Reduce = op1(reductions.mean, {});

/**
 * The largest element over some axes; NaN if any is NaN.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: to the largest element; equal ones share it evenly.
 * Throws: `AttributeError` if an axis is out of range or repeated; `ShapeError` if there is nothing to reduce.
 * Source: PyTorch's amax.
 */
export const max: Reduce = op1(reductions.max, {});

/**
 * The smallest element over some axes; NaN if any is NaN.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: to the smallest element; equal ones share it evenly.
 * Throws: `AttributeError` if an axis is out of range or repeated; `ShapeError` if there is nothing to reduce.
 * Source: PyTorch's amin.
 */
export const min: Reduce = op1(reductions.min, {});

/**
 * The index of the largest element over some axes, i32: argmaxᵢ x[i], where i is the row-major index among the reduced
 * axes. The first of equal elements wins; NaN counts as larger than any number.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place; i32.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: none; the index doesn't change with small changes of x.
 * Throws: `DTypeError` unless x is f32; `AttributeError` if an axis is out of range or repeated; `ShapeError` if there
 * is nothing to reduce, or kept and reduced axes alternate more than four times.
 * Source: NumPy's and PyTorch's argmax; several axes as one flattened axis.
 */
export const argmax: Reduce = op1(places.argmax, {});

/**
 * exp(x) / Σ exp(x) along an axis, computed from differences to the largest element. A row with NaN, or whose largest
 * element is infinite, becomes NaN; −∞ next to finite elements gives 0.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — the axis along which the results sum to 1 (−1).
 * Gradient: y · (dy − Σ dy · y).
 * Throws: `AttributeError` if axis is out of range.
 * Source: PyTorch's softmax.
 */
export const softmax: (x: Tensor, attributes?: rows.AxisAttribute) => Tensor = op1(
  rows.softmax,
  {},
);

/**
 * The logarithm of softmax, x − log Σ exp(x) along an axis. NaN and infinities are treated as by `softmax`; −∞ next to
 * finite elements stays −∞.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — the axis of the softmax (−1).
 * Gradient: dy − exp(y) · Σ dy.
 * Throws: `AttributeError` if axis is out of range.
 * Source: PyTorch's log_softmax.
 */
export const logSoftmax: (x: Tensor, attributes?: rows.AxisAttribute) => Tensor = op1(
  rows.logSoftmax,
  {},
);

/**
 * log Σ exp(x) along an axis, computed from differences to the largest element. A row with NaN gives NaN; if the largest
 * element is ±∞, it is the result.
 *
 * Shapes: x (…) → x's shape without the axis, or with 1 in its place.
 * Attributes: axis — the axis to add up (−1); keepDims — whether to keep the axis with an extent of 1 (false).
 * Gradient: dy · softmax(x), which is NaN if the largest element is infinite.
 * Throws: `AttributeError` if axis is out of range; `ShapeError` if there is nothing to add up.
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
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: to each element, dy times the product of all others, computed without division, so that it also holds for
 * zeros and infinities.
 * Throws: `AttributeError` if an axis is out of range or repeated; `ShapeError` if kept and reduced axes
 * alternate more than four times.
 * Source: NumPy's prod; PyTorch's gradient at zeros.
 */
export const prod: Reduce = op1(product, {});

/**
 * Running sums along an axis: y[i] = x[0] + … + x[i]. Long rows are added up in runs, in a fixed order.
 *
 * Shapes: x (…) → the same.
 * Attributes: axis — the axis to add up (−1); exclusive — whether to leave x[i] out of y[i], so that the first is 0
 * (false); reverse — whether to start at the end of the axis (false).
 * Gradient: the running sums of dy from the other end.
 * Throws: `AttributeError` if axis is out of range.
 * Source: TensorFlow's cumsum; without attributes, PyTorch's.
 */
export const cumsum: (x: Tensor, attributes?: scans.CumsumAttributes) => Tensor = op1(
  scans.cumsum,
  {},
);

/**
 * The index of the smallest element over some axes, i32: argminᵢ x[i], where i is the row-major index among the reduced
 * axes. The first of equal elements wins; NaN counts as smaller than any number.
 *
 * Shapes: x (…) → x's shape without the reduced axes, or with 1 in their place; i32.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an
 * extent of 1 (false).
 * Gradient: none; the index doesn't change with small changes of x.
 * Throws: `DTypeError` unless x is f32; `AttributeError` if an axis is out of range or repeated; `ShapeError` if there
 * is nothing to reduce, or kept and reduced axes alternate more than four times.
 * Source: NumPy's and PyTorch's argmin; several axes as one flattened axis.
 */
export const argmin: Reduce = op1(places.argmin, {});

/** The result of `topK`. */
export interface TopK {
  /** The elements, largest first. */
  readonly values: Tensor;
  /** Their indices along the axis, i32. */
  readonly indices: Tensor;
}

/**
 * The k largest elements along an axis, largest first, and their indices. The first of equal elements wins; NaN counts
 * as larger than any number.
 *
 * Shapes: x (…, n, …) → { values (…, k, …), indices (…, k, …) i32 }.
 * Attributes: k — how many, from 1 to the axis's extent (required); axis — the axis to search (−1).
 * Gradient: from the values to the elements that they came from, 0 to all others; none from the indices.
 * Throws: `AttributeError` if axis or k is out of range; `DTypeError` unless x is f32.
 * Source: PyTorch's topk, which leaves the order of equal elements open; TensorFlow's top_k orders them as here.
 */
export function topK(x: Tensor, attributes: tops.TopKAttributes): TopK {
  const indices = with1(tops.topPlaces)(x, attributes);
  const values = apply(tops.takePlaces, [x, indices], [x.array, indices.array], attributes);
  return { values, indices };
}
