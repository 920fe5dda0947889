// A step's scalars kept in a ring on the device, and the step counter.
import type { GpuArray } from "../gpu/array.ts";
import type { Generator } from "./random.ts";

/** Scalars that one step records. */
export const SCALARS = 4;

/** Writes four scalars to the step's slot of `ring` (capacity, 4). */
export function recordScalars(
  generator: Generator,
  ring: GpuArray,
  scalars: readonly [GpuArray, GpuArray, GpuArray, GpuArray],
): void {
  const [a, b, c, d] = scalars;
  ring.device.launch({
    shader: "step-log",
    entry: "record",
    constants: { CAPACITY: ring.shape[0]! },
    bind: { state: generator.state, a, b, c, d, ring },
    workgroups: [1, 1, 1],
  });
}

/** Counts the step: the last launch of a step. */
export function advanceStep(generator: Generator): void {
  generator.state.device.launch({
    shader: "step-log",
    entry: "advance",
    constants: {},
    bind: { counter: generator.state },
    workgroups: [1, 1, 1],
  });
}
