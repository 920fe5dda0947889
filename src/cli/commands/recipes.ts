// `longhand recipes`: lists the recipes, how large they are, and how long an epoch takes here.
import type { Command } from "commander";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { standInTraining } from "../../gan/memory.ts";
import type { RecipeFlags } from "../../runs/config.ts";
import { useStoredChoices } from "../../runs/kernel-choices.ts";
import { measureRecipes, plannedOf, STEPS_BUDGET, type Entry } from "../../runs/recipe-times.ts";
import { limitsFor, withDevice } from "../../runs/session.ts";
import { print } from "../../terminal/print.ts";
import { adapterOption, addRecipeOptions, requireFolder, whole } from "../options.ts";
import { createRecipeView } from "../words/recipe-view.ts";
import { jsonOf, tableOf } from "../words/recipes.ts";

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
  const { time = true, budget = STEPS_BUDGET, json, batch } = flags;
  requireFolder("--json", json);
  const planned = await plannedOf(flags);
  const limits = limitsFor(planned.map((each) => standInTraining(each.recipe, each.batch)));
  await withDevice(
    time ? flags.adapter : "null", // Dawn's null backend runs nothing, and needs no adapter
    async (device, { name, line, kind }) => {
      if (time) print(line);
      await useStoredChoices(device, name);
      let entries: readonly Entry[] = [];
      const report = (): void => {
        print(...tableOf(entries, time ? name : undefined).split("\n"));
        if (json !== undefined) writeFileAtomic(json, jsonOf(entries, time ? name : null));
      };
      const view = createRecipeView(planned.length, report);
      const measuring = measureRecipes(device, {
        planned,
        most: kind === "gpu" || batch !== undefined ? Infinity : undefined,
        budget: time ? budget : 0,
        onEntries: (all) => (entries = all),
        onStage: view.update,
        onTimed: view.next,
      });
      await measuring.finally(view.stop);
      report();
    },
    limits,
  );
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
