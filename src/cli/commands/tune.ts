// `longhand tune`: measures which of each kernel's variants is fastest on this adapter, for new runs.
import type { Command } from "commander";
import { recipeName } from "../../gan/recipes/names.ts";
import { UsageError } from "../../gpu/errors.ts";
import type { RecipeFlags } from "../../runs/config.ts";
import { TUNING_BUDGET } from "../../runs/defaults.ts";
import { adapterOption, addRecipeOptions, whole } from "../options.ts";

/** The flags of `tune`. */
export interface TuneFlags extends RecipeFlags {
  readonly batch?: number;
  readonly adapter?: string;
  readonly budget?: number;
  readonly forget?: boolean;
}

/** Tunes a recipe's step, or forgets what was tuned. Throws `UsageError`, `AdapterError`, `OutputError`. */
export async function tuneCommand(flags: TuneFlags): Promise<void> {
  const { forget = false } = flags;
  const contradicted = (["recipe", "width", "config", "batch", "budget"] as const).find(
    (flag) => flags[flag],
  );
  if (forget && contradicted !== undefined) {
    throw new UsageError(
      `--forget: removes all that was measured on the adapter and measures nothing; leave --${contradicted} out`,
    );
  }
  if (flags.recipe !== undefined) recipeName(flags.recipe);
  const { forgetTuned, tuneStep } = await import("../actions/tune.ts");
  await (forget ? forgetTuned(flags) : tuneStep(flags));
}

/** Adds `tune` to the command line. */
export function addTune(program: Command): void {
  const command = program
    .command("tune")
    .description(
      "measure which of each kernel's variants is fastest on this adapter, for new runs",
    );
  addRecipeOptions(command)
    .option("--batch <n>", "images per step (default: the recipe's)", whole(1))
    .option("--budget <seconds>", `seconds to spend (default: ${TUNING_BUDGET})`, whole(1))
    .option("--forget", "remove what was measured on this adapter, and measure nothing")
    .addOption(adapterOption())
    .action(async (flags: TuneFlags) => tuneCommand(flags));
}
