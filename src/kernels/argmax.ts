// Argmax and argmin: where the largest or smallest element is. They walk axes as the other reductions do.
import type { GpuArray } from "../gpu/array.ts";
import { anyAxes, flag } from "./attributes.ts";
import { normaliseAxes, reducing } from "./reduce-geometry.ts";
import type { ReduceAttributes } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";

type Name = "argmax" | "argmin";

function place(name: Name, x: GpuArray, axes: readonly number[], keepDims: boolean): GpuArray {
  const { device } = x;
  const { shape, runs, ...rest } = reducing(name, x.shape, axes, keepDims);
  const constants = { ...rest.constants, LEAST: name === "argmin" };
  const found = device.empty(runs === 1 ? shape : [runs, ...shape], "i32", name);
  device.launch({
    shader: "reduce",
    entry: "argmax",
    constants,
    bind: { inp: x, places: found },
    workgroups: device.linear(found.size),
    flop: x.size,
  });
  if (runs === 1) return found;
  const places = device.empty(shape, "i32", name);
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

function opOf(name: Name): Op<readonly [GpuArray], ReduceAttributes> {
  return defineOp({
    name,
    attributes: { axes: anyAxes, keepDims: flag },
    forward([x], { axes, keepDims = false }: ReduceAttributes) {
      const over = normaliseAxes(name, axes, x.shape.length);
      return { out: place(name, x, over, keepDims), saved: undefined };
    },
    backward: () => [undefined],
  });
}

/** The index of the largest element over some axes, counted in row-major order among those axes. No gradient. */
export const argmax: Op<readonly [GpuArray], ReduceAttributes> = opOf("argmax");

/** The index of the smallest element over some axes, counted in row-major order among those axes. No gradient. */
export const argmin: Op<readonly [GpuArray], ReduceAttributes> = opOf("argmin");
