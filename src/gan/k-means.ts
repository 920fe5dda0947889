// k-means on the host, in float64: the same clusters on every adapter and machine. For matrices that are on a device
// already, there is `kMeans` of nn/k-means.ts, which gives the same bits on one adapter alone.
import { indexAt, uniforms } from "../kernels/host-draws.ts";

/** Points or centres, row by row. */
export interface Rows {
  readonly values: Float64Array;
  /** Numbers per row. */
  readonly columns: number;
}

/** Rows per cluster that may become first centres: more of them only take time. */
const CANDIDATES = 50;

/** Returns half the squared length of each row. */
function halfSquares({ values, columns }: Rows): Float64Array {
  return Float64Array.from({ length: values.length / columns }, (_, row) => {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i += 1) sum += values[i]! ** 2;
    return sum / 2;
  });
}

/** How many centres a point is multiplied by at a time: their sums don't wait for each other, and share its numbers. */
const TOGETHER = 4;

/** Multiplies a point by four centres. */
function multiply(
  { values: x, columns }: Rows,
  point: number,
  { values: c }: Rows,
  some: Uint8Array,
  products: Float64Array,
): void {
  const at0 = some[0]! * columns;
  const at1 = some[1]! * columns;
  const at2 = some[2]! * columns;
  const at3 = some[3]! * columns;
  let dot0 = 0;
  let dot1 = 0;
  let dot2 = 0;
  let dot3 = 0;
  for (let from = point * columns, j = 0; j < columns; j += 1, from += 1) {
    const value = x[from]!;
    dot0 += value * c[at0 + j]!;
    dot1 += value * c[at1 + j]!;
    dot2 += value * c[at2 + j]!;
    dot3 += value * c[at3 + j]!;
  }
  products[0] = dot0;
  products[1] = dot1;
  products[2] = dot2;
  products[3] = dot3;
}

/** Returns the nearest centre of each point; the first of equally near ones. */
export function nearestRows(points: Rows, centres: Rows): Uint8Array<ArrayBuffer> {
  const half = halfSquares(centres);
  const [some, products] = [new Uint8Array(TOGETHER), new Float64Array(TOGETHER)];
  const nearest = new Uint8Array(points.values.length / points.columns);
  for (let i = 0; i < nearest.length; i += 1) {
    let least = Infinity;
    for (let k = 0; k < half.length; k += TOGETHER) {
      for (let each = 0; each < TOGETHER; each += 1) {
        some[each] = Math.min(k + each, half.length - 1);
      }
      multiply(points, i, centres, some, products);
      for (let each = 0; each < TOGETHER; each += 1) {
        // |c|² / 2 − x · c: half the squared distance, but for |x|² / 2, which all centres have in common.
        const far = half[some[each]!]! - products[each]!;
        if (far < least) {
          least = far;
          nearest[i] = some[each]!;
        }
      }
    }
  }
  return nearest;
}

/**
 * Returns at most `clusters` centres (≤ 256) of some points, as `kMeans` of nn/k-means.ts does: first ones by k-means++,
 * then `rounds` of Lloyd's. Others get a turn between the rounds. Centres that are left over repeat the first one.
 */
export async function findCentres(
  points: Rows,
  {
    clusters,
    seed,
    rounds,
  }: { readonly clusters: number; readonly seed: number; readonly rounds: number },
): Promise<Rows> {
  const { columns } = points;
  const centres: Rows = { values: firstCentres(points, clusters, seed), columns };
  const sorting = new Sorting(points, centres);
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    sorting.sort();
    sorting.moveToMeans();
  }
  return centres;
}

/** Distances that differ by less than this part of the greatest length are computed: rounding might decide. */
const SLACK = 1e-6;

/**
 * Sorts the same points again and again while the centres move, and computes few distances: a centre that was far from a
 * point is still as far, less what it has moved since. The outcome is the same as with all distances.
 * Source: Elkan 2003, Using the triangle inequality to accelerate k-means.
 */
class Sorting {
  readonly #points: Rows;
  readonly #centres: Rows;
  /** |x|² / 2 of each point x. */
  readonly #halfSquares: Float64Array;
  /** (points, clusters): how far a point was from a centre when that was computed last, and `#moved` at that time. */
  readonly #seen: Float64Array;
  /** How far each centre has moved in all. */
  readonly #moved: Float64Array;
  readonly #nearest: Uint8Array;

  constructor(points: Rows, centres: Rows) {
    this.#points = points;
    this.#centres = centres;
    this.#halfSquares = halfSquares(points);
    this.#moved = new Float64Array(centres.values.length / centres.columns);
    this.#seen = new Float64Array(this.#halfSquares.length * this.#moved.length);
    this.#nearest = new Uint8Array(this.#halfSquares.length);
  }

  /** Finds the nearest centre of each point; the first of equally near ones, as `nearestRows` does. */
  sort(): void {
    const centreHalfSquares = halfSquares(this.#centres);
    const slack = SLACK * Math.sqrt(2 * this.#halfSquares.reduce((a, b) => Math.max(a, b), 0));
    const clusters = this.#moved.length;
    const [some, products] = [new Uint8Array(TOGETHER), new Float64Array(TOGETHER)];
    for (let i = 0, at = 0; i < this.#nearest.length; i += 1, at += clusters) {
      // The nearest centre of the last round comes first: its distance rules out most others.
      const first = this.#nearest[i]!;
      let [least, reach] = [Infinity, Infinity];
      some.fill(first);
      for (let k = 0, count = 1; count > 0;) {
        multiply(this.#points, i, this.#centres, some, products);
        for (let each = 0; each < count; each += 1) {
          const near = some[each]!;
          // As in `nearestRows`, but for |x|² / 2.
          const far = centreHalfSquares[near]! - products[each]!;
          const distance = Math.sqrt(Math.max(0, 2 * (this.#halfSquares[i]! + far)));
          this.#seen[at + near] = distance + this.#moved[near]!;
          if (far < least || (far === least && near < this.#nearest[i]!)) {
            [least, reach] = [far, distance];
            this.#nearest[i] = near;
          }
        }
        for (count = 0; k < clusters && count < TOGETHER; k += 1) {
          if (k === first || this.#seen[at + k]! - this.#moved[k]! > reach + slack) continue;
          some[count] = k;
          count += 1;
        }
      }
    }
  }

  /** Moves each centre to the mean of its points; one without points stays. */
  moveToMeans(): void {
    const { values, columns } = this.#points;
    const centres = this.#centres.values;
    const sums = new Float64Array(centres.length);
    const counts = new Float64Array(this.#moved.length);
    for (const [i, k] of this.#nearest.entries()) {
      counts[k]! += 1;
      for (let j = 0; j < columns; j += 1) sums[k * columns + j]! += values[i * columns + j]!;
    }
    for (const [k, count] of counts.entries()) {
      if (count === 0) continue;
      let squares = 0;
      for (let at = k * columns; at < (k + 1) * columns; at += 1) {
        const mean = sums[at]! / count;
        squares += (mean - centres[at]!) ** 2;
        centres[at] = mean;
      }
      this.#moved[k]! += Math.sqrt(squares);
    }
  }
}

function firstCentres(
  { values, columns }: Rows,
  clusters: number,
  seed: number,
): Float64Array<ArrayBuffer> {
  const total = values.length / columns;
  const every = Math.max(1, Math.floor(total / (CANDIDATES * clusters)));
  const count = Math.ceil(total / every);
  const draw = uniforms(seed);
  const centres = new Float64Array(clusters * columns);
  const least = new Float64Array(count).fill(Infinity);
  let chosen = Math.floor(draw() * count);
  for (let k = 0; k < clusters; k += 1) {
    const centre = values.subarray(chosen * every * columns, (chosen * every + 1) * columns);
    centres.set(centre, k * columns);
    let sum = 0;
    for (let i = 0; i < count; i += 1) {
      let distance = 0;
      for (let at = i * every * columns, j = 0; j < columns; j += 1) {
        distance += (values[at + j]! - centre[j]!) ** 2;
      }
      least[i] = Math.min(least[i]!, distance);
      sum += least[i]!;
    }
    chosen = indexAt(least, draw() * sum);
  }
  return centres;
}
