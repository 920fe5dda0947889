// What a step records of itself, on the device until somebody reads it.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Rng } from "./random.ts";
import { checkArray } from "./op.ts";

/**
 * Writes a step's scalars into its slot of a ring: that of the Rng's step, modulo the ring's length.
 *
 * Shapes: scalars (K); ring (steps, K).
 * Throws: `ShapeError` on other shapes; `DTypeError` unless both are f32; `AttributeError` on two devices.
 */
export function recordStep(scalars: GpuArray, ring: GpuArray, rng: Rng): void {
  checkArray("recordStep", "the scalars", scalars, scalars);
  checkArray("recordStep", "the ring", ring, scalars);
  checkArray("recordStep", "the Rng's state", rng.state, scalars, ["u32"]);
  const [capacity = 0, columns] = ring.shape;
  if (
    scalars.shape.length !== 1 ||
    ring.shape.length !== 2 ||
    columns !== scalars.size ||
    !capacity
  ) {
    throw new ShapeError(
      `recordStep: takes (K) scalars for a ring (steps, K); got ${formatShape(scalars.shape)} and ${formatShape(ring.shape)}`,
    );
  }
  scalars.device.launch({
    shader: "step-log",
    entry: "record",
    constants: { COUNT: scalars.size, CAPACITY: capacity },
    bind: { scalars, state: rng.state, ring },
    workgroups: [1, 1, 1],
  });
}
