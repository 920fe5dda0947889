// A comparison in a terminal: each figure of each entry, and each run.
import { textTable } from "../../gpu/text-table.ts";
import { MEANINGS } from "../../judge/figures.ts";
import type { RecipeComparison } from "./comparison-file.ts";
import { resultsOf, type EntryResults, type Spread } from "./spread.ts";
import { missingWords, runCells, RUN_TITLES, spreadWords } from "./words.ts";

/** A figure of each entry. */
export interface FigureRow {
  readonly title: string;
  readonly better: string;
  readonly cells: readonly string[];
}

/** Returns the figures at the end, one row per figure, with the second judge's after the first's distances. */
export function figureRows(results: readonly EntryResults[]): readonly FigureRow[] {
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

/** Returns the lines of a comparison: the figures of each entry, and its runs. */
export function comparisonTable(comparison: RecipeComparison): readonly string[] {
  const results = resultsOf(comparison);
  const missing = missingWords(comparison);
  const runs = results.flatMap((each) => each.runs.map(runCells));
  return [
    ...textTable(
      [
        { title: "Figure, median (least–most)" },
        { title: "better" },
        ...results.map(({ name }) => ({ title: name, numeric: true })),
      ],
      figureRows(results).map(({ title, better, cells }) => [title, better, ...cells]),
    ),
    "",
    ...textTable(
      RUN_TITLES.map((title, at) => ({ title, numeric: at > 0 && title !== "" })),
      runs,
    ),
    ...(missing === "" ? [] : ["", missing]),
  ];
}
