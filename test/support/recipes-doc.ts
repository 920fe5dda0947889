// The tables of docs/recipes/README.md: the recipes' constants in the code, and the figures of the evaluations kept
// next to the page.
import { existsSync, readFileSync } from "node:fs";
import { constantsOf } from "../../src/runs/constants.ts";
import { type Evaluation, parseEvaluation } from "../../src/runs/evaluation/evaluation-file.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import {
  type Figures,
  type FrechetFigures,
  REFERENCES,
  type Reference,
} from "../../src/judge/figures.ts";
import { formatFigure } from "../../src/pictures/figure-words.ts";
import { comparisonText, keptComparisons } from "./comparisons-doc.ts";

/** The page, from the project's root. */
export const RECIPES_DOC = "docs/recipes/README.md";

/** The words for Adam's constants, in the order of a cell. */
const WORDS = { learningRate: "rate", beta1: "β1", beta2: "β2", epsilon: "ε", convention: "as" };

function cell(value: unknown): string {
  if (value === undefined) return "–";
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  const parts = new Map<string, unknown>(Object.entries(value));
  return Object.entries(WORDS)
    .map(([name, word]) => `${word} ${String(parts.get(name))}`)
    .join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
}

/** Returns the table of constants: one line per constant, one column per recipe. */
export function constantsTable(): string {
  const each = recipes.map((recipe) => constantsOf(recipe));
  const names = [...new Set(each.flatMap((constants) => Object.keys(constants)))];
  return table(
    ["constant", ...recipes.map(({ name }) => `\`${name}\``)],
    names.map((name) => [`\`${name}\``, ...each.map((constants) => cell(constants[name]))]),
  );
}

/** Returns an evaluation that is kept next to the page; undefined if there is none. */
export function keptEvaluation(name: string): Evaluation | undefined {
  const path = new URL(`../../docs/recipes/${name}.json`, import.meta.url);
  return existsSync(path) ? parseEvaluation(readFileSync(path), name) : undefined;
}

/** What the rows of the references are called. */
const SETS: Readonly<Record<Reference, string>> = {
  real: "10,000 test digits",
  repeated: "100 of them, over and over",
  single: "one of them, over and over",
  noisy: "test digits with noise of σ 0.1",
  noise: "pure noise",
};

const figure = (value: number | undefined): string =>
  value === undefined ? "–" : formatFigure(value);

type Second = NonNullable<Evaluation["second"]>["samples"];

/** Returns Fréchet distances to training and to test images, by the first judge and by the second. */
const distances = (first?: FrechetFigures, second?: Second): (number | undefined)[] => [
  first?.frechetTrain,
  first?.frechetTest,
  second?.frechetTrain,
  second?.frechetTest,
];

/** Returns those of a kept evaluation. */
export const distancesOf = (kept?: Evaluation): (number | undefined)[] =>
  distances(kept?.samples.figures, kept?.second?.samples);

const DISTANCES = ["FD, training", "FD, test", "second judge: FD, training", "FD, test"];

/** Returns the table of results: one line per evaluated recipe, by both judges, and the known sets below. */
export function resultsTable(): string {
  const kept = recipes.flatMap(({ name }) => {
    const evaluation = keptEvaluation(`${name}/evaluation`);
    return evaluation ? [{ name, evaluation }] : [];
  });
  const cells = (figures?: Figures, second?: Second): string[] =>
    [
      ...distances(figures, second),
      figures?.precision,
      figures?.recall,
      figures?.density,
      figures?.coverage,
      figures?.classBalance,
      figures?.score,
    ].map(figure);
  const known = kept.at(-1)?.evaluation;
  return table(
    [
      "",
      "steps",
      ...DISTANCES,
      "precision",
      "recall",
      "density",
      "coverage",
      "class imbalance",
      "score",
    ],
    [
      ...kept.map(({ name, evaluation: { run, samples, second } }) => [
        `\`${name}\``,
        run.step.toLocaleString("en"),
        ...cells(samples.figures, second?.samples),
      ]),
      ...REFERENCES.map((set) => [
        SETS[set],
        "",
        ...cells(known?.references[set].figures, known?.second?.references[set]),
      ]),
    ],
  );
}

/** The seeds of the comparison, and what is compared: files in docs/recipes/comparison. */
export const SEEDS: readonly number[] = [0, 1, 2];
export const COMPARED: Readonly<Record<"best" | "dcgan" | "quarter", string>> = {
  best: "`best`",
  dcgan: "`dcgan`",
  quarter: "`dcgan` by `quarter.json`",
};

/** Returns the Fréchet distances of recipes trained for equal times, one line per seed. */
export function comparisonTable(): string {
  return table(
    ["", "seed", "steps", ...DISTANCES],
    Object.entries(COMPARED).flatMap(([file, words]) =>
      SEEDS.map((seed) => {
        const kept = keptEvaluation(`comparison/${file}-${seed}`);
        return [
          words,
          String(seed),
          kept?.run.step.toLocaleString("en") ?? "–",
          ...distancesOf(kept).map(figure),
        ];
      }),
    ),
  );
}

/** Returns that table, and below it one for each comparison that `compare --keep` wrote. */
function comparisonTables(): string {
  const kept = [...keptComparisons()].map(([name, each]) => comparisonText(name, each));
  return [comparisonTable(), ...kept].join("\n\n");
}

const TABLES = { constants: constantsTable, results: resultsTable, comparison: comparisonTables };

/** Returns the page with each table between its two marks. Throws if a table has no marks. */
export function withTables(page: string): string {
  return Object.entries(TABLES).reduce((text, [name, write]) => {
    const marks = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- end -->)`);
    if (!marks.test(text)) throw new Error(`${RECIPES_DOC}: has no marks for the table of ${name}`);
    return text.replace(marks, (_, begin: string, end: string) => `${begin}\n${write()}\n${end}`);
  }, page);
}
