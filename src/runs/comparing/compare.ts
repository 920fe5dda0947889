// Trains recipes for equal times or equal numbers of steps, judges them on the way and at the end, and writes one page.
import type { Ui } from "../ui.ts";
import { entriesOf } from "./entries.ts";
import { goalOf, seedsOf, type CompareFlags } from "./plan.ts";

/**
 * Compares recipes: trains each with each seed, or goes on where the comparison in the folder stopped, and writes its
 * files. Throws a `LonghandError` for everything that a person can mend.
 */
export async function compareRecipes(
  ui: Ui,
  words: readonly string[],
  flags: CompareFlags,
): Promise<void> {
  const goal = goalOf(flags);
  const entries = await entriesOf(words, flags.width);
  const { compareAsked } = await import("./compare-asked.ts"); // slow to load
  await compareAsked(ui, { entries, seeds: seedsOf(flags), goal, flags });
}
