// `metrics.jsonl` held against a checkpoint: every row up to its step is there, in order, and is what was written.
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
  /** What the checkpoint's manifest says of the log; undefined where there is no manifest. */
  readonly prefix: LogPrefix | undefined;
}

/** A log up to a checkpoint's step. */
export interface MetricsLog {
  readonly records: StepRecord[];
  /** What a person should know of it, in sentences. */
  readonly notes: readonly string[];
  /** Cuts off what is beyond the step. Throws `OutputError`. */
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
 * Reads a log's rows up to a checkpoint's step and checks them; changes nothing. Rows beyond may be torn or of any
 * size: they aren't looked at. A log that is missing, or begins right after the step, has been moved away: the run goes
 * on without it. Throws `CheckpointError` that names the first line that is wrong.
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
          `${log}: line ${number} ${what}, and the checkpoint goes to step ${last}`,
        );
      };
      const parsed = rowSchema.safeParse(row);
      if (!parsed.success) {
        const [issue] = parsed.error.issues;
        return fail(
          row
            ? `is no row of losses (${issue?.path.join(".")}: ${issue?.message})`
            : "is torn or damaged",
        );
      }
      const { step: has, epoch } = parsed.data;
      if (has !== due)
        fail(`is of step ${has} where ${due} should follow: rows are missing or twice`);
      const own = Math.floor((has - 1) / stepsPerEpoch) + 1;
      if (epoch !== own) fail(`says epoch ${epoch} of step ${has}, which is in epoch ${own}`);
      found.push(parsed.data);
      if (has === last) return { records: found, end: at, ended: whole };
      due += 1;
    }
    throw new CheckpointError(
      `${log}: ends with step ${due - 1} (${statSync(log).size} bytes), and the checkpoint is of step ${last}: rows are missing`,
    );
  }
}

/** The step of a log's first row; undefined where it has none that can be read. */
function firstStep(path: string): number | undefined {
  for (const { row } of linesOf(path)) {
    return typeof row?.step === "number" ? row.step : undefined;
  }
  return undefined;
}
