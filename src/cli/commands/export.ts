// `longhand export`: writes a run's networks in another format.
import { join } from "node:path";
import { Option, type Command } from "commander";
import { UsageError } from "../../gpu/errors.ts";
import { requireRun } from "../../runs/require-run.ts";
import type { WhichCheckpoint } from "../../runs/checkpoint-places.ts";
import { checkpointOption, requireEnding, requireFolder } from "../options.ts";

const FORMATS = ["onnx", "torch"] as const;
const WHAT = ["generator", "discriminator", "judge", "training"] as const;

/** The flags of `export`. */
export interface ExportFlags {
  readonly format: (typeof FORMATS)[number];
  readonly what?: (typeof WHAT)[number];
  readonly foldBatchNorm?: boolean;
  readonly uint8?: boolean;
  readonly out?: string;
  readonly force?: boolean;
  readonly checkpoint?: WhichCheckpoint;
}

/** Exports a network of a run, or the judge. Throws `UsageError` on flags that don't go together. */
export async function exportCommand(run: string | undefined, flags: ExportFlags): Promise<void> {
  const { what = "generator", format } = flags;
  if (what === "judge" ? run !== undefined : run === undefined) {
    throw new UsageError(
      what === "judge"
        ? `export: --what judge takes no run, because a judge belongs to none; got ${run}: leave it out`
        : `export: --what ${what} needs a run folder; name one`,
    );
  }
  if (format === "torch" && (flags.foldBatchNorm || flags.uint8)) {
    const flag = flags.uint8 ? "--uint8" : "--fold-batch-norm";
    throw new UsageError(`${flag}: belongs to --format onnx; leave it out`);
  }
  if (format === "onnx" && what === "training") {
    throw new UsageError("--what training: ONNX holds one network each; use --format torch");
  }
  const out = flags.out ?? join(run ?? "", format === "onnx" ? `${what}.onnx` : "torch");
  if (format === "onnx") requireEnding("--out", out, ".onnx");
  requireFolder("--out", out);
  if (run !== undefined) requireRun(run);
  const { exportToOnnx, exportToTorch } = await import("../actions/export.ts");
  await (format === "onnx" ? exportToOnnx : exportToTorch)(run, what, out, flags);
}

/** Adds `export` to the command line. */
export function addExport(program: Command): void {
  program
    .command("export")
    .description("write a run's networks in another format, for other programs")
    .argument("[run]", "a run folder; not with --what judge")
    .addOption(
      new Option(
        "--format <name>",
        "onnx: one file; torch: safetensors and the Python to load them",
      )
        .choices(FORMATS)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        "--what <networks>",
        "which network (default: generator); training, for torch: all that training reads",
      ).choices(WHAT),
    )
    .option(
      "--fold-batch-norm",
      "onnx: fold batch norms into the layers next to them; such a file can't be imported",
    )
    .option("--uint8", "onnx: images are bytes from 0 to 255 (default: floats from −1 to 1)")
    .option("--out <path>", "a file for onnx, a folder for torch (default: in RUN)")
    .option("--force", "overwrite older files")
    .addOption(checkpointOption())
    .action(async (run: string | undefined, flags: ExportFlags) => exportCommand(run, flags));
}
