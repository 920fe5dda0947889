// Element-wise arithmetic of two arrays, with NumPy's broadcasting.
import { formatShape, sizeOf, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { sumTo } from "./reduce.ts";
import { defineRule, type Rule } from "./rule.ts";

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

function stridesIn(shape: readonly number[], rank: number): number[] {
  let stride = sizeOf(shape);
  const strides = shape.map((extent) => {
    stride /= Math.max(extent, 1);
    return extent === 1 ? 0 : stride;
  });
  return [...Array.from({ length: rank - shape.length }, () => 0), ...strides];
}

interface Walk {
  readonly shape: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** Joins neighbouring axes that both operands walk alike, so that most calls have one or two. */
function collapse(shape: readonly number[], a: readonly number[], b: readonly number[]): Walk {
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

type Pair = readonly [GpuArray, GpuArray];
type NoAttributes = Readonly<Record<never, never>>;

function rule(
  name: BinaryOperation,
  da: (dout: GpuArray, a: GpuArray, b: GpuArray) => GpuArray,
  db: (dout: GpuArray, a: GpuArray, b: GpuArray) => GpuArray,
): Rule<Pair, NoAttributes> {
  return defineRule({
    name,
    forward: ([a, b]) => ({ out: binary(name, a, b), saved: { a, b } }),
    backward: (dout, { a, b }, _attributes, needs) => [
      needs[0] ? sumTo(da(dout, a, b), a.shape) : undefined,
      needs[1] ? sumTo(db(dout, a, b), b.shape) : undefined,
    ],
  });
}

const scaled = (x: GpuArray, factor: number): GpuArray => broadcastTo(x, x.shape, factor);

/** a + b. */
export const add: Rule<Pair, NoAttributes> = rule(
  "add",
  (dout) => dout,
  (dout) => dout,
);

/** a − b. */
export const sub: Rule<Pair, NoAttributes> = rule(
  "sub",
  (dout) => dout,
  (dout) => scaled(dout, -1),
);

/** a · b, element by element. */
export const mul: Rule<Pair, NoAttributes> = rule(
  "mul",
  (dout, _a, b) => binary("mul", dout, b),
  (dout, a) => binary("mul", dout, a),
);

/** a / b; d/db = −a / b². */
export const div: Rule<Pair, NoAttributes> = rule(
  "div",
  (dout, _a, b) => binary("div", dout, b),
  (dout, a, b) => scaled(binary("mul", dout, binary("div", binary("div", a, b), b)), -1),
);

/** Ties share the gradient evenly, as in PyTorch. */
function extremeRule(name: "maximum" | "minimum"): Rule<Pair, NoAttributes> {
  const share = (dout: GpuArray, winner: GpuArray, loser: GpuArray): GpuArray => {
    const wins = binary("greater", winner, loser);
    const ties = scaled(binary("equal", winner, loser), 0.5);
    return binary("mul", dout, binary("add", wins, ties));
  };
  return name === "maximum"
    ? rule(
        name,
        (dout, a, b) => share(dout, a, b),
        (dout, a, b) => share(dout, b, a),
      )
    : rule(
        name,
        (dout, a, b) => share(dout, b, a),
        (dout, a, b) => share(dout, a, b),
      );
}

/** The larger of a and b; NaN if either is. */
export const maximum: Rule<Pair, NoAttributes> = extremeRule("maximum");

/** The smaller of a and b; NaN if either is. */
export const minimum: Rule<Pair, NoAttributes> = extremeRule("minimum");
