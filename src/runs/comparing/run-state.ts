// How far a run of a comparison has come, as its folder says, and what it found on the way.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { existsFolder } from "../../checkpoint/folders.ts";
import { readCheckpoint } from "../checkpoints.ts";
import { readEvaluations } from "../evaluation/evaluating.ts";
import { runFolder } from "../run-folder.ts";
import type { Point } from "./comparison-file.ts";
import type { Goal } from "./plan.ts";
import { divergenceOf } from "./divergence.ts";
import { readClock, secondsAt } from "./step-clock.ts";

/** A run of a comparison. */
export interface WhichRun {
  /** The entry's name. */
  readonly entry: string;
  readonly seed: number;
}

/** Returns the runs of a comparison in the order in which they are trained: the entries in turn, seed by seed. */
export function inTurn(entries: readonly string[], seeds: readonly number[]): readonly WhichRun[] {
  return seeds.flatMap((seed) => entries.map((entry) => ({ entry, seed })));
}

/** Returns a run's folder in the folder of its comparison. */
export const runPath = (folder: string, { entry, seed }: WhichRun): string =>
  join(folder, `${entry}-${seed}`);

/** How far a run has come. */
export interface RunState {
  /** The step of its newest checkpoint; undefined if it has none, so that it begins anew. */
  readonly step: number | undefined;
  /** Minutes or steps up to there. */
  readonly done: number;
  readonly seconds: number;
  readonly points: readonly Point[];
}

/** Returns how far a run has come in the goal's unit. */
export const progressIn = ({ unit }: Goal, step: number, seconds: number): number =>
  unit === "steps" ? step : seconds / 60;

/** Returns the last mark that a run has reached; undefined before the first. */
export function markAt(goal: Goal, step: number, seconds: number): number | undefined {
  const done = progressIn(goal, step, seconds);
  return goal.marks.findLast((mark) => mark <= done);
}

/** Reads how far a run has come. Throws `CheckpointError` if its folder is damaged. */
export function stateOf(path: string, goal: Goal): RunState {
  const folder = runFolder(path);
  if (!existsFolder(folder.checkpoint) && !existsSync(folder.checkpoints)) {
    return { step: undefined, done: 0, seconds: 0, points: [] };
  }
  const checkpoint = readCheckpoint(folder, "last");
  const seconds = secondsAt(path, checkpoint.step);
  const clock = readClock(path);
  const points = readEvaluations(folder, checkpoint).rows.flatMap((row): Point[] => {
    const time = clock.get(row.step);
    const mark = time === undefined ? undefined : markAt(goal, row.step, time);
    if (time === undefined || mark === undefined) return [];
    const { step, frechetTrain, frechetTest } = row;
    return [{ mark, step, seconds: time, frechetTrain, frechetTest }];
  });
  const { step } = checkpoint;
  return { step, done: progressIn(goal, step, seconds), seconds, points };
}

/** Whether a run has gone as far as it should, and was judged there. */
export function isTrained(state: RunState, { amount }: Goal): boolean {
  return state.step !== undefined && state.done >= amount && state.points.at(-1)?.mark === amount;
}

/** Whether nothing of a run is left to be trained: it has gone as far as it should, or it diverged. */
export const isOver = (path: string, goal: Goal): boolean =>
  divergenceOf(path) !== undefined || isTrained(stateOf(path, goal), goal);
