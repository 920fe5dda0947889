// softmax, logSoftmax and logSumExp along an axis.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, flag } from "./attributes.ts";
import { binary } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";

/** The axis that an op runs along. */
export interface AxisAttribute {
  /** Negative ones count from the end. Default −1. */
  readonly axis?: number;
}

/** An array as rows along one axis: how many there are, how long they are, and how far apart their elements lie. */
export interface Rows {
  readonly rows: number;
  /** The number of rows, their length and the stride of their elements, as the shaders name them. */
  readonly constants: {
    readonly ROWS: number;
    readonly LENGTH: number;
    readonly INNER: number;
  };
}

/** Returns the rows of a shape along an axis, counted from 0. */
export function rowsAlong(shape: readonly number[], axis: number): Rows {
  const product = (extents: readonly number[]): number => extents.reduce((a, b) => a * b, 1);
  const inner = product(shape.slice(axis + 1));
  const rows = shape[axis] === 0 ? 0 : product(shape.slice(0, axis)) * inner;
  return { rows, constants: { ROWS: rows, LENGTH: shape[axis]!, INNER: inner } };
}

/** Returns the softmax of a raw array along an axis counted from 0, or its logarithm. */
export function softmaxOf(inp: GpuArray, axis: number, logarithm: boolean): GpuArray {
  const { device, shape } = inp;
  const { rows, constants } = rowsAlong(shape, axis);
  const out = device.empty(shape, "f32", logarithm ? "log_softmax" : "softmax");
  device.launch({
    shader: "softmax",
    entry: "forward",
    constants: { ...constants, LOG: logarithm },
    bind: { inp, out },
    workgroups: device.linear(rows),
    flop: 30 * inp.size,
  });
  return out;
}

function softmaxBackward(
  dout: GpuArray,
  kept: GpuArray,
  axis: number,
  logarithm: boolean,
): GpuArray {
  const { device, shape } = kept;
  const { rows, constants } = rowsAlong(shape, axis);
  const dinp = device.empty(shape, "f32", "softmax.backward");
  device.launch({
    shader: "softmax",
    entry: "backward",
    constants: { ...constants, LOG: logarithm },
    bind: { dout, kept, dinp },
    workgroups: device.linear(rows),
    flop: (logarithm ? 16 : 4) * kept.size,
  });
  return dinp;
}

function opOf(name: "softmax" | "logSoftmax"): Op<readonly [GpuArray], AxisAttribute> {
  const logarithm = name === "logSoftmax";
  return defineOp({
    name,
    attributes: { axis: anyWhole },
    forward([x], { axis = -1 }: AxisAttribute) {
      const along = axisOf(name, axis, x.shape.length);
      const out = softmaxOf(x, along, logarithm);
      return { out, saved: { kept: out, along } };
    },
    backward: (dout, { kept, along }) => [softmaxBackward(dout, kept, along, logarithm)],
  });
}

/** exp(x) / Σ exp(x) along an axis. */
export const softmax: Op<readonly [GpuArray], AxisAttribute> = opOf("softmax");

/** x − log Σ exp(x) along an axis. */
export const logSoftmax: Op<readonly [GpuArray], AxisAttribute> = opOf("logSoftmax");

/** The axis that `logSumExp` runs along, and whether it is kept. */
export interface LogSumExpAttributes extends AxisAttribute {
  /** Whether to keep the axis as 1. Default false. */
  readonly keepDims?: boolean;
}

/** log Σ exp(x) along an axis. */
export const logSumExp: Op<readonly [GpuArray], LogSumExpAttributes> = defineOp({
  name: "logSumExp",
  attributes: { axis: anyWhole, keepDims: flag },
  forward([x], { axis = -1, keepDims = false }: LogSumExpAttributes) {
    const { device, shape } = x;
    const along = axisOf("logSumExp", axis, shape.length);
    if (shape[along] === 0) {
      throw new ShapeError(`logSumExp: axis ${along} must not be empty; got ${formatShape(shape)}`);
    }
    const { rows, constants } = rowsAlong(shape, along);
    const kept = shape.with(along, 1);
    const out = device.empty(keepDims ? kept : shape.toSpliced(along, 1), "f32", "log_sum_exp");
    device.launch({
      shader: "softmax",
      entry: "log_sum_exp",
      constants,
      bind: { inp: x, out },
      workgroups: device.linear(rows),
      flop: 30 * x.size,
    });
    return { out, saved: { x, along, kept } };
  },
  backward: (dout, { x, along, kept }) => [
    binary("mul", softmaxOf(x, along, false), dout.view(kept)),
  ],
});
