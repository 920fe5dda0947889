// Trains recipes for equal times or equal numbers of steps, judges them on the way and at the end, and writes one page.
import { UsageError } from "../../gpu/errors.ts";
import { printable, shellQuote } from "../../gpu/foreign-text.ts";
import type { Ui } from "../ui.ts";
import type { Asked } from "./prepare.ts";
import { commandFor } from "../command-words.ts";
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
  const asked =
    flags.sweep === undefined
      ? await askedBy(words, flags)
      : await gatheredBy(words, flags, flags.sweep);
  const { compareAsked } = await import("./compare-asked.ts"); // slow to load
  await compareAsked(ui, asked);
}

async function askedBy(words: readonly string[], flags: CompareFlags): Promise<Asked> {
  const goal = goalOf(flags);
  return { entries: await entriesOf(words, flags.width), seeds: seedsOf(flags), goal, flags };
}

async function gatheredBy(
  words: readonly string[],
  { keep, adapter, ...others }: CompareFlags,
  sweep: string,
): Promise<Asked> {
  const said = [
    ...words,
    ...Object.entries(others).flatMap(([flag, given]) =>
      given === undefined || flag === "sweep"
        ? []
        : `--${flag === "firstSeed" ? "first-seed" : flag}`,
    ),
  ];
  if (said.length > 0) {
    throw new UsageError(
      `--sweep ${printable(sweep)}: says itself what was trained, so leave out ${said.map((each) => printable(each)).join(", ")}`,
    );
  }
  const { readSweep } = await import("../sweeping/sweep-file.ts");
  const { checkSweepFolder } = await import("../sweeping/folder.ts");
  const found = await readSweep(sweep);
  if (!checkSweepFolder(found)) {
    throw new UsageError(
      `--sweep ${printable(sweep)}: none of its runs was begun; train them: ${commandFor("sweep", shellQuote(sweep))}`,
    );
  }
  const { entries, seeds, goal, flags } = found;
  const own = {
    ...(keep === undefined ? {} : { keep }),
    ...(adapter === undefined ? {} : { adapter }),
  };
  return { entries, seeds, goal, flags: { ...flags, ...own, sweep } };
}
