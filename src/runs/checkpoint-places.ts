// Where a run's checkpoints lie. The newest is in `checkpoint/`, older ones are in folders such as
// `checkpoints/step-0000500/`, and the one with the lowest Fréchet distance is in `best/`. This file knows their names
// and steps, but not what they hold.
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes, removeQuietly } from "../checkpoint/files.ts";
import { existsFolder, oldPath } from "../checkpoint/folders.ts";
import { MAX_JSON_BYTES } from "../checkpoint/json.ts";
import { parseState, STATE_FILE } from "../checkpoint/state.ts";
import { CheckpointError } from "../gpu/errors.ts";
import type { RunFolder } from "./run-folder.ts";

/** Which of a run's checkpoints: the last, the one with the lowest Fréchet distance, or the one of a step. */
export type WhichCheckpoint = "last" | "best" | number;

/** A checkpoint older than the newest. */
export interface OlderCheckpoint {
  readonly step: number;
  readonly path: string;
}

const ABANDONED = "abandoned-";

/** Whether a run has a best checkpoint, whole or not. */
export function hasBest({ best }: RunFolder): boolean {
  return existsFolder(best);
}

/**
 * Returns the folder of a checkpoint, even while a writer is between two renames. Throws `CheckpointError` if the run
 * has no such checkpoint.
 */
export function pathOf(folder: RunFolder, which: WhichCheckpoint): string {
  const { best, checkpoint } = folder;
  if (which === "best") {
    if (hasBest(folder)) return existsSync(best) ? best : oldPath(best);
    throw new CheckpointError(
      `${folder.path}: has no best checkpoint, because it was not evaluated during training; leave out --checkpoint, or train with --evaluate-every`,
    );
  }
  const newest = [checkpoint, oldPath(checkpoint)].find((path) => existsSync(path));
  const older = olderCheckpoints(folder);
  if (which === "last") return newest ?? older[0]?.path ?? checkpoint;
  if (newest !== undefined && stepIn(newest) === which) return newest;
  const found = older.find(({ step }) => step === which);
  if (found) return found.path;
  const steps = candidates(folder).join(", ");
  throw new CheckpointError(
    `${folder.path}: has no checkpoint of step ${which}; it has ${steps || "none"}`,
  );
}

/** Lists a run's checkpoints, whole or not: the newest first, the best one last. */
export function candidates(folder: RunFolder): readonly WhichCheckpoint[] {
  const newest = stepIn(pathOf(folder, "last"));
  const steps = [newest, ...olderCheckpoints(folder).map(({ step }) => step)];
  const known = new Set(steps.filter((step) => step !== undefined));
  return [...[...known].toSorted((a, b) => b - a), ...(hasBest(folder) ? ["best" as const] : [])];
}

/** Returns where a checkpoint of this step lies once it is no longer the newest. */
export function olderPath({ checkpoints }: RunFolder, step: number): string {
  return join(checkpoints, `step-${String(step).padStart(7, "0")}`);
}

/** Lists the checkpoints older than the newest, newest first. */
export function olderCheckpoints(folder: RunFolder): readonly OlderCheckpoint[] {
  return namesIn(folder.checkpoints)
    .flatMap((name) => {
      const step = Number(/^step-(\d{7,15})$/.exec(name)?.[1] ?? Number.NaN);
      const path = join(folder.checkpoints, name);
      return path === olderPath(folder, step) ? [{ step, path }] : [];
    })
    .toSorted((a, b) => b.step - a.step);
}

/** Reads the step of the checkpoint in a folder from its `state.json` alone; undefined if that can't be read. */
export function stepIn(path: string): number | undefined {
  try {
    const bytes = readFileBytes(join(path, STATE_FILE), MAX_JSON_BYTES);
    return parseState(new Map([[STATE_FILE, bytes]]), path).step;
  } catch {
    return undefined;
  }
}

/** Returns the path to which `abandon` moves a checkpoint. No reader looks there, and `removeAbandoned` removes it. */
export function abandonedPath({ checkpoints }: RunFolder, path: string): string {
  return join(checkpoints, `${ABANDONED}${stepIn(path) ?? "unknown"}`);
}

/** Moves a checkpoint to its `abandonedPath`. Throws the system's own errors. */
export function abandon(folder: RunFolder, path: string): void {
  const aside = abandonedPath(folder, path);
  mkdirSync(folder.checkpoints, { recursive: true });
  removeQuietly(aside);
  renameSync(path, aside);
}

/** Removes abandoned checkpoints, as far as the system permits. */
export function removeAbandoned({ checkpoints }: RunFolder): void {
  for (const name of namesIn(checkpoints)) {
    if (name.startsWith(ABANDONED)) removeQuietly(join(checkpoints, name));
  }
  try {
    rmdirSync(checkpoints);
  } catch {
    // It holds older checkpoints, or isn't there.
  }
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
