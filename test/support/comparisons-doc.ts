// The tables of comparisons that `compare --keep` wrote into docs/recipes/comparison, for docs/recipes/README.md.
import { readdirSync, readFileSync } from "node:fs";
import { formatDuration } from "../../src/gpu/duration.ts";
import {
  FORMAT,
  parseComparison,
  type ComparedRun,
  type RecipeComparison,
} from "../../src/runs/comparing/comparison-file.ts";
import { resultsOf, type EntryResults, type Spread } from "../../src/runs/comparing/spread.ts";
import { goalWords, listWords, spreadWords } from "../../src/runs/comparing/words.ts";
import { formatFigure } from "../../src/pictures/figure-words.ts";

/** The folder of kept comparisons. */
const KEPT = new URL("../../docs/recipes/comparison/", import.meta.url);

/** Returns the comparisons that are kept in a folder, by name. Other JSON files are passed over. */
export function keptComparisons(folder: URL = KEPT): ReadonlyMap<string, RecipeComparison> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return new Map(
    names.toSorted().flatMap((name): [string, RecipeComparison][] => {
      const bytes = readFileSync(new URL(name, folder));
      const { format }: { format?: unknown } = JSON.parse(bytes.toString());
      if (format !== FORMAT) return [];
      return [[name.replace(/\.json$/, ""), parseComparison(bytes, name)]];
    }),
  );
}

const TITLES = [
  "",
  "seed",
  "steps",
  "time in steps",
  "FD, training",
  "FD, test",
  "second judge: FD, training",
  "FD, test",
  "coverage",
  "class imbalance",
  "digits 0 to 9, in %",
];

/** Returns a comparison as the page has it: what it is in a sentence, and its table. */
export function comparisonText(name: string, comparison: RecipeComparison): string {
  const { goal, seeds, adapter } = comparison.plan;
  const entries = comparison.plan.entries.map((each) => `\`${each.name}\``);
  const words = `[\`${name}\`](comparison/${name}.json): ${listWords(entries)}, ${goalWords(goal)} each with ${seeds.length === 1 ? "seed" : "seeds"} ${listWords(seeds)}, on ${adapter}, by \`npm run compare\`. Time is that of steps alone.`;
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rows = resultsOf(comparison).flatMap(rowsOf);
  return [words, "", ...[TITLES, TITLES.map(() => "---"), ...rows].map(row)].join("\n");
}

function rowsOf({ name, runs, figure, second }: EntryResults): string[][] {
  const middle = ({ median, least, most, count }: Spread): string =>
    count === 0 ? "–" : `**${spreadWords({ median, least, most, count })}**`;
  const distances = [
    figure("frechetTrain"),
    figure("frechetTest"),
    second.frechetTrain,
    second.frechetTest,
    figure("coverage"),
    figure("classBalance"),
  ];
  return [
    ...runs.map((run) => runRow(name, run)),
    [`\`${name}\``, "median (least–greatest)", "", "", ...distances.map(middle), ""],
  ];
}

function runRow(name: string, { seed, end, diverged }: ComparedRun): string[] {
  const start = [`\`${name}\``, String(seed)];
  if (!end) return [...start, `diverged: ${diverged}`, ...TITLES.slice(3).map(() => "–")];
  const { figures, second, counts } = end;
  const all = counts.reduce((sum, count) => sum + count, 0);
  const distances = [
    figures.frechetTrain,
    figures.frechetTest,
    second?.frechetTrain,
    second?.frechetTest,
    figures.coverage,
    figures.classBalance,
  ];
  return [
    ...start,
    end.step.toLocaleString("en"),
    formatDuration(end.seconds),
    ...distances.map((each) => (each === undefined ? "–" : formatFigure(each))),
    counts.map((count) => Math.round((100 * count) / all)).join(" "),
  ];
}
