// `longhand compare`: trains recipes for equal times, judges them, and writes one page.
import type { Command } from "commander";
import type { CompareFlags } from "../../runs/comparing/plan.ts";
import { COMPARED, MOST_SEEDS } from "../../runs/defaults.ts";
import { terminal } from "../../terminal/ui.ts";
import {
  adapterOption,
  dataOption,
  MOST_SAMPLES,
  positive,
  requireEnding,
  requireFolder,
  whole,
  widthOption,
} from "../options.ts";

const HELP = `
Example: two recipes and a config file, three seeds each, 10 minutes of steps
per run
  compare best dcgan docs/recipes/quarter.json --seeds 3 --minutes 10
--width multiplies the widths of every entry, also those that a file sets.
Each run is an ordinary run in DIR/NAME-SEED. Ctrl-C saves and stops; the same
command with --out DIR goes on.
Equal time is time in steps: compiling, judging, drawing and saving don't count.`;

/** Compares recipes. Throws a `LonghandError` for everything that a person can mend. */
export async function compareCommand(
  entries: readonly string[],
  flags: CompareFlags,
): Promise<void> {
  const { keep } = flags;
  if (keep !== undefined) requireEnding("--keep", keep, ".json");
  requireFolder("--keep", keep);
  const { compareRecipes } = await import("../../runs/comparing/compare.ts");
  await compareRecipes(terminal, entries, flags);
}

/** Adds `compare` to the command line. */
export function addCompare(program: Command): void {
  program
    .command("compare")
    .description(
      "train recipes or config files for equal times, judge them on the way, and write one page",
    )
    .argument("[entries...]", "recipes by name, or config files by path; up to 6")
    .addOption(widthOption())
    .option(
      "--seeds <n>",
      `how many runs per entry (default: ${COMPARED.seeds})`,
      whole(1, MOST_SEEDS),
    )
    .option("--first-seed <n>", "the seed of the first; the others follow (default: 0)", whole(0))
    .option(
      "--minutes <n>",
      `minutes of steps per run (default: ${COMPARED.minutes})`,
      positive(1e5),
    )
    .option("--steps <n>", "steps per run, instead of minutes", whole(1, 1e9))
    .option(
      "--every <n>",
      `judge every n minutes, or steps with --steps (default: ${COMPARED.points} times per run)`,
      positive(1e9),
    )
    .option(
      "--count <n>",
      `samples to judge each time; at the end twice as many (default: ${COMPARED.count})`,
      whole(100, MOST_SAMPLES / 2),
    )
    .addOption(dataOption("images to train on"))
    .option("--out <dir>", "the folder (default: runs/compare-<n>)")
    .option("--keep <file>", "also write the results to this .json file (see docs/recipes)")
    .option("--sweep <file>", "judge and gather what a sweep has trained so far, instead")
    .addOption(adapterOption())
    .addHelpText("after", HELP)
    .action(async (entries: string[], flags: CompareFlags) => compareCommand(entries, flags));
}
