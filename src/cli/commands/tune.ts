// `longhand tune`: measures which of each kernel's variants is fastest on this adapter, for new runs.
import type { Command } from "commander";
import { UsageError } from "../../gpu/errors.ts";
import { chosenRecipe, type RecipeFlags } from "../../runs/config.ts";
import { forgetKernelChoices } from "../../runs/kernel-choices.ts";
import { withDevice } from "../../runs/session.ts";
import { TUNING_BUDGET, tuneRecipe } from "../../runs/tuning.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
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
  const { forget = false, budget = TUNING_BUDGET } = flags;
  const contradicted = (["recipe", "width", "config", "batch", "budget"] as const).find(
    (flag) => flags[flag],
  );
  if (forget && contradicted !== undefined) {
    throw new UsageError(
      `--forget: removes all that was measured on the adapter and measures nothing; leave --${contradicted} out`,
    );
  }
  if (!forget) {
    const recipe = await chosenRecipe(flags);
    await tuneRecipe(terminal, {
      ...flags,
      recipe,
      batch: flags.batch ?? recipe.batch,
      budget,
      again: true,
    });
    return;
  }
  await withDevice(flags.adapter, async (_device, { line, name }) => {
    print(line);
    const gone = forgetKernelChoices(name);
    print(
      gone.length > 0
        ? `Removed ${gone.join(", ")}: new runs use the default kernels again.`
        : "Nothing was stored for this adapter: runs use the default kernels.",
    );
  });
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
