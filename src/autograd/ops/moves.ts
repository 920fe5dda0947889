// Ops that move elements and compute nothing.
import * as gathering from "../../kernels/gather.ts";
import * as classes from "../../kernels/one-hot.ts";
import * as moves from "../../kernels/moves.ts";
import * as padding from "../../kernels/pad.ts";
import * as shapes from "../../kernels/reshape.ts";
import { op1, op2, with1, listed } from "../lift.ts";
import { viewBefore, type Tensor } from "../tensor.ts";

/**
 * The same elements under another shape; nothing is copied.
 *
 * Shapes: x (…), f32, i32, u32 or f16 → shape.
 * Attributes: shape — the new one, in which one extent may be −1 and is worked out.
 * Gradient: reshaped back.
 * Throws: `ShapeError` if the sizes differ.
 * Source: NumPy.
 */
export const reshape: (x: Tensor, attributes: shapes.ReshapeAttributes) => Tensor = (
  x,
  attributes,
) => viewBefore(x, (before) => with1(shapes.reshape)(before, attributes));

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
 * Shapes: [a (…, I, …), b (…, J, …), …], one or more, alike except for that axis → (…, I + J + …, …).
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
