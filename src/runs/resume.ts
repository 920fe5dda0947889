// What a run is resumed from: its checkpoint, record and log, checked against each other before anything changes.
import { makeFolder } from "../checkpoint/files.ts";
import type { StepRecord } from "../gan/train-steps.ts";
import { CheckpointError } from "../gpu/errors.ts";
import {
  makeNewest,
  newestWhole,
  readCheckpoint,
  resumeCommand,
  withAdvice,
  type Checkpoint,
} from "./checkpoints.ts";
import type { WhichCheckpoint } from "./checkpoint-places.ts";
import { readMetrics, type MetricsLog } from "./metrics-log.ts";
import type { RunFolder } from "./run-folder.ts";
import type { RunRecord } from "./run-record.ts";

/** A run that may go on: everything was checked, nothing was changed. */
export interface Resumable {
  readonly checkpoint: Checkpoint;
  /** The records of the steps up to the checkpoint's. */
  readonly records: StepRecord[];
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
  /** Makes the checkpoint the run's newest and cuts the log back to it. Throws `OutputError`. */
  readonly begin: () => void;
}

/**
 * Reads a checkpoint of a run, and the run's log up to that step. Throws a `CheckpointError` that says what is missing,
 * damaged or doesn't belong together, and from which checkpoint the run may go on.
 */
export function readResumable(
  folder: RunFolder,
  record: RunRecord,
  which: WhichCheckpoint,
): Resumable {
  const checkpoint = readCheckpoint(folder, which);
  const logOf = ({ step, manifest }: Checkpoint): MetricsLog =>
    readMetrics(folder.metrics, {
      step,
      stepsPerEpoch: record.stepsPerEpoch,
      prefix: manifest?.metrics,
    });
  let log: MetricsLog;
  try {
    log = logOf(checkpoint);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    const earlier = newestWhole(folder, checkpoint.step, (other) => {
      logOf(other);
      return other.step < checkpoint.step;
    });
    const back =
      earlier === undefined
        ? ""
        : `${resumeCommand(folder, earlier)} goes on from an earlier step; or `;
    throw withAdvice(
      error,
      `${back}move metrics.jsonl away, and the run goes on without its earlier losses`,
    );
  }
  return {
    checkpoint,
    records: log.records,
    notes: [...checkpoint.notes, ...log.notes],
    begin: () => {
      makeNewest(folder, checkpoint);
      log.cut();
      // The folder may have been tidied away, and grids are drawn before the next checkpoint is saved.
      makeFolder(folder.samples);
    },
  };
}
