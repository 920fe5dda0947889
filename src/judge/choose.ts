// Chooses samples to show: the best and the most typical of each digit, and the worst of all.
import type { Matrix } from "../metrics/metrics.ts";

/** A sample with its ranking. */
export interface Ranked {
  /** Its index among the samples. */
  readonly index: number;
  /** The digit that the judge takes it for. */
  readonly digit: number;
  /** The probability that the judge gives that digit, 0 to 1. */
  readonly certainty: number;
  /** How deep its features lie among real ones: `realism` of the metrics. */
  readonly realism: number;
  /** Certainty · realism, which orders the samples. */
  readonly rank: number;
}

/** Samples that were chosen by rule. */
export interface Chosen {
  /** For each digit that was drawn, the sample of highest rank. */
  readonly best: readonly Ranked[];
  /** For each digit that was drawn, the sample of median rank. */
  readonly typical: readonly Ranked[];
  /** The samples of lowest rank, the worst first. */
  readonly worst: readonly Ranked[];
}

/** Ranks samples by the judge's probabilities, (count, classes), and by their realism. */
export function rankSamples(probabilities: Matrix, realism: Float64Array): readonly Ranked[] {
  const { rows, columns, values } = probabilities;
  return Array.from({ length: rows }, (_, index) => {
    const row = values.subarray(index * columns, (index + 1) * columns);
    const certainty = Math.max(...row);
    const depth = realism[index]!;
    return {
      index,
      digit: row.indexOf(certainty),
      certainty,
      realism: depth,
      rank: certainty * depth,
    };
  });
}

/** Chooses samples to show; the first of equal ranks wins. `worst` is the number of worst samples. */
export function chooseSamples(ranked: readonly Ranked[], worst: number): Chosen {
  const ascending = ranked.toSorted((a, b) => a.rank - b.rank || a.index - b.index);
  const digits = [...new Set(ranked.map(({ digit }) => digit))].toSorted((a, b) => a - b);
  const groups = digits.map((wanted) => ascending.filter(({ digit }) => digit === wanted));
  return {
    best: groups.map((group) => group.find(({ rank }) => rank === group.at(-1)!.rank)!),
    typical: groups.map((group) => group[Math.floor((group.length - 1) / 2)]!),
    worst: ascending.slice(0, worst),
  };
}
