// An op that changes nothing but the gradient: its rows' parts are multiplied by factors of their own.
import { ShapeError } from "../gpu/errors.ts";
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { binary } from "./binary.ts";
import { defineOp, type Op } from "./op.ts";

/**
 * x (N, …) as it is; the gradient that flows back is multiplied by factors (N), row by row. No gradient flows to the
 * factors. Throws `ShapeError` unless there is one factor per row.
 */
export const scaleGradient: Op<readonly [GpuArray, GpuArray], object> = defineOp({
  name: "scaleGradient",
  attributes: {},
  forward([x, factors]) {
    if (factors.shape.length !== 1 || factors.size !== x.shape[0]) {
      throw new ShapeError(
        `scaleGradient: takes one factor per row of ${formatShape(x.shape)}; got ${formatShape(factors.shape)}`,
      );
    }
    return { out: x.view(x.shape), saved: factors };
  },
  backward: (dout, factors) => [
    binary("mul", dout, factors.view([factors.size, ...dout.shape.slice(1).map(() => 1)])),
  ],
});
