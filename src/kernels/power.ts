// Powers, element by element, with NumPy's broadcasting.
import type { GpuArray } from "../gpu/array.ts";
import { broadcastShape, operands } from "./binary.ts";
import { sumTo } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";

/** Returns a^b or, given its gradient, the gradient of a or of b; either in the shape that a and b broadcast to. */
function launch(
  base: GpuArray,
  exponent: GpuArray,
  shape: readonly number[],
  back?: { readonly dout: GpuArray; readonly toBase: boolean },
): GpuArray {
  const { device } = base;
  const { a, b, constants } = operands(shape, base, exponent);
  const out = device.empty(shape, "f32", back ? "pow.backward" : "pow");
  device.launch({
    shader: "power",
    entry: back ? "backward" : "forward",
    constants: { COUNT: out.size, ...(back ? { TO_BASE: back.toBase } : {}), ...constants },
    bind: { a, b, ...(back ? { dout: back.dout } : {}), out },
    workgroups: device.linear(out.size),
    flop: 60 * out.size,
  });
  return out;
}

/** a to the power b; d/da = b · a^(b − 1), d/db = a^b · log a. */
export const pow: Op<readonly [GpuArray, GpuArray], Readonly<Record<never, never>>> = defineOp({
  name: "pow",
  attributes: {},
  forward: ([a, b]) => {
    const out = launch(a, b, broadcastShape("pow", a.shape, b.shape));
    return { out, saved: { a, b } };
  },
  backward: (dout, { a, b }, _attributes, needs) => [
    needs[0] ? sumTo(launch(a, b, dout.shape, { dout, toBase: true }), a.shape) : undefined,
    needs[1] ? sumTo(launch(a, b, dout.shape, { dout, toBase: false }), b.shape) : undefined,
  ],
});
