// The log of a run's losses, `metrics.jsonl`, for other programs: as a table, or as TensorBoard's events.
import { statSync } from "node:fs";
import { linesOf } from "../checkpoint/jsonl.ts";
import { encodeEvents } from "../formats/tensorboard/write-events.ts";
import type { StepRecord } from "../gan/train-steps.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { metricsRow } from "./metrics-rows.ts";

/** The columns, in order. */
const COLUMNS = ["step", "epoch", "lossD", "lossG", "dReal", "dFake"] as const;

/** TensorBoard's tags of the columns. Those of one kind share a panel there. */
const TAGS = {
  "loss/discriminator": "lossD",
  "loss/generator": "lossG",
  "verdict/real": "dReal",
  "verdict/generated": "dFake",
  epoch: "epoch",
} as const;

/** A log in another format. */
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
  for (const row of lossRows(path)) {
    lines.push(Buffer.from(`${COLUMNS.map((name) => row[name]).join(",")}\n`));
  }
  return { bytes: Buffer.concat(lines), rows: lines.length - 1 };
}

/** Returns the rows of a log as an event file of TensorBoard, all at the time of the log's last change. Throws the same. */
export function metricsEvents(path: string): MetricsTable {
  const steps = [...lossRows(path)].map((row) => ({
    step: row.step,
    values: Object.fromEntries(Object.entries(TAGS).map(([tag, column]) => [tag, row[column]])),
  }));
  return { bytes: encodeEvents(steps, statSync(path).mtimeMs / 1000), rows: steps.length };
}

function* lossRows(path: string): Generator<StepRecord> {
  for (const { number, row, empty, ended } of linesOf(path)) {
    if (empty) continue;
    const parsed = metricsRow.safeParse(row);
    if (parsed.success) yield parsed.data;
    else if (ended) {
      throw new CheckpointError(
        `${path}: line ${number} is not a row of losses; it is damaged: mend it or remove the line`,
      );
    }
  }
}
