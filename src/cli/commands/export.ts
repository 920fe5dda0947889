// `longhand export`: writes a run's networks in another format.
import { Option, type Command } from "commander";
import { requireRun } from "../../runs/require-run.ts";
import { exportPlace, FORMATS, WHAT, type ExportFlags } from "../export-flags.ts";
import { checkpointOption } from "../options.ts";

/** Exports a network of a run, or the judge. Throws `UsageError` on flags that don't go together. */
export async function exportCommand(run: string | undefined, flags: ExportFlags): Promise<void> {
  const { what = "generator", format } = flags;
  const out = exportPlace(run, flags);
  if (run !== undefined) requireRun(run);
  const { exportToFolder, exportToOnnx } = await import("../actions/export.ts");
  await (format === "onnx"
    ? exportToOnnx(run, what, out, flags)
    : exportToFolder(run, what, out, { ...flags, format }));
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
        "onnx: one file; torch: safetensors and the Python to load them; keras: .keras for Keras 3, its weights alone, and .h5 for tf.keras 2; tfjs: a layers model",
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
    .option("--out <path>", "a file for onnx, else a folder (default: in RUN)")
    .option("--force", "replace older files")
    .addOption(checkpointOption())
    .action(async (run: string | undefined, flags: ExportFlags) => exportCommand(run, flags));
}
