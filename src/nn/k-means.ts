// k-means on the device: sorts the rows of a matrix into clusters, by the same bits every time.
import {
  argmax,
  div,
  greater,
  matmul,
  maximum,
  minimum,
  mul,
  oneHot,
  reshape,
  slice,
  square,
  sub,
  sum,
  where,
} from "../autograd/ops.ts";
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkAttributes, needed, whole } from "../kernels/attributes.ts";
import { indexAt, uniforms } from "../kernels/host-draws.ts";

/** The attributes of `kMeans`. */
export interface KMeansOptions {
  /** How many clusters. */
  readonly clusters: number;
  /** Of the draws that choose the first centres (0). */
  readonly seed?: number;
  /** The most rounds of sorting and averaging (30). It ends sooner if no row changes its cluster. */
  readonly rounds?: number;
}

/** What `kMeans` found. */
export interface Clusters {
  /** (K, D): the mean of each cluster's rows. */
  readonly centres: Tensor;
  /** The cluster of each row. */
  readonly assignments: Int32Array;
  /** The number of rows in each cluster. */
  readonly counts: Uint32Array;
}

/** Rows per cluster that may become first centres: more of them only take time. */
const CANDIDATES = 50;

/**
 * Sorts the rows of a matrix into clusters: each row belongs to the nearest centre, and each centre is the mean of its
 * rows. The first centres are rows, drawn one after another, from about 50 · K evenly spaced ones or all, with chances
 * proportional to the squared distance from the nearest centre so far. A cluster without rows keeps its centre; if there
 * are fewer different rows than clusters, those left over are empty. Sums are taken in a fixed order, so an adapter
 * always gives the same bits. Distances are computed as x · c − |c|² / 2, in float32.
 *
 * Shapes: points (N, D) f32 → centres (K, D), assignments (N), counts (K).
 * Attributes: clusters — K (required); seed — of the first centres (0); rounds — the most there are (30).
 * Gradient: none.
 * Rejects with: `AttributeError` on invalid attributes, if there are fewer rows than clusters, and on rows that aren't
 * finite; `ShapeError` unless points is a matrix; `DTypeError` unless it is f32.
 * Source: Lloyd 1982, Least squares quantization in PCM; Arthur and Vassilvitskii 2007, k-means++.
 */
export async function kMeans(points: Tensor, options: KMeansOptions): Promise<Clusters> {
  const { clusters, seed = 0, rounds = 30 } = checked(points, options);
  const { device } = points.array;
  const every = Math.max(1, Math.floor(points.shape[0]! / (CANDIDATES * clusters)));
  const candidates = device.scope(() =>
    noGrad(() => slice(points, { starts: [0, 0], steps: [every, 1] })),
  );
  const first = await firstCentres(candidates, clusters, seed);
  const centres = device.scope(() => {
    const rows = first.map((row) => points.array.rows(row * every, 1));
    const all = device.empty([clusters, points.shape[1]!], "f32", "centres");
    rows.forEach((row, i) => device.moveInto(row, all.rows(i, 1)));
    return all;
  });
  let assignments: Int32Array = new Int32Array();
  for (let round = 0; round < rounds; round += 1) {
    const nearest = device.scope(() => noGrad(() => oneRound(points, new Tensor(centres))));
    const found = await nearest.read("i32");
    const isSame = found.every((cluster, row) => cluster === assignments[row]);
    assignments = found;
    if (isSame) break;
  }
  const counts = new Uint32Array(clusters);
  for (const cluster of assignments) counts[cluster]! += 1;
  return { centres: new Tensor(centres), assignments, counts };
}

function checked(points: Tensor, options: KMeansOptions): KMeansOptions {
  if (!(points instanceof Tensor)) {
    throw new AttributeError(`kMeans: takes points as a tensor (N, D); got ${show(points)}`);
  }
  if (points.array.dtype !== "f32") {
    throw new DTypeError(
      `kMeans: points must be f32; got ${points.array.dtype}: write cast(points, { to: "f32" })`,
    );
  }
  const [rows = 0, columns = 0, ...more] = points.shape;
  if (rows === 0 || columns === 0 || more.length > 0) {
    throw new ShapeError(
      `kMeans: points must be a matrix (N, D), one row per point; got ${formatShape(points.shape)}: reshape it`,
    );
  }
  checkAttributes<KMeansOptions>("kMeans", options, {
    clusters: needed(whole(1)),
    seed: whole(0),
    rounds: whole(1),
  });
  const { clusters } = options;
  if (clusters > rows) {
    throw new AttributeError(
      `kMeans: ${clusters} clusters take as many rows; got ${rows}: choose at most ${rows} clusters`,
    );
  }
  return options;
}

/** Draws K rows as first centres, different ones as long as there are any, and returns their indices. */
async function firstCentres(points: Tensor, clusters: number, seed: number): Promise<number[]> {
  const { device } = points.array;
  const total = points.shape[0]!;
  const draw = uniforms(seed);
  const chosen = [Math.floor(draw() * total)];
  let least: GpuArray | undefined; // each row's squared distance from the nearest centre
  for (;;) {
    const centre = new Tensor(points.array.rows(chosen.at(-1)!, 1));
    const nearest = device.scope(() =>
      noGrad(() => {
        const distances = sum(square(sub(points, centre)), { axes: [1] });
        return least ? minimum(distances, new Tensor(least)).array : distances.array;
      }),
    );
    least = nearest;
    const distances = await nearest.read("f32");
    const sumOf = distances.reduce((a, b) => a + b, 0);
    if (!Number.isFinite(sumOf)) {
      throw new AttributeError("kMeans: points must be finite; got infinite or NaN elements");
    }
    if (chosen.length === clusters) return chosen;
    chosen.push(sumOf === 0 ? chosen[0]! : indexAt(distances, draw() * sumOf));
  }
}

/** Returns the nearest centre of each point, (N) i32; the first of equally near ones. */
function nearestCentres(points: Tensor, centres: Tensor): Tensor {
  const halves = mul(sum(square(centres), { axes: [1] }), 0.5);
  return argmax(sub(matmul(points, centres, { transposeB: true }), halves), { axes: [1] });
}

/** Sorts the points, moves the centres to the means of their rows, and returns each point's cluster, (N) i32. */
function oneRound(points: Tensor, centres: Tensor): GpuArray {
  const [clusters] = centres.shape;
  const nearest = nearestCentres(points, centres);
  const isIn = oneHot(nearest, { depth: clusters! });
  const counts = reshape(sum(isIn, { axes: [0] }), { shape: [clusters!, 1] });
  const means = div(matmul(isIn, points, { transposeA: true }), maximum(counts, 1));
  const { device } = centres.array;
  device.moveInto(where(greater(counts, 0), means, centres).array, centres.array);
  return nearest.array;
}
