// How far samples spread over the images that a GAN was trained on, by pixels alone: no judge, so for images of
// anything. Says of samples whether their generator has collapsed, compared with real images that it never saw.
import { described } from "../../src/gan/clusters.ts";
import { findCentres, nearestRows, type Rows } from "../../src/gan/k-means.ts";
import {
  ballRadii,
  neighbourhoods,
  totalVariation,
  type Matrix,
} from "../../src/metrics/metrics.ts";
import { SIZE } from "./garments.ts";

/** Figures of a set of images, compared with equally many real ones. All are from 0 to 1, except `spacing`. */
export interface Spread {
  /** The share of images that differ from all before them. */
  readonly distinct: number;
  /** The median distance to the nearest other image of the set, relative to that of the real images. */
  readonly spacing: number;
  /** Do the images look real, and are all real ones near one of them? See `Neighbourhoods`. */
  readonly precision: number;
  readonly recall: number;
  readonly coverage: number;
  /** The total variation between the shares of `CLUSTERS` clusters of the real images. 0 is best. */
  readonly imbalance: number;
}

/** Limits for a generator that has not collapsed; `relative` ones are multiplied by the figure of unseen real images. */
export const LIMITS: Readonly<
  Record<
    keyof Spread,
    { readonly least?: number; readonly most?: number; readonly relative?: true }
  >
> = {
  distinct: { least: 0.99 },
  spacing: { least: 0.5 },
  precision: { least: 0.5, relative: true },
  recall: { least: 0.5, relative: true },
  coverage: { least: 0.5, relative: true },
  imbalance: { most: 0.2 },
};

/** Clusters whose shares are compared: twice as many as there are kinds of garments. */
const CLUSTERS = 20;
const ROUNDS = 15;

/** Returns the figures of `images` next to `real`, both (count, 28, 28). */
export async function spreadOf(images: Uint8Array, real: Uint8Array): Promise<Spread> {
  const [fakes, reals] = [matrixOf(images), matrixOf(real)];
  const { precision, recall, coverage } = await neighbourhoods(reals, fakes);
  const centres = await findCentres(rowsOf(reals), { clusters: CLUSTERS, seed: 0, rounds: ROUNDS });
  return {
    distinct: new Set(eachImage(images)).size / fakes.rows,
    spacing: (await medianNearest(fakes)) / (await medianNearest(reals)),
    precision,
    recall,
    coverage,
    imbalance: totalVariation(countsOf(fakes, centres), countsOf(reals, centres)),
  };
}

/** Returns the names of the limits that a set of images exceeds. `unseen` are the figures of unseen real images. */
export function collapsesOf(spread: Spread, unseen: Spread): readonly (keyof Spread)[] {
  return (Object.keys(LIMITS) as (keyof Spread)[]).filter((name) => {
    const { least = -Infinity, most = Infinity, relative } = LIMITS[name];
    const scale = relative ? unseen[name] : 1;
    return !(spread[name] >= least * scale && spread[name] <= most * scale);
  });
}

/** Returns samples in [−1, 1] as images of bytes. */
export const bytesOf = (samples: Float32Array): Uint8Array =>
  Uint8Array.from(samples, (value) => Math.round((value + 1) * 127.5));

function matrixOf(images: Uint8Array): Matrix & Rows {
  const rows = images.length / SIZE ** 2;
  const values = described(images, rows, SIZE, SIZE);
  return { rows, columns: values.length / rows, values };
}

const rowsOf = ({ values, columns }: Matrix & Rows): Rows => ({ values, columns });

function eachImage(images: Uint8Array): string[] {
  const size = SIZE ** 2;
  return Array.from({ length: images.length / size }, (_, i) =>
    images.subarray(i * size, (i + 1) * size).toString(),
  );
}

async function medianNearest(matrix: Matrix): Promise<number> {
  const squares = (await ballRadii(matrix, 1)).toSorted();
  return Math.sqrt(squares[Math.floor(squares.length / 2)]!);
}

function countsOf(points: Rows, centres: Rows): number[] {
  const counts = Array.from({ length: CLUSTERS }, () => 0);
  for (const cluster of nearestRows(points, centres)) counts[cluster]! += 1;
  return counts;
}
