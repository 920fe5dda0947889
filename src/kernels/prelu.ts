// prelu: a leaky relu with a learned slope, which broadcasts as in NumPy.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { broadcastShape, operands } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";
import { sumTo } from "./reduce.ts";
import type { NoAttributes } from "./unary.ts";

/** Returns the result or, given its gradient, the gradient of x or of the slope; either in x's shape. */
function launch(
  x: GpuArray,
  slope: GpuArray,
  back?: { readonly dout: GpuArray; readonly toX: boolean },
): GpuArray {
  const { device, shape } = x;
  const { a, b, constants } = operands(shape, x, slope);
  const out = device.empty(shape, "f32", back ? "prelu.backward" : "prelu");
  device.launch({
    shader: "prelu",
    entry: back ? "backward" : "forward",
    constants: { COUNT: out.size, ...(back ? { TO_X: back.toX } : {}), ...constants },
    bind: { a, b, ...(back ? { dout: back.dout } : {}), out },
    workgroups: device.linear(out.size),
    flop: out.size,
  });
  return out;
}

/** x above 0, slope · x elsewhere. */
export const prelu: Op<readonly [GpuArray, GpuArray], NoAttributes> = defineOp({
  name: "prelu",
  attributes: {},
  forward([x, slope]) {
    const shape = formatShape(x.shape);
    if (formatShape(broadcastShape("prelu", x.shape, slope.shape)) !== shape) {
      throw new ShapeError(
        `prelu: the slope must broadcast to x ${shape}; got ${formatShape(slope.shape)}`,
      );
    }
    return { out: launch(x, slope), saved: { x, slope } };
  },
  backward: (dout, { x, slope }, _attributes, needs) => [
    needs[0] ? launch(x, slope, { dout, toX: true }) : undefined,
    needs[1] ? sumTo(launch(x, slope, { dout, toX: false }), slope.shape) : undefined,
  ],
});
