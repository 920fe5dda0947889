// Element-wise arithmetic of two raw arrays, with NumPy's broadcasting. The ops are in arithmetic.ts.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { collapse, stridesIn, type Walk } from "./strides.ts";

/** What `binary` computes; `equal` and `greater` return 1 or 0. */
export type BinaryOperation =
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "equal"
  | "greater";

/** How many axes a shader of two operands can walk after neighbours have been joined. */
export const RANK = 6;

/** Returns the shape that two shapes broadcast to. Throws `ShapeError` if they don't. */
export function broadcastShape(
  op: string,
  a: readonly number[],
  b: readonly number[],
): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new ShapeError(
        `${op}: ${formatShape(a)} and ${formatShape(b)} don't broadcast: each pair of extents, counted from the last, must be equal or contain a 1`,
      );
    }
    return x === 1 ? y : x;
  });
}

function walkOf(shape: readonly number[], a: GpuArray, b: GpuArray): Walk | undefined {
  return collapse(
    shape,
    [stridesIn(a.shape, shape.length), stridesIn(b.shape, shape.length)],
    RANK,
  );
}

type Constants = Readonly<Record<string, readonly number[]>>;

/** A walk along two operands as the constants of lib/broadcast.wgsl. */
const constantsOf = ({ shape, strides }: Walk): Constants => ({
  SHAPE: shape,
  A_STRIDES: strides[0]!,
  B_STRIDES: strides[1]!,
});

/**
 * Returns two operands that a shader broadcasts to one shape, and the shader's constants for that. If the shader can't
 * walk that many axes, `widen` first copies the operands to that shape.
 */
export function operands(
  shape: readonly number[],
  a: GpuArray,
  b: GpuArray,
  widen: (x: GpuArray) => GpuArray = (x) => scale(x, 1, shape),
): { a: GpuArray; b: GpuArray; constants: Constants } {
  const walk = walkOf(shape, a, b);
  if (walk) return { a, b, constants: constantsOf(walk) };
  return operands(shape, widen(a), widen(b));
}

function run(
  operation: BinaryOperation | "scale",
  bind: { readonly a: GpuArray; readonly b: GpuArray },
  shape: readonly number[],
  walk: Constants,
  factor = 1,
): GpuArray {
  const { device } = bind.a;
  const out = device.empty(shape, "f32", operation);
  device.launch({
    shader: "binary",
    entry: "binary",
    constants: { OP: operation.toUpperCase(), FACTOR: factor, COUNT: out.size, ...walk },
    bind: { ...bind, out },
    workgroups: device.linear(out.size),
    flop: out.size,
  });
  return out;
}

/** a ∘ b on raw arrays, with broadcasting. Throws `ShapeError` if the shapes don't broadcast. */
export function binary(operation: BinaryOperation, a: GpuArray, b: GpuArray): GpuArray {
  const shape = broadcastShape(operation, a.shape, b.shape);
  const { constants, ...bind } = operands(shape, a, b);
  return run(operation, bind, shape, constants);
}

/** `x` times `factor`, stretched to `shape` if that is given; `x` must broadcast to it. */
export function scale(x: GpuArray, factor: number, shape: readonly number[] = x.shape): GpuArray {
  const walk = walkOf(shape, x, x);
  if (walk) return run("scale", { a: x, b: x }, shape, constantsOf(walk), factor);
  // Too many axes to stretch in one launch: stretch the later half of them first.
  const lead = shape.length - x.shape.length;
  const own = shape.map((_, axis) => x.shape[axis - lead] ?? 1);
  const wider = shape.flatMap((extent, axis) => (extent === own[axis] ? [] : [axis]));
  const from = wider[Math.floor(wider.length / 2)] ?? 0;
  const middle = shape.map((extent, axis) => (axis < from ? own[axis]! : extent));
  return scale(scale(x, 1, middle), factor, shape);
}
