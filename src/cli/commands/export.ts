// `longhand export`: writes a run's networks in another format.
import { join } from "node:path";
import { Option, type Command } from "commander";
import { UsageError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import type { WhichCheckpoint } from "../../runs/checkpoint-places.ts";
import { checkpointOption, requireEnding, requireFolder } from "../options.ts";

const WHAT = ["generator", "discriminator", "judge"] as const;

/** The flags of `export`. */
export interface ExportFlags {
  readonly format: "onnx";
  readonly what?: (typeof WHAT)[number];
  readonly foldBatchNorm?: boolean;
  readonly uint8?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly checkpoint?: WhichCheckpoint;
}

/** Exports a network of a run, or the judge. Throws `UsageError` on flags that don't go together. */
export async function exportCommand(run: string | undefined, flags: ExportFlags): Promise<void> {
  const { what = "generator" } = flags;
  if (what === "judge" ? run !== undefined : run === undefined) {
    throw new UsageError(
      what === "judge"
        ? `export: --what judge takes no run, because a judge belongs to none; got ${run}: leave it out`
        : `export: --what ${what} needs a run folder; name one`,
    );
  }
  const out = flags.out ?? join(run ?? "", `${what}.onnx`);
  requireEnding("--out", out, ".onnx");
  requireFolder("--out", out);
  if (run !== undefined) requireRun(run);
  const { exportToOnnx } = await import("../actions/export.ts");
  await exportToOnnx(run, what, out, flags);
}

/** Adds `export` to the command line. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write a run's network in another format, for other programs")
    .argument("[run]", "a run folder; not with --what judge")
    .addOption(
      new Option("--format <name>", "onnx: one file that runs wherever ONNX does")
        .choices(["onnx"])
        .makeOptionMandatory(),
    )
    .addOption(new Option("--what <network>", "which network (default: generator)").choices(WHAT))
    .option(
      "--fold-batch-norm",
      "fold batch norms into the layers next to them: smaller and faster, and no longer for import",
    )
    .option("--uint8", "images are bytes from 0 to 255 (default: floats from −1 to 1)")
    .option("--out <file>", "where to write (default: RUN/<network>.onnx)")
    .option("--force", "overwrite an older file in --out")
    .addOption(checkpointOption())
    .action(async (run: string | undefined, flags: ExportFlags) => exportCommand(run, flags));
}
