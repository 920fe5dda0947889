// Tunes a recipe's step for `longhand tune`, or forgets what was tuned.
import { chosenRecipe } from "../../runs/config.ts";
import { TUNING_BUDGET } from "../../runs/defaults.ts";
import { forgetKernelChoices } from "../../runs/kernel-choices.ts";
import { withDevice } from "../../runs/session.ts";
import { tuneRecipe } from "../../runs/tuning.ts";
import { print } from "../../terminal/print.ts";
import { terminal } from "../../terminal/ui.ts";
import type { TuneFlags } from "../commands/tune.ts";

/** Measures which kernels are fastest in a recipe's step, and keeps the results. */
export async function tuneStep(flags: TuneFlags): Promise<void> {
  const recipe = await chosenRecipe(flags);
  const { batch = recipe.batch, budget = TUNING_BUDGET } = flags;
  await tuneRecipe(terminal, { ...flags, recipe, batch, budget, again: true });
}

/** Removes what was measured on an adapter. */
export async function forgetTuned(flags: TuneFlags): Promise<void> {
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
