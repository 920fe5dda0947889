// The log of a run's losses, `metrics.jsonl`, as a table for other programs.
import { linesOf } from "../checkpoint/jsonl.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { metricsRow } from "./metrics-rows.ts";

/** The columns, in order. */
const COLUMNS = ["step", "epoch", "lossD", "lossG", "dReal", "dFake"] as const;

/** A log as a table. */
export interface MetricsTable {
  readonly bytes: Uint8Array;
  readonly rows: number;
}

/**
 * Returns the rows of a log as CSV. Numbers that aren't finite are `NaN`, `Infinity` and `-Infinity`, as pandas reads
 * them. The last row is left out if it is torn, because the run may be writing it. Throws `CheckpointError` on another
 * damaged row, with its line.
 */
export function metricsCsv(path: string): MetricsTable {
  const lines = [Buffer.from(`${COLUMNS.join(",")}\n`)];
  for (const { number, row, empty, ended } of linesOf(path)) {
    if (empty) continue;
    const parsed = metricsRow.safeParse(row);
    if (parsed.success) {
      lines.push(Buffer.from(`${COLUMNS.map((name) => parsed.data[name]).join(",")}\n`));
    } else if (ended) {
      throw new CheckpointError(
        `${path}: line ${number} is not a row of losses; it is damaged: mend it or remove the line`,
      );
    }
  }
  return { bytes: Buffer.concat(lines), rows: lines.length - 1 };
}
