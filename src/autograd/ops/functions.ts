// Elementwise functions of one tensor: sine and cosine, the error function, rounding.
import * as gates from "../../kernels/gates.ts";
import * as roundings from "../../kernels/rounding.ts";
import * as angles from "../../kernels/trigonometry.ts";
import { op1, type Of1 } from "../lift.ts";

/**
 * The sine of x in radians, within one or two float32 steps for any x; NaN for infinities.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: cos(x).
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy; arguments are reduced as in Payne and Hanek 1983.
 */
export const sin: Of1 = op1(angles.sin, {});

/**
 * The cosine of x in radians, within one or two float32 steps for any x; NaN for infinities.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: −sin(x).
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy; arguments are reduced as in Payne and Hanek 1983.
 */
export const cos: Of1 = op1(angles.cos, {});

/**
 * The error function: 2/√π · ∫ exp(−t²) dt from 0 to x.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 2/√π · exp(−x²).
 * Throws: `DTypeError` unless x is f32.
 * Source: C99's erf.
 */
export const erf: Of1 = op1(gates.erf, {});

/**
 * The largest whole number ≤ x; −0, infinities and NaN stay as they are.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const floor: Of1 = op1(roundings.floor, {});

/**
 * The smallest whole number ≥ x; −0, infinities and NaN stay as they are.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const ceil: Of1 = op1(roundings.ceil, {});

/**
 * The nearest whole number, or the even one of two that are equally near; −0, infinities and NaN stay as they are.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy's and ONNX's round.
 */
export const round: Of1 = op1(roundings.round, {});

/**
 * x without its fraction; −0, infinities and NaN stay as they are.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const trunc: Of1 = op1(roundings.trunc, {});

/**
 * −1 below 0, 1 above; zeros and NaN stay as they are.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: 0.
 * Throws: `DTypeError` unless x is f32.
 * Source: NumPy.
 */
export const sign: Of1 = op1(roundings.sign, {});
