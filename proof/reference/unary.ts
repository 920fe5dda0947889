// Element-wise functions of one array and their derivatives. At a kink the derivative is PyTorch's.
import { map, type Ref, zip } from "./array.ts";

/** A function of one number with its derivative. */
export interface Unary {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/** max(x, 0); NaN stays NaN. The derivative at 0 is 0. */
export const relu: Unary = { value: (x) => Math.max(x, 0), slope: (x) => (x <= 0 ? 0 : 1) };

/** x where x > 0, else alpha·x. The derivative at 0 is alpha. */
export function leakyRelu(alpha: number): Unary {
  return { value: (x) => (x > 0 ? x : alpha * x), slope: (x) => (x > 0 ? 1 : alpha) };
}

/** x where x > 0, else alpha·(eˣ − 1). The derivative at 0 is alpha. */
export function elu(alpha = 1): Unary {
  return {
    value: (x) => (x > 0 ? x : alpha * Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : alpha * Math.exp(x)),
  };
}

/** The hyperbolic tangent. Its derivative 1/cosh² keeps its digits where 1 − tanh² cancels. */
export const tanh: Unary = { value: Math.tanh, slope: (x) => 1 / Math.cosh(x) ** 2 };

/** 1 / (1 + e⁻ˣ), without overflow and without cancellation in its derivative. */
export const sigmoid: Unary = {
  value: (x) => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x))),
  slope: (x) => Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2,
};

/** ln(1 + eˣ) as max(x, 0) + log1p(e^−|x|). */
export const softplus: Unary = {
  value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  slope: sigmoid.value,
};

/** eˣ */
export const exp: Unary = { value: Math.exp, slope: Math.exp };

/** The natural logarithm. */
export const log: Unary = { value: Math.log, slope: (x) => 1 / x };

/** √x */
export const sqrt: Unary = { value: Math.sqrt, slope: (x) => 0.5 / Math.sqrt(x) };

/** x² */
export const square: Unary = { value: (x) => x * x, slope: (x) => 2 * x };

/** |x|. The derivative at 0 is 0. */
export const absolute: Unary = { value: Math.abs, slope: Math.sign };

/** −x */
export const neg: Unary = { value: (x) => -x, slope: () => -1 };

/** 1/x */
export const reciprocal: Unary = { value: (x) => 1 / x, slope: (x) => -1 / (x * x) };

/** x limited to [low, high]; NaN stays NaN. The derivative is 1 at both limits and 0 at NaN. */
export function clip(low: number, high: number): Unary {
  return {
    value: (x) => Math.min(Math.max(x, low), high),
    slope: (x) => (x >= low && x <= high ? 1 : 0),
  };
}

/** Applies a function to every element. */
export function unary(f: Unary, x: Ref): Ref {
  return map(x, f.value);
}

/** The gradient of `unary`: dy · f′(x). */
export function unaryGrad(f: Unary, dy: Ref, x: Ref): Ref {
  return zip(dy, x, (g, at) => g * f.slope(at));
}
