// The real side of every comparison: a judged dataset, prepared once, and the figures of other sets against it.
import { toFloats } from "../data/pixels.ts";
import {
  classCounts,
  frechetDistance,
  gaussianOf,
  realSet,
  summarise,
  type Gaussian,
  type Matrix,
  type RealSet,
} from "../metrics/metrics.ts";
import type { FrechetFigures, SetFigures } from "./figures.ts";
import { judgeImages, type Judge, type Judged } from "./judge.ts";

/** Called at intervals with how much is done, and of how much. */
export type OnProgress = (done: number, total: number) => void;

/** Grey images: bytes from black to white, or floats in [−1, 1]; (count, height, width). */
export interface ImageStack {
  readonly images: Uint8Array | Float32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** A dataset as a judge sees it. */
export interface JudgedDataset {
  readonly train: Judged;
  readonly test: Judged;
}

/** What sets of images are compared with. */
export interface Comparison extends Gaussians {
  /** The training set. As many of its images are used for neighbourhoods as are compared with it. */
  readonly real: RealSet;
  /** The share of each class in the training set. */
  readonly expected: readonly number[];
}

/** The Gaussians that Fréchet distances are measured to. */
export interface Gaussians {
  readonly train: Gaussian;
  readonly test: Gaussian;
}

/** The most images that are compared with their neighbours, which takes all pairs of them. */
export const MOST_NEIGHBOURS = 10_000;
/** How many neighbours make a neighbourhood: the choice of Naeem et al., with which real digits are covered to 97 %. */
export const NEIGHBOURS = 5;

/** Judges images. Progress is reported together with their number. */
export async function judgeAll(
  judge: Judge,
  { images, count, height, width }: ImageStack,
  onProgress?: OnProgress,
): Promise<Judged> {
  return judgeImages(judge, images, count, height, width, (done) => onProgress?.(done, count));
}

/** Returns some images of a stack as floats. */
export function imagesAt(
  { images, height, width }: ImageStack,
  rows: readonly number[],
): Float32Array {
  const size = height * width;
  const chosen = new Float32Array(rows.length * size);
  for (const [to, row] of rows.entries()) {
    chosen.set(toFloats(images.subarray(row * size, (row + 1) * size)), to * size);
  }
  return chosen;
}

/** Returns the indices of `count` rows, evenly spaced over `total`; all of them if there are fewer. */
export function evenly(total: number, count: number): readonly number[] {
  const rows = Math.min(total, count);
  return Array.from({ length: rows }, (_, row) => Math.floor((row * total) / rows));
}

/** Returns some rows of judged images. */
export function pick({ features, probabilities, count }: Judged, rows: readonly number[]): Judged {
  const take = (values: Float32Array): Float32Array => {
    const columns = values.length / count;
    const taken = new Float32Array(rows.length * columns);
    for (const [to, row] of rows.entries()) {
      taken.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
    }
    return taken;
  };
  return { count: rows.length, features: take(features), probabilities: take(probabilities) };
}

/** Returns the features of judged images. */
export function featuresOf({ count, features }: Judged): Matrix {
  return { rows: count, columns: features.length / count, values: features };
}

/** Returns the probabilities of judged images. */
export function probabilitiesOf({ count, probabilities }: Judged): Matrix {
  return { rows: count, columns: probabilities.length / count, values: probabilities };
}

/** Returns the Gaussians that Fréchet distances are measured to. */
export function gaussiansOf({ train, test }: JudgedDataset): Gaussians {
  return { train: gaussianOf(featuresOf(train)), test: gaussianOf(featuresOf(test)) };
}

/**
 * Prepares a dataset for comparisons with sets of `count` images. `labels` are the training images' classes; without
 * them, the judge's verdicts replace them.
 */
export async function prepareComparison(
  { train, test }: JudgedDataset,
  labels: Uint8Array | undefined,
  options: { readonly count: number; readonly neighbours: number },
  onProgress?: OnProgress,
): Promise<Comparison> {
  const { neighbours } = options;
  const most = Math.min(options.count, MOST_NEIGHBOURS);
  const seen = classCounts(probabilitiesOf(train));
  const counts = labels ? seen.map((_, digit) => countOf(labels, digit)) : seen;
  const real = await realSet(featuresOf(train), counts, { most, neighbours }, onProgress);
  return {
    real,
    train: real.gaussian,
    test: gaussianOf(featuresOf(test)),
    expected: counts.map((each) => each / train.count),
  };
}

function countOf(labels: Uint8Array, digit: number): number {
  return labels.reduce((sum, label) => (label === digit ? sum + 1 : sum), 0);
}

/** Returns the Fréchet distances of some images to the training set and to the test set. */
export function frechetsOf(judged: Judged, { train, test }: Gaussians): FrechetFigures {
  const own = gaussianOf(featuresOf(judged));
  return { frechetTrain: frechetDistance(train, own), frechetTest: frechetDistance(test, own) };
}

/** Returns all figures of some images. At most `MOST_NEIGHBOURS` of them are compared with neighbours. */
export async function figuresOf(
  judged: Judged,
  comparison: Comparison,
  onProgress: OnProgress = () => undefined,
): Promise<SetFigures> {
  const sides = { features: featuresOf(judged), probabilities: probabilitiesOf(judged) };
  const { frechet, classBalance, score, ...others } = await summarise(
    comparison.real,
    sides,
    (_, done, total) => onProgress(done, total),
  );
  const { frechetTest } = frechetsOf(judged, comparison);
  return {
    count: judged.count,
    figures: { frechetTrain: frechet, frechetTest, ...others, classBalance, score }, // in the order of files
    counts: classCounts(sides.probabilities),
  };
}
