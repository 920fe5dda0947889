// One training step, in the recipe's order. Nothing leaves the device.
import type { Gan } from "./gan.ts";
import { stepAlternating } from "./steps/alternating.ts";
import type { StepOptions, StepOutputs } from "./steps/parts.ts";
import { stepSimultaneously } from "./steps/simultaneous.ts";

export type { StepOptions, StepOutputs } from "./steps/parts.ts";

/** Runs (or, inside a trace, records) one step on `count` images. */
export function trainingStep(gan: Gan, count: number, options: StepOptions = {}): StepOutputs {
  gan.rng.nextStream = 0;
  return gan.recipe.order === "simultaneous"
    ? stepSimultaneously(gan, count, options)
    : stepAlternating(gan, count, options);
}
