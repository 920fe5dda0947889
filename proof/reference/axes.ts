// Products over axes, running sums along one, and the places of elements in order.
import { gather, positions, type Ref, stridesOf, zeros } from "./array.ts";
import { fromLast, logSoftmax, softmax, toLast } from "./losses.ts";
import { sumGrad } from "./reduce.ts";

/** For each result of reducing a shape over axes, the flat positions of its elements, in row-major order. */
export function groupsOf(shape: readonly number[], axes: readonly number[]): Int32Array[] {
  const over = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  const strides = stridesOf(shape);
  const part = (wanted: boolean): Int32Array => {
    const of = shape.map((_, axis) => axis).filter((axis) => over.includes(axis) === wanted);
    return positions(
      of.map((axis) => shape[axis]!),
      of.map((axis) => strides[axis]!),
    );
  };
  const inner = part(true);
  return [...part(false)].map((first) => inner.map((at) => first + at));
}

function reducedShape(shape: readonly number[], axes: readonly number[], keep: boolean): number[] {
  const over = axes.map((axis) => (axis < 0 ? axis + shape.length : axis));
  return shape.flatMap((extent, axis) => (over.includes(axis) ? (keep ? [1] : []) : [extent]));
}

/** The product over the given axes; 1 of nothing. */
export function prod(x: Ref, axes: readonly number[], keepDims = false): Ref {
  const y = zeros(reducedShape(x.shape, axes, keepDims));
  groupsOf(x.shape, axes).forEach((group, i) => {
    y.data[i] = group.reduce((product, at) => product * x.data[at]!, 1);
  });
  return y;
}

/** The gradient of `prod`: dy times the product of all other elements. */
export function prodGrad(dy: Ref, x: Ref, axes: readonly number[]): Ref {
  const dx = zeros(x.shape);
  groupsOf(x.shape, axes).forEach((group, i) => {
    for (const own of group) {
      const others = group.reduce(
        (product, at) => (at === own ? product : product * x.data[at]!),
        1,
      );
      dx.data[own] = others * dy.data[i]!;
    }
  });
  return dx;
}

/** How `cumsum` walks. */
export interface Walk {
  readonly exclusive?: boolean;
  readonly reverse?: boolean;
}

/** Running sums along an axis, element by element. */
export function cumsum(x: Ref, axis: number, { exclusive = false, reverse = false }: Walk): Ref {
  const y = zeros(x.shape);
  for (const group of groupsOf(x.shape, [axis])) {
    let total = 0;
    for (const at of reverse ? group.toReversed() : group) {
      y.data[at] = exclusive ? total : total + x.data[at]!;
      total += x.data[at]!;
    }
  }
  return y;
}

/** The gradient of `cumsum`. */
export function cumsumGrad(
  dy: Ref,
  axis: number,
  { exclusive = false, reverse = false }: Walk,
): Ref {
  return cumsum(dy, axis, { exclusive, reverse: !reverse });
}

/** log Σ exp(x) along an axis, which is left out. */
export function logSumExp(x: Ref, axis: number): Ref {
  const rows = toLast(x, axis);
  const logs = logSoftmax(rows);
  const length = rows.shape.at(-1)!;
  const y = zeros(rows.shape.slice(0, -1));
  y.data.forEach((_, i) => {
    const row = rows.data.subarray(i * length, (i + 1) * length);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const topAt = i * length + Math.max(row.indexOf(top), 0);
    y.data[i] = Math.abs(top) === Infinity ? top : top - logs.data[topAt]!;
  });
  return y;
}

/** The gradient of `logSumExp`: dy · softmax. */
export function logSumExpGrad(dy: Ref, x: Ref, axis: number): Ref {
  const p = softmax(toLast(x, axis));
  const flow = sumGrad(dy, p.shape, [-1]);
  return fromLast({ shape: p.shape, data: p.data.map((share, i) => share * flow.data[i]!) }, axis);
}

/** Whether an element comes before another one: NaN before all, of equals the earlier. */
function before(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
  return a === b ? 0 : b > a ? 1 : -1;
}

/** The places along an axis of its k largest elements, by JavaScript's stable sort; and their flat positions. */
export function topK(x: Ref, k: number, axis: number): { places: Ref; at: Int32Array } {
  const along = axis < 0 ? axis + x.shape.length : axis;
  const shape = x.shape.with(along, k);
  const places = zeros(shape);
  const at = new Int32Array(places.data.length);
  const slots = groupsOf(shape, [axis]);
  groupsOf(x.shape, [axis]).forEach((group, row) => {
    const order = [...group.keys()].toSorted((i, j) =>
      before(x.data[group[i]!]!, x.data[group[j]!]!),
    );
    order.slice(0, k).forEach((place, slot) => {
      places.data[slots[row]![slot]!] = place;
      at[slots[row]![slot]!] = group[place]!;
    });
  });
  return { places, at };
}

/** The elements that `topK` found. */
export function topValues(x: Ref, k: number, axis: number): Ref {
  const { places, at } = topK(x, k, axis);
  return gather(x, at, places.shape);
}

/** The place of the smallest element over axes: the first of equals, and NaN before any number. */
export function argmin(x: Ref, axes: readonly number[], keepDims = false): Ref {
  const y = zeros(reducedShape(x.shape, axes, keepDims));
  groupsOf(x.shape, axes).forEach((group, i) => {
    const values = [...group].map((at) => x.data[at]!);
    const nan = values.findIndex((value) => Number.isNaN(value));
    y.data[i] = nan >= 0 ? nan : values.indexOf(Math.min(...values));
  });
  return y;
}
