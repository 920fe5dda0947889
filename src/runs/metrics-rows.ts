// Checks the rows of `metrics.jsonl` against a checkpoint: every row up to its step is there, in order and unchanged. No
// file access, because browsers use it too; metrics-log.ts has it for Node.
import { z } from "zod";
import { anyNumber } from "../checkpoint/json.ts";
import type { LogLine, LogPrefix } from "../checkpoint/jsonl-lines.ts";
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

/** A log, wherever it is. */
export interface LogSource {
  /** The name that errors use. */
  readonly path: string;
  /** Its length in bytes; undefined if there is no log. */
  readonly size: () => number | undefined;
  /** Yields the lines of its first `bytes`, or of all. */
  readonly lines: (bytes?: number) => Iterable<LogLine>;
}

/** The rows of a log up to a checkpoint's step. */
export interface FoundRows {
  readonly records: StepRecord[];
  /** What a person should know about the log, in sentences. */
  readonly notes: readonly string[];
  /** The length of these rows in bytes. */
  readonly bytes: number;
  /** Whether the last of them has no line feed. */
  readonly unended: boolean;
}

/** The schema of a row. */
export const metricsRow: z.ZodType<StepRecord> = z.object({
  step: z.int().min(1),
  epoch: z.int().min(1),
  lossD: anyNumber,
  lossG: anyNumber,
  dReal: anyNumber,
  dFake: anyNumber,
});

/**
 * Reads and checks a log's rows up to a checkpoint's step. Later rows may be torn or of any size, because they aren't
 * read. A log that is missing, or that begins right after the step, was moved away: the run goes on without it. Throws a
 * `CheckpointError` that names the first wrong line. Rows that were found still need `checkHash`.
 */
export function findRows(log: LogSource, wanted: WantedRows): FoundRows {
  const { path } = log;
  const { step, prefix } = wanted;
  const rows = prefix?.rows ?? step;
  const nothing = (notes: readonly string[]): FoundRows => {
    return { records: [], notes, bytes: 0, unended: false };
  };
  if (rows === 0) return nothing([]);
  const without = `the run goes on without the losses of its steps up to ${step}.`;
  if (log.size() === undefined) return nothing([`${path} is missing: ${without}`]);
  if (firstStep(log) === step + 1)
    return nothing([`${path} begins after step ${step}: ${without}`]);

  const { records, end, ended } = readRows(log, step - rows + 1, wanted);
  const bytes = prefix?.bytes ?? end;
  return { records, notes: [], bytes, unended: bytes === end && !ended };
}

/** Throws a `CheckpointError` unless the rows of a log have the SHA-256 that the checkpoint's manifest says. */
export function checkHash(path: string, step: number, prefix: LogPrefix, sha256: string): void {
  if (sha256 === prefix.sha256) return;
  throw new CheckpointError(
    `${path}: is damaged: its ${prefix.rows} rows up to step ${step} aren't those that were written (their SHA-256 differs)`,
  );
}

function readRows(
  log: LogSource,
  first: number,
  { step: last, stepsPerEpoch, prefix }: WantedRows,
): { records: StepRecord[]; end: number; ended: boolean } {
  const found: StepRecord[] = [];
  let due = first;
  for (const { number, row, empty, end: at, ended: whole } of log.lines(prefix?.bytes)) {
    if (empty) continue;
    const fail = (what: string): never => {
      throw new CheckpointError(
        `${log.path}: line ${number} ${what}, but the checkpoint goes to step ${last}`,
      );
    };
    const parsed = metricsRow.safeParse(row);
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
    `${log.path}: ends at step ${due - 1} (${log.size()} bytes), but the checkpoint is of step ${last}: rows are missing`,
  );
}

/** Returns the step of a log's first row; undefined if that can't be read. */
function firstStep(log: LogSource): number | undefined {
  for (const { row } of log.lines()) {
    return typeof row?.step === "number" ? row.step : undefined;
  }
  return undefined;
}
