// A comparison in words: what its table, its page and its lines share.
import { formatDuration } from "../../gpu/duration.ts";
import { formatFigure } from "../../pictures/figure-words.ts";
import type { ComparedRun, RecipeComparison } from "./comparison-file.ts";
import type { Goal } from "./plan.ts";
import type { WhichRun } from "./run-state.ts";
import type { Spread } from "./spread.ts";

/** `best, seed 0` */
export const runWords = ({ entry, seed }: WhichRun): string => `${entry}, seed ${seed}`;

/** `10 min`, or `500 steps`. */
export function goalWords({ unit, amount }: Goal): string {
  return unit === "minutes"
    ? formatDuration(amount * 60)
    : `${amount.toLocaleString("en")} step${amount === 1 ? "" : "s"}`;
}

/** `0`, `0 and 1`, or `0, 1 and 2`. */
export function listWords(items: readonly (string | number)[]): string {
  return items.length > 1 ? `${items.slice(0, -1).join(", ")} and ${items.at(-1)}` : `${items[0]}`;
}

/** `45.1 (44.7–46.0)`; without the ends if they are the same, and a dash for no numbers. */
export function spreadWords({ least, median, most, count }: Spread): string {
  const middle = formatFigure(median);
  if (count < 2 || Object.is(least, most)) return middle;
  return `${middle} (${formatFigure(least)}–${formatFigure(most)})`;
}

/** Returns a table's cells about a run's end: its name, steps, time, Fréchet distances, and how it ended. */
export function runCells(run: ComparedRun): readonly string[] {
  const { end, diverged, points } = run;
  const last = end ?? points.at(-1);
  const distances = [end?.figures, end?.second].flatMap((each) => [
    each?.frechetTrain,
    each?.frechetTest,
  ]);
  return [
    runWords(run),
    last ? last.step.toLocaleString("en") : "–",
    last ? formatDuration(last.seconds) : "–",
    ...distances.map((each) => (each === undefined ? "–" : formatFigure(each))),
    diverged === null ? "" : `diverged: ${diverged}`,
  ];
}

/** The titles of those cells. */
export const RUN_TITLES = [
  "run",
  "steps",
  "time in steps",
  "FD, training",
  "FD, test",
  "second judge: FD, training",
  "FD, test",
  "",
] as const;

/** Says which runs are still missing; empty if none are. */
export function missingWords({ plan, runs }: RecipeComparison): string {
  const all = plan.entries.length * plan.seeds.length;
  return runs.length < all ? `${runs.length} of ${all} runs have ended so far.` : "";
}
