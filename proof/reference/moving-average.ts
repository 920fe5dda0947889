// The exponential moving average of weights, as TensorFlow's ExponentialMovingAverage with num_updates.
import { type Ref, zip } from "./array.ts";

/** d · average + (1 − d) · values, where d is the smaller of `decay` and (1 + step) / (10 + step). */
export function averaged(average: Ref, values: Ref, step: number, decay: number): Ref {
  const stays = Math.min(decay, (1 + step) / (10 + step));
  return zip(average, values, (old, now) => stays * old + (1 - stays) * now);
}
