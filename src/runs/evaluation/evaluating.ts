// Evaluations during training: a smaller sample is judged now and then, and logged. The checkpoint with the lowest
// Fréchet distance is kept as `best`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readFileBytes, removeQuietly } from "../../checkpoint/files.ts";
import { formatJson, MAX_JSON_BYTES, parseJson } from "../../checkpoint/json.ts";
import { cutLog, linesOf, openJsonl, prefixOf } from "../../checkpoint/jsonl.ts";
import { checkpointFiles } from "../../checkpoint/arrays.ts";
import { type Gan } from "../../gan/gan.ts";
import { drawSamples } from "../../gan/samples.ts";
import type { WatchedEvaluation } from "../../gan/watch.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { figuresOf, judgeAll, NEIGHBOURS, type Comparison } from "../../judge/comparison.ts";
import type { Figures } from "../../judge/figures.ts";
import type { Judge } from "../../judge/judge.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import type { Draft } from "../training/draft-run.ts";
import { figuresShape } from "./evaluation-file.ts";
import { loadJudge } from "./judges.ts";
import { createPhases } from "../phases.ts";
import type { Ui } from "../ui.ts";
import { compareWith, loadRealDigits, seeDigits } from "./real-digits.ts";
import { hasBest } from "../checkpoint-places.ts";
import { readCheckpoint, saveBest, type Checkpoint, type Snapshot } from "../checkpoints.ts";
import type { RunFolder } from "../run-folder.ts";
import type { EvaluationPlan } from "../run-record.ts";
import { writeGrid } from "../training/run-pictures.ts";

/** An evaluation's line in the log. Its figures are the same as those of `evaluate` with as many samples. */
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

const BEST_FILE = "evaluation.json"; // next to the checkpoint's own files

/** Evaluates a run at a regular interval. */
export interface Evaluator {
  /** Steps between evaluations. */
  readonly every: number;
  /**
   * Judges the generator as it is after `step`, and says what it found. Returns undefined if the samples aren't finite.
   */
  readonly evaluate: (
    step: number,
    say: (line: string) => void,
    of: Pick<Snapshot, "record" | "log">,
  ) => Promise<EvaluationRow | undefined>;
  /** Says in a clause which checkpoint is the best; undefined before there is one. */
  readonly best: () => string | undefined;
}

/**
 * Keeps these samples apart from those that are shown and those that `evaluate` judges, so that no checkpoint is chosen
 * by them.
 */
const SEED_OFFSET = 1_000_000;

/** Loads the judge, training it if necessary, and prepares the real digits, so that everything slow comes first. */
export async function createEvaluator(
  ui: Ui,
  gan: Gan,
  folder: RunFolder,
  { seed, dataFolder, data, size }: Pick<Draft, "seed" | "dataFolder" | "data" | "size">,
  { every, count }: EvaluationPlan,
): Promise<Evaluator> {
  const phases = createPhases(ui);
  let judge: Judge;
  let comparison: Comparison;
  try {
    const digits = await loadRealDigits(dataFolder, { transpose: data.transposed, size });
    judge = await loadJudge(ui, gan.device, "first");
    const seen = await seeDigits(judge, digits, phases);
    comparison = await compareWith(seen, count, NEIGHBOURS, phases);
  } finally {
    phases.stop();
  }
  const comparable = (row: EvaluationRow): boolean =>
    row.judge === judge.fingerprint && row.count === count;
  const kept = readBest(folder, ui.print);
  let best = kept && comparable(kept) ? kept : undefined;
  if (kept && !best) {
    ui.print(
      `The best checkpoint so far, of step ${kept.step}, was found with another judge or sample count: the next evaluation replaces it.`,
    );
  }

  const keep = async (row: EvaluationRow, of: Pick<Snapshot, "record" | "log">): Promise<void> => {
    const arrays = await checkpointFiles(gan.state);
    const files = { ...arrays, [BEST_FILE]: `${formatJson(row)}\n` };
    saveBest(folder, { ...of, files, step: row.step, seed });
    await writeGrid(gan, seed, folder.bestGrid);
    best = row;
  };

  return {
    every: every === "epoch" ? gan.plan.steps : every,
    async evaluate(step, say, of) {
      const [height, width] = gan.recipe.image;
      const images = await drawSamples(gan, SEED_OFFSET + seed, count);
      if (!images.every(Number.isFinite)) {
        say(`Step ${step}: samples hold values that are not finite: there is nothing to evaluate`);
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
      // A resumed run reaches the same step again, with the same bits.
      if (better || step === best?.step) await keep(row, of);
      say(`Step ${step}: ${wordsOf(row)}${better ? ", the best so far" : ""}`);
      return row;
    },
    best: () =>
      best &&
      `the best by Fréchet distance (${formatFigure(best.frechetTrain)} on ${best.count} samples) is the one of step ${best.step}: --checkpoint best uses it`,
  };
}

function wordsOf(row: EvaluationRow): string {
  const { frechetTrain, precision, recall, coverage, classBalance } = row;
  return `Fréchet distance ${formatFigure(frechetTrain)}, precision ${precision.toFixed(2)}, recall ${recall.toFixed(2)}, coverage ${coverage.toFixed(2)}, class imbalance ${classBalance.toFixed(2)}`;
}

/** Reads the evaluation of a run's best checkpoint; undefined if there is none. Calls `say` if it is damaged. */
function readBest(folder: RunFolder, say: (line: string) => void): EvaluationRow | undefined {
  if (!hasBest(folder)) return undefined;
  try {
    const { files, path } = readCheckpoint(folder, "best");
    const bytes = files.get(BEST_FILE) ?? readFileBytes(join(path, BEST_FILE), MAX_JSON_BYTES);
    return parseJson(rowSchema, bytes, `${path}/${BEST_FILE}`);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    say(`The next evaluation replaces the best checkpoint: ${error.message}`);
    return undefined;
  }
}

/** A run's evaluations up to a checkpoint's step. */
export interface EvaluationLog {
  readonly rows: readonly EvaluationRow[];
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
  /**
   * Removes the rows after the step. A best checkpoint of a later step stays if the run will reach it again with the
   * same bits. On another adapter it won't, so the checkpoint is removed. Throws `OutputError`.
   */
  readonly begin: (sameBits: boolean) => void;
}

/**
 * Reads and checks a run's evaluations up to a checkpoint's step; changes nothing. Later lines may be torn. Throws a
 * `CheckpointError` that names the first wrong line.
 */
export function readEvaluations(
  folder: RunFolder,
  { step, manifest }: Pick<Checkpoint, "step" | "manifest">,
): EvaluationLog {
  const path = folder.evaluations;
  const begin = (cut: () => void, sameBits: boolean): void => {
    cut();
    if (sameBits || !hasBest(folder)) return;
    const best = readBest(folder, () => undefined);
    if (best && best.step > step) {
      removeQuietly(folder.best);
      removeQuietly(folder.bestGrid);
    }
  };
  const wanted = manifest?.evaluations;
  if (!existsSync(path)) {
    const words = `${path} is missing: the run goes on without its earlier evaluations.`;
    const notes = wanted && wanted.rows > 0 ? [words] : [];
    return { rows: [], notes, begin: (sameBits) => begin(() => undefined, sameBits) };
  }
  const fail = (what: string): never => {
    throw new CheckpointError(
      `${path}: ${what}; repair it, or move the file away: the run then goes on without its earlier evaluations`,
    );
  };
  const { rows, end, ended, torn } = evaluationRows(path, step, wanted?.bytes, fail);
  if (wanted) {
    if (torn !== undefined) fail(torn);
    if (prefixOf(path, wanted.bytes).sha256 !== wanted.sha256) {
      fail(`is damaged: its rows up to step ${step} aren't those that were written`);
    }
  }
  const cut = (): void => cutLog(path, end, !ended);
  return { rows, notes: [], begin: (sameBits) => begin(cut, sameBits) };
}

/** Returns the evaluations up to a step, where the last one ends, and what is wrong with a line after it, if any. */
function evaluationRows(
  path: string,
  step: number,
  bytes: number | undefined,
  fail: (what: string) => never,
): { rows: EvaluationRow[]; end: number; ended: boolean; torn: string | undefined } {
  const rows: EvaluationRow[] = [];
  let [end, ended] = [0, true];
  let torn: string | undefined;
  for (const { number, row, empty, end: at, ended: whole } of linesOf(path, bytes)) {
    if (empty || (typeof row?.step === "number" && row.step > step)) continue;
    const parsed = rowSchema.safeParse(row);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      torn ??= row
        ? `line ${number} is not an evaluation (${issue?.path.join(".")}: ${issue?.message})`
        : `line ${number} is torn or damaged`;
      continue;
    }
    // A torn line at the end is cut off, like the rows after the step.
    if (torn !== undefined) fail(`${torn}, but evaluations up to step ${step} follow it`);
    const last = rows.at(-1)?.step ?? 0;
    if (parsed.data.step <= last) {
      fail(`line ${number} has step ${parsed.data.step}, but follows step ${last}`);
    }
    rows.push(parsed.data);
    [end, ended] = [at, whole];
  }
  return { rows, end, ended, torn };
}
