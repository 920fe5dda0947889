// A comparison as its page shows it: figures in words, samples next to each other.
import type { GrayImage } from "../../pictures/grid.ts";
import type { ComparisonPage, RunSamples } from "../../pictures/comparison-page.ts";
import type { Term } from "../../pictures/report-html.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import { formatAccuracy } from "../evaluation/judges.ts";
import type { RecipeComparison } from "./comparison-file.ts";
import { figuresTable } from "./comparison-table.ts";
import { MOST_ENTRIES } from "./entries.ts";
import { bestFirst, resultsOf, type EntryResults } from "./spread.ts";
import { goalWords, listWords, missingWords, runCells, RUN_TITLES, runWords } from "./words.ts";

/** Returns the samples of a run, (16 images of seed 0); undefined if there are none. */
export type GridOf = (entry: string, seed: number) => GrayImage | undefined;

/** Returns the page of a comparison, as plain data. */
export function comparisonReport(comparison: RecipeComparison, gridOf: GridOf): ComparisonPage {
  const { plan } = comparison;
  const { goal, count, data } = plan;
  const results = resultsOf(comparison);
  const drawn = results.length > MOST_ENTRIES ? bestFirst(results).slice(0, MOST_ENTRIES) : results;
  const names = plan.entries.map(({ name }) => name);
  const runs = results.flatMap((each) => each.runs);
  return {
    title: titleOf(names),
    summary: [summaryOf(comparison, results), missingWords(comparison)].join(" ").trim(),
    facts: factsOf(comparison),
    curve: {
      title: `Fréchet distance over ${goal.unit} of training`,
      words: `To the training set, of ${count.toLocaleString("en")} samples each time; lower is better. Lines are medians over the seeds, bands reach from the least to the greatest.${drawn.length < results.length ? ` The best ${MOST_ENTRIES} of ${results.length} entries are drawn.` : ""}`,
      across: `${goal.unit} of training`,
      end: goal.amount,
      lines: drawn.map(({ name, curve }) => ({
        name,
        points: curve.map(({ mark, ...spread }) => ({ x: mark, ...spread })),
      })),
    },
    figures: {
      words: `Of ${(2 * count).toLocaleString("en")} samples per run: the median over the seeds, and in brackets the least and the greatest.`,
      ...figuresTable(results, false),
    },
    runs: {
      words: "FD is the Fréchet distance. Each run's folder has its losses, and its own page.",
      titles: RUN_TITLES,
      rows: runs.map(runCells),
    },
    samples: {
      words: "What each run draws from the first 16 latents of seed 0, at its end.",
      runs: plan.seeds.flatMap((seed) =>
        results.flatMap(({ name, runs: own }) =>
          own
            .filter((run) => run.seed === seed)
            .map((run): RunSamples => ({
              title: runWords({ entry: name, seed }),
              image: gridOf(name, seed),
              words:
                run.diverged === null ? "The picture is missing." : `Diverged: ${run.diverged}.`,
              counts: run.end?.counts,
            })),
        ),
      ),
    },
    classes: {
      words: "What the judge takes the samples for; the lines show the training set's shares.",
      shares: data.shares,
    },
    terms: termsOf(comparison),
  };
}

function titleOf(names: readonly string[]): string {
  if (names.length === 1) return `${names[0]}, by itself`;
  return names.length > MOST_ENTRIES
    ? `${names.length} entries, compared`
    : `${listWords(names)}, compared`;
}

function summaryOf({ plan }: RecipeComparison, results: readonly EntryResults[]): string {
  const ranked = bestFirst(results)
    .map(({ name, figure }) => ({ name, ...figure("frechetTrain") }))
    .filter(({ count }) => count > 0);
  if (ranked.length === 0) return "No run has been judged at its end yet.";
  const shown = ranked.slice(0, MOST_ENTRIES);
  const words = shown.map(({ name, median }) => `${name} ${formatFigure(median)}`);
  const apart = ranked.every(({ least }, at) => at === 0 || least > ranked[at - 1]!.most);
  const chance =
    ranked.length < 2
      ? ""
      : apart
        ? " The order is the same whichever seeds are taken."
        : " Some entries overlap: among these seeds, their order may be chance.";
  return `Fréchet distance to the training set after ${goalWords(plan.goal)} of training, lower is better: ${words.join(", ")}${shown.length < ranked.length ? " …" : ""}.${chance}`;
}

function factsOf({ plan, second, longhand }: RecipeComparison): readonly Term[] {
  const { goal, seeds, judge, data, adapter } = plan;
  return [
    ["Each run", goalWords(goal)],
    ["Seeds", listWords(seeds)],
    ["Images", data.images.toLocaleString("en")],
    ["Judge", `${judge.name}, ${formatAccuracy(judge.accuracy)} right on test images`],
    ["Second judge", second ? `${formatAccuracy(second.accuracy)} right` : "none"],
    ["Adapter", adapter],
    ["Longhand", longhand],
  ];
}

function termsOf({ plan, sweep }: RecipeComparison): readonly Term[] {
  const { goal, count } = plan;
  const equal: Term =
    goal.unit === "minutes"
      ? [
          "Equal time",
          "Only steps count: from a step's start until its losses are read. Compiling, judging, drawing and saving stop the clock, and so does the first step after each start, in which some adapters still compile. A run ends with the step in which its time is up, or a little later.",
        ]
      : [
          "Equal steps",
          "Every run has as many steps, whatever their batch. The time is that of steps alone, without compiling, judging, drawing and saving, and without the first step after each start.",
        ];
  return [
    equal,
    sweep
      ? [
          "Shared",
          "Runs were trained by the processes of a sweep, which may have shared a machine: times and equal minutes say little.",
        ]
      : [
          "In turn",
          "Runs are trained one after the other, each alone: the entries in turn with the first seed, then in turn with the next.",
        ],
    [
      "Fréchet distance",
      `Between the judge's features of samples and of all training images, each treated as a Gaussian. Fewer samples raise it: the plot has ${count.toLocaleString("en")}, the tables ${(2 * count).toLocaleString("en")}. None of the samples that are judged is shown here.`,
    ],
    [
      "Second judge",
      "A classifier with another architecture, trained separately. Nothing was chosen by it.",
    ],
  ];
}
