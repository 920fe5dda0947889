// `longhand metrics`: a run's losses as a CSV table.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { CheckpointError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import { print } from "../../terminal/print.ts";
import { requireEnding, requireFolder, requireFree } from "../options.ts";

/** The flags of `metrics`. */
export interface MetricsFlags {
  readonly out?: string;
  readonly force?: boolean;
}

/** Writes the losses of a run as CSV, and prints the file's path. */
export async function metricsCommand(run: string, { out, force }: MetricsFlags): Promise<void> {
  const path = out ?? join(run, "metrics.csv");
  requireEnding("--out", path, ".csv");
  requireFolder("--out", out);
  requireRun(run);
  // The one in the run folder is the log in another form, so it is written anew.
  if (out !== undefined) requireFree("--out", out, force);
  const log = join(run, "metrics.jsonl");
  if (!existsSync(log)) {
    throw new CheckpointError(`${log}: is missing, so there are no losses; put it back`);
  }
  const { metricsCsv } = await import("../../runs/metrics-csv.ts");
  const { writeFileAtomic } = await import("../../checkpoint/files.ts");
  const { bytes, rows } = metricsCsv(log);
  writeFileAtomic(path, bytes);
  print(`${path} (${rows} ${rows === 1 ? "step" : "steps"})`);
}

/** Adds `metrics` to the command line. */
export function addMetrics(program: Command): void {
  program
    .command("metrics")
    .description("write a run's losses and verdicts as a CSV table, one row per step")
    .argument("<run>", "a run folder")
    .option("--out <file>", "where to write (default: RUN/metrics.csv)")
    .option("--force", "replace --out if it exists")
    .action(async (run: string, flags: MetricsFlags) => metricsCommand(run, flags));
}
