// floor, ceil, round, trunc and sign. They are constant between steps, so their gradient is 0.
import type { GpuArray } from "../gpu/array.ts";
import { defineOp, type Op } from "./op.ts";
import { fill } from "./strided-copy.ts";
import { launchForward, type NoAttributes } from "./unary.ts";

function rule(name: string): Op<readonly [GpuArray], NoAttributes> {
  return defineOp({
    name,
    attributes: {},
    forward([inp]) {
      const constants = { OP: name.toUpperCase() };
      return { out: launchForward({ name, shader: "rounding" }, inp, constants), saved: undefined };
    },
    backward(dout) {
      const dinp = dout.device.empty(dout.shape, "f32", `${name}.backward`);
      fill(dinp, 0);
      return [dinp];
    },
  });
}

/** The largest whole number ≤ x. */
export const floor: Op<readonly [GpuArray], NoAttributes> = rule("floor");

/** The smallest whole number ≥ x. */
export const ceil: Op<readonly [GpuArray], NoAttributes> = rule("ceil");

/** The nearest whole number; of two equally near, the even one. */
export const round: Op<readonly [GpuArray], NoAttributes> = rule("round");

/** The integer part. */
export const trunc: Op<readonly [GpuArray], NoAttributes> = rule("trunc");

/** The sign: −1, 0 or 1. */
export const sign: Op<readonly [GpuArray], NoAttributes> = rule("sign");
