// Checks `metrics.jsonl` on the disk against a checkpoint, and cuts it back to the checkpoint's step. Node only;
// metrics-rows.ts has what a log must hold.
import { existsSync, statSync } from "node:fs";
import { cutLog, linesOf, prefixOf } from "../checkpoint/jsonl.ts";
import type { StepRecord } from "../gan/train-steps.ts";
import { checkHash, findRows, type LogSource, type WantedRows } from "./metrics-rows.ts";

/** A log up to a checkpoint's step. */
export interface MetricsLog {
  readonly records: StepRecord[];
  /** What a person should know about it, in sentences. */
  readonly notes: readonly string[];
  /** Removes the rows after the step. Throws `OutputError`. */
  readonly cut: () => void;
}

/**
 * Does what `findRows` and `checkHash` do for a file; changes nothing before `cut`. Throws a `CheckpointError` that
 * names the first wrong line.
 */
export function readMetrics(path: string, wanted: WantedRows): MetricsLog {
  const log: LogSource = {
    path,
    size: () => statSync(path, { throwIfNoEntry: false })?.size,
    lines: (bytes) => linesOf(path, bytes),
  };
  const { records, notes, bytes, unended } = findRows(log, wanted);
  const { step, prefix } = wanted;
  if (prefix && bytes > 0) checkHash(path, step, prefix, prefixOf(path, prefix.bytes).sha256);
  return {
    records,
    notes,
    cut: () => {
      if (bytes > 0 || existsSync(path)) cutLog(path, bytes, unended);
    },
  };
}
