// The middle of some runs' figures, and how far they lie apart.
import type { Figures } from "../../judge/figures.ts";
import type { ComparedRun, RecipeComparison } from "./comparison-file.ts";

/** Some numbers in short. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
  /** How many numbers. */
  readonly count: number;
}

/** Returns the spread of numbers. The median of an even number of them is the mean of the two in the middle. NaN for none. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const { length: count } = sorted;
  const [low, high] = [sorted[Math.floor((count - 1) / 2)], sorted[Math.floor(count / 2)]];
  return {
    least: sorted[0] ?? Number.NaN,
    median: ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2,
    most: sorted.at(-1) ?? Number.NaN,
    count,
  };
}

/** The Fréchet distances of an entry's runs at a mark. */
export interface SpreadAt extends Spread {
  /** Minutes, or steps. */
  readonly mark: number;
}

/** An entry's results, over its seeds. */
export interface EntryResults {
  readonly name: string;
  /** Its runs that have ended, in the order of their seeds. */
  readonly runs: readonly ComparedRun[];
  /** Fréchet distances to the training set over time. Marks that no run was judged at are left out. */
  readonly curve: readonly SpreadAt[];
  /** Returns a figure at the end, over the runs that didn't diverge. */
  readonly figure: (name: keyof Figures) => Spread;
  /** Fréchet distances by the second judge, at the end. */
  readonly second: { readonly frechetTrain: Spread; readonly frechetTest: Spread };
}

/** Returns entries by their Fréchet distance to the training set, those without one last. */
export function bestFirst(results: readonly EntryResults[]): readonly EntryResults[] {
  const distance = ({ figure }: EntryResults): number => {
    const { count, median } = figure("frechetTrain");
    return count > 0 ? median : Infinity;
  };
  return results.toSorted((a, b) => distance(a) - distance(b) || 0); // two without one differ by NaN
}

/** Returns the results of each entry, in the plan's order. */
export function resultsOf({ plan, runs }: RecipeComparison): readonly EntryResults[] {
  return plan.entries.map(({ name }) => {
    const own = runs.filter(({ entry }) => entry === name).toSorted((a, b) => a.seed - b.seed);
    const ends = own.flatMap(({ end }) => end ?? []);
    const seconds = ends.flatMap(({ second }) => second ?? []);
    const curve = plan.goal.marks.flatMap((mark): SpreadAt[] => {
      const at = own.flatMap(({ points }) => points.filter((point) => point.mark === mark));
      if (at.length === 0) return [];
      return [{ mark, ...spreadOf(at.map(({ frechetTrain }) => frechetTrain)) }];
    });
    return {
      name,
      runs: own,
      curve,
      figure: (which) => spreadOf(ends.map(({ figures }) => figures[which])),
      second: {
        frechetTrain: spreadOf(seconds.map(({ frechetTrain }) => frechetTrain)),
        frechetTest: spreadOf(seconds.map(({ frechetTest }) => frechetTest)),
      },
    };
  });
}
