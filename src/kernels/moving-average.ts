// An exponential moving average of arrays that training changes.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { readStep, type Rng } from "./random.ts";
import { checkArray } from "./op.ts";

/**
 * Updates an average in place: average += (1 − d) · (values − average). d is the smaller of `decay` and
 * (1 + step) / (10 + step), where step is the Rng's; it starts at 1 if the step has already been advanced.
 *
 * Shapes: average and values have the same shape.
 * Throws: `ShapeError` if they differ; `DTypeError` unless they are f32; `AttributeError` on a decay that isn't in
 * [0, 1).
 * Source: TensorFlow's ExponentialMovingAverage with num_updates.
 */
export function movingAverage(average: GpuArray, values: GpuArray, rng: Rng, decay: number): void {
  checkArray("movingAverage", "the average", average, average);
  checkArray("movingAverage", "the values", values, average);
  checkArray("movingAverage", "the Rng's state", rng.state, average, ["u32"]);
  if (formatShape(average.shape) !== formatShape(values.shape)) {
    throw new ShapeError(
      `movingAverage: the average must have the values' shape ${formatShape(values.shape)}; got ${formatShape(average.shape)}`,
    );
  }
  if (!(decay >= 0 && decay < 1)) {
    throw new AttributeError(`movingAverage: the decay must be in [0, 1); got ${decay}`);
  }
  readStep(rng);
  const { device, size } = average;
  const fours = size % 4 === 0 && byFours(average) && byFours(values);
  const count = fours ? size / 4 : size;
  device.launch({
    shader: "moving-average",
    entry: fours ? "update_fours" : "update",
    constants: { COUNT: count, REST: 1 - decay },
    bind: fours
      ? { values4: values, state: rng.state, average4: average }
      : { values, state: rng.state, average },
    workgroups: device.linear(count),
    flop: 3 * size,
  });
}
