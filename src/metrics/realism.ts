// How real single samples look: each by the neighbourhood of real rows that it lies deepest in.

import { ShapeError } from "../gpu/errors.ts";
import { eachPair, Pace, TILE, type OnProgress } from "./distances.ts";
import {
  requireCallback,
  requireMatrix,
  requireNumbers,
  requireSameColumns,
  type Matrix,
} from "./matrix.ts";

/**
 * The realism of each row of `fake`: the largest of radius / distance over real rows, where a row's radius
 * reaches its k-th nearest neighbour. At 1 or more a row lies in some real ball; the larger, the nearer it
 * is to the middle of one. Infinity where a row is equal to a real one. Half of the real rows, those with
 * the largest radii, are left out, since a lone row's ball reaches far (Kynkäänniemi et al. 2019,
 * "Improved Precision and Recall Metric for Assessing Generative Models", section 5).
 *
 * `radii` are squared, from `ballRadii(real, k)`. `onProgress` hears of pairs of rows done, of all.
 * Throws `ShapeError` for empty matrices, other columns or another number of radii, `DataError` for
 * numbers that aren't finite.
 */
export async function realism(
  real: Matrix,
  radii: Float64Array,
  fake: Matrix,
  onProgress?: OnProgress,
): Promise<Float64Array> {
  const op = "realism";
  requireCallback(op, onProgress);
  requireMatrix(op, "real", real);
  requireMatrix(op, "fake", fake);
  requireSameColumns(op, ["real", "fake"], real, fake);
  requireNumbers(op, "radii", radii);
  if (radii.length !== real.rows) {
    throw new ShapeError(
      `${op}: got ${radii.length} radii, expected one for each of real's ${real.rows} rows; take them from ballRadii(real, k)`,
    );
  }
  const most = radii.toSorted()[Math.floor((radii.length - 1) / 2)]!;
  const squares = new Float64Array(fake.rows);
  const pace = new Pace(real.rows * fake.rows, onProgress);
  await eachPair(real, fake, pace, ({ top, bottom, left, right, squares: distances }) => {
    for (let i = top; i < bottom; i += 1) {
      const radius = radii[i]!;
      if (radius > most) continue;
      const base = (i - top) * TILE - left;
      for (let j = left; j < right; j += 1) {
        const square = distances[base + j]!;
        const ratio = square === 0 ? Infinity : radius / square;
        if (ratio > squares[j]!) squares[j] = ratio;
      }
    }
  });
  return squares.map(Math.sqrt);
}
