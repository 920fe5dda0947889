// Functions of one element that JavaScript doesn't have, and their derivatives, in float64.
import type { Unary } from "./unary.ts";

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** erf by a series of terms of one sign, for |x| < 3. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_ROOT_PI * Math.exp(-x * x) * sum;
}

/** 1 − erf(x) for x ≥ 0, with all its digits: past 2 by its continued fraction. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 2) return 1 - erfSeries(x);
  let fraction = x;
  for (let n = 200; n > 0; n--) fraction = x + n / 2 / fraction;
  return x > 30 ? 0 : Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}

/** The error function. */
export const erf: Unary = {
  value: (x) => (Math.abs(x) < 2 ? erfSeries(x) : Math.sign(x) * (1 - erfc(Math.abs(x)))),
  slope: (x) => TWO_OVER_ROOT_PI * Math.exp(-x * x),
};

/** The normal distribution, with all its digits below 0. */
function normal(x: number): number {
  const tail = erfc(Math.abs(x) / Math.SQRT2) / 2;
  return x < 0 ? tail : 1 - tail;
}

/** x times a gate, with its derivative; a gate of 0 lets nothing through. */
function gated(gate: (x: number) => number, slope: (x: number) => number): Unary {
  return {
    value: (x) => (gate(x) === 0 ? 0 : x * gate(x)),
    slope: (x) => gate(x) + (slope(x) === 0 ? 0 : x * slope(x)),
  };
}

/** x · Φ(x). */
export const gelu: Unary = gated(normal, (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI));

const sigmoid = (x: number): number => (x >= 0 ? 1 : Math.exp(x)) / (1 + Math.exp(-Math.abs(x)));

/** sigmoid(1 − sigmoid), without cancellation. */
const sigmoidSlope = (x: number): number =>
  Math.exp(-Math.abs(x)) / (1 + Math.exp(-Math.abs(x))) ** 2;

const C = 2 * Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

/** x · ½ (1 + tanh(√(2/π) (x + 0.044715 x³))), which is x · sigmoid of twice that. */
export const geluTanh: Unary = gated(
  (x) => sigmoid(C * (x + CUBIC * x ** 3)),
  (x) => {
    const slope = sigmoidSlope(C * (x + CUBIC * x ** 3));
    return slope === 0 ? 0 : slope * C * (1 + 3 * CUBIC * x * x);
  },
);

/** x · sigmoid(x). */
export const silu: Unary = gated(sigmoid, sigmoidSlope);

/** α·x + β in [0, 1]. The derivative at both ends is 0. */
export function hardSigmoid(alpha: number, beta: number): Unary {
  const line = (x: number): number => (alpha === 0 && !Number.isNaN(x) ? beta : alpha * x + beta);
  return {
    value: (x) => Math.min(Math.max(line(x), 0), 1),
    slope(x) {
      if (Number.isNaN(x)) return x;
      return line(x) > 0 && line(x) < 1 ? alpha : 0;
    },
  };
}

/** x · (x + 3) / 6 between −3 and 3; 0 before, x behind. */
export const hardSwish: Unary = {
  value(x) {
    if (x <= -3) return 0;
    return x >= 3 ? x : (x * (x + 3)) / 6;
  },
  slope(x) {
    if (x <= -3) return 0;
    return x >= 3 ? 1 : (2 * x + 3) / 6;
  },
};

/** The sine. */
export const sin: Unary = { value: Math.sin, slope: Math.cos };

/** The cosine. */
export const cos: Unary = { value: Math.cos, slope: (x) => -Math.sin(x) };

const flat = (value: (x: number) => number): Unary => ({ value, slope: () => 0 });

/** The largest whole number ≤ x. */
export const floor: Unary = flat(Math.floor);

/** The smallest whole number ≥ x. */
export const ceil: Unary = flat(Math.ceil);

/** The whole part. */
export const trunc: Unary = flat(Math.trunc);

/** −1, 0, 1 or NaN. */
export const sign: Unary = flat(Math.sign);

/** The nearest whole number; of two, the even one. */
export const round: Unary = flat((x) => {
  const below = Math.floor(x);
  const fraction = x - below;
  if (fraction === 0.5) return below % 2 === 0 ? below : below + 1;
  return fraction < 0.5 || !Number.isFinite(x) ? below : below + 1;
});
