// Element-wise functions of two arrays with NumPy broadcasting, and their gradients.
import { type Ref, zip } from "./array.ts";
import { broadcastShape, broadcastTo, sumTo } from "./shape-ops.ts";

/** A function of two numbers with both partial derivatives. */
export interface Binary {
  readonly value: (a: number, b: number) => number;
  readonly slopeA: (a: number, b: number) => number;
  readonly slopeB: (a: number, b: number) => number;
}

/** a + b */
export const add: Binary = { value: (a, b) => a + b, slopeA: () => 1, slopeB: () => 1 };

/** a − b */
export const sub: Binary = { value: (a, b) => a - b, slopeA: () => 1, slopeB: () => -1 };

/** a · b */
export const mul: Binary = { value: (a, b) => a * b, slopeA: (_, b) => b, slopeB: (a) => a };

/** a / b */
export const div: Binary = {
  value: (a, b) => a / b,
  slopeA: (_, b) => 1 / b,
  slopeB: (a, b) => -a / (b * b),
};

/** a to the power b as C99 has it; JavaScript calls 1 to the power NaN and ±1 to the power ±∞ NaN. */
function power(a: number, b: number): number {
  if (a === 1) return 1;
  return a === -1 && Math.abs(b) === Infinity ? 1 : a ** b;
}

/** a to the power b. d/da is 0 where b is 0, and d/db is 0 where a is 0 and b ≥ 0, as in PyTorch. */
export const pow: Binary = {
  value: power,
  slopeA: (a, b) => (b === 0 ? 0 : b * power(a, b - 1)),
  slopeB: (a, b) => (a === 0 && b >= 0 ? 0 : power(a, b) * Math.log(a)),
};

/** The larger of both; NaN if either is. A tie shares the gradient evenly, as in PyTorch. */
export const maximum: Binary = {
  value: (a, b) => Math.max(a, b),
  slopeA: (a, b) => greaterShare(a, b),
  slopeB: (a, b) => greaterShare(b, a),
};

/** The smaller of both; NaN if either is. A tie shares the gradient evenly, as in PyTorch. */
export const minimum: Binary = {
  value: (a, b) => Math.min(a, b),
  slopeA: (a, b) => greaterShare(b, a),
  slopeB: (a, b) => greaterShare(a, b),
};

function greaterShare(a: number, b: number): number {
  if (a === b) return 0.5;
  return a > b ? 1 : 0;
}

/** Applies a binary function with broadcasting. */
export function binary(f: Binary, a: Ref, b: Ref): Ref {
  const shape = broadcastShape(a.shape, b.shape);
  return zip(broadcastTo(a, shape), broadcastTo(b, shape), f.value);
}

/** The gradients of `binary`, each summed back to its input's shape. */
export function binaryGrad(f: Binary, dy: Ref, a: Ref, b: Ref): { da: Ref; db: Ref } {
  const wideA = broadcastTo(a, dy.shape);
  const wideB = broadcastTo(b, dy.shape);
  const gradientOf = (slope: Binary["slopeA"], shape: readonly number[]): Ref =>
    sumTo(
      zip(dy, zip(wideA, wideB, slope), (g, s) => g * s),
      shape,
    );
  return { da: gradientOf(f.slopeA, a.shape), db: gradientOf(f.slopeB, b.shape) };
}
