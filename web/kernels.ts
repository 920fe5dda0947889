// The kernels of a run in a browser: what was tuned on its adapter before, or is now.

import { formatChoices, parseChoices, type Choices } from "../src/runs/choices.ts";
import { limitsForTraining, standInTraining } from "../src/gan/memory.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import { stepWorkloads } from "../src/gan/tune.ts";
import { openDevice } from "../src/gpu/device.ts";
import { CheckpointError } from "../src/gpu/errors.ts";
import { kernelsVersion, tune } from "../src/kernels/autotune.ts";
import { openAdapter, shaderText } from "../src/browser.ts";
import type { TunedMessage, WorkerMessage } from "./messages.ts";

/** Choices in a stored text; none where they are of other kernels, or the text isn't ours. */
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
 * Tunes the step's kernels that have no choice yet, on a device of its own, for some seconds. Gives all
 * choices, old and new; posts what goes on, and each new state to store.
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
