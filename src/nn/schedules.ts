// Learning rates over steps, as functions of a step: `rate.write(schedule(i))` sets a scalar that an optimizer was given as
// its learning rate.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkArgument, finite, positive } from "../kernels/attributes.ts";

/** The learning rate of a step; the first is 1. */
export type Schedule = (step: number) => number;

function checkNumbers(name: string, numbers: Readonly<Record<string, number>>): void {
  for (const [what, value] of Object.entries(numbers)) checkArgument(name, what, value, finite(0));
}

/** How far a step is along `steps`, in [0, 1]. */
const along = (step: number, steps: number): number => Math.min(1, Math.max(0, step / steps));

/** The same rate for ever. Throws `AttributeError` on what is no rate, as all of these do. */
export function constant(rate: number): Schedule {
  checkNumbers("constant", { rate });
  return () => rate;
}

/** From one rate to another in equal steps, and there from step `steps` on. */
export function linear(from: number, to: number, steps: number): Schedule {
  checkNumbers("linear", { from, to, steps });
  return (step) => from + (to - from) * along(step, steps);
}

/** From one rate to another along half a cosine (Loshchilov and Hutter 2017), and there from step `steps` on. */
export function cosine(from: number, to: number, steps: number): Schedule {
  checkNumbers("cosine", { from, to, steps });
  return (step) => to + ((from - to) * (1 + Math.cos(Math.PI * along(step, steps)))) / 2;
}

/** A rate that is multiplied by `factor` after every `every` steps. */
export function stepwise(rate: number, factor: number, every: number): Schedule {
  checkNumbers("stepwise", { rate, factor });
  checkArgument("stepwise", "every", every, positive);
  return (step) => rate * factor ** Math.floor(step / every);
}

/** Returns another schedule, except that its first `steps` steps grow from 0 by equal parts (Goyal et al. 2017). */
export function warmUp(steps: number, then: Schedule): Schedule {
  checkNumbers("warmUp", { steps });
  if (typeof then !== "function") {
    throw new AttributeError(`warmUp: takes a schedule to go on with; got ${show(then)}`);
  }
  return (step) => (step < steps ? (then(step) * step) / steps : then(step));
}
