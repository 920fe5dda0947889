// Which samples to show: the best and the most typical of each digit, and the worst of all.
import type { Matrix } from "../metrics/metrics.ts";

/** A sample with what is known of it. */
export interface Ranked {
  /** Its place among the samples. */
  readonly index: number;
  /** What the judge takes it for. */
  readonly digit: number;
  /** How probable the judge holds that, 0 to 1. */
  readonly certainty: number;
  /** How deep its features lie among real ones: `realism` of the metrics. */
  readonly realism: number;
  /** Certainty · realism, by which samples are ranked. */
  readonly rank: number;
}

/** Samples that were picked by rule. */
export interface Chosen {
  /** For each digit that was drawn, the sample of the highest rank. */
  readonly best: readonly Ranked[];
  /** For each digit that was drawn, the sample of median rank. */
  readonly typical: readonly Ranked[];
  /** The samples of the lowest ranks of all, the worst first. */
  readonly worst: readonly Ranked[];
}

/** Ranks samples by what the judge says of each, (count, classes), and by their realism. */
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

/** Picks samples to show; of equal ranks the first. `worst` is how many of the worst. */
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
