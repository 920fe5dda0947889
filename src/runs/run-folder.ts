// The run folder: what a training run leaves, and where. Node only; run-record.ts has the format of `run.json`.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { outputError, readFileBytes, writeFileAtomic } from "../checkpoint/files.ts";
import { MAX_JSON_BYTES } from "../checkpoint/json.ts";
import { CheckpointError } from "../gpu/errors.ts";
import type { Recipe } from "../gan/recipe.ts";
import { requireRun, recordCopy } from "./require-run.ts";
import { formatRecord, parseRecord, recipeIn, type RunRecord } from "./run-record.ts";

/** Paths inside a run folder. */
export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly metrics: string;
  /** The newest checkpoint. */
  readonly checkpoint: string;
  /** The folder of the checkpoints before it, which have a folder each. */
  readonly checkpoints: string;
  /** The log of `train --evaluate-every`, one line per evaluation. */
  readonly evaluations: string;
  /** The checkpoint with the lowest Fréchet distance so far, and its grid. */
  readonly best: string;
  readonly bestGrid: string;
  readonly samples: string;
  readonly untrained: string;
  readonly gif: string;
  /** The dataset's first images, dark on light. */
  readonly trainingSamples: string;
  /** Both losses as SVG, with a PNG next to it. */
  readonly losses: string;
  readonly roofline: string;
  readonly epochGrid: (epoch: number) => string;
  readonly stepGrid: (step: number) => string;
  /** The diagram of a network as SVG, with a PNG next to it. */
  readonly network: (name: string) => string;
}

/** Returns the paths inside a run folder. */
export function runFolder(path: string): RunFolder {
  const samples = join(path, "samples");
  return {
    path,
    record: join(path, "run.json"),
    metrics: join(path, "metrics.jsonl"),
    checkpoint: join(path, "checkpoint"),
    checkpoints: join(path, "checkpoints"),
    evaluations: join(path, "evaluations.jsonl"),
    best: join(path, "best"),
    bestGrid: join(path, "best.png"),
    samples,
    untrained: join(path, "untrained.png"),
    gif: join(path, "samples.gif"),
    trainingSamples: join(path, "training-samples.png"),
    losses: join(path, "losses.svg"),
    roofline: join(path, "roofline.svg"),
    epochGrid: (epoch) => join(samples, `epoch-${String(epoch).padStart(4, "0")}.png`),
    stepGrid: (step) => join(samples, `step-${String(step).padStart(7, "0")}.png`),
    network: (name) => join(path, `${name}.svg`),
  };
}

/** Writes the first files of a run into its folder. Throws `OutputError`. */
export function createRunFolder(folder: RunFolder, record: RunRecord): void {
  try {
    mkdirSync(folder.samples, { recursive: true });
  } catch (error) {
    throw outputError(folder.path, error);
  }
  writeFileAtomic(folder.record, formatRecord(record));
}

/** Reads `run.json`. Throws `CheckpointError` if the folder is not a run. */
export function readRunRecord(path: string): RunRecord {
  const folder = runFolder(path);
  requireRun(path);
  try {
    return parseRecord(readFileBytes(folder.record, MAX_JSON_BYTES), folder.record);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(`${error.message.replace(/\.$/, "")}${recordCopy(path)}`);
  }
}

/** Does what `recipeIn` does for the run in a folder. Throws `CheckpointError`. */
export function recipeOf(record: RunRecord, path: string): Recipe {
  return recipeIn(record, runFolder(path).record);
}
