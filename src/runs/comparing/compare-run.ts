// One run of a comparison: trained to its end, evaluated, and its samples drawn.
import { join } from "node:path";
import { makeFolder, readFileBytes, writeFileAtomic } from "../../checkpoint/files.ts";
import { drawSamples } from "../../gan/samples.ts";
import { DivergedError } from "../../gpu/errors.ts";
import { formatDuration } from "../../gpu/duration.ts";
import { tileGrid } from "../../pictures/grid.ts";
import { encodePng } from "../../pictures/png.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import { evaluateRun } from "../evaluation/evaluate.ts";
import { parseEvaluation, type Evaluation } from "../evaluation/evaluation-file.ts";
import { withTrainedRun } from "../trained-models.ts";
import { GRID } from "../training/run-pictures.ts";
import { trainRun } from "../training/train.ts";
import type { ComparedRun } from "./comparison-file.ts";
import { courseOf } from "./course.ts";
import { divergenceOf, divergenceWords } from "./divergence.ts";
import type { Entry } from "./entries.ts";
import type { Forecast } from "./forecast.ts";
import type { ComparisonPlan } from "./plan.ts";
import { isTrained, runPath, stateOf, type RunState, type WhichRun } from "./run-state.ts";
import type { RunUi, Teller } from "./teller.ts";
import { runWords } from "./words.ts";

/** What the runs of a comparison share. */
export interface Comparing {
  readonly folder: string;
  readonly entries: readonly Entry[];
  readonly plan: ComparisonPlan;
  /** The fingerprint of the second judge. */
  readonly second: string | undefined;
  /** The flags that every command of a run gets. */
  readonly flags: { readonly data?: string; readonly adapter?: string };
  readonly ui: RunUi;
  readonly teller: Teller;
  readonly forecast: Forecast;
}

/** More steps than any run takes, as many as a loop counts to. */
const MOST_STEPS = 2 ** 31 - 1;

/** Returns where the picture of a run's samples is kept. */
export const gridPath = (folder: string, { entry, seed }: WhichRun): string =>
  join(folder, "grids", `${entry}-${seed}.png`);

/** Says what is left of a run that has come this far. */
export function foresee(
  { forecast, plan: { goal } }: Pick<Training, "forecast" | "plan">,
  which: WhichRun,
  { done }: Pick<RunState, "done">,
): void {
  forecast.at(runWords(which), {
    entry: which.entry,
    left: Math.max(0, goal.amount - done),
    points: goal.marks.filter((mark) => mark > done).length,
  });
}

/** `about 20 min left in all` */
export const leftWords = (forecast: Forecast): string =>
  `about ${formatDuration(forecast.left().all)} left in all`;

/**
 * Trains a run from where it is to its end, evaluates it and draws its samples. Returns undefined if a signal asked to
 * stop while it was trained: everything is saved. Throws a `LonghandError`, except for a run that diverges.
 */
export async function compareRun(
  comparing: Comparing,
  which: WhichRun,
): Promise<ComparedRun | undefined> {
  const { folder, plan, ui, teller, forecast } = comparing;
  const path = runPath(folder, which);
  const before = stateOf(path, plan.goal);
  const earlier = divergenceOf(path);
  if (earlier !== undefined) {
    return { ...which, points: before.points, end: null, diverged: earlier };
  }
  foresee(comparing, which, before);
  try {
    if (!isTrained(before, plan.goal)) await trainCompared(comparing, which, before);
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const diverged = divergenceWords(error);
    teller.stop();
    teller.say(
      `${runWords(which)}: ${diverged}: it has diverged; the comparison goes on without it`,
    );
    forecast.at(runWords(which), undefined);
    return { ...which, points: stateOf(path, plan.goal).points, end: null, diverged };
  } finally {
    teller.stop();
  }
  const state = stateOf(path, plan.goal);
  if (ui.asked() || !isTrained(state, plan.goal)) return undefined;
  const evaluation = await evaluateEnd(comparing, which, path);
  return ended(comparing, which, state, evaluation);
}

/** What the training of a run needs to know. */
export interface Training extends Omit<Comparing, "plan" | "second"> {
  readonly plan: Pick<ComparisonPlan, "goal" | "count">;
}

/** Trains a run from where it is to its end, or until a signal asks to stop. Throws a `LonghandError`. */
export async function trainCompared(
  comparing: Training,
  which: WhichRun,
  before: RunState,
): Promise<void> {
  const { folder, entries, plan, flags, ui, teller, forecast } = comparing;
  const { goal } = plan;
  const { recipe } = entries.find(({ name }) => name === which.entry)!;
  const path = runPath(folder, which);
  const name = runWords(which);
  const course = courseOf({
    recipe,
    goal,
    count: plan.count,
    events: {
      say: (at, line) => teller.say(`${name}, ${at} (${leftWords(forecast)}): ${line}`),
      progress(done, { records }, secondsPerStep) {
        if (goal.unit === "steps" && secondsPerStep > 0) forecast.pace(which.entry, secondsPerStep);
        foresee(comparing, which, { done });
        const last = records.at(-1);
        if (last) teller.progress(name, done / goal.amount, last, forecast.left().all);
      },
      judged(done, seconds) {
        forecast.judged(seconds);
        foresee(comparing, which, { done });
      },
    },
  });
  const place = before.step === undefined ? { out: path } : { resume: path };
  // With a goal in minutes, the course ends the run.
  const steps = goal.unit === "steps" ? goal.amount : MOST_STEPS;
  const given = { ...flags, ...place, steps };
  await trainRun(ui, before.step === undefined ? { ...given, seed: which.seed } : given, {
    course,
  });
}

/**
 * Evaluates a run as `evaluate` does, with twice as many samples as on the way, and draws the first 16 latents of seed
 * 0, which are the same for every run.
 */
async function evaluateEnd(
  { folder, plan, flags, ui, forecast }: Comparing,
  which: WhichRun,
  path: string,
): Promise<Evaluation> {
  const { data: _, ...adapter } = flags;
  const began = performance.now();
  const leave = ui.stopAtOnce(() => undefined);
  try {
    await evaluateRun(ui, path, { count: 2 * plan.count, ...adapter });
    await withTrainedRun(ui, path, adapter, async (models) => {
      const [height, width] = models.recipe.image;
      const images = await drawSamples(models, 0, GRID);
      makeFolder(join(folder, "grids"));
      writeFileAtomic(gridPath(folder, which), encodePng(tileGrid(images, GRID, height, width)));
    });
  } finally {
    leave();
  }
  forecast.ended((performance.now() - began) / 1000);
  forecast.at(runWords(which), undefined);
  const file = join(path, "evaluation", "evaluation.json");
  return parseEvaluation(readFileBytes(file), file);
}

function ended(
  { second, teller, forecast }: Comparing,
  which: WhichRun,
  { seconds, points }: RunState,
  { run, samples, count, second: bySecond }: Evaluation,
): ComparedRun {
  const { step } = run;
  const { frechetTrain, frechetTest } = samples.figures;
  const words = `${step.toLocaleString("en")} steps in ${formatDuration(seconds)}; Fréchet distance ${formatFigure(frechetTrain)} to training, ${formatFigure(frechetTest)} to test`;
  const left = forecast.left().all > 0 ? ` (${leftWords(forecast)})` : "";
  teller.say(`${runWords(which)}: ${words}${left}`);
  const sameSecond = bySecond !== null && bySecond.judge.fingerprint === second;
  return {
    ...which,
    points,
    end: {
      step,
      seconds,
      count,
      figures: samples.figures,
      counts: samples.counts,
      second: sameSecond ? bySecond.samples : null,
    },
    diverged: null,
  };
}
