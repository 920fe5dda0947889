// A comparison in a terminal: each figure of each entry, and each run.
import { textTable } from "../../gpu/text-table.ts";
import { MEANINGS } from "../../judge/figures.ts";
import type { RecipeComparison } from "./comparison-file.ts";
import { MOST_ENTRIES } from "./entries.ts";
import { bestFirst, resultsOf, type EntryResults, type Spread } from "./spread.ts";
import { missingWords, runCells, RUN_TITLES, spreadWords } from "./words.ts";

/** A figure of each entry. */
interface FigureRow {
  readonly title: string;
  readonly better: string;
  readonly cells: readonly string[];
}

/** Returns the figures at the end, one row per figure, with the second judge's after the first's distances. */
function figureRows(results: readonly EntryResults[]): readonly FigureRow[] {
  const row = (title: string, better: string, of: (entry: EntryResults) => Spread): FigureRow => ({
    title,
    better,
    cells: results.map((entry) => spreadWords(of(entry))),
  });
  const rows = MEANINGS.map(({ name, title, better }) =>
    row(title, better, (entry) => entry.figure(name)),
  );
  const seconds = results.some(({ second }) => second.frechetTrain.count > 0)
    ? [
        row("  by the second judge, training", "lower", ({ second }) => second.frechetTrain),
        row("  by the second judge, test", "lower", ({ second }) => second.frechetTest),
      ]
    : [];
  return [...rows.slice(0, 2), ...seconds, ...rows.slice(2)];
}

/** A table: its titles, and its rows. */
export interface FiguresTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Figures that rank entries, if a terminal is too narrow for all. */
const BRIEF = ["Fréchet distance to training", "  by the second judge, training", "Coverage"];

/**
 * Returns the figures at the end with a row per figure; if there are more entries than a plot has colours, with a row per
 * entry, the best first, and only the figures that rank them if it is to be brief.
 */
export function figuresTable(results: readonly EntryResults[], isBrief: boolean): FiguresTable {
  if (results.length <= MOST_ENTRIES) {
    const names = results.map(({ name }) => name);
    return {
      titles: ["Figure, median (least–most)", "better", ...names],
      rows: figureRows(results).map(({ title, better, cells }) => [title, better, ...cells]),
    };
  }
  const ranked = bestFirst(results);
  const shown = figureRows(ranked).filter(({ title }) => !isBrief || BRIEF.includes(title));
  return {
    titles: ["Entry, median (least–most)", ...shown.map(({ title }) => title.trim())],
    rows: ranked.map(({ name }, at) => [name, ...shown.map(({ cells }) => cells[at]!)]),
  };
}

/** Returns the lines of a comparison: the figures of each entry, and its runs. */
export function comparisonTable(comparison: RecipeComparison): readonly string[] {
  const results = resultsOf(comparison);
  const { titles, rows } = figuresTable(results, true);
  const missing = missingWords(comparison);
  const runs = results.flatMap((each) => each.runs.map(runCells));
  return [
    ...textTable(
      titles.map((title, at) => ({ title, numeric: at > 0 && title !== "better" })),
      rows,
    ),
    "",
    ...textTable(
      RUN_TITLES.map((title, at) => ({ title, numeric: at > 0 && title !== "" })),
      runs,
    ),
    ...(missing === "" ? [] : ["", missing]),
  ];
}
