// Records a step's scalars in a ring on the device, where they stay until somebody reads them.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Rng } from "./random.ts";
import { checkArray } from "./op.ts";

/**
 * Writes a step's scalars into row (step modulo steps) of a ring, where step is the Rng's.
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
      `recordStep: scalars must have shape (K) and the ring (steps, K), with at least one step; got ${formatShape(scalars.shape)} and ${formatShape(ring.shape)}`,
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
