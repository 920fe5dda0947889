// How real single samples look, by the neighbourhood of real rows in which each lies deepest.

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
 * Returns the realism of each row of `fake`: the largest radius / distance over real rows, where a row's radius reaches
 * its k-th nearest neighbour. At 1 or more, a row lies in some real ball; the larger the value, the nearer it is to the
 * middle of one. Infinity if a row equals a real one. The half of the real rows with the largest radii is left out,
 * because the ball of a lone row reaches far (Kynkäänniemi et al. 2019, "Improved Precision and Recall Metric for
 * Assessing Generative Models", section 5).
 *
 * `radii` are squared, from `ballRadii(real, k)`. `onProgress` is called with the number of pairs done, and of how
 * many. Throws `ShapeError` on empty matrices, different columns or another number of radii, `DataError` on numbers
 * that aren't finite.
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
      `${op}: got ${radii.length} radii, expected one for each of the ${real.rows} rows of real; take them from ballRadii(real, k)`,
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
