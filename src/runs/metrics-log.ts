// Checks `metrics.jsonl` against a checkpoint: every row up to its step is there, in order and unchanged.
import { existsSync, statSync } from "node:fs";
import { z } from "zod";
import { anyNumber } from "../checkpoint/json.ts";
import { cutLog, linesOf, prefixOf, type LogPrefix } from "../checkpoint/jsonl.ts";
import type { StepRecord } from "../gan/train-steps.ts";
import { CheckpointError } from "../gpu/errors.ts";

/** What a log should hold. */
export interface WantedRows {
  /** The checkpoint's step: the last row wanted. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** What the checkpoint's manifest says about the log; undefined if there is no manifest. */
  readonly prefix: LogPrefix | undefined;
}

/** A log up to a checkpoint's step. */
export interface MetricsLog {
  readonly records: StepRecord[];
  /** What a person should know about it, in sentences. */
  readonly notes: readonly string[];
  /** Removes the rows after the step. Throws `OutputError`. */
  readonly cut: () => void;
}

const rowSchema: z.ZodType<StepRecord> = z.object({
  step: z.int().min(1),
  epoch: z.int().min(1),
  lossD: anyNumber,
  lossG: anyNumber,
  dReal: anyNumber,
  dFake: anyNumber,
});

/**
 * Reads and checks a log's rows up to a checkpoint's step; changes nothing. Later rows may be torn or of any size,
 * because they aren't read. A log that is missing, or that begins right after the step, was moved away: the run goes on
 * without it. Throws a `CheckpointError` that names the first wrong line.
 */
export function readMetrics(path: string, wanted: WantedRows): MetricsLog {
  const { step, stepsPerEpoch, prefix } = wanted;
  const rows = prefix?.rows ?? step;
  const nothing = (notes: readonly string[]): MetricsLog => ({
    records: [],
    notes,
    cut: () => {
      if (existsSync(path)) cutLog(path, 0);
    },
  });
  if (rows === 0) return nothing([]);
  const without = `the run goes on without the losses of its steps up to ${step}.`;
  if (!existsSync(path)) return nothing([`${path} is missing: ${without}`]);
  if (firstStep(path) === step + 1)
    return nothing([`${path} begins after step ${step}: ${without}`]);

  const { records, end, ended } = readRows(path, step - rows + 1, wanted);
  if (prefix && prefixOf(path, prefix.bytes).sha256 !== prefix.sha256) {
    throw new CheckpointError(
      `${path}: is damaged: its ${rows} rows up to step ${step} aren't those that were written (their SHA-256 differs)`,
    );
  }
  const bytes = prefix?.bytes ?? end;
  return { records, notes: [], cut: () => cutLog(path, bytes, bytes === end && !ended) };

  function readRows(
    log: string,
    first: number,
    { step: last }: WantedRows,
  ): { records: StepRecord[]; end: number; ended: boolean } {
    const found: StepRecord[] = [];
    let due = first;
    for (const { number, row, empty, end: at, ended: whole } of linesOf(log, prefix?.bytes)) {
      if (empty) continue;
      const fail = (what: string): never => {
        throw new CheckpointError(
          `${log}: line ${number} ${what}, but the checkpoint goes to step ${last}`,
        );
      };
      const parsed = rowSchema.safeParse(row);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return fail(
          row
            ? `is not a row of losses (${issue?.path.join(".")}: ${issue?.message})`
            : "is torn or damaged",
        );
      }
      const { step: has, epoch } = parsed.data;
      if (has !== due)
        fail(`has step ${has}, but step ${due} should follow: rows are missing or repeated`);
      const own = Math.floor((has - 1) / stepsPerEpoch) + 1;
      if (epoch !== own) fail(`has epoch ${epoch} for step ${has}, which is in epoch ${own}`);
      found.push(parsed.data);
      if (has === last) return { records: found, end: at, ended: whole };
      due += 1;
    }
    throw new CheckpointError(
      `${log}: ends at step ${due - 1} (${statSync(log).size} bytes), but the checkpoint is of step ${last}: rows are missing`,
    );
  }
}

/** Returns the step of a log's first row; undefined if that can't be read. */
function firstStep(path: string): number | undefined {
  for (const { row } of linesOf(path)) {
    return typeof row?.step === "number" ? row.step : undefined;
  }
  return undefined;
}
