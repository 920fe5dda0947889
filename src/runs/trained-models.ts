// The networks of a run, as its checkpoint has them: what every command after training starts from.
import { existsFolder, readFolder } from "../checkpoint/folders.ts";
import { parseState, restoreArrays } from "../checkpoint/state.ts";
import { createModels, type Models } from "../gan/gan.ts";
import type { Device } from "../gpu/device.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { readRunRecord, recipeOf, runFolder, type RunRecord } from "./run-folder.ts";

/** Which of a run's checkpoints: the last, or that of the least Fréchet distance (`train --evaluate-every`). */
export type WhichCheckpoint = "last" | "best";

/** A run that was read before a device is opened, so that a wrong path costs nothing. */
export interface TrainedRun {
  readonly record: RunRecord;
  /** Steps that the checkpoint has seen. */
  readonly step: number;
  /** Puts the run's networks on a device. */
  readonly models: (device: Device) => Models;
}

/**
 * Reads a run's record and checkpoint. Throws `CheckpointError` if the folder is no run, is damaged, or has
 * no such checkpoint.
 */
export function readTrainedRun(run: string, which: WhichCheckpoint = "last"): TrainedRun {
  const record = readRunRecord(run);
  const folder = runFolder(run);
  const checkpoint = which === "best" ? folder.best : folder.checkpoint;
  if (which === "best" && !existsFolder(checkpoint)) {
    throw new CheckpointError(
      `${run}: has no best checkpoint, as it was not evaluated while it trained; leave --checkpoint out, or train with --evaluate-every`,
    );
  }
  const recipe = recipeOf(record, run);
  const files = readFolder(checkpoint);
  const { step } = parseState(files, checkpoint);
  return {
    record,
    step,
    models(device) {
      const models = createModels(device, recipe, record.seed);
      const drawing = recipe.average > 0 ? "generator-average" : "generator";
      restoreArrays({ [drawing]: models.sampler.state }, files, checkpoint);
      return models;
    },
  };
}
