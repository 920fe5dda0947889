// One training step, in the order that the recipe says: nothing leaves the device.
import type { Gan } from "./gan.ts";
import { stepInTurn } from "./steps/in-turn.ts";
import type { StepOutputs } from "./steps/parts.ts";
import { stepTogether, type StepOptions } from "./steps/together.ts";

export type { StepOptions, StepOutputs };

/** Runs (or, inside a trace, records) one step on `count` images. */
export function trainingStep(gan: Gan, count: number, options: StepOptions = {}): StepOutputs {
  gan.rng.nextStream = 0;
  return gan.recipe.order === "together"
    ? stepTogether(gan, count, options)
    : stepInTurn(gan, count);
}
