// Element-wise arithmetic of two raw arrays, with NumPy's broadcasting. Its rules are in arithmetic.ts.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { collapse, stridesIn } from "./strides.ts";

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

/** How many axes the shaders of two operands walk. */
export const RANK = 6;

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

function run(
  operation: BinaryOperation | "scale",
  a: GpuArray,
  b: GpuArray,
  shape: readonly number[],
  factor = 1,
): GpuArray {
  const out = a.device.empty(shape, "f32", operation);
  const rank = shape.length;
  const walk = collapse(shape, [stridesIn(a.shape, rank), stridesIn(b.shape, rank)], RANK)!;
  a.device.launch({
    shader: "binary",
    entry: "binary",
    constants: {
      OP: operation.toUpperCase(),
      FACTOR: factor,
      COUNT: out.size,
      SHAPE: walk.shape,
      A_STRIDES: walk.strides[0]!,
      B_STRIDES: walk.strides[1]!,
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

/** `x` times `factor`, stretched to `shape` if that is given. */
export function scale(x: GpuArray, factor: number, shape: readonly number[] = x.shape): GpuArray {
  return run("scale", x, x, broadcastShape("scale", x.shape, shape), factor);
}
