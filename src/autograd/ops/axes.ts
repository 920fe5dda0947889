// Ops along axes: reductions and softmax.
import * as places from "../../kernels/argmax.ts";
import * as reductions from "../../kernels/reduce.ts";
import * as rows from "../../kernels/softmax.ts";
import { op1, type Reduce } from "../lift.ts";
import { type Tensor } from "../tensor.ts";

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
