// `longhand import`: makes a run of networks from elsewhere.
import type { Command } from "commander";
import { recipeName, RECIPE_NAMES } from "../../gan/recipes/names.ts";
import type { ImportFlags } from "../../runs/exchange/import-run.ts";
import { terminal } from "../../terminal/ui.ts";
import {
  adapterOption,
  channelsOption,
  configOption,
  dataOption,
  noTransposeOption,
  sizeOption,
  transposeOption,
  whole,
  widthOption,
} from "../options.ts";

/** Imports files as a run. Throws `UsageError` on flags that aren't allowed. */
export async function importCommand(paths: readonly string[], flags: ImportFlags): Promise<void> {
  recipeName(flags.recipe);
  const { importRun } = await import("../../runs/exchange/import-run.ts");
  await importRun(terminal, paths, flags);
}

/** Adds `import` to the command line. */
export function addImport(program: Command): void {
  program
    .command("import")
    .description(
      "make a run of networks from elsewhere: it samples, evaluates and goes on training",
    )
    .argument(
      "<files...>",
      ".onnx, .safetensors, .pt, .keras, .weights.h5 files, a TensorFlow.js model's .json, or a folder of them",
    )
    .requiredOption(
      "--recipe <name>",
      `the recipe that they are of: one of ${RECIPE_NAMES.join(", ")}`,
    )
    .addOption(widthOption())
    .addOption(channelsOption())
    .addOption(configOption())
    .option("--out <dir>", "the run folder (default: runs/<recipe>-<n>)")
    .option("--seed <n>", "of what isn't in the files (default: theirs, else 0)", whole(0))
    .option("--batch <n>", "images per step (default: theirs, else the recipe's)", whole(1))
    .addOption(dataOption("images to go on with"))
    .addOption(transposeOption())
    .addOption(noTransposeOption())
    .addOption(sizeOption())
    .option("--force", "overwrite an older run in --out")
    .addOption(adapterOption())
    .action(async (paths: string[], flags: ImportFlags) => importCommand(paths, flags));
}
