// The kernel choices of a run in a browser: those tuned on its adapter before, or now.

import { formatChoices, parseChoices, type Choices } from "../src/runs/choices.ts";
import { limitsForTraining, standInTraining } from "../src/gan/memory.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import { stepWorkloads } from "../src/gan/tune.ts";
import { openDevice } from "../src/gpu/device.ts";
import { CheckpointError } from "../src/gpu/errors.ts";
import { kernelsVersion, tune } from "../src/kernels/autotune.ts";
import { openAdapter, shaderText } from "../src/browser.ts";
import type { TunedMessage, WorkerMessage } from "./messages.ts";

/** Returns the choices in a stored text; none if they are of other kernels, or if the text isn't Longhand's. */
export async function readChoices(text: string | undefined): Promise<Choices> {
  if (text === undefined) return {};
  try {
    const stored = parseChoices(text, "storage");
    return stored.kernels === (await kernelsVersion(shaderText)) ? stored.choices : {};
  } catch (error) {
    if (error instanceof CheckpointError) return {};
    throw error;
  }
}

/**
 * Tunes the step's kernels that have no choice yet, on its own device, for at most `seconds`. Returns all choices, old
 * and new. Posts its progress, and each new state to be stored.
 */
export async function tuneKernels(
  recipe: Recipe,
  batch: number,
  seconds: number,
  known: Choices,
  post: (message: WorkerMessage) => void,
): Promise<Choices> {
  const { adapter, name, software } = await openAdapter();
  const platform = { adapter, shaderText, software };
  const limits = limitsForTraining(platform, standInTraining(recipe, batch));
  const device = await openDevice({ ...platform, limits });
  const kernels = await kernelsVersion(shaderText);
  let choices = known;
  const uses = [...(await stepWorkloads(device, recipe, batch)).values()];
  const fresh = uses.filter(({ workload }) => known[workload.key] === undefined);
  await tune(device, fresh, {
    budget: seconds,
    onProgress: (done, total) =>
      post({ type: "phase", text: `Tuning the kernels: ${done} of ${total} shapes…` }),
    onResult({ workload, chosen }) {
      if (chosen === undefined) return;
      choices = { ...choices, [workload.key]: chosen };
      const text = formatChoices({ format: 1, adapter: name, kernels, choices });
      const message: TunedMessage = { type: "tuned", adapter: name, text };
      post(message);
    },
  });
  device.destroy();
  return choices;
}
