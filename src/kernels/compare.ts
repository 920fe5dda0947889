// Element-wise comparisons and logic, with NumPy's broadcasting; results are u32 arrays of 0 and 1.
import type { GpuArray } from "../gpu/array.ts";
import { DTypeError } from "../gpu/errors.ts";
import { broadcastShape, operands } from "./binary.ts";
import { defineOp, WORDS, type Op } from "./op.ts";
import { stretched } from "./strided-copy.ts";
import { constantName, type NoAttributes } from "./unary.ts";

type Single = readonly [GpuArray];
type Pair = readonly [GpuArray, GpuArray];

/** Whether a ∘ b holds, on raw arrays. Throws `ShapeError` if the shapes don't broadcast. */
function compare(name: string, left: GpuArray, right: GpuArray): GpuArray {
  const { device } = left;
  const shape = broadcastShape(name, left.shape, right.shape);
  const { a, b, constants } = operands(shape, left, right, (x) => stretched(name, x, shape));
  const out = device.empty(shape, "u32", name);
  device.launch({
    shader: "compare",
    entry: "compare",
    constants: {
      OP: constantName(name),
      A_KIND: left.dtype.toUpperCase(),
      B_KIND: right.dtype.toUpperCase(),
      COUNT: out.size,
      ...constants,
    },
    bind: { a, b, out },
    workgroups: device.linear(out.size),
    flop: out.size,
  });
  return out;
}

/** Throws `DTypeError` unless two consecutive inputs of an op have the same type. */
export function checkOneType(op: string, first: number, a: GpuArray, b: GpuArray): void {
  if (a.dtype === b.dtype) return;
  throw new DTypeError(
    `${op}: inputs ${first} and ${first + 1} must have the same type; got ${a.dtype} and ${b.dtype}; cast one of them`,
  );
}

function pairRule(name: string, check: (a: GpuArray, b: GpuArray) => void): Op<Pair, NoAttributes> {
  return defineOp({
    name,
    attributes: {},
    takes: [WORDS],
    forward([a, b]: Pair) {
      check(a, b);
      return { out: compare(name, a, b), saved: undefined };
    },
    backward: () => [undefined, undefined],
  });
}

const comparison = (name: string): Op<Pair, NoAttributes> =>
  pairRule(name, (a, b) => checkOneType(name, 0, a, b));

const logic = (name: string): Op<Pair, NoAttributes> => pairRule(name, () => undefined);

/** a = b. */
export const equal: Op<Pair, NoAttributes> = comparison("equal");

/** a ≠ b. */
export const notEqual: Op<Pair, NoAttributes> = comparison("notEqual");

/** a < b. */
export const less: Op<Pair, NoAttributes> = comparison("less");

/** a ≤ b. */
export const lessEqual: Op<Pair, NoAttributes> = comparison("lessEqual");

/** a > b. */
export const greater: Op<Pair, NoAttributes> = comparison("greater");

/** a ≥ b. */
export const greaterEqual: Op<Pair, NoAttributes> = comparison("greaterEqual");

/** a and b; their types may differ. */
export const logicalAnd: Op<Pair, NoAttributes> = logic("logicalAnd");

/** a or b, or both; their types may differ. */
export const logicalOr: Op<Pair, NoAttributes> = logic("logicalOr");

/** Not x. */
export const logicalNot: Op<Single, NoAttributes> = defineOp({
  name: "logicalNot",
  attributes: {},
  takes: [WORDS],
  forward: ([x]: Single) => ({ out: compare("logicalNot", x, x), saved: undefined }),
  backward: () => [undefined],
});
