// What a classifier's verdicts show about a set: whether its classes are balanced, and the classifier score.

import { DataError, ShapeError } from "../gpu/errors.ts";
import { requireMatrix, requireNumbers, type Matrix } from "./matrix.ts";

/**
 * The total variation between two distributions over classes, ½ Σ |p − q|: 0 if they agree, which is best, 1 if they
 * share no class. Both are counts or frequencies, and are scaled to a sum of 1.
 *
 * Throws `ShapeError` if they differ in length or are empty, `DataError` on a negative or infinite count, a NaN, or
 * counts that are all 0.
 */
export function totalVariation(counts: ArrayLike<number>, expected: ArrayLike<number>): number {
  const op = "totalVariation";
  requireNumbers(op, "counts", counts);
  requireNumbers(op, "expected", expected);
  if (counts.length !== expected.length || counts.length === 0) {
    throw new ShapeError(
      `${op}: counts and expected must have the same length, at least 1; got ${counts.length} and ${expected.length}: give one per class`,
    );
  }
  const [p, q] = [frequencies(op, "counts", counts), frequencies(op, "expected", expected)];
  return Math.min(1, p.reduce((sum, value, index) => sum + Math.abs(value - q[index]!), 0) / 2);
}

function frequencies(op: string, name: string, counts: ArrayLike<number>): number[] {
  const values = Array.from(counts);
  const bad = values.findIndex((value) => !(value >= 0 && value < Infinity));
  if (bad >= 0) {
    throw new DataError(
      `${op}: ${name} has ${values[bad]} for class ${bad}, expected at least 0; count again`,
    );
  }
  const sum = values.reduce((total, value) => total + value, 0);
  if (!(sum > 0 && sum < Infinity)) {
    throw new DataError(
      `${op}: ${name} add up to ${sum}, expected more than 0; count at least one sample`,
    );
  }
  return values.map((value) => value / sum);
}

/**
 * Returns how many rows of `probabilities` have their largest value in each column: one count per class. The first of
 * equal values counts.
 */
export function classCounts(probabilities: Matrix): number[] {
  requireMatrix("classCounts", "probabilities", probabilities, 1);
  const { columns, values } = probabilities;
  const counts = Array.from({ length: columns }, () => 0);
  for (let at = 0; at < values.length; at += columns) {
    let best = 0;
    for (let c = 1; c < columns; c += 1) if (values[at + c]! > values[at + best]!) best = c;
    counts[best]! += 1;
  }
  return counts;
}

/** Softmax in float32 gives rows that add up to 1 within about 1e-6. */
const SUM_TOLERANCE = 1e-3;

/**
 * The classifier score of `probabilities` (one row per sample, one column per class), e to the mean of KL(p(y|x) ‖
 * p(y)), in one split. With Inception's verdicts it is the Inception score (Salimans et al. 2016, "Improved Techniques
 * for Training GANs"). It goes from 1 (all verdicts are the same, or all unsure) to the number of classes (every
 * verdict sure, all classes equally frequent), which is best. It never sees a real image, so one sample per class is
 * enough for the best score: read it together with recall.
 *
 * Throws `ShapeError` on an empty set, `DataError` on rows that are not probabilities.
 */
export function classifierScore(probabilities: Matrix): number {
  const op = "classifierScore";
  requireMatrix(op, "probabilities", probabilities, 1);
  const { rows, columns, values } = probabilities;
  const marginal = new Float64Array(columns);
  let terms = 0; // Σ p log p over all rows
  for (let row = 0; row < rows; row += 1) {
    let sum = 0;
    for (let c = 0; c < columns; c += 1) {
      const p = values[row * columns + c]!;
      if (p < 0) {
        throw new DataError(
          `${op}: row ${row} has ${p} for class ${c}, expected at least 0; give probabilities, not logits`,
        );
      }
      sum += p;
      marginal[c]! += p / rows;
      if (p > 0) terms += p * Math.log(p);
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE) {
      throw new DataError(
        `${op}: row ${row} adds up to ${sum}, expected 1; give probabilities, not logits`,
      );
    }
  }
  // KL(p(y|x) ‖ p(y)) = Σ p log p − Σ p log p(y), and the mean of the latter is p(y)'s entropy.
  const cross = marginal.reduce((sum, p) => (p > 0 ? sum + p * Math.log(p) : sum), 0);
  return Math.min(columns, Math.max(1, Math.exp(terms / rows - cross)));
}
