// All figures of one set of samples against a real set, from what a judge found in both.

import { ShapeError } from "../gpu/errors.ts";
import { classCounts, classifierScore, totalVariation } from "./classes.ts";
import type { OnProgress } from "./distances.ts";
import { frechetDistance, gaussianOf, type Gaussian } from "./frechet.ts";
import { kernelDistance } from "./kernel-distance.ts";
import { requireCallback, requireMatrix, requireParts, type Matrix } from "./matrix.ts";
import { requireCount } from "./smallest.ts";
import { ballRadii, neighbourhoods, NEIGHBOURS, type Neighbourhoods } from "./neighbourhoods.ts";

/** A set as a judge sees it: features and the probability of each class, both with one row per sample. */
export interface JudgedSet {
  readonly features: Matrix;
  readonly probabilities: Matrix;
}

/** The set that others are compared with, and everything that is computed from it once: see `realSet`. */
export interface RealSet {
  readonly gaussian: Gaussian;
  /** How often each class occurs. */
  readonly classes: ArrayLike<number>;
  /** The rows among which neighbours are searched. */
  readonly subset: Matrix;
  readonly radii: Float64Array;
  readonly options: Required<SummaryOptions>;
}

/** The options of a summary. */
export interface SummaryOptions {
  /**
   * The most rows of either set for `kid` and for neighbours, evenly spaced (10,000). The time grows with its square.
   */
  readonly most?: number;
  /** The k of neighbourhoods (3). */
  readonly neighbours?: number;
}

/** How good a set is: precision, recall, density and coverage as in `Neighbourhoods`, and the figures below. */
export interface Summary extends Neighbourhoods {
  /** The Fréchet distance between the features of all rows: from 0, which is best. Few rows raise it. */
  readonly frechet: number;
  /** The kernel distance between features: about 0 is best, a little below or above; unbounded above. */
  readonly kid: number;
  /** The total variation between predicted classes and those of the real set: from 0, which is best, to 1. */
  readonly classBalance: number;
  /** The classifier score: from 1 to the number of classes, which is best. */
  readonly score: number;
}

/** The parts of a summary that take long. */
export type SummaryStage = "kernel distance" | "neighbourhoods";

const MOST_ROWS = 10_000;

/**
 * Prepares a real set for `summarise`: its Gaussian, and the radii of its neighbourhoods. `classes` says how often each
 * class occurs in it, as counts of its labels or as frequencies.
 *
 * Throws `ShapeError` on fewer rows than neighbours + 1, `AttributeError` unless options are whole numbers of at least
 * 1, `DataError` on numbers that aren't finite.
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
  totalVariation(classes, classes); // refuses invalid counts before the long work
  const gaussian = gaussianOf(features);
  const subset = spacedRows(features, most);
  const radii = await ballRadii(subset, neighbours, onProgress);
  return { gaussian, classes, subset, radii, options: { most, neighbours } };
}

/**
 * Returns every figure of `fake` against `real`: `frechet`, `classBalance` and `score` from all rows, `kid` and the
 * neighbourhoods from at most `most` rows of either. Sets are comparable only at equal numbers of rows. `onProgress` is
 * called with how much of a stage is done, and of how much.
 *
 * Throws `ShapeError` on matrices that don't fit each other or have too few rows, `DataError` on numbers that aren't
 * finite or rows that are not probabilities.
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
      `${op}: got features of ${features.rows} samples and probabilities of ${probabilities.rows}, expected the same number; take both from one set`,
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

/** Returns `most` rows, evenly spaced; all rows if there are no more. */
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
