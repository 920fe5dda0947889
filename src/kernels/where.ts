// where: a choice between two arrays, element by element, with NumPy's broadcasting.
import type { GpuArray } from "../gpu/array.ts";
import { broadcastShape, RANK } from "./binary.ts";
import { checkOneType } from "./compare.ts";
import { defineOp, WORDS, type Op } from "./op.ts";
import { sumTo } from "./reduce.ts";
import { stretched } from "./strided-copy.ts";
import { collapse, stridesIn } from "./strides.ts";
import type { NoAttributes } from "./unary.ts";

type Triple = readonly [GpuArray, GpuArray, GpuArray];

/** Returns a condition and both arrays as the shader walks them, stretched first if there are too many axes. */
function walked(
  shape: readonly number[],
  inputs: Triple,
): { inputs: Triple; constants: Readonly<Record<string, readonly number[]>> } {
  const strides = inputs.map((input) => stridesIn(input.shape, shape.length));
  const walk = collapse(shape, strides, RANK);
  if (!walk) {
    const [condition, a, b] = inputs;
    const wide = (x: GpuArray): GpuArray => stretched("where", x, shape);
    return walked(shape, [wide(condition), wide(a), wide(b)]);
  }
  const constants = {
    SHAPE: walk.shape,
    CONDITION_STRIDES: walk.strides[0]!,
    A_STRIDES: walk.strides[1]!,
    B_STRIDES: walk.strides[2]!,
  };
  return { inputs, constants };
}

function choose(shape: readonly number[], given: Triple): GpuArray {
  const { device } = given[0];
  const { inputs, constants } = walked(shape, given);
  const [condition, a, b] = inputs;
  const out = device.empty(shape, a.dtype, "where");
  device.launch({
    shader: "where",
    entry: "forward",
    constants: { KIND: condition.dtype.toUpperCase(), COUNT: out.size, ...constants },
    bind: { condition, a, b, out },
    workgroups: device.linear(out.size),
  });
  return out;
}

/** Returns the gradient of one side in its shape: `dout` where the condition chose that side, 0 elsewhere. */
function chosen(dout: GpuArray, given: GpuArray, toA: boolean, side: GpuArray): GpuArray {
  const { device, shape } = dout;
  const { inputs, constants } = walked(shape, [given, dout, dout]);
  const [condition] = inputs;
  const out = device.empty(shape, "f32", "where.backward");
  device.launch({
    shader: "where",
    entry: "backward",
    constants: {
      KIND: condition.dtype.toUpperCase(),
      TO_A: toA,
      COUNT: out.size,
      ...constants,
    },
    bind: { condition, dout, out },
    workgroups: device.linear(out.size),
  });
  return sumTo(out, side.shape);
}

/** a if the condition is true, else b. */
export const where: Op<Triple, NoAttributes> = defineOp({
  name: "where",
  attributes: {},
  takes: [WORDS],
  forward([condition, a, b]: Triple) {
    checkOneType("where", 1, a, b);
    const values = broadcastShape("where", a.shape, b.shape);
    const shape = broadcastShape("where", condition.shape, values);
    return { out: choose(shape, [condition, a, b]), saved: { condition, a, b } };
  },
  backward: (dout, { condition, a, b }, _attributes, needs) => [
    undefined,
    needs[1] ? chosen(dout, condition, true, a) : undefined,
    needs[2] ? chosen(dout, condition, false, b) : undefined,
  ],
});
