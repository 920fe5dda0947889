// A training step for the autotuner: its launches that have several variants.
import type { Device } from "../gpu/device.ts";
import { workloadsOf, type Use } from "../kernels/autotune.ts";
import { createGan } from "./gan.ts";
import type { Recipe } from "./recipe.ts";
import { standIns } from "./stand-in.ts";
import { trainingStep } from "./step.ts";

/** Returns the workloads of a recipe's step on a batch of `batch` images, by key. It needs no images. */
export async function stepWorkloads(
  device: Device,
  recipe: Recipe,
  batch: number,
): Promise<ReadonlyMap<string, Use>> {
  const gan = createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
  return workloadsOf(device, () => {
    device.record("step", () => void trainingStep(gan, batch));
  });
}
