// Reductions over axes, and their gradients.
import {
  full,
  gather,
  positions,
  type Ref,
  reshape,
  scatterAdd,
  stridesOf,
  zeros,
} from "./array.ts";

/** Σ over the given axes. */
export function sum(x: Ref, axes: readonly number[], keepDims = false): Ref {
  const { at, kept, reduced } = targets(x.shape, axes);
  return reshape(scatterAdd(x, at, kept), keepDims ? kept : reduced);
}

/** The gradient of `sum`: dy repeated along the axes that were summed. */
export function sumGrad(dy: Ref, inputShape: readonly number[], axes: readonly number[]): Ref {
  return gather(dy, targets(inputShape, axes).at, inputShape);
}

/** The mean over the given axes. */
export function mean(x: Ref, axes: readonly number[], keepDims = false): Ref {
  const y = sum(x, axes, keepDims);
  const count = x.data.length / y.data.length;
  return { shape: y.shape, data: y.data.map((value) => value / count) };
}

/** The gradient of `mean`. */
export function meanGrad(dy: Ref, inputShape: readonly number[], axes: readonly number[]): Ref {
  const dx = sumGrad(dy, inputShape, axes);
  const count = dx.data.length / dy.data.length;
  return { shape: dx.shape, data: dx.data.map((value) => value / count) };
}

/** The largest element over the given axes; NaN if any is. */
export function max(x: Ref, axes: readonly number[], keepDims = false): Ref {
  return extreme(x, axes, keepDims, -Infinity, Math.max);
}

/** The smallest element over the given axes; NaN if any is. */
export function min(x: Ref, axes: readonly number[], keepDims = false): Ref {
  return extreme(x, axes, keepDims, Infinity, Math.min);
}

/** The gradient of `max`: shared evenly by the elements that tie, as PyTorch's `amax`. */
export function maxGrad(dy: Ref, x: Ref, axes: readonly number[]): Ref {
  return extremeGrad(dy, x, axes, max(x, axes));
}

/** The gradient of `min`: shared evenly by the elements that tie, as PyTorch's `amin`. */
export function minGrad(dy: Ref, x: Ref, axes: readonly number[]): Ref {
  return extremeGrad(dy, x, axes, min(x, axes));
}

/**
 * The place of the largest element over the given axes, counted in row-major order among them: the
 * first of equals, and NaN before any number.
 */
export function argmax(x: Ref, axes: readonly number[], keepDims = false): Ref {
  const { at, kept, reduced } = targets(x.shape, axes);
  const y = zeros(keepDims ? kept : reduced);
  const seen = zeros(kept).data;
  const best = full(kept, -Infinity).data;
  at.forEach((to, i) => {
    const value = x.data[i]!;
    const beats = !Number.isNaN(best[to]!) && (Number.isNaN(value) || value > best[to]!);
    if (beats) {
      best[to] = value;
      y.data[to] = seen[to]!;
    }
    seen[to]! += 1;
  });
  return y;
}

function extreme(
  x: Ref,
  axes: readonly number[],
  keepDims: boolean,
  start: number,
  pick: (a: number, b: number) => number,
): Ref {
  const { at, kept, reduced } = targets(x.shape, axes);
  const y = full(keepDims ? kept : reduced, start);
  at.forEach((to, i) => {
    y.data[to] = pick(y.data[to]!, x.data[i]!);
  });
  return y;
}

function extremeGrad(dy: Ref, x: Ref, axes: readonly number[], y: Ref): Ref {
  const { at, kept } = targets(x.shape, axes);
  const wins = { shape: x.shape, data: x.data.map((value, i) => Number(value === y.data[at[i]!])) };
  const ties = scatterAdd(wins, at, kept);
  const dx = wins.data.map((won, i) => (won * dy.data[at[i]!]!) / ties.data[at[i]!]!);
  return { shape: x.shape, data: dx };
}

/** For each element of x, the flat position of the result it goes to; and the result's shapes. */
function targets(
  shape: readonly number[],
  axes: readonly number[],
): { at: Int32Array; kept: number[]; reduced: number[] } {
  const reducedAxes = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const kept = shape.map((n, axis) => (reducedAxes.includes(axis) ? 1 : n));
  const strides = stridesOf(kept).map((s, axis) => (reducedAxes.includes(axis) ? 0 : s));
  const reduced = shape.filter((_, axis) => !reducedAxes.includes(axis));
  return { at: positions(shape, strides), kept, reduced };
}
