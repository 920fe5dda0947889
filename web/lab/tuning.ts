// The kernel choices of a run in a browser: those tuned on its adapter before, or now.
import { limitsForTraining, stepWorkloads, type Recipe } from "../../src/gan.ts";
import {
  formatChoices,
  kernelsVersion,
  LonghandError,
  openAdapter,
  openDevice,
  parseChoices,
  shaderText,
  standInTraining,
  tune,
  type Choices,
} from "../../src/web.ts";
import { loadLanes, type Bench } from "./bench.ts";

/** Returns the choices in a stored text; none if they are of other kernels, or if the text isn't Longhand's. */
export async function readChoices(text: string | undefined): Promise<Choices> {
  if (text === undefined) return {};
  await loadLanes(); // they are part of what is compared
  try {
    const stored = parseChoices(text, "storage");
    return stored.kernels === (await kernelsVersion(shaderText)) ? stored.choices : {};
  } catch (error) {
    if (error instanceof LonghandError) return {};
    throw error;
  }
}

/**
 * Tunes the step's kernels that have no choice yet, on a device of its own, for at most `seconds`. Returns all choices,
 * old and new. Tells its progress, and each new state to be stored.
 */
export async function tuneKernels(
  bench: Bench,
  recipe: Recipe,
  batch: number,
  seconds: number,
  known: Choices,
): Promise<Choices> {
  await loadLanes();
  const { adapter, name, software } = await openAdapter();
  const platform = { adapter, shaderText, software };
  const limits = limitsForTraining(platform, standInTraining(recipe, batch));
  const device = await openDevice({ ...platform, limits });
  try {
    const kernels = await kernelsVersion(shaderText);
    let choices = known;
    const uses = [...(await stepWorkloads(device, recipe, batch)).values()];
    const fresh = uses.filter(({ workload }) => known[workload.key] === undefined);
    await tune(device, fresh, {
      budget: seconds,
      onProgress: (done, total) =>
        bench.tell({
          type: "state",
          state: "preparing",
          text: `Tuning the kernels: ${done} of ${total} shapes…`,
        }),
      onResult({ workload, chosen }) {
        if (chosen === undefined) return;
        choices = { ...choices, [workload.key]: chosen };
        const text = formatChoices({ format: 1, adapter: name, kernels, choices });
        bench.tell({ type: "tuned", adapter: name, text });
      },
    });
    return choices;
  } finally {
    device.destroy();
  }
}
