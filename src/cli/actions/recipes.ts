// Counts and times recipes for `longhand recipes`, and prints the table.
import { writeFileAtomic } from "../../checkpoint/files.ts";
import { standInTraining } from "../../gan/memory.ts";
import { STEPS_BUDGET } from "../../runs/defaults.ts";
import { useStoredChoices } from "../../runs/kernel-choices.ts";
import { measureRecipes, plannedOf, type Entry } from "../../runs/recipe-times.ts";
import { limitsFor, withDevice } from "../../runs/session.ts";
import { print } from "../../terminal/print.ts";
import type { RecipesFlags } from "../commands/recipes.ts";
import { createRecipeView } from "../words/recipe-view.ts";
import { jsonOf, tableOf } from "../words/recipes.ts";

/** Lists recipes with their figures, as a table and as JSON. */
export async function listRecipes(flags: RecipesFlags): Promise<void> {
  const { time = true, budget = STEPS_BUDGET, json, batch } = flags;
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
