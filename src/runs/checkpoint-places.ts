// Where a run's checkpoints lie: the newest in `checkpoint/`, those before it in `checkpoints/step-0000500/`, that of
// the least Fréchet distance in `best/`. Knows names and steps, and nothing of what a checkpoint holds.
import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes, removeQuietly } from "../checkpoint/files.ts";
import { existsFolder, oldPath } from "../checkpoint/folders.ts";
import { MAX_JSON_BYTES } from "../checkpoint/json.ts";
import { parseState, STATE_FILE } from "../checkpoint/state.ts";
import { CheckpointError } from "../gpu/errors.ts";
import type { RunFolder } from "./run-folder.ts";

/** Which of a run's checkpoints: the last, that of the least Fréchet distance, or that of a step. */
export type WhichCheckpoint = "last" | "best" | number;

/** A checkpoint before the newest. */
export interface OlderCheckpoint {
  readonly step: number;
  readonly path: string;
}

const ABANDONED = "abandoned-";

/** Whether a run has a best checkpoint, whole or not. */
export function hasBest({ best }: RunFolder): boolean {
  return existsFolder(best);
}

/** The folder of a checkpoint, also between a writer's renames. Throws `CheckpointError` if the run has none such. */
export function pathOf(folder: RunFolder, which: WhichCheckpoint): string {
  const { best, checkpoint } = folder;
  if (which === "best") {
    if (hasBest(folder)) return existsSync(best) ? best : oldPath(best);
    throw new CheckpointError(
      `${folder.path}: has no best checkpoint, as it was not evaluated while it trained; leave --checkpoint out, or train with --evaluate-every`,
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

/** Every checkpoint of a run that may be whole, the newest first, the best one last. */
export function candidates(folder: RunFolder): readonly WhichCheckpoint[] {
  const newest = stepIn(pathOf(folder, "last"));
  const steps = [newest, ...olderCheckpoints(folder).map(({ step }) => step)];
  const known = new Set(steps.filter((step) => step !== undefined));
  return [...[...known].toSorted((a, b) => b - a), ...(hasBest(folder) ? ["best" as const] : [])];
}

/** Where a checkpoint of this step lies once it isn't the newest any more. */
export function olderPath({ checkpoints }: RunFolder, step: number): string {
  return join(checkpoints, `step-${String(step).padStart(7, "0")}`);
}

/** The checkpoints before the newest, newest first. */
export function olderCheckpoints(folder: RunFolder): readonly OlderCheckpoint[] {
  return namesIn(folder.checkpoints)
    .flatMap((name) => {
      const step = Number(/^step-(\d{7,15})$/.exec(name)?.[1] ?? Number.NaN);
      const path = join(folder.checkpoints, name);
      return path === olderPath(folder, step) ? [{ step, path }] : [];
    })
    .toSorted((a, b) => b.step - a.step);
}

/** The step of the checkpoint in a folder, by its `state.json` alone; undefined where that can't be read. */
export function stepIn(path: string): number | undefined {
  try {
    const bytes = readFileBytes(join(path, STATE_FILE), MAX_JSON_BYTES);
    return parseState(new Map([[STATE_FILE, bytes]]), path).step;
  } catch {
    return undefined;
  }
}

/** Where no reader finds a checkpoint, until `removeAbandoned`. */
export function abandonedPath({ checkpoints }: RunFolder, path: string): string {
  return join(checkpoints, `${ABANDONED}${stepIn(path) ?? "unknown"}`);
}

/** Moves a checkpoint there. Throws the system's own errors. */
export function abandon(folder: RunFolder, path: string): void {
  const aside = abandonedPath(folder, path);
  mkdirSync(folder.checkpoints, { recursive: true });
  removeQuietly(aside);
  renameSync(path, aside);
}

/** Removes what was abandoned, as far as the system lets us. */
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
