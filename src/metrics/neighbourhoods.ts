// How far two sets of features lie in each other's neighbourhoods. This shows how many samples look real, and how much
// of the real set they cover. Around each row of a set lies a ball that reaches its k-th nearest neighbour in the same
// set, including its rim. The balls together stand for the set.

import { ShapeError } from "../gpu/errors.ts";
import {
  eachPair,
  eachPairWithin,
  Pace,
  pairsWithin,
  TILE,
  type DistanceTile,
  type OnProgress,
} from "./distances.ts";
import {
  requireCallback,
  requireFinite,
  requireMatrix,
  requireNumbers,
  requireSameColumns,
  type Matrix,
} from "./matrix.ts";
import { requireCount, Smallest } from "./smallest.ts";

/** Larger is better for each. Good samples can reach the figures of two halves of one set. */
export interface Neighbourhoods {
  /**
   * The share of fake rows in some real ball, 0 to 1: do samples look real? The ball of one outlier can let in many.
   */
  readonly precision: number;
  /** The share of real rows in some fake ball, 0 to 1: can the generator make them? Near 0 if it has collapsed. */
  readonly recall: number;
  /**
   * The mean number of real balls that hold a fake row, divided by k. From 0; about 1 for the same distribution, and (k
   * + 1) / k for a set against itself. Larger if samples crowd where real rows are dense.
   */
  readonly density: number;
  /** The share of real balls that hold a fake row, 0 to 1: is every real row near some sample? */
  readonly coverage: number;
}

/** The usual number of neighbours, from Kynkäänniemi et al. */
export const NEIGHBOURS = 3;

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for Assessing
 * Generative Models"), density and coverage (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for Generative
 * Models"). All depend on the number of rows: compare only equal numbers. All pairs are compared exactly in float64, so
 * that rows that occur twice tie.
 *
 * `onProgress` is called with the number of pairs done, and of how many. `radii` is `ballRadii(real, k)`, if known.
 *
 * Throws `ShapeError` if the columns differ or there are fewer than k + 1 rows, `AttributeError` unless `k` is a whole
 * number of at least 1, `DataError` on numbers that aren't finite.
 */
export async function neighbourhoods(
  real: Matrix,
  fake: Matrix,
  k: number = NEIGHBOURS,
  onProgress?: OnProgress,
  radii?: Float64Array,
): Promise<Neighbourhoods> {
  const op = "neighbourhoods";
  requireCallback(op, onProgress);
  requireRows(op, "real", real, k);
  requireRows(op, "fake", fake, k);
  requireSameColumns(op, ["real", "fake"], real, fake);
  if (radii !== undefined) requireNumbers(op, "radii", radii);
  if (radii !== undefined && radii.length !== real.rows) {
    throw new ShapeError(
      `${op}: got ${radii.length} radii, expected one for each of the ${real.rows} rows of real; take them from ballRadii(real, k)`,
    );
  }
  const within = (radii === undefined ? pairsWithin(real.rows) : 0) + pairsWithin(fake.rows);
  const pace = new Pace(within + real.rows * fake.rows, onProgress);
  const realRadii = radii ?? (await radiiWithin(op, real, k, pace));
  const fakeRadii = await radiiWithin(op, fake, k, pace);

  const balls = new Uint32Array(fake.rows); // real balls around each fake row
  const covered = new Uint8Array(real.rows); // is there a fake row in this ball?
  const recalled = new Uint8Array(real.rows); // is this row in a fake ball?
  await eachPair(real, fake, pace, ({ top, bottom, left, right, squares }) => {
    for (let i = top; i < bottom; i += 1) {
      const base = (i - top) * TILE - left;
      const radius = realRadii[i]!;
      for (let j = left; j < right; j += 1) {
        const square = squares[base + j]!;
        if (square <= radius) {
          balls[j]! += 1;
          covered[i] = 1;
        }
        if (square <= fakeRadii[j]!) recalled[i] = 1;
      }
    }
  });
  const count = (flags: Uint8Array): number => flags.reduce((sum, flag) => sum + flag, 0);
  return {
    precision: balls.reduce((sum, held) => (held > 0 ? sum + 1 : sum), 0) / fake.rows,
    recall: count(recalled) / real.rows,
    density: balls.reduce((sum, held) => sum + held, 0) / (k * fake.rows),
    coverage: count(covered) / real.rows,
  };
}

/**
 * Returns the squared distance from each row to its k-th nearest other row: the balls of `neighbourhoods`, for
 * comparing several sets with one. Throws as `neighbourhoods` does.
 */
export async function ballRadii(
  features: Matrix,
  k: number = NEIGHBOURS,
  onProgress?: OnProgress,
): Promise<Float64Array> {
  const op = "ballRadii";
  requireCallback(op, onProgress);
  requireRows(op, "features", features, k);
  return radiiWithin(op, features, k, new Pace(pairsWithin(features.rows), onProgress));
}

async function radiiWithin(
  op: string,
  features: Matrix,
  k: number,
  pace: Pace,
): Promise<Float64Array> {
  const found = new Smallest(features.rows, k);
  await eachPairWithin(features, pace, (tile) => offerBoth(found, tile));
  return Float64Array.from({ length: features.rows }, (_, row) =>
    requireFinite(op, found.squares[row * k + k - 1]!),
  );
}

/** Offers each pair right of the diagonal to both of its rows. */
function offerBoth(found: Smallest, { top, bottom, left, right, squares }: DistanceTile): void {
  for (let i = top; i < bottom; i += 1) {
    const base = (i - top) * TILE - left;
    for (let j = Math.max(left, i + 1); j < right; j += 1) {
      found.offer(i, squares[base + j]!);
      found.offer(j, squares[base + j]!);
    }
  }
}

function requireRows(op: string, name: string, matrix: Matrix, k: number): void {
  requireCount(op, "k", k);
  requireMatrix(op, name, matrix, k + 1);
}
