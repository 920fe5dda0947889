// Evaluations while a run trains: a smaller sample is judged now and then, logged, and the checkpoint of the
// least Fréchet distance is kept as `best`.
import { existsSync } from "node:fs";
import { z } from "zod";
import { removeQuietly } from "../checkpoint/files.ts";
import {
  existsFolder,
  readFolder,
  recoverFolder,
  writeFolderAtomic,
} from "../checkpoint/folders.ts";
import { openJsonl, readJsonl, truncateJsonl } from "../checkpoint/jsonl.ts";
import { checkpointFiles, parseJson } from "../checkpoint/state.ts";
import { drawSamples, type Gan } from "../gan/gan.ts";
import type { WatchedEvaluation } from "../gan/watch.ts";
import { LonghandError } from "../gpu/errors.ts";
import { figuresOf, judgeAll, NEIGHBOURS, type Comparison } from "../judge/comparison.ts";
import type { Figures } from "../judge/figures.ts";
import type { Judge } from "../judge/judge.ts";
import { formatFigure } from "../pictures/report-plots.ts";
import type { Draft } from "./draft-run.ts";
import { figuresShape } from "./evaluation-file.ts";
import { loadJudge } from "./judges.ts";
import { createPhases } from "./phases.ts";
import { compareWith, loadRealDigits, seeDigits } from "./real-digits.ts";
import type { EvaluationPlan, RunFolder } from "../runs/run-folder.ts";
import { writeGrid } from "./run-pictures.ts";

/** An evaluation's line in the log. Its figures are those of `evaluate` with as many samples. */
export interface EvaluationRow extends Figures, WatchedEvaluation {
  /** How many samples. */
  readonly count: number;
  /** The judge's fingerprint. */
  readonly judge: string;
}

const rowSchema: z.ZodType<EvaluationRow> = z.object({
  step: z.int().min(1),
  count: z.int().min(1),
  judge: z.string(),
  ...figuresShape,
  counts: z.array(z.int().min(0)),
});

const BEST_FILE = "evaluation.json"; // beside the checkpoint's own files

/** Evaluates a run at its own pace. */
export interface Evaluator {
  /** Steps between evaluations. */
  readonly every: number;
  /** Judges the generator as it is after `step`; undefined where it draws no numbers. Says what it found. */
  readonly evaluate: (
    step: number,
    say: (line: string) => void,
  ) => Promise<EvaluationRow | undefined>;
  /** Where the best checkpoint is and of which step, in a clause; undefined before there is one. */
  readonly best: () => string | undefined;
}

/** Draws apart from those that are shown and those that `evaluate` judges, so that nothing is chosen on them. */
const SEED_OFFSET = 1_000_000;

/** Loads the judge, trained if need be, and prepares real digits: all that takes long comes first. */
export async function createEvaluator(
  gan: Gan,
  folder: RunFolder,
  { seed, dataFolder, data }: Pick<Draft, "seed" | "dataFolder" | "data">,
  { every, count }: EvaluationPlan,
): Promise<Evaluator> {
  const phases = createPhases();
  let judge: Judge;
  let comparison: Comparison;
  try {
    const digits = await loadRealDigits(dataFolder, data.transposed);
    judge = await loadJudge(gan.device, "first");
    const seen = await seeDigits(judge, digits, phases);
    comparison = await compareWith(seen, count, NEIGHBOURS, phases);
  } finally {
    phases.stop();
  }
  const comparable = (row: EvaluationRow): boolean =>
    row.judge === judge.fingerprint && row.count === count;
  const kept = readBest(folder);
  let best = kept && comparable(kept) ? kept : undefined;
  if (kept && !best) {
    console.log(
      `The best checkpoint so far, of step ${kept.step}, was found by another judge or count: the next evaluation takes its place.`,
    );
  }

  const keep = async (row: EvaluationRow): Promise<void> => {
    const files = await checkpointFiles(gan.state, { format: 1, step: row.step, seed });
    writeFolderAtomic(folder.best, { ...files, [BEST_FILE]: `${JSON.stringify(row)}\n` });
    await writeGrid(gan, seed, folder.bestGrid);
    best = row;
  };

  return {
    every: every === "epoch" ? gan.plan.steps : every,
    async evaluate(step, say) {
      const [height, width] = gan.recipe.image;
      const images = await drawSamples(gan, SEED_OFFSET + seed, count);
      if (!images.every(Number.isFinite)) {
        say(`Step ${step}: samples hold values that are not numbers: there is nothing to evaluate`);
        return undefined;
      }
      const judged = await judgeAll(judge, { images, count, height, width });
      const { figures: found, counts } = await figuresOf(judged, comparison);
      const row = { step, count, judge: judge.fingerprint, ...found, counts };
      const log = openJsonl(folder.evaluations);
      try {
        log.append([row]);
      } finally {
        log.close();
      }
      const better = best === undefined || row.frechetTrain < best.frechetTrain;
      // A run that was resumed comes by the same step with the same bits.
      if (better || step === best?.step) await keep(row);
      say(`Step ${step}: ${wordsOf(row)}${better ? ", the best so far" : ""}`);
      return row;
    },
    best: () =>
      best &&
      `the best by Fréchet distance (${formatFigure(best.frechetTrain)} on ${best.count} samples) is of step ${best.step}: --checkpoint best uses it`,
  };
}

function wordsOf(row: EvaluationRow): string {
  const { frechetTrain, precision, recall, coverage, classBalance } = row;
  return `Fréchet distance ${formatFigure(frechetTrain)}, precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)}, coverage ${coverage.toFixed(2)}, class imbalance ${classBalance.toFixed(2)}`;
}

/** What a run's best checkpoint got; undefined where there is none that can be read. */
function readBest({ best }: RunFolder): EvaluationRow | undefined {
  if (!existsFolder(best)) return undefined;
  try {
    const bytes = readFolder(best).get(BEST_FILE);
    return bytes && parseJson(rowSchema, bytes, `${best}/${BEST_FILE}`);
  } catch (error) {
    if (!(error instanceof LonghandError)) throw error;
    return undefined;
  }
}

/**
 * Cuts a resumed run's evaluations back to its checkpoint's step. A best checkpoint from beyond stays where
 * the run will come by it again with the same bits; on another adapter it won't, and so it is removed.
 */
export function restoreEvaluations(
  folder: RunFolder,
  step: number,
  sameBits: boolean,
): readonly EvaluationRow[] {
  if (existsFolder(folder.best)) {
    recoverFolder(folder.best);
    const best = readBest(folder);
    if (!best || (best.step > step && !sameBits)) {
      removeQuietly(folder.best);
      removeQuietly(folder.bestGrid);
    }
  }
  if (!existsSync(folder.evaluations)) return [];
  truncateJsonl(folder.evaluations, (row) => typeof row.step === "number" && row.step <= step);
  return readJsonl(folder.evaluations).flatMap((row) => {
    const parsed = rowSchema.safeParse(row);
    return parsed.success ? [parsed.data] : [];
  });
}
