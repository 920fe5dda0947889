// Argmax: where the largest element lies. It walks axes as the other reductions do.
import type { GpuArray } from "../gpu/array.ts";
import { flag, wholes } from "./attributes.ts";
import { normaliseAxes, reducing, type ReduceAttributes } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";

function place(x: GpuArray, axes: readonly number[], keepDims: boolean): GpuArray {
  const { device } = x;
  const { shape, runs, constants } = reducing("argmax", x.shape, axes, keepDims);
  const found = device.empty(runs === 1 ? shape : [runs, ...shape], "i32", "argmax");
  device.launch({
    shader: "reduce",
    entry: "argmax",
    constants,
    bind: { inp: x, places: found },
    workgroups: device.linear(found.size),
    flop: x.size,
  });
  if (runs === 1) return found;
  const places = device.empty(shape, "i32", "argmax");
  device.launch({
    shader: "reduce",
    entry: "argmax_of_runs",
    constants,
    bind: { inp: x, found, places },
    workgroups: device.linear(places.size),
    flop: found.size,
  });
  return places;
}

/** The place of the largest element over some axes, in row-major order among them. No gradient. */
export const argmax: Op<readonly [GpuArray], ReduceAttributes> = defineOp({
  name: "argmax",
  attributes: { axes: wholes(), keepDims: flag },
  forward([x], { axes, keepDims = false }: ReduceAttributes) {
    const over = normaliseAxes("argmax", axes, x.shape.length);
    return { out: place(x, over, keepDims), saved: undefined };
  },
  backward: () => [undefined],
});
