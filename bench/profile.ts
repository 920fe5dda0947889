// `npm run bench -- profile`: times a training step kernel by kernel, next to the adapter's ceilings.
import { chosenRecipe, type RecipeFlags } from "../src/runs/config.ts";
import { titleOf } from "../src/runs/constants.ts";
import { profilePicture, profileStep, profileTable } from "../src/runs/profiling.ts";
import { compileSteps } from "../src/gan/train-steps.ts";
import { open } from "../src/node.ts";
import { terminal } from "../src/terminal/ui.ts";
import { benchGan } from "./gan.ts";
import { writeText } from "./reports.ts";

/** The flags of `profile`. */
export interface ProfileFlags extends RecipeFlags {
  readonly batch: number;
  readonly rounds: number;
  readonly each?: boolean;
  readonly clock?: boolean;
  readonly adapter?: string;
  readonly svg?: string;
  readonly json?: string;
}

/** Profiles a step and prints the table. Throws a `LonghandError` for everything that a person can mend. */
export async function profileCommand(flags: ProfileFlags): Promise<void> {
  const { batch, rounds, clock = false } = flags;
  const chosen = await chosenRecipe(flags);
  const recipe = titleOf(chosen);
  const { device, adapter, close } = await open(flags.adapter);
  try {
    const title = `${recipe}, batch ${batch}: a step's kernels`;
    console.log(`${adapter.name}; ${title}`);
    const { full } = await compileSteps(benchGan(device, chosen, batch));
    const step = await profileStep(terminal, device, full, adapter.name, {
      rounds,
      timestamps: !clock,
    });
    console.log(profileTable(step, { each: flags.each ?? false }));
    if (flags.svg !== undefined) writeText(flags.svg, profilePicture(step, title));
    if (flags.json !== undefined) {
      const { peak, multiplyAdds } = full.explain();
      const report = { date: new Date().toISOString(), recipe, batch, peak, multiplyAdds, ...step };
      writeText(flags.json, `${JSON.stringify(report, undefined, 2)}\n`);
    }
  } finally {
    close();
  }
}
