// Which runs of a sweep a process trains: by its place in a job array or among the ranks of a job, or as it is told.
import { UsageError } from "../../gpu/errors.ts";
import { launchIn } from "../../mpi/launcher.ts";

/** One of `count` shares, counted from 0. Share k has every count-th run, from run k on. */
export interface Share {
  readonly index: number;
  readonly count: number;
  /** What says so, in words. */
  readonly words: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the share of the process whose variables these are: its task of Slurm's job array, its rank, or its rank in
 * its task; undefined if nothing started it as one of several. Throws `UsageError` if a launcher doesn't say how many
 * it started.
 */
export function shareIn(env: Environment): Share | undefined {
  const task = arrayTask(env);
  const rank = rankIn(env);
  if (!task || !rank) return task ?? rank;
  return {
    index: task.index * rank.count + rank.index,
    count: task.count * rank.count,
    words: `${rank.words}, ${task.words}`,
  };
}

function arrayTask(env: Environment): Share | undefined {
  const number = (name: string): number => Number(env[`SLURM_ARRAY_TASK_${name}`] ?? Number.NaN);
  const [id, least, most] = [number("ID"), number("MIN"), number("MAX")];
  const given = number("COUNT");
  if (Number.isNaN(id)) return undefined;
  // An array such as 0-6:2 has gaps. Slurm gives the step only in the newest releases.
  const step = given > 1 ? (most - least) / (given - 1) : 1;
  const index = (id - least) / step;
  if (!Number.isInteger(index) || index < 0 || index >= given) {
    throw new UsageError(
      `sweep: task ${env["SLURM_ARRAY_TASK_ID"]} of Slurm's array from ${least} to ${most} with ${given} tasks has no place in an even row; number them 0, 1, 2 …, or say which share this is: --share 1/${given}`,
    );
  }
  return { index, count: given, words: `task ${id} of Slurm's array` };
}

function rankIn(env: Environment): Share | undefined {
  const launch = launchIn(env);
  if (!launch) return undefined;
  const { words, rank, size } = launch;
  // A Slurm job's script is no rank, and sees the variables of one.
  if (words === "Slurm" && env["SLURM_STEP_ID"] === undefined) return undefined;
  if (size === undefined) {
    throw new UsageError(
      `sweep: ${words} doesn't say how many ranks it started; say which share this is: --share ${rank + 1}/N`,
    );
  }
  return { index: rank, count: size, words: `rank ${rank} of ${words}` };
}
