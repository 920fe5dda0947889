// A sweep: lists its runs, and trains a share of them. `compare` judges them at their ends, and gathers them.
import { formatDuration } from "../../gpu/duration.ts";
import { DivergedError, LonghandError, UsageError } from "../../gpu/errors.ts";
import { printable, shellQuote } from "../../gpu/foreign-text.ts";
import { textTable } from "../../gpu/text-table.ts";
import { foresee, leftWords, trainCompared, type Training } from "../comparing/compare-run.ts";
import { divergenceOf, divergenceWords, markDiverged } from "../comparing/divergence.ts";
import { createForecast } from "../comparing/forecast.ts";
import {
  inTurn,
  isOver,
  isTrained,
  runPath,
  stateOf,
  type WhichRun,
} from "../comparing/run-state.ts";
import { createTeller, runUi } from "../comparing/teller.ts";
import { goalWords, listWords, runWords } from "../comparing/words.ts";
import { commandFor } from "../command-words.ts";
import { COMPARED } from "../defaults.ts";
import type { Ui } from "../ui.ts";
import { beginSweepFolder, checkSweepFolder } from "./folder.ts";
import type { Share } from "./share.ts";
import type { Sweep } from "./sweep-file.ts";

/** Returns the runs of a sweep, in the order of their numbers: the entries in turn, seed by seed. */
export const runsOf = ({ entries, seeds }: Sweep): readonly WhichRun[] =>
  inTurn(
    entries.map(({ name }) => name),
    seeds,
  );

/** Prints the runs of a sweep and how far each has come, and how to train and gather them. */
export function listSweep(ui: Ui, sweep: Sweep): void {
  const { folder, file, goal } = sweep;
  checkSweepFolder(sweep);
  const runs = runsOf(sweep);
  const states = runs.map((which) => stateWords(sweep, which));
  ui.print(
    `${titleOf(sweep)}, in ${printable(folder)}`,
    "",
    ...textTable(
      [{ title: "number", numeric: true }, { title: "run" }, { title: "state" }],
      runs.map((which, at) => [String(at), runWords(which), states[at]!]),
    ),
    "",
  );
  const name = shellQuote(file);
  const left = runs.filter((which) => !isOver(runPath(folder, which), goal)).length;
  if (left > 0) {
    ui.print(
      "Each process trains a share, one run after the other. All of them here:",
      `  ${commandFor("sweep", `${name} --share 1/1`)}`,
      "Shared among ranks, or in a batch file among the tasks of sbatch --array:",
      `  mpirun -n ${Math.min(left, 4)} npx longhand sweep ${name}`,
      `  npx longhand sweep ${name}`,
    );
  }
  ui.print(
    "What has been trained is judged and gathered by:",
    `  ${commandFor("compare", `--sweep ${name}`)}`,
  );
}

function stateWords(sweep: Sweep, which: WhichRun): string {
  const { folder, goal } = sweep;
  const path = runPath(folder, which);
  const diverged = divergenceOf(path);
  if (diverged !== undefined) return `diverged: ${diverged}`;
  const state = stateOf(path, goal);
  if (isTrained(state, goal)) return "done";
  if (state.step === undefined) return "to do";
  return goal.unit === "steps"
    ? `at step ${state.step} of ${goal.amount}`
    : `at ${formatDuration(state.seconds)} of ${formatDuration(60 * goal.amount)}`;
}

function titleOf({ entries, seeds, goal }: Sweep): string {
  const all = entries.length * seeds.length;
  const what = entries.length === 1 ? entries[0]!.name : `${entries.length} entries`;
  const which = `seed${seeds.length === 1 ? "" : "s"} ${listWords(seeds)}`;
  return `${all} run${all === 1 ? "" : "s"} of ${goalWords(goal)}: ${what} with ${which}`;
}

/**
 * Trains a share of a sweep, where it isn't trained yet. A run that fails doesn't keep the others from being trained.
 * Throws a `LonghandError` for everything that a person can mend; at the end, if runs failed.
 */
export async function trainShare(ui: Ui, sweep: Sweep, share: Share): Promise<void> {
  const { folder, entries, goal, flags } = sweep;
  const { count = COMPARED.count, adapter, data } = flags;
  beginSweepFolder(sweep);
  const all = runsOf(sweep);
  const own = all.filter((_, at) => at % share.count === share.index);
  const stopped = (): void => ui.remark(`stopped; the same command goes on`);
  const training: Training = {
    folder,
    entries,
    plan: { goal, count },
    flags: {
      ...(data === undefined ? {} : { data }),
      ...(adapter === undefined ? {} : { adapter }),
    },
    ui: runUi(ui, stopped),
    teller: createTeller(ui),
    forecast: createForecast(0),
  };
  training.forecast.ended(0); // `compare` does what comes at the end

  const left = own.filter((which) => !isOver(runPath(folder, which), goal));
  for (const which of left) foresee(training, which, stateOf(runPath(folder, which), goal));
  ui.print(
    `${share.words}: ${own.length} of ${all.length} runs, ${left.length} of them left to train, of ${goalWords(goal)} each. Writing to ${folder}`,
  );
  const failed: string[] = [];
  for (const which of left) {
    if (!(await trainOne(training, which, failed))) {
      ui.print(`Stopped; everything is kept in ${printable(folder)}: the same command goes on`);
      return;
    }
  }
  if (failed.length > 0) {
    throw new UsageError(
      `sweep: ${failed.length} of ${left.length} runs failed (${listWords(failed)}); the others are trained, and the same command tries these again`,
    );
  }
  ui.print(
    `${share.words}: done. To gather: ${commandFor("compare", `--sweep ${shellQuote(sweep.file)}`)}`,
  );
}

/** Trains a run. Returns false if a signal asked to stop; adds its words to `failed` if it failed. */
async function trainOne(training: Training, which: WhichRun, failed: string[]): Promise<boolean> {
  const { folder, plan, ui, teller, forecast } = training;
  const path = runPath(folder, which);
  const name = runWords(which);
  try {
    const state = stateOf(path, plan.goal);
    teller.say(
      `${name}: ${state.step === undefined ? "begins" : `goes on from step ${state.step}`}`,
    );
    await trainCompared(training, which, state);
    if (ui.asked()) return false;
    teller.stop();
    teller.say(`${name}: trained (${leftWords(forecast)})`);
  } catch (error) {
    teller.stop();
    if (!(error instanceof LonghandError)) throw error;
    if (error instanceof DivergedError) {
      markDiverged(path, error);
      teller.say(
        `${name}: ${divergenceWords(error)}: it has diverged; the sweep goes on without it`,
      );
    } else {
      failed.push(name);
      teller.say(`${name}: ${error.message}`);
    }
  } finally {
    forecast.at(name, undefined);
    teller.stop();
  }
  return true;
}
