// Ops that use indices: the rows that indices name, with their gradient, and one-hot rows.
import { full, gather, type Ref, scatterAdd, sizeOf, stridesOf } from "./array.ts";

/** How indices name rows: along which axis, and within how many shared leading axes. */
export interface Rows {
  readonly axis: number;
  readonly batchDims: number;
}

/** The rows of x that indices name: below 0 they count from the end; then they are clamped to the axis. */
export function take(x: Ref, indices: Ref, rows: Rows): Ref {
  const { at, shape } = sources(x.shape, indices, rows);
  return gather(x, at, shape);
}

/** The gradient of `take` by x: each row's dy added where it came from. */
export function takeGrad(dy: Ref, inputShape: readonly number[], indices: Ref, rows: Rows): Ref {
  return scatterAdd(dy, sources(inputShape, indices, rows).at, inputShape);
}

/** For each element of the result, the flat position that it comes from. */
function sources(
  from: readonly number[],
  indices: Ref,
  { axis, batchDims }: Rows,
): { at: Int32Array; shape: number[] } {
  const named = indices.shape.slice(batchDims);
  const shape = [...from.slice(0, axis), ...named, ...from.slice(axis + 1)];
  const last = from[axis]! - 1;
  const at = Int32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const to = coordinates(i, shape);
    const [before, after] = [to.slice(0, axis), to.slice(axis + named.length)];
    const which = [...to.slice(0, batchDims), ...to.slice(axis, axis + named.length)];
    const index = indices.data[flat(which, indices.shape)]!;
    const row = index < 0 ? index + from[axis]! : index;
    return flat([...before, Math.min(Math.max(row, 0), last), ...after], from);
  });
  return { at, shape };
}

/** Lines along a new axis, `on` at the index and `off` elsewhere; all off where it is out of range. */
export function oneHot(
  indices: Ref,
  depth: number,
  axis: number,
  values: { readonly on?: number; readonly off?: number; readonly wrapNegative?: boolean } = {},
): Ref {
  const { on = 1, off = 0, wrapNegative = false } = values;
  const y = full(indices.shape.toSpliced(axis, 0, depth), off);
  indices.data.forEach((index, i) => {
    const d = wrapNegative && index < 0 ? index + depth : index;
    if (d < 0 || d >= depth) return;
    y.data[flat(coordinates(i, indices.shape).toSpliced(axis, 0, d), y.shape)] = on;
  });
  return y;
}

/** The multi-index of a row-major position. */
function coordinates(position: number, shape: readonly number[]): number[] {
  return stridesOf(shape).map((stride, axis) => Math.floor(position / stride) % shape[axis]!);
}

/** The row-major position of a multi-index. */
function flat(at: readonly number[], shape: readonly number[]): number {
  return stridesOf(shape).reduce((sum, stride, axis) => sum + stride * at[axis]!, 0);
}
