// The loop of a run: what is written and said while it trains.
import { commandFor } from "../command-words.ts";
import { checkpointFiles } from "../../checkpoint/arrays.ts";
import { openJsonl } from "../../checkpoint/jsonl.ts";
import { DivergedError, OutputError } from "../../gpu/errors.ts";
import { isFiniteRecord } from "../../gan/numerics.ts";
import type { Gan } from "../../gan/gan.ts";
import type { Sharing } from "../../gan/sharing.ts";
import { progressOf, stepsOf, type StepPrograms, type StepRecord } from "../../gan/train-steps.ts";
import { createWatch, type Warning } from "../../gan/watch.ts";
import type { EvaluationRow, Evaluator } from "../evaluation/evaluating.ts";
import type { Ahead } from "./compile-ahead.ts";
import type { Stretch } from "./course.ts";
import type { Draft, TrainFlags } from "./draft-run.ts";
import { formatDuration } from "../../gpu/duration.ts";
import { createPhases, type Part } from "../phases.ts";
import { createProgressView } from "../progress.ts";
import type { Ui } from "../ui.ts";
import { trainLoop, type Callback, type LoopEnd } from "../../nn/train-loop.ts";
import { createHistory } from "../history.ts";
import { saveCheckpoint } from "../checkpoints.ts";
import type { RunFolder } from "../run-folder.ts";
import type { RunRecord } from "../run-record.ts";
import type { Journey } from "./train-run.ts";
import { shellQuote } from "../../gpu/foreign-text.ts";
import { GRID, loadPlot, writeGif, writeGrid, writeLossPlot } from "./run-pictures.ts";

/** What the loop needs once everything is prepared. */
export interface Loop {
  readonly ui: Ui;
  readonly draft: Draft;
  readonly gan: Gan;
  readonly programs: StepPrograms;
  readonly record: RunRecord;
  readonly from: number;
  readonly until: number;
  readonly flags: TrainFlags;
  /** How many of the newest checkpoints are kept. */
  readonly keep: number;
  /** The records of earlier steps. */
  readonly rows: readonly StepRecord[];
  /** Set if the run is evaluated during training. */
  readonly evaluator: Evaluator | undefined;
  /** Set if a comparison drives the run: it then says when to evaluate, and when to stop. */
  readonly stretch: Stretch | undefined;
  /** The results of earlier evaluations. */
  readonly evaluations: readonly EvaluationRow[];
  /** Kept up to date. */
  readonly journey: Journey;
  /** Whether the adapter computes anything, so that numbers must be finite. */
  readonly sound: boolean;
  /** What compiles the step's kernels until the first step is done. */
  readonly ahead: Ahead | undefined;
}

/** Minutes between checkpoints, if epochs last longer. */
const CHECKPOINT_MINUTES = 5;

/** Trains to the end or until asked to stop; writes the log, pictures and checkpoints as it goes. */
export async function loop(options: Loop): Promise<void> {
  const { ui, draft, gan, programs, record, from, until, flags, rows, evaluator, journey } =
    options;
  const { stretch } = options;
  const { folder, seed } = draft;
  const { plan } = gan;
  const { sampleEvery, checkpointEvery, checkpointMinutes = CHECKPOINT_MINUTES } = flags;
  const shown = { from, until, stepsPerEpoch: plan.steps, batch: plan.batch };
  const view = stretch?.view ?? createProgressView(ui, shown);
  const first = createPhases(ui);
  let begun = false;
  const say = (line: string): void => (begun ? view.say(line) : first.print(line));
  const log = openJsonl(folder.metrics);
  const interrupt = ui.onInterrupt(
    say,
    "again to stop immediately, and lose what came after the newest checkpoint",
    () => draft.claim?.release(),
  );
  const wantsToStop = (): boolean =>
    interrupt.asked() || elapsed() >= (flags.minutes ?? Infinity) * 60;
  if (gan.sharing) gan.sharing.wantsToStop = wantsToStop;
  const history = createHistory(rows, plan.steps);
  const watch = createWatch({ records: rows, evaluations: options.evaluations });
  const warn = (warnings: readonly Warning[]): void => {
    for (const { words } of warnings) view.say(words);
  };
  const due = (every: number | undefined, step: number): boolean =>
    every !== undefined && step % every === 0;
  journey.began ??= performance.now();
  const began = journey.began;
  const elapsed = (): number => (performance.now() - began) / 1000;
  const draw = async (step: number, path: string): Promise<void> =>
    warn(watch.samples(step, await writeGrid(gan, seed, path), GRID));
  let plotted = from;
  const plot = async (step: number): Promise<void> => {
    if (step === plotted) return;
    await writeLossPlot(folder, record, history.records(), view.say);
    plotted = step;
  };

  const save = async (step: number): Promise<void> => {
    stretch?.saving(step);
    const files = await checkpointFiles(gan.state, { finite: options.sound }).catch(
      (error: unknown) => {
        if (!(error instanceof DivergedError)) throw error;
        throw diverged(step, error.message, journey.saved, folder);
      },
    );
    saveCheckpoint(folder, { files, step, seed, record, log }, options.keep);
    journey.saved = step;
    if (step % plan.steps === 0) await plot(step);
    if (journey.record) return;
    draft.claim?.settle();
    journey.record = record;
  };

  let estimated = false;
  let { parts } = programs.full;
  const onReport: Callback<readonly StepRecord[]> = async (report, control) => {
    const { step, values: records, secondsPerStep } = report;
    const progress = progressOf(report, plan, from);
    if (!begun) {
      first.stop();
      options.ahead?.stop(true);
      loadPlot().catch(() => undefined); // said when the plot is drawn
    }
    begun = true;
    journey.reached = step;
    draft.claim?.check();
    log.append(records);
    history.add(records);
    const bad = options.sound ? records.find((each) => !isFiniteRecord(each)) : undefined;
    if (bad) throw diverged(bad.step, lossWords(bad), journey.saved, folder);
    warn(watch.records(records));
    view.update(progress);
    if (!stretch && !estimated && step - from >= 5) {
      estimated = true;
      view.say(estimate(gan, secondsPerStep, until - step));
    }
    if (parts !== programs.full.parts) {
      parts = programs.full.parts;
      view.say(
        `A step takes long on this GPU: it is submitted in ${parts} parts, so that the system does not consider the GPU hung`,
      );
    }
    const { epochDone } = progress;
    try {
      if (epochDone !== undefined) await draw(step, folder.epochGrid(epochDone));
      if (due(sampleEvery, step)) await draw(step, folder.stepGrid(step));
    } catch (error) {
      // A picture that can't be written ends the run, but not before the steps that it shows are saved.
      if (error instanceof OutputError) await control.save();
      throw error;
    }
    if (evaluator && (stretch ? stretch.isDue(step) : due(evaluator.every, step))) {
      const row = await evaluator.evaluate(step, view.say, { record, log });
      if (row) warn(watch.evaluation(row));
      stretch?.judged(step, row);
    }
    if (gan.sharing ? gan.sharing.stops : wantsToStop() || stretch?.isOver()) control.stop();
  };

  const paces = [sampleEvery, evaluator?.every].filter((every) => every !== undefined);
  let onFirstStep: Part | undefined;
  const steps = stepsOf(gan, programs, {
    from,
    until,
    reportEvery: paces,
    onFirstStep: (done, total) => {
      if (!begun) onFirstStep?.(done, total);
    },
  });
  const everySave = [plan.steps, checkpointEvery].filter((every) => every !== undefined);
  let end: LoopEnd;
  try {
    if (from === 0) await save(0);
    journey.record = record;
    journey.reached = from;
    journey.saved = from;
    onFirstStep = first.begin("First step, kernel by kernel", {
      counted: true,
    });
    end = await trainLoop({
      ...(stretch ? stretch.timed(steps) : steps),
      callbacks: [onReport],
      checkpoint: { save, every: everySave, seconds: checkpointMinutes * 60 },
      // Ranks stop together, after a step.
      ...(gan.sharing ? {} : { signal: interrupt.signal }),
    });
    if (end.isAhead && end.step === from) {
      first.stop();
      view.stop();
      log.close();
      draft.claim?.release();
      ui.print(
        `Stopped at step ${from} of ${until}; everything is saved. Go on with: ${resumeCommand(folder.path, gan.sharing)}`,
      );
      // Nothing waits for the step in progress, which the device would have to finish before it is released.
      interrupt.endNow();
      return;
    }
    const { step } = end;
    // While the device is a step ahead, a grid would show that step.
    const drawn = step % plan.steps === 0 || due(sampleEvery, step);
    if (!end.isAhead && !drawn) await draw(step, folder.stepGrid(step));
    await plot(step);
    writeGif(folder, record);
  } finally {
    interrupt.release();
    first.stop();
    view.stop();
    log.close();
  }
  const best = evaluator?.best();
  if (best !== undefined) ui.print(`Of the checkpoints, ${best}`);
  const time = formatDuration(elapsed());
  ui.print(
    end.stopped
      ? `Stopped at step ${end.step} of ${until} after ${time}. Go on with: ${resumeCommand(folder.path, gan.sharing)}`
      : `Done: ${end.step} steps in ${time}. Samples, plots and the checkpoint are in ${folder.path}`,
  );
}

/** Returns the command that goes on with a run, with as many ranks as now. */
function resumeCommand(path: string, sharing?: Sharing): string {
  const resume = `--resume ${shellQuote(path)}`;
  if (!sharing) return commandFor("train", resume);
  return `mpirun -n ${sharing.ranks.size} ${commandFor("train", `--distributed mpi ${resume}`)}`;
}

function lossWords({ lossD, lossG, dReal, dFake }: StepRecord): string {
  return `the losses are ${lossD} (D) and ${lossG} (G), the mean verdicts ${dReal} and ${dFake}`;
}

function diverged(step: number, what: string, saved: number, { path }: RunFolder): DivergedError {
  return new DivergedError(
    `Step ${step}: ${what}: the run has diverged, and more steps won't help. The checkpoint of step ${saved} is kept as it was. Try lower learning rates (--config) or another --seed; ${resumeCommand(path)} --check-numerics says in which dispatch it begins`,
  );
}

function estimate(gan: Gan, secondsPerStep: number, stepsLeft: number): string {
  const epoch = formatDuration(secondsPerStep * gan.plan.steps);
  const rest = formatDuration(secondsPerStep * stepsLeft);
  const slow = gan.device.software && secondsPerStep * gan.plan.steps > 1800;
  const smaller =
    gan.recipe.name === "dcgan" ? ", --recipe small needs a twentieth of the work" : "";
  const advice = slow ? `; a GPU would be far faster${smaller}` : "";
  return `About ${epoch} per epoch on this adapter, ${rest} to go${advice}`;
}
