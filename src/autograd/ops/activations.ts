// Activations that scale x by a gate, and the leaky one whose slope is learned.
import * as gates from "../../kernels/gates.ts";
import * as learnt from "../../kernels/prelu.ts";
import { op1, op2, type Of1 } from "../lift.ts";
import type { Tensor } from "../tensor.ts";

/**
 * The Gaussian error linear unit: x · Φ(x), where Φ is the normal distribution, ½ (1 + erf(x / √2)); 0 at −∞.
 *
 * Shapes: x (…) → the same shape.
 * Attributes: approximation — 'none', or 'tanh' for x · ½ (1 + tanh(√(2/π) · (x + 0.044715 x³))), also to all its
 * digits ('none').
 * Gradient: Φ(x) + x · φ(x), where φ is the normal density; for 'tanh', that of the approximation.
 * Throws: `AttributeError` on another approximation.
 * Source: Hendrycks and Gimpel 2016; PyTorch's gelu, which calls the attribute approximate.
 */
export const gelu: (x: Tensor, attributes?: gates.GeluAttributes) => Tensor =
  op1<gates.GeluAttributes>(gates.gelu, {});

/**
 * x · sigmoid(x), also called swish; 0 at −∞.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: s · (1 + x · (1 − s)), with s = sigmoid(x).
 * Throws: `DTypeError` unless x is f32.
 * Source: PyTorch's and Keras's silu; Ramachandran et al. 2017.
 */
export const silu: Of1 = op1(gates.silu, {});

/**
 * A sigmoid of three straight lines: α·x + β, limited to [0, 1].
 *
 * Shapes: x (…) → the same shape.
 * Attributes: alpha — the slope, ≥ 0 (1/6); beta — the result at 0 (0.5).
 * Gradient: α if the result is between 0 and 1, else 0.
 * Throws: `AttributeError` unless both are finite, and alpha ≥ 0.
 * Source: PyTorch's and Keras 3's hard_sigmoid, relu6(x + 3) / 6; ONNX's and WebNN's default for alpha is
 * 0.2, as Keras 2's was.
 */
export const hardSigmoid: (x: Tensor, attributes?: gates.HardSigmoidAttributes) => Tensor =
  op1<gates.HardSigmoidAttributes>(gates.hardSigmoid, {});

/**
 * x · relu6(x + 3) / 6: 0 up to −3, x from 3 on; 0 at −∞.
 *
 * Shapes: x (…) → the same shape.
 * Gradient: (2x + 3) / 6 between −3 and 3; 0 from −3 down, 1 from 3 up.
 * Throws: `DTypeError` unless x is f32.
 * Source: Howard et al. 2019; PyTorch's, WebNN's and ONNX's hardswish.
 */
export const hardSwish: Of1 = op1(gates.hardSwish, {});

/**
 * x above 0, slope · x elsewhere, with a slope that can be learned; NaN stays NaN.
 *
 * Shapes: x (…), slope (…), which broadcasts to x, such as (C) for one slope per channel → x's shape.
 * Gradient: to x, 1 above 0, else the slope; to the slope, the sum of the x that aren't above 0.
 * Throws: `ShapeError` if the slope doesn't broadcast to x; `DTypeError` unless both are f32.
 * Source: He et al. 2015; ONNX's and WebNN's prelu.
 */
export const prelu: (x: Tensor, slope: Tensor) => Tensor = op2(learnt.prelu, {});
