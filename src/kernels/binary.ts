// Element-wise arithmetic of two raw arrays, with NumPy's broadcasting. Its rules are in arithmetic.ts.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";

/** What `binary` computes; `equal` and `greater` give 1 or 0. */
export type BinaryOperation =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "equal"
  | "greater";

const RANK = 6;

/** The shape that two shapes broadcast to. Throws `ShapeError`. */
export function broadcastShape(
  op: string,
  a: readonly number[],
  b: readonly number[],
): readonly number[] {
  const rank = Math.max(a.length, b.length);
  const shape = Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: ${formatShape(a)} and ${formatShape(b)} don't broadcast: each pair of extents, from the last, must be equal or hold a 1`,
      );
    }
    return x === 1 ? y : x;
  });
  if (rank > RANK) {
    throw new ShapeError(`${op}: takes up to ${RANK} axes; got ${formatShape(shape)}`);
  }
  return shape;
}

/** Strides of a shape, counted from the last of `rank` axes; 0 where it is stretched. */
export function stridesIn(shape: readonly number[], rank: number): number[] {
  let stride = sizeOf(shape);
  const strides = shape.map((extent) => {
    stride /= Math.max(extent, 1);
    return extent === 1 ? 0 : stride;
  });
  return [...Array.from({ length: rank - shape.length }, () => 0), ...strides];
}

/** How two operands are walked together: extents, and each one's strides, outermost first. */
export interface Walk {
  readonly shape: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Joins neighbouring axes that both operands walk alike, so that most calls have one or two. */
export function collapse(
  shape: readonly number[],
  a: readonly number[],
  b: readonly number[],
): Walk {
  const extents: number[] = [];
  const left: number[] = [];
  const right: number[] = [];
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = extents.length - 1;
    const joins = (outer: number, inner: number): boolean => outer === inner * extent;
    if (last >= 0 && joins(left[last]!, a[axis]!) && joins(right[last]!, b[axis]!)) {
      extents[last]! *= extent;
      left[last] = a[axis]!;
      right[last] = b[axis]!;
    } else {
      extents.push(extent);
      left.push(a[axis]!);
      right.push(b[axis]!);
    }
  });
  const pad = (list: number[], fill: number): readonly number[] => [
    ...Array.from({ length: RANK - list.length }, () => fill),
    ...list,
  ];
  return { shape: pad(extents, 1), a: pad(left, 0), b: pad(right, 0) };
}

function run(
  operation: BinaryOperation | "scale",
  a: GpuArray,
  b: GpuArray,
  shape: readonly number[],
  factor = 1,
): GpuArray {
  const out = a.device.empty(shape, "f32", operation);
  const rank = shape.length;
  const walk = collapse(shape, stridesIn(a.shape, rank), stridesIn(b.shape, rank));
  a.device.launch({
    shader: "binary",
    entry: "binary",
    constants: {
      OP: operation.toUpperCase(),
      FACTOR: factor,
      COUNT: out.size,
      SHAPE: walk.shape,
      A_STRIDES: walk.a,
      B_STRIDES: walk.b,
    },
    bind: { a, b, out },
    workgroups: a.device.linear(out.size),
    flop: out.size,
  });
  return out;
}

/** a ∘ b on raw arrays, broadcast. Throws `ShapeError` if the shapes don't. */
export function binary(operation: BinaryOperation, a: GpuArray, b: GpuArray): GpuArray {
  return run(operation, a, b, broadcastShape(operation, a.shape, b.shape));
}

/** `x` stretched to `shape`, times `factor`. */
export function broadcastTo(x: GpuArray, shape: readonly number[], factor = 1): GpuArray {
  broadcastShape("broadcastTo", x.shape, shape);
  return run("scale", x, x, shape, factor);
}
