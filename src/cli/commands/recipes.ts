// `longhand recipes`: lists the recipes, how large they are, and how long an epoch takes here.
import type { Command } from "commander";
import { recipeName } from "../../gan/recipes/names.ts";
import type { RecipeFlags } from "../../runs/config.ts";
import { STEPS_BUDGET } from "../../runs/defaults.ts";
import { adapterOption, addRecipeOptions, requireFolder, whole } from "../options.ts";

/** The flags of `recipes`. */
export interface RecipesFlags extends RecipeFlags {
  readonly batch?: number;
  /** False to count only. */
  readonly time?: boolean;
  /** Seconds of timed steps per recipe. */
  readonly budget?: number;
  readonly adapter?: string;
  readonly json?: string;
}

/** Lists recipes with their figures. Throws `UsageError`, `AdapterError`, `OutputError`. */
export async function recipesCommand(flags: RecipesFlags): Promise<void> {
  requireFolder("--json", flags.json);
  if (flags.recipe !== undefined) recipeName(flags.recipe);
  const { listRecipes } = await import("../actions/recipes.ts");
  await listRecipes(flags);
}

/** Adds `recipes` to the command line. */
export function addRecipes(program: Command): void {
  const command = program
    .command("recipes")
    .description(
      "list the recipes: parameters, work per image, and the time per epoch on this adapter",
    );
  addRecipeOptions(command, "(default: all)")
    .option("--batch <n>", "images per step (default: each recipe's)", whole(1))
    .option("--no-time", "count only: nothing runs")
    .option(
      "--budget <seconds>",
      `seconds of timed steps per recipe, without compiling (default: ${STEPS_BUDGET})`,
      whole(1),
    )
    .option("--json <file>", "also write all figures to this file")
    .addOption(adapterOption())
    .action(async (flags: RecipesFlags) => recipesCommand(flags));
}
