// The loop of `longhand train`: what is written and said while a run trains.
import { checkpointFiles } from "../checkpoint/state.ts";
import { writeFolderAtomic } from "../checkpoint/folders.ts";
import { openJsonl } from "../checkpoint/jsonl.ts";
import type { Gan } from "../gan/gan.ts";
import { train, type StepPrograms, type StepRecord } from "../gan/train.ts";
import { createWatch, type Warning } from "../gan/watch.ts";
import type { EvaluationRow, Evaluator } from "./evaluating.ts";
import type { Draft, TrainFlags } from "./draft-run.ts";
import { onInterrupt } from "./interrupt.ts";
import { print } from "./print.ts";
import { createProgressView, formatDuration } from "./progress.ts";
import { shellQuote } from "../gpu/foreign-text.ts";
import type { RunRecord } from "../runs/run-folder.ts";
import { GRID, writeGif, writeGrid, writeLossPlot } from "./run-pictures.ts";

/** What a run goes on with once all is prepared. */
export interface Loop {
  readonly draft: Draft;
  readonly gan: Gan;
  readonly programs: StepPrograms;
  readonly record: RunRecord;
  readonly from: number;
  readonly until: number;
  readonly flags: TrainFlags;
  readonly rows: StepRecord[];
  /** Set where the run is evaluated while it trains. */
  readonly evaluator: Evaluator | undefined;
  /** What earlier evaluations saw. */
  readonly evaluations: readonly EvaluationRow[];
}

/** Trains to the end or to Ctrl-C; writes the log, pictures and checkpoints as it goes. */
export async function loop(options: Loop): Promise<void> {
  const { draft, gan, programs, record, from, until, flags, rows, evaluator } = options;
  const { folder, seed } = draft;
  const { sampleEvery, checkpointEvery } = flags;
  const stepsPerEpoch = gan.plan.steps;
  const view = createProgressView({ from, until, stepsPerEpoch, batch: gan.plan.batch });
  const log = openJsonl(folder.metrics);
  const interrupt = onInterrupt(view.say, "press Ctrl-C again to stop at once and lose it");
  const watch = createWatch({ records: rows, evaluations: options.evaluations });
  const warn = (warnings: readonly Warning[]): void => {
    for (const { words } of warnings) view.say(words);
  };
  const drawGrid = async (path: string): Promise<void> => {
    warn(watch.samples(step, await writeGrid(gan, seed, path), GRID));
  };
  const due = (every: number | undefined, step: number): boolean =>
    every !== undefined && step % every === 0;
  const began = performance.now();
  const timeIsUp = (): boolean => performance.now() - began >= (flags.minutes ?? Infinity) * 60_000;
  let step = from;
  let saved = from;
  let estimated = false;
  let { parts } = programs.full;
  const save = async (): Promise<void> => {
    log.sync();
    const files = await checkpointFiles(gan.state, { format: 1, step, seed });
    writeFolderAtomic(folder.checkpoint, files);
    saved = step;
  };
  try {
    if (from === 0) await save();
    const paces = [sampleEvery, checkpointEvery, evaluator?.every];
    const reportEvery = paces.filter((every) => every !== undefined);
    for await (const progress of train(gan, programs, { from, until, reportEvery })) {
      step = progress.step;
      log.append(progress.records);
      rows.push(...progress.records);
      warn(watch.records(progress.records));
      view.update(progress);
      if (!estimated && step - from >= 5) {
        estimated = true;
        view.say(estimate(gan, progress.secondsPerStep, until - step));
      }
      if (parts !== programs.full.parts) {
        parts = programs.full.parts;
        view.say(
          `A step takes long on this GPU: it is submitted in ${parts} parts, so that the system does not take the GPU for hung`,
        );
      }
      const { epochDone } = progress;
      if (epochDone !== undefined) await drawGrid(folder.epochGrid(epochDone));
      if (due(sampleEvery, step)) await drawGrid(folder.stepGrid(step));
      if (due(evaluator?.every, step)) {
        const row = await evaluator?.evaluate(step, view.say);
        if (row) warn(watch.evaluation(row));
      }
      if (epochDone !== undefined || due(checkpointEvery, step)) await save();
      if (epochDone !== undefined) await writeLossPlot(folder, record, rows, view.say);
      if (interrupt.asked() || timeIsUp()) break;
    }
    if (step % stepsPerEpoch !== 0 && !due(sampleEvery, step)) {
      await drawGrid(folder.stepGrid(step));
    }
    if (saved !== step) await save();
    await writeLossPlot(folder, record, rows, view.say);
    writeGif(folder, record);
  } finally {
    interrupt.release();
    view.stop();
    log.close();
  }
  const best = evaluator?.best();
  if (best !== undefined) print(`Of the checkpoints, ${best}`);
  const time = formatDuration((performance.now() - began) / 1000);
  print(
    step < until
      ? `Stopped at step ${step} of ${until} after ${time}. Go on with: npm run train -- --resume ${shellQuote(folder.path)}`
      : `Done: ${step} steps in ${time}. Samples, plots and the checkpoint are in ${folder.path}`,
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
