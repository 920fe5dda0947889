// The networks of a run, as its checkpoint has them: what every command after training starts from.
import { readFolder } from "../checkpoint/folders.ts";
import { restoreArrays } from "../checkpoint/state.ts";
import { createModels, type Models } from "../gan/gan.ts";
import type { Device } from "../gpu/device.ts";
import { readRunRecord, recipeOf, runFolder } from "./run-folder.ts";

/** A run that was read before a device is opened, so that a wrong path costs nothing. */
export interface TrainedRun {
  /** Puts the run's networks on a device. */
  readonly models: (device: Device) => Models;
}

/** Reads a run's record and checkpoint. Throws `CheckpointError` if the folder is no run or is damaged. */
export function readTrainedRun(run: string): TrainedRun {
  const record = readRunRecord(run);
  const { checkpoint } = runFolder(run);
  const recipe = recipeOf(record, run);
  const files = readFolder(checkpoint);
  return {
    models(device) {
      const models = createModels(device, recipe, record.seed);
      const drawing = recipe.average > 0 ? "generator-average" : "generator";
      restoreArrays({ [drawing]: models.sampler.state }, files, checkpoint);
      return models;
    },
  };
}
