// Comparisons, logic, choosing by a condition, and types.
import * as casting from "../../kernels/cast.ts";
import * as comparisons from "../../kernels/compare.ts";
import * as choices from "../../kernels/where.ts";
import { ofChoice, ofLikes, op1, with1, type Choice, type Of1, type OfPair } from "../lift.ts";
import type { Tensor } from "../tensor.ts";

/**
 * Whether a = b, element by element: 1 or 0. Nothing is equal to NaN; both zeros are equal.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy; compared by bits, so that different subnormal numbers differ on every adapter.
 */
export const equal: OfPair = ofLikes(comparisons.equal);

/**
 * Whether a ≠ b, element by element: 1 or 0. NaN differs from everything, itself included.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy's not_equal; compared by bits, as in `equal`.
 */
export const notEqual: OfPair = ofLikes(comparisons.notEqual);

/**
 * Whether a < b, element by element: 1 or 0, and 0 if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy; compared by bits, as in `equal`.
 */
export const less: OfPair = ofLikes(comparisons.less);

/**
 * Whether a ≤ b, element by element: 1 or 0, and 0 if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy's less_equal; compared by bits, as in `equal`.
 */
export const lessEqual: OfPair = ofLikes(comparisons.lessEqual);

/**
 * Whether a > b, element by element: 1 or 0, and 0 if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy; compared by bits, as in `equal`.
 */
export const greater: OfPair = ofLikes(comparisons.greater);

/**
 * Whether a ≥ b, element by element: 1 or 0, and 0 if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, both f32, both i32 or both u32, broadcast as in NumPy → the broadcast
 * shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless both are of the same one of these types.
 * Source: NumPy's greater_equal; compared by bits, as in `equal`.
 */
export const greaterEqual: OfPair = ofLikes(comparisons.greaterEqual);

/**
 * Whether both a and b are true, element by element: 1 or 0. All numbers except 0 and −0 are true, NaN too.
 *
 * Shapes: a (…) or a number, b (…) or a number, each f32, i32 or u32, broadcast as in NumPy → the broadcast shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless each is of one of these types.
 * Source: NumPy's logical_and.
 */
export const logicalAnd: OfPair = ofLikes(comparisons.logicalAnd);

/**
 * Whether a or b or both are true, element by element: 1 or 0. All numbers except 0 and −0 are true,
 * NaN too.
 *
 * Shapes: a (…) or a number, b (…) or a number, each f32, i32 or u32, broadcast as in NumPy → the broadcast shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless each is of one of these types.
 * Source: NumPy's logical_or.
 */
export const logicalOr: OfPair = ofLikes(comparisons.logicalOr);

/**
 * Whether x is false, element by element: 1 for 0 and −0, else 0.
 *
 * Shapes: x (…), f32, i32 or u32 → the same shape, u32.
 * Gradient: none; the result is integers.
 * Throws: `DTypeError` unless x is of one of these types.
 * Source: NumPy's logical_not.
 */
export const logicalNot: Of1 = op1(comparisons.logicalNot, {});

/**
 * a if the condition is true, else b, element by element, with its bits unchanged. All numbers except 0 and −0 are
 * true, NaN too. A number next to a tensor takes the tensor's type; two numbers are f32.
 *
 * Shapes: condition (…), f32, i32 or u32, a (…) or a number, b (…) or a number, both f32, both i32 or both u32,
 * broadcast as in NumPy → the broadcast shape, of the type of a and b.
 * Gradient: to a, dy where a was chosen; to b, dy elsewhere; each summed over broadcast axes. Elements that weren't
 * chosen get 0, not dy · 0. None to the condition.
 * Throws: `ShapeError` if the shapes don't broadcast; `DTypeError` unless a and b are of the same one of these types.
 * Source: NumPy's, PyTorch's and ONNX's where.
 */
export const where: Choice = ofChoice(choices.where);

/**
 * Converts x to another type, with the same result on every adapter. Floats are truncated to integers and limited to
 * the integers' range; NaN becomes 0. Integers become the nearest float, ties to even. Between i32 and u32 the bits
 * stay, so −1 becomes 2³² − 1. To f16, floats are rounded to the nearest, ties to even, and are infinite from ±65,520
 * on. A cast that changes no bits is a view: nothing is copied.
 *
 * Shapes: x (…), f32, i32, u32 or f16 → the same shape, of the type `to`.
 * Attributes: to — 'f32', 'i32', 'u32' or 'f16' (required).
 * Gradient: between f32 and f16, dy, which is f32 for both; none from or to integers.
 * Throws: `AttributeError` on another type to cast to; `DTypeError` on u8, and for f16 without shader-f16.
 * Source: Rust's `as`, and XLA's ConvertElementType.
 */
export const cast: (x: Tensor, attributes: casting.CastAttributes) => Tensor = with1(casting.cast);
