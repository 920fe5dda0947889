// Ops that move elements and compute nothing.
import * as gathering from "../../kernels/gather.ts";
import * as classes from "../../kernels/one-hot.ts";
import * as moves from "../../kernels/moves.ts";
import * as padding from "../../kernels/pad.ts";
import * as shapes from "../../kernels/reshape.ts";
import { op1, op2, with1, listed } from "../lift.ts";
import { viewBefore, type Tensor } from "../tensor.ts";

/**
 * The same elements in another shape; nothing is copied.
 *
 * Shapes: x (…), f32, i32, u32 or f16 → shape.
 * Attributes: shape — the new shape; one extent may be −1, and is then computed (required).
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
 * Attributes: permutation — an axis of x for each axis of the result, negative ones from the end (all, reversed).
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
 * Attributes: starts — the first element along each axis, negative ones from the end (required); sizes — the number of
 * elements, −1 for all in the step's direction (all); steps — the distance between elements, negative to go backwards
 * (1). A list may be shorter than the rank: it then applies to the leading axes.
 * Gradient: to the elements that were taken; 0 elsewhere.
 * Throws: `AttributeError` if a list is longer than the rank, a step is 0, or the part reaches outside x; `ShapeError`
 * on more than 8 axes that can't be merged; `DTypeError` on u8.
 * Source: TensorFlow's slice, with the steps of its strided_slice; sizes as in WebNN.
 */
export const slice: (x: Tensor, attributes: moves.SliceAttributes) => Tensor = with1(moves.slice);

/**
 * Joins tensors along an axis.
 *
 * Shapes: [a (…, I, …), b (…, J, …), …], one or more, with equal extents except along that axis → (…, I + J + …, …).
 * Attributes: axis — the axis to join along, negative from the end (required).
 * Gradient: to each tensor, its own part.
 * Throws: `ShapeError` if ranks or other extents differ; `AttributeError` if axis is out of range; `DTypeError` on an
 * empty list, several types or u8.
 * Source: TensorFlow's and WebNN's concat.
 */
export const concat: (tensors: readonly Tensor[], attributes: moves.ConcatAttributes) => Tensor =
  listed(moves.concat);

/**
 * Repeats x as a whole: element i along an axis is x's element i mod its extent.
 *
 * Shapes: x (…, I, …) → (…, repetitions · I, …).
 * Attributes: repetitions — how often along each axis, 0 or more (required).
 * Gradient: the sum over the repetitions.
 * Throws: `AttributeError` unless there is one whole number ≥ 0 per axis; `DTypeError` on u8.
 * Source: ONNX's and WebNN's tile; NumPy's for as many numbers as axes.
 */
export const tile: (x: Tensor, attributes: moves.TileAttributes) => Tensor = with1(moves.tile);

/**
 * Broadcasts x to a shape: repeats it along new leading axes, and along axes of extent 1.
 *
 * Shapes: x (…), with extents that equal those of shape, from the last on, or 1 → shape.
 * Attributes: shape — the result's shape (required).
 * Gradient: the sum over broadcast axes.
 * Throws: `ShapeError` if x doesn't broadcast to shape, or on more than 8 axes that can't be merged; `DTypeError` on
 * u8.
 * Source: NumPy's broadcast_to; WebNN's expand.
 */
export const broadcastTo: (x: Tensor, attributes: moves.BroadcastAttributes) => Tensor = with1(
  moves.broadcastTo,
);

/**
 * Adds elements before and after x along its axes: a constant, or copies of elements.
 *
 * Shapes: x (…, I, …) → (…, before + I + after, …).
 * Attributes: padding — (before, after) for each axis, where negative numbers crop (only with 'constant') (required);
 * mode — 'constant', 'reflect' (3 2 | 1 2 3), 'symmetric' (2 1 | 1 2 3) or 'edge' (1 1 | 1 2 3) ('constant'); value —
 * what 'constant' adds, NaN and infinities too (0).
 * Gradient: to each element, the sum over its copies; 0 if it was cropped.
 * Throws: `AttributeError` unless there is one pair per axis, on cropping more than there is or in another mode, on too
 * few elements to copy ('reflect' takes more than it adds, 'symmetric' as many, 'edge' one), and on a value that x's
 * type can't hold; `ShapeError` on more than 8 axes that can't be merged; `DTypeError` on u8.
 * Source: NumPy's pad; constant, reflect and edge as in ONNX and WebNN.
 */
export const pad: (x: Tensor, attributes: padding.PadAttributes) => Tensor = with1(padding.pad);

/**
 * Takes the elements of x that indices name along an axis: out[…, i…, …] = x[…, indices[i…], …]. An index in [−n, −1]
 * counts from the end of the axis's n elements. Any other index out of range is clamped to [0, n − 1]: indices are
 * data, and can't be refused before they are on the device.
 *
 * Shapes: x (…), f32, i32 or u32, indices (…), i32 → x.shape[..axis] + indices.shape[batchDims..] + x.shape[axis +
 * 1..].
 * Attributes: axis — the axis of x to gather from, negative from the end (batchDims, which is 0 unless given);
 * batchDims — how many leading axes x and indices have in common (0).
 * Gradient: to x only; each element gets the sum over the indices that name it, in their order.
 * Throws: `DTypeError` unless x is f32, i32 or u32 and indices are i32; `AttributeError` if axis or batchDims is out of
 * range, or axis is a batch axis; `ShapeError` if the batch axes differ, or indices name rows of an empty axis.
 * Source: NumPy's take; batchDims as in TensorFlow's gather; indices out of range as in WebNN's gather.
 */
export const gather: (
  x: Tensor,
  indices: Tensor,
  attributes?: gathering.GatherAttributes,
) => Tensor = op2(gathering.gather, {});

/**
 * Turns class numbers into rows of `off` with one `on`: out[…, d, …] = on if indices[…] = d, else off. An index out of
 * range gives a row of `off` alone.
 *
 * Shapes: indices (…), i32 → indices' shape with an axis of `depth` inserted; f32.
 * Attributes: depth — the number of classes (required); axis — the position of their axis in the result, negative from
 * its end (−1); on — any number, infinities and NaN too (1); off — likewise (0); wrapNegative — whether an index in
 * [−depth, −1] counts from the end (false).
 * Gradient: none; indices are integers.
 * Throws: `DTypeError` unless indices are i32; `AttributeError` if depth isn't a whole number ≥ 0, or axis is out of
 * range.
 * Source: TensorFlow's one_hot; ONNX's OneHot with wrapNegative.
 */
export const oneHot: (indices: Tensor, attributes: classes.OneHotAttributes) => Tensor = with1(
  classes.oneHot,
);
