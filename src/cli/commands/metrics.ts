// `longhand metrics`: a run's losses as a CSV table, or as TensorBoard's events.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { Option, type Command } from "commander";
import { CheckpointError, UsageError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import { print } from "../../terminal/print.ts";
import { requireEnding, requireFolder, requireFree } from "../options.ts";

const FORMATS = ["csv", "tensorboard"] as const;

/** The flags of `metrics`. */
export interface MetricsFlags {
  readonly format?: (typeof FORMATS)[number];
  readonly out?: string;
  readonly force?: boolean;
}

/** What TensorBoard knows its files by, anywhere in their names. */
const EVENTS = "tfevents";

/** Writes the losses of a run, and prints the file's path. */
export async function metricsCommand(
  run: string,
  { format = "csv", out, force }: MetricsFlags,
): Promise<void> {
  const isCsv = format === "csv";
  const path = out ?? join(run, isCsv ? "metrics.csv" : `events.out.${EVENTS}.longhand`);
  if (isCsv) requireEnding("--out", path, ".csv");
  else if (!basename(path).includes(EVENTS)) {
    throw new UsageError(`--out ${path}: must have ${EVENTS} in its name, or TensorBoard skips it`);
  }
  requireFolder("--out", out);
  requireRun(run);
  // The one in the run folder is the log in another form, so it is written anew.
  if (out !== undefined) requireFree("--out", out, force);
  const log = join(run, "metrics.jsonl");
  if (!existsSync(log)) {
    throw new CheckpointError(`${log}: is missing, so there are no losses; put it back`);
  }
  const { metricsCsv, metricsEvents } = await import("../../runs/metrics-csv.ts");
  const { writeFileAtomic } = await import("../../checkpoint/files.ts");
  const { bytes, rows } = (isCsv ? metricsCsv : metricsEvents)(log);
  writeFileAtomic(path, bytes);
  print(`${path} (${rows} ${rows === 1 ? "step" : "steps"})`);
}

/** Adds `metrics` to the command line. */
export function addMetrics(program: Command): void {
  program
    .command("metrics")
    .description("write a run's losses and verdicts by step, as a table or for TensorBoard")
    .argument("<run>", "a run folder")
    .addOption(
      new Option(
        "--format <kind>",
        "csv: a row per step; tensorboard: an event file, for tensorboard --logdir RUN (default: csv)",
      ).choices(FORMATS),
    )
    .option(
      "--out <file>",
      "where to write (default: RUN/metrics.csv, or RUN/events.out.tfevents.longhand)",
    )
    .option("--force", "replace --out if it exists")
    .action(async (run: string, flags: MetricsFlags) => metricsCommand(run, flags));
}
