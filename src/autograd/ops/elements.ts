// Elementwise ops: arithmetic of two tensors, and functions of one.
import * as pairs from "../../kernels/arithmetic.ts";
import * as powers from "../../kernels/power.ts";
import {
  unaryRules,
  type ClipAttributes,
  type EluAttributes,
  type LeakyReluAttributes,
} from "../../kernels/unary.ts";
import { ofPair, op1, type Of1, type OfPair } from "../lift.ts";
import { type Tensor } from "../tensor.ts";

/**
 * a + b, element by element.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to both, summed over broadcast axes.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const add: OfPair = ofPair(pairs.add, {});

/**
 * a − b, element by element.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to both, summed over broadcast axes.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const sub: OfPair = ofPair(pairs.sub, {});

/**
 * a · b, element by element.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to both, summed over broadcast axes.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const mul: OfPair = ofPair(pairs.mul, {});

/**
 * a / b, element by element.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to both (1 / b and −a / b²), summed over broadcast axes.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: NumPy.
 */
export const div: OfPair = ofPair(pairs.div, {});

/**
 * a to the power b, element by element. NaN if a is negative and b isn't whole; a⁰ and 1ᵇ are 1, for NaN too.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to a, b·a^(b − 1), but 0 if b is 0; to b, a^b·log(a), but 0 if a is 0 and b ≥ 0.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: C99's pow; PyTorch's gradients.
 */
export const pow: OfPair = ofPair(powers.pow, {});

/**
 * The larger of a and b, element by element; NaN if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to the larger one; equal ones get half each.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: PyTorch's maximum.
 */
export const maximum: OfPair = ofPair(pairs.maximum, {});

/**
 * The smaller of a and b, element by element; NaN if either is NaN.
 *
 * Shapes: a (…) or a number, b (…) or a number, broadcast as in NumPy → the broadcast shape.
 * Gradient: to the smaller one; equal ones get half each.
 * Throws: `ShapeError` if the shapes don't broadcast.
 * Source: PyTorch's minimum.
 */
export const minimum: OfPair = ofPair(pairs.minimum, {});

/**
 * max(x, 0); NaN stays NaN.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 1 above 0, else 0 (at 0 too); 1 at NaN.
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's relu.
 */
export const relu: Of1 = op1(unaryRules.relu, {});

/**
 * x above 0, α·x elsewhere.
 *
 * Shapes: x (…) → the same shape.
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
 * Shapes: x (…) → the same shape.
 * Attributes: alpha — the result tends to −alpha far below 0 (1).
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
 * Shapes: x (…) → the same shape.
 * Attributes: min — the smallest result (−∞); max — the largest result (∞).
 * Gradient: 1 if min ≤ x ≤ max, else 0 (at NaN too).
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
 * Shapes: x (…) → the same shape.
 * Gradient: (1 − y)·(1 + y).
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const tanh: Of1 = op1(unaryRules.tanh, {});

/**
 * 1 / (1 + exp(−x)).
 *
 * Shapes: x (…) → the same shape.
 * Gradient: y·(1 − y).
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's sigmoid.
 */
export const sigmoid: Of1 = op1(unaryRules.sigmoid, {});

/**
 * log(1 + exp(x)), without overflow and without losing its tail.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: sigmoid(x).
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's softplus with β = 1 and no threshold.
 */
export const softplus: Of1 = op1(unaryRules.softplus, {});

/**
 * eˣ.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: y.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const exp: Of1 = op1(unaryRules.exp, {});

/**
 * The natural logarithm; −∞ at 0, NaN below.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 1 / x.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const log: Of1 = op1(unaryRules.log, {});

/**
 * The square root; NaN below 0.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.5 / y, which is ∞ at 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const sqrt: Of1 = op1(unaryRules.sqrt, {});

/**
 * x².
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 2x.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const square: Of1 = op1(unaryRules.square, {});

/**
 * |x|.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: the sign of x: 0 at 0, NaN at NaN.
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's abs.
 */
export const abs: Of1 = op1(unaryRules.abs, {});

/**
 * −x.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: −1.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const neg: Of1 = op1(unaryRules.neg, {});

/**
 * 1 / x.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: −1 / x².
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const reciprocal: Of1 = op1(unaryRules.reciprocal, {});
