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
function halves({ values, columns }: Rows): Float64Array {
  return Float64Array.from({ length: values.length / columns }, (_, row) => {
    let sum = 0;
    for (let i = row * columns; i < (row + 1) * columns; i += 1) sum += values[i]! ** 2;
    return sum / 2;
  });
}

/** Returns the nearest centre of each point; the first of equally near ones. */
export function nearestRows({ values: x, columns }: Rows, centres: Rows): Uint8Array<ArrayBuffer> {
  const c = centres.values;
  const half = halves(centres);
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
  for (let round = 0; round < rounds; round += 1) {
    await new Promise((resolve) => setTimeout(resolve));
    moveToMeans(points, centres, nearestRows(points, centres));
  }
  return centres;
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

/** Moves each centre to the mean of its points; one without points stays. */
function moveToMeans({ values, columns }: Rows, centres: Rows, nearest: Uint8Array): void {
  const clusters = centres.values.length / columns;
  const sums = new Float64Array(clusters * columns);
  const counts = new Float64Array(clusters);
  for (const [i, k] of nearest.entries()) {
    counts[k]! += 1;
    for (let j = 0; j < columns; j += 1) sums[k * columns + j]! += values[i * columns + j]!;
  }
  for (const [at, sum] of sums.entries()) {
    const count = counts[Math.floor(at / columns)]!;
    if (count > 0) centres.values[at] = sum / count;
  }
}
