// The loop of a run: what is written and said while it trains.
import { commandFor } from "../command-words.ts";
import { checkpointFiles } from "../../checkpoint/arrays.ts";
import { openJsonl } from "../../checkpoint/jsonl.ts";
import { DivergedError, OutputError } from "../../gpu/errors.ts";
import { isFiniteRecord } from "../../gan/numerics.ts";
import type { Gan } from "../../gan/gan.ts";
import { train, type StepPrograms, type StepRecord } from "../../gan/train-steps.ts";
import { createWatch, type Warning } from "../../gan/watch.ts";
import type { EvaluationRow, Evaluator } from "../evaluation/evaluating.ts";
import type { Draft, TrainFlags } from "./draft-run.ts";
import { formatDuration } from "../duration.ts";
import { createProgressView } from "../progress.ts";
import type { Ui } from "../ui.ts";
import { createHistory } from "../history.ts";
import { saveCheckpoint } from "../checkpoints.ts";
import type { RunFolder, RunRecord } from "../run-folder.ts";
import type { Journey } from "./train-run.ts";
import { shellQuote } from "../../gpu/foreign-text.ts";
import { GRID, writeGif, writeGrid, writeLossPlot } from "./run-pictures.ts";

/** What a run goes on with once all is prepared. */
export interface Loop {
  readonly ui: Ui;
  readonly draft: Draft;
  readonly gan: Gan;
  readonly programs: StepPrograms;
  readonly record: RunRecord;
  readonly from: number;
  readonly until: number;
  readonly flags: TrainFlags;
  /** How many of the newest checkpoints stay. */
  readonly keep: number;
  /** The records of the steps before. */
  readonly rows: readonly StepRecord[];
  /** Set where the run is evaluated while it trains. */
  readonly evaluator: Evaluator | undefined;
  /** What earlier evaluations saw. */
  readonly evaluations: readonly EvaluationRow[];
  /** Kept up to date. */
  readonly journey: Journey;
  /** Whether the adapter computes anything, so that numbers must be finite. */
  readonly sound: boolean;
}

/** Minutes between checkpoints, if epochs last longer. */
const CHECKPOINT_MINUTES = 5;

/** Trains to the end or to Ctrl-C; writes the log, pictures and checkpoints as it goes. */
export async function loop(options: Loop): Promise<void> {
  const { ui, draft, gan, programs, record, from, until, flags, rows, evaluator, journey } =
    options;
  const { folder, seed } = draft;
  const { sampleEvery, checkpointEvery } = flags;
  const stepsPerEpoch = gan.plan.steps;
  const view = createProgressView(ui, { from, until, stepsPerEpoch, batch: gan.plan.batch });
  const log = openJsonl(folder.metrics);
  const interrupt = ui.onInterrupt(
    view.say,
    "again to stop at once, and lose what came after the newest checkpoint",
    () => draft.claim?.release(),
  );
  const history = createHistory(rows, stepsPerEpoch);
  const watch = createWatch({ records: rows, evaluations: options.evaluations });
  const warn = (warnings: readonly Warning[]): void => {
    for (const { words } of warnings) view.say(words);
  };
  // A picture that can't be written ends the run, but not before the steps that it shows are saved.
  let trouble: unknown;
  // Asked to stop right after a save, while the device is a step ahead: a grid would be of that step.
  let isAhead = false;
  const drawGrid = async (path: string): Promise<void> => {
    try {
      warn(watch.samples(step, await writeGrid(gan, seed, path), GRID));
    } catch (error) {
      if (!(error instanceof OutputError)) throw error;
      trouble = error;
    }
  };
  const due = (every: number | undefined, step: number): boolean =>
    every !== undefined && step % every === 0;
  journey.began ??= performance.now();
  const began = journey.began;
  const minutesSince = (time: number): number => (performance.now() - time) / 60_000;
  let step = from;
  let saved = from;
  let savedAt = performance.now();
  let estimated = false;
  let { parts } = programs.full;
  const save = async (): Promise<void> => {
    const files = await checkpointFiles(gan.state, { finite: options.sound }).catch(
      (error: unknown) => {
        throw error instanceof DivergedError ? diverged(step, error.message, saved, folder) : error;
      },
    );
    saveCheckpoint(folder, { files, step, seed, record, log }, options.keep);
    saved = step;
    journey.saved = step;
    savedAt = performance.now();
    if (journey.record) return;
    draft.claim?.settle();
    journey.record = record;
  };
  try {
    if (from === 0) await save();
    journey.record = record;
    journey.reached = from;
    journey.saved = saved;
    const paces = [sampleEvery, checkpointEvery, evaluator?.every];
    const reportEvery = paces.filter((every) => every !== undefined);
    const steps = train(gan, programs, { from, until, reportEvery });
    for (;;) {
      const next = steps.next();
      // A first step may compile for minutes: while nothing is there to be saved, nothing is waited for.
      const progress = await Promise.race([next, ...(saved === step ? [interrupt.asking] : [])]);
      if (!progress) {
        if (step === from) return endNow();
        isAhead = true;
        break;
      }
      if (progress.done) break;
      const { records, epochDone, secondsPerStep } = progress.value;
      step = progress.value.step;
      journey.reached = step;
      draft.claim?.check();
      log.append(records);
      history.add(records);
      const bad = options.sound ? records.find((each) => !isFiniteRecord(each)) : undefined;
      if (bad) throw diverged(bad.step, lossWords(bad), saved, folder);
      warn(watch.records(records));
      view.update(progress.value);
      if (!estimated && step - from >= 5) {
        estimated = true;
        view.say(estimate(gan, secondsPerStep, until - step));
      }
      if (parts !== programs.full.parts) {
        parts = programs.full.parts;
        view.say(
          `A step takes long on this GPU: it is submitted in ${parts} parts, so that the system does not take the GPU for hung`,
        );
      }
      if (epochDone !== undefined) await drawGrid(folder.epochGrid(epochDone));
      if (due(sampleEvery, step)) await drawGrid(folder.stepGrid(step));
      if (due(evaluator?.every, step)) {
        const row = await evaluator?.evaluate(step, view.say, { record, log });
        if (row) warn(watch.evaluation(row));
      }
      const overdue = minutesSince(savedAt) >= (flags.checkpointMinutes ?? CHECKPOINT_MINUTES);
      if (epochDone !== undefined || due(checkpointEvery, step) || overdue || trouble) await save();
      if (trouble) throw trouble;
      if (epochDone !== undefined) await writeLossPlot(folder, record, history.records(), view.say);
      if (interrupt.asked() || minutesSince(began) >= (flags.minutes ?? Infinity)) break;
    }
    if (!isAhead && step % stepsPerEpoch !== 0 && !due(sampleEvery, step)) {
      await drawGrid(folder.stepGrid(step));
    }
    if (saved !== step) await save();
    if (trouble) throw trouble;
    await writeLossPlot(folder, record, history.records(), view.say);
    writeGif(folder, record);
  } finally {
    interrupt.release();
    view.stop();
    log.close();
  }
  const best = evaluator?.best();
  if (best !== undefined) ui.print(`Of the checkpoints, ${best}`);
  const time = formatDuration((performance.now() - began) / 1000);
  ui.print(
    step < until
      ? `Stopped at step ${step} of ${until} after ${time}. Go on with: ${resumeCommand(folder.path)}`
      : `Done: ${step} steps in ${time}. Samples, plots and the checkpoint are in ${folder.path}`,
  );

  /** Ends the process without waiting for the step under way, which the device would have to end before it is let go. */
  function endNow(): void {
    view.stop();
    log.close();
    draft.claim?.release();
    ui.print(
      `Stopped at step ${step} of ${until}, all of which is saved. Go on with: ${resumeCommand(folder.path)}`,
    );
    interrupt.endNow();
  }
}

const resumeCommand = (path: string): string => commandFor("train", `--resume ${shellQuote(path)}`);

function lossWords({ lossD, lossG, dReal, dFake }: StepRecord): string {
  return `the losses are ${lossD} (D) and ${lossG} (G), the mean verdicts ${dReal} and ${dFake}`;
}

function diverged(step: number, what: string, saved: number, { path }: RunFolder): DivergedError {
  return new DivergedError(
    `Step ${step}: ${what}: the run has diverged, and more steps won't mend it. The checkpoint of step ${saved} is kept as it was. Try lower learning rates (--config) or another --seed; ${resumeCommand(path)} --check-numerics says which dispatch it begins with`,
  );
}

function estimate(gan: Gan, secondsPerStep: number, stepsLeft: number): string {
  const epoch = formatDuration(secondsPerStep * gan.plan.steps);
  const rest = formatDuration(secondsPerStep * stepsLeft);
  const slow = gan.device.software && secondsPerStep * gan.plan.steps > 1800;
  const smaller =
    gan.recipe.name === "dcgan" ? ", --recipe small needs a twentieth of the work" : "";
  const advice = slow ? `; a GPU would be far faster${smaller}` : "";
  return `About ${epoch} an epoch on this adapter, ${rest} to go${advice}`;
}
