// Learning-rate schedules: functions of the step. `rate.write(schedule(i))` sets the scalar that an optimizer was given
// as its learning rate.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkArgument, finite, positive } from "../kernels/attributes.ts";

/** Returns the learning rate of a step; the first step is 1. */
export type Schedule = (step: number) => number;

function checkNumbers(name: string, numbers: Readonly<Record<string, number>>): void {
  for (const [what, value] of Object.entries(numbers)) checkArgument(name, what, value, finite(0));
}

/** Returns how far a step is along `steps`, in [0, 1]. */
const along = (step: number, steps: number): number => Math.min(1, Math.max(0, step / steps));

/** The same rate at every step. Throws `AttributeError` on an invalid rate, as all schedules do. */
export function constant(rate: number): Schedule {
  checkNumbers("constant", { rate });
  return () => rate;
}

/** Goes from one rate to another in equal steps, and stays there from step `steps` on. */
export function linear(from: number, to: number, steps: number): Schedule {
  checkNumbers("linear", { from, to, steps });
  return (step) => from + (to - from) * along(step, steps);
}

/**
 * Goes from one rate to another along half a cosine (Loshchilov and Hutter 2017), and stays there from step `steps` on.
 */
export function cosine(from: number, to: number, steps: number): Schedule {
  checkNumbers("cosine", { from, to, steps });
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * along(step, steps)))) / 2;
}

/** Multiplies a rate by `factor` after every `every` steps. */
export function stepwise(rate: number, factor: number, every: number): Schedule {
  checkNumbers("stepwise", { rate, factor });
  checkArgument("stepwise", "every", every, positive);
  return (step) => rate * factor ** Math.floor(step / every);
}

/** Returns another schedule, except that its first `steps` steps grow linearly from 0 (Goyal et al. 2017). */
export function warmUp(steps: number, then: Schedule): Schedule {
  checkNumbers("warmUp", { steps });
  if (typeof then !== "function") {
    throw new AttributeError(`warmUp: takes a schedule to continue with; got ${show(then)}`);
  }
  return (step) => (step < steps ? (then(step) * step) / steps : then(step));
}
