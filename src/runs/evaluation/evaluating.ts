// Evaluations while a run trains: a smaller sample is judged now and then, logged, and the checkpoint of the
// least Fréchet distance is kept as `best`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { readFileBytes, removeQuietly } from "../../checkpoint/files.ts";
import { formatJson, MAX_JSON_BYTES, parseJson } from "../../checkpoint/json.ts";
import { cutLog, linesOf, openJsonl, prefixOf } from "../../checkpoint/jsonl.ts";
import { checkpointFiles } from "../../checkpoint/arrays.ts";
import { drawSamples, type Gan } from "../../gan/gan.ts";
import type { WatchedEvaluation } from "../../gan/watch.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { figuresOf, judgeAll, NEIGHBOURS, type Comparison } from "../../judge/comparison.ts";
import type { Figures } from "../../judge/figures.ts";
import type { Judge } from "../../judge/judge.ts";
import { formatFigure } from "../../pictures/report-plots.ts";
import type { Draft } from "../training/draft-run.ts";
import { figuresShape } from "./evaluation-file.ts";
import { loadJudge } from "./judges.ts";
import { createPhases } from "../phases.ts";
import type { Ui } from "../ui.ts";
import { compareWith, loadRealDigits, seeDigits } from "./real-digits.ts";
import { hasBest } from "../checkpoint-places.ts";
import { readCheckpoint, saveBest, type Checkpoint, type Snapshot } from "../checkpoints.ts";
import type { EvaluationPlan, RunFolder } from "../run-folder.ts";
import { writeGrid } from "../training/run-pictures.ts";

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
    of: Pick<Snapshot, "record" | "log">,
  ) => Promise<EvaluationRow | undefined>;
  /** Where the best checkpoint is and of which step, in a clause; undefined before there is one. */
  readonly best: () => string | undefined;
}

/** Draws apart from those that are shown and those that `evaluate` judges, so that nothing is chosen on them. */
const SEED_OFFSET = 1_000_000;

/** Loads the judge, trained if need be, and prepares real digits: all that takes long comes first. */
export async function createEvaluator(
  ui: Ui,
  gan: Gan,
  folder: RunFolder,
  { seed, dataFolder, data }: Pick<Draft, "seed" | "dataFolder" | "data">,
  { every, count }: EvaluationPlan,
): Promise<Evaluator> {
  const phases = createPhases(ui);
  let judge: Judge;
  let comparison: Comparison;
  try {
    const digits = await loadRealDigits(dataFolder, data.transposed);
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
      `The best checkpoint so far, of step ${kept.step}, was found by another judge or count: the next evaluation takes its place.`,
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
      if (better || step === best?.step) await keep(row, of);
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

/** What a run's best checkpoint got; undefined where there is none. `say` is told of one that is damaged. */
function readBest(folder: RunFolder, say: (line: string) => void): EvaluationRow | undefined {
  if (!hasBest(folder)) return undefined;
  try {
    const { files, path } = readCheckpoint(folder, "best");
    const bytes = files.get(BEST_FILE) ?? readFileBytes(join(path, BEST_FILE), MAX_JSON_BYTES);
    return parseJson(rowSchema, bytes, `${path}/${BEST_FILE}`);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    say(`The next evaluation takes the best checkpoint's place: ${error.message}`);
    return undefined;
  }
}

/** A run's evaluations up to a checkpoint's step. */
export interface EvaluationLog {
  readonly rows: readonly EvaluationRow[];
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
  /**
   * Cuts off what is beyond the step. A best checkpoint from beyond stays where the run will come by it again with the
   * same bits; on another adapter it won't, and so it is removed. Throws `OutputError`.
   */
  readonly begin: (sameBits: boolean) => void;
}

/**
 * Reads and checks a run's evaluations up to a checkpoint's step; changes nothing. Lines beyond may be torn. Throws
 * `CheckpointError` that names the first line that is wrong.
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
      `${path}: ${what}; mend it, or move the file away: the run then goes on without its earlier evaluations`,
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

/** The evaluations up to a step, where the last one ends, and what is wrong with a line after it, if one is. */
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
        ? `line ${number} is no evaluation (${issue?.path.join(".")}: ${issue?.message})`
        : `line ${number} is torn or damaged`;
      continue;
    }
    // What is torn at the end goes, as the rows beyond the step do.
    if (torn !== undefined) fail(`${torn}, and evaluations up to step ${step} follow`);
    const last = rows.at(-1)?.step ?? 0;
    if (parsed.data.step <= last) {
      fail(`line ${number} is of step ${parsed.data.step}, and follows step ${last}`);
    }
    rows.push(parsed.data);
    [end, ended] = [at, whole];
  }
  return { rows, end, ended, torn };
}
