// Ops that only move values: transpose, slice, concat, pad, tile, broadcast, each with its gradient.
import { full, gather, positions, type Ref, scatterAdd, stridesOf, zeros } from "./array.ts";

/** Permutes the axes: axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Ref, permutation: readonly number[]): Ref {
  const strides = stridesOf(x.shape);
  const shape = permutation.map((axis) => x.shape[axis]!);
  const at = positions(
    shape,
    permutation.map((axis) => strides[axis]!),
  );
  return gather(x, at, shape);
}

/** The gradient of `transpose`: the inverse permutation. */
export function transposeGrad(dy: Ref, permutation: readonly number[]): Ref {
  return transpose(
    dy,
    permutation.map((_, axis) => permutation.indexOf(axis)),
  );
}

/** The elements at `starts + index·steps`, `sizes` of them along each axis. Steps default to 1. */
export function slice(
  x: Ref,
  starts: readonly number[],
  sizes: readonly number[],
  steps: readonly number[] = sizes.map(() => 1),
): Ref {
  sizes.forEach((n, axis) => {
    const last = starts[axis]! + (n - 1) * steps[axis]!;
    if (starts[axis]! < 0 || last >= x.shape[axis]!) {
      throw new RangeError(`Slice of axis ${axis} reaches past [${x.shape}].`);
    }
  });
  return gather(x, slicePositions(x.shape, starts, sizes, steps), sizes);
}

/** The gradient of `slice`: dy at the places that were read, zero elsewhere. */
export function sliceGrad(
  dy: Ref,
  inputShape: readonly number[],
  starts: readonly number[],
  steps: readonly number[] = starts.map(() => 1),
): Ref {
  return scatterAdd(dy, slicePositions(inputShape, starts, dy.shape, steps), inputShape);
}

function slicePositions(
  shape: readonly number[],
  starts: readonly number[],
  sizes: readonly number[],
  steps: readonly number[],
): Int32Array {
  const strides = stridesOf(shape);
  const start = starts.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  return positions(
    sizes,
    strides.map((stride, axis) => stride * steps[axis]!),
    start,
  );
}

/** Surrounds x with `before[axis]` and `after[axis]` elements of one value along each axis. */
export function pad(x: Ref, before: readonly number[], after: readonly number[], value = 0): Ref {
  const y = full(
    x.shape.map((n, axis) => before[axis]! + n + after[axis]!),
    value,
  );
  const strides = stridesOf(y.shape);
  const start = before.reduce((sum, n, axis) => sum + n * strides[axis]!, 0);
  positions(x.shape, strides, start).forEach((at, i) => {
    y.data[at] = x.data[i]!;
  });
  return y;
}

/** The gradient of `pad`: the part of dy that came from x. */
export function padGrad(dy: Ref, inputShape: readonly number[], before: readonly number[]): Ref {
  return slice(dy, before, inputShape);
}

/** y[i, j, …] = x[indices[0][i], indices[1][j], …]: any elements along each axis, however often. */
export function take(x: Ref, indices: readonly (readonly number[])[]): Ref {
  const shape = indices.map((list) => list.length);
  return gather(x, takePositions(x.shape, indices), shape);
}

/** The gradient of `take`: for each element the sum over its copies. */
export function takeGrad(
  dy: Ref,
  inputShape: readonly number[],
  indices: readonly (readonly number[])[],
): Ref {
  return scatterAdd(dy, takePositions(inputShape, indices), inputShape);
}

function takePositions(
  shape: readonly number[],
  indices: readonly (readonly number[])[],
): Int32Array {
  const strides = stridesOf(shape);
  return Int32Array.from(
    indices.reduce<readonly number[]>(
      (starts, list, axis) =>
        starts.flatMap((start) => list.map((index) => start + index * strides[axis]!)),
      [0],
    ),
  );
}

/** Which elements, of `n`, padding by copies puts where: one axis of NumPy's `pad` in that mode. */
export function padIndices(
  mode: "reflect" | "symmetric" | "edge",
  n: number,
  before: number,
  after: number,
): number[] {
  const own = Array.from({ length: n }, (_, i) => i);
  const ahead = (count: number, order: readonly number[]): readonly number[] => {
    if (mode === "edge") return Array.from({ length: count }, () => order[0]!);
    const first = mode === "reflect" ? 1 : 0;
    return order.slice(first, first + count).toReversed();
  };
  return [...ahead(before, own), ...own, ...ahead(after, own.toReversed()).toReversed()];
}

/** Which elements, of `n`, `tile` puts where along one axis. */
export function tileIndices(n: number, repetitions: number): number[] {
  return Array.from({ length: n * repetitions }, (_, i) => i % n);
}

/** Joins arrays that agree in every axis but `axis`. */
export function concat(parts: readonly Ref[], axis: number): Ref {
  const first = parts[0]!.shape;
  const y = zeros(
    first.with(
      axis,
      parts.reduce((length, part) => length + part.shape[axis]!, 0),
    ),
  );
  const strides = stridesOf(y.shape);
  let start = 0;
  for (const part of parts) {
    positions(part.shape, strides, start * strides[axis]!).forEach((at, i) => {
      y.data[at] = part.data[i]!;
    });
    start += part.shape[axis]!;
  }
  return y;
}

/** The gradients of `concat`: each part's share of dy. */
export function concatGrad(
  dy: Ref,
  partShapes: readonly (readonly number[])[],
  axis: number,
): Ref[] {
  let start = 0;
  return partShapes.map((shape) => {
    const starts = shape.map((_, i) => (i === axis ? start : 0));
    start += shape[axis]!;
    return slice(dy, starts, shape);
  });
}

/** The shape that shapes broadcast to, as NumPy does. Throws when they don't. */
export function broadcastShape(...shapes: (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const lengths = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const length = lengths.find((n) => n !== 1) ?? 1;
    if (lengths.some((n) => n !== 1 && n !== length)) {
      throw new RangeError(`Shapes ${shapes.map((s) => `[${s}]`).join(" and ")} don't broadcast.`);
    }
    return length;
  });
}

/** Repeats x along its missing axes and its axes of length 1, to the given shape. */
export function broadcastTo(x: Ref, shape: readonly number[]): Ref {
  if (broadcastShape(x.shape, shape).join() !== shape.join()) {
    throw new RangeError(`[${x.shape}] doesn't broadcast to [${shape}].`);
  }
  return gather(x, broadcastPositions(x.shape, shape), shape);
}

/** The gradient of `broadcastTo`: dy summed over every axis that was repeated. */
export function sumTo(dy: Ref, shape: readonly number[]): Ref {
  return scatterAdd(dy, broadcastPositions(shape, dy.shape), shape);
}

/** For every element of `to`, the flat position of the element of `from` that it repeats. */
function broadcastPositions(from: readonly number[], to: readonly number[]): Int32Array {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  return positions(
    to,
    to.map((_, axis) => ((from[axis - missing] ?? 1) === 1 ? 0 : strides[axis - missing]!)),
  );
}
