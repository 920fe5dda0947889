// All figures of one set of samples against a real set, from what a judge saw in both.

import { ShapeError } from "../gpu/errors.ts";
import { classCounts, classifierScore, totalVariation } from "./classes.ts";
import type { OnProgress } from "./distances.ts";
import { frechetDistance, gaussianOf, type Gaussian } from "./frechet.ts";
import { kernelDistance } from "./kernel-distance.ts";
import { requireCallback, requireMatrix, requireParts, type Matrix } from "./matrix.ts";
import { requireCount } from "./smallest.ts";
import { ballRadii, neighbourhoods, NEIGHBOURS, type Neighbourhoods } from "./neighbourhoods.ts";

/** A set as a judge sees it, a row a sample in both: features, and each class's probability. */
export interface JudgedSet {
  readonly features: Matrix;
  readonly probabilities: Matrix;
}

/** What sets are held against, with all that is computed of it once: see `realSet`. */
export interface RealSet {
  readonly gaussian: Gaussian;
  /** How often each class occurs. */
  readonly classes: ArrayLike<number>;
  /** The rows that neighbours are looked for among. */
  readonly subset: Matrix;
  readonly radii: Float64Array;
  readonly options: Required<SummaryOptions>;
}

/** How a summary is made. */
export interface SummaryOptions {
  /** Most rows of either set for `kid` and for neighbours, evenly spaced; 10,000 unless told. The time grows with its square. */
  readonly most?: number;
  /** The k of neighbourhoods; 3 unless told. */
  readonly neighbours?: number;
}

/** How good a set is: precision, recall, density and coverage as in `Neighbourhoods`, and the others. */
export interface Summary extends Neighbourhoods {
  /** Fréchet distance between features, of all rows: from 0, which is best. Few rows raise it. */
  readonly frechet: number;
  /** Kernel distance between features: about 0, a little below or above, is best; unbounded above. */
  readonly kid: number;
  /** Total variation between predicted classes and the real set's: 0, best, to 1. */
  readonly classBalance: number;
  /** Classifier score: 1 to the number of classes, which is best. */
  readonly score: number;
}

/** The parts of a summary that take long. */
export type SummaryStage = "kernel distance" | "neighbourhoods";

const MOST_ROWS = 10_000;

/**
 * Prepares a real set for `summarise`: its Gaussian, and its neighbours' radii. `classes` says how often
 * each class occurs in it: counts of its labels, or frequencies.
 *
 * Throws `ShapeError` for fewer rows than neighbours + 1, `AttributeError` for options that are no whole
 * numbers of at least 1, `DataError` for numbers that aren't finite.
 */
export async function realSet(
  features: Matrix,
  classes: ArrayLike<number>,
  options: SummaryOptions = {},
  onProgress?: OnProgress,
): Promise<RealSet> {
  requireParts("realSet", "options", options, [], "{ most, neighbours }");
  requireCallback("realSet", onProgress);
  const { most = MOST_ROWS, neighbours = NEIGHBOURS } = options;
  requireCount("realSet", "most", most);
  totalVariation(classes, classes); // refuses what are no counts, before the long work
  const gaussian = gaussianOf(features);
  const subset = spacedRows(features, most);
  const radii = await ballRadii(subset, neighbours, onProgress);
  return { gaussian, classes, subset, radii, options: { most, neighbours } };
}

/**
 * Every figure of `fake` against `real`: `frechet`, `classBalance` and `score` from all rows, `kid` and
 * the neighbourhoods from at most `most` of either. Sets are comparable at equal numbers of rows.
 * `onProgress` hears how much of a stage is done, of how much.
 *
 * Throws `ShapeError` for matrices that don't fit each other or have too few rows, `DataError` for
 * numbers that aren't finite or rows that are no probabilities.
 */
export async function summarise(
  real: RealSet,
  fake: JudgedSet,
  onProgress?: (stage: SummaryStage, done: number, total: number) => void,
): Promise<Summary> {
  const op = "summarise";
  requireParts(op, "real", real, ["gaussian", "classes", "subset", "radii", "options"], "realSet");
  requireParts(op, "fake", fake, ["features", "probabilities"], "a judge");
  requireCallback(op, onProgress);
  const { features, probabilities } = fake;
  requireMatrix(op, "probabilities", probabilities);
  const { most, neighbours } = real.options;
  requireMatrix(op, "features", features, neighbours + 1);
  if (features.rows !== probabilities.rows) {
    throw new ShapeError(
      `${op}: got features of ${features.rows} samples and probabilities of ${probabilities.rows}, expected as many; take both from one set`,
    );
  }
  const told = (stage: SummaryStage): OnProgress | undefined =>
    onProgress && ((done, total) => onProgress(stage, done, total));
  const subset = spacedRows(features, most);
  return {
    frechet: frechetDistance(real.gaussian, gaussianOf(features)),
    classBalance: totalVariation(classCounts(probabilities), real.classes),
    score: classifierScore(probabilities),
    kid: await kernelDistance(real.subset, subset, told("kernel distance")),
    ...(await neighbourhoods(real.subset, subset, neighbours, told("neighbourhoods"), real.radii)),
  };
}

/** `most` rows, evenly spaced; all where there are no more. */
function spacedRows(matrix: Matrix, most: number): Matrix {
  const { rows, columns, values } = matrix;
  if (rows <= most) return matrix;
  const kept = new Float64Array(most * columns);
  for (let row = 0; row < most; row += 1) {
    const from = Math.floor((row * rows) / most) * columns;
    kept.set(values.subarray(from, from + columns), row * columns);
  }
  return { rows: most, columns, values: kept };
}
