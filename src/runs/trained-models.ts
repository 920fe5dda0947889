// The networks of a run, from its checkpoint: what every command after training starts from.
import { restoreArrays } from "../checkpoint/arrays.ts";
import { clusterState, createModels, type Models } from "../gan/gan.ts";
import type { Recipe } from "../gan/recipe.ts";
import type { Device } from "../gpu/device.ts";
import type { WhichCheckpoint } from "./checkpoint-places.ts";
import { readCheckpoint } from "./checkpoints.ts";
import { readRunRecord, recipeOf, runFolder } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";
import { withDevice } from "./session.ts";
import type { Ui } from "./ui.ts";

/** A run that was read before a device is opened, so that a wrong path costs nothing. */
export interface TrainedRun {
  readonly record: RunRecord;
  readonly recipe: Recipe;
  /** Steps done when the checkpoint was saved. */
  readonly step: number;
  /** What a person should know about the checkpoint, in sentences. */
  readonly notes: readonly string[];
  /** Puts the run's networks on a device. */
  readonly models: (device: Device) => Models;
}

/**
 * Reads a run's record and checkpoint. Throws `CheckpointError` if the folder is not a run, is damaged, or has no such
 * checkpoint.
 */
export function readTrainedRun(run: string, which: WhichCheckpoint = "last"): TrainedRun {
  const record = readRunRecord(run);
  const folder = runFolder(run);
  const recipe = recipeOf(record, run);
  const { files, step, path, notes } = readCheckpoint(folder, which);
  return {
    record,
    recipe,
    step,
    notes,
    models(device) {
      const models = createModels(device, recipe, record.seed);
      const drawing = recipe.average > 0 ? "generator-average" : "generator";
      const clusters = models.clusters && { clusters: clusterState(models.clusters) };
      restoreArrays({ [drawing]: models.sampler.state, ...clusters }, files, path);
      return models;
    },
  };
}

/** Which of a run's checkpoints, on which adapter. */
export interface WhichRun {
  readonly checkpoint?: WhichCheckpoint;
  readonly adapter?: string;
}

/**
 * Reads a run, opens a device, and calls `body` with the run's networks on it. Prints the adapter, and what a person
 * should know about the checkpoint. Throws what `readTrainedRun` throws before a device is opened.
 */
export async function withTrainedRun(
  ui: Pick<Ui, "print">,
  run: string,
  { checkpoint, adapter }: WhichRun,
  body: (models: Models) => Promise<void>,
): Promise<void> {
  const trained = readTrainedRun(run, checkpoint);
  await withDevice(adapter, async (device, { line }) => {
    ui.print(line, ...trained.notes);
    await body(trained.models(device));
  });
}
