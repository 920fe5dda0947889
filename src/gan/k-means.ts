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

/** Returns the nearest centre of each point; the first of equally near ones. */
export function nearestRows({ values: x, columns }: Rows, centres: Rows): Uint8Array<ArrayBuffer> {
  const c = centres.values;
  const half = halfSquares(centres);
  const last = half.length - 1;
  const nearest = new Uint8Array(x.length / columns);
  for (let i = 0; i < nearest.length; i += 1) {
    let least = Infinity;
    // Four centres at a time: their sums don't wait for each other, and share the point's numbers.
    for (let k = 0; k <= last; k += 4) {
      const [k1, k2, k3] = [Math.min(k + 1, last), Math.min(k + 2, last), Math.min(k + 3, last)];
      const [at0, at1, at2, at3] = [k * columns, k1 * columns, k2 * columns, k3 * columns];
      let dot0 = 0;
      let dot1 = 0;
      let dot2 = 0;
      let dot3 = 0;
      for (let from = i * columns, j = 0; j < columns; j += 1, from += 1) {
        const value = x[from]!;
        dot0 += value * c[at0 + j]!;
        dot1 += value * c[at1 + j]!;
        dot2 += value * c[at2 + j]!;
        dot3 += value * c[at3 + j]!;
      }
      // |c|² / 2 − x · c: half the squared distance, but for |x|², which all centres have in common.
      const far0 = half[k]! - dot0;
      const far1 = half[k1]! - dot1;
      const far2 = half[k2]! - dot2;
      const far3 = half[k3]! - dot3;
      if (far0 < least) {
        least = far0;
        nearest[i] = k;
      }
      if (far1 < least) {
        least = far1;
        nearest[i] = k1;
      }
      if (far2 < least) {
        least = far2;
        nearest[i] = k2;
      }
      if (far3 < least) {
        least = far3;
        nearest[i] = k3;
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
    for (let i = 0, at = 0; i < this.#nearest.length; i += 1, at += clusters) {
      let least = Infinity;
      let reach = Infinity;
      // The nearest centre of the last round comes first: its distance rules out most others.
      const first = this.#nearest[i]!;
      for (let turn = -1; turn < clusters; turn += 1) {
        const k = turn < 0 ? first : turn;
        if (turn === first || this.#seen[at + k]! - this.#moved[k]! > reach + slack) continue;
        // As in `nearestRows`, but for |x|² / 2.
        const far = centreHalfSquares[k]! - this.#dot(i, k);
        const distance = Math.sqrt(Math.max(0, 2 * (this.#halfSquares[i]! + far)));
        this.#seen[at + k] = distance + this.#moved[k]!;
        if (far < least || (far === least && k < this.#nearest[i]!)) {
          least = far;
          reach = distance;
          this.#nearest[i] = k;
        }
      }
    }
  }

  #dot(point: number, centre: number): number {
    const { values: x, columns } = this.#points;
    const c = this.#centres.values;
    let sum = 0;
    for (let i = point * columns, j = centre * columns, left = columns; left > 0; left -= 1) {
      sum += x[i]! * c[j]!;
      i += 1;
      j += 1;
    }
    return sum;
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
