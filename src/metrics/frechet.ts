// The Fréchet distance between two sets of features, each treated as a Gaussian. With Inception's features it is FID
// (Heusel et al. 2017, "GANs Trained by a Two Time-Scale Update Rule").

import { ShapeError } from "../gpu/errors.ts";
import { factorOf, singularValueSum } from "./factors.ts";
import { requireFinite, requireMatrix, requireParts, type Matrix } from "./matrix.ts";

/** A normal distribution: `mean` has `size` numbers, `covariance` (size, size). */
export interface Gaussian {
  readonly size: number;
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/**
 * Returns the mean of the rows of `features` and their unbiased covariance, Σ (x − mean)(x − mean)ᵀ / (n − 1), in two
 * passes. A distance between small samples is biased upwards, and more so with more columns: compare only equal numbers
 * of rows.
 *
 * Throws `ShapeError` on fewer than two rows, `DataError` on numbers that aren't finite.
 */
export function gaussianOf(features: Matrix): Gaussian {
  requireMatrix("gaussianOf", "features", features, 2);
  const { rows, columns: size, values } = features;
  const mean = new Float64Array(size);
  for (let at = 0; at < values.length; at += size) {
    for (let c = 0; c < size; c += 1) mean[c]! += values[at + c]!;
  }
  for (let c = 0; c < size; c += 1) mean[c]! /= rows;

  const covariance = new Float64Array(size * size);
  const centred = new Float64Array(size);
  for (let at = 0; at < values.length; at += size) {
    for (let c = 0; c < size; c += 1) centred[c] = values[at + c]! - mean[c]!;
    for (let a = 0; a < size; a += 1) {
      const x = centred[a]!;
      for (let b = a; b < size; b += 1) covariance[a * size + b]! += x * centred[b]!;
    }
  }
  for (let a = 0; a < size; a += 1) {
    for (let b = a; b < size; b += 1) {
      const value = requireFinite("gaussianOf", covariance[a * size + b]! / (rows - 1));
      covariance[a * size + b] = covariance[b * size + a] = value;
    }
  }
  return { size, mean, covariance };
}

/**
 * Returns the squared 2-Wasserstein distance between two Gaussians, |μ₁ − μ₂|² + tr S₁ + tr S₂ − 2 tr (S₁ S₂)^½ (Dowson
 * and Landau 1982). At least 0, which is best; in squared units of the features.
 *
 * With Sᵢ = Fᵢ Fᵢᵀ, the last trace is the sum of the singular values of F₁ᵀ F₂. They are computed from the factors,
 * because eigenvalues of a product of covariances would lose half of their digits to the square root. A direction
 * without spread still has a variance within 1e-16 of the largest, and its root may be off by 1e-8. If rounding leads
 * below 0, the result is 0.
 *
 * Throws `ShapeError` on Gaussians of different sizes, `DataError` on numbers that aren't finite.
 */
export function frechetDistance(real: Gaussian, fake: Gaussian): number {
  const op = "frechetDistance";
  requireGaussian(op, "real", real);
  requireGaussian(op, "fake", fake);
  const { size } = real;
  if (fake.size !== size) {
    throw new ShapeError(
      `${op}: real has ${size} features and fake has ${fake.size}, expected the same number; take both from the same network`,
    );
  }
  let distance = 0;
  for (let c = 0; c < size; c += 1) {
    distance += (real.mean[c]! - fake.mean[c]!) ** 2;
    distance += real.covariance[c * size + c]! + fake.covariance[c * size + c]!;
  }
  const factors = [real, fake].map((each) => factorOf(each.covariance, size));
  distance -= 2 * singularValueSum(factors[0]!, factors[1]!);
  return Math.max(0, requireFinite(op, distance));
}

function requireGaussian(op: string, name: string, gaussian: Gaussian): void {
  requireParts(op, name, gaussian, ["size", "mean", "covariance"], "gaussianOf(features)");
  const { size, mean, covariance } = gaussian;
  requireMatrix(op, `${name}'s mean`, { rows: 1, columns: size, values: mean });
  requireMatrix(op, `${name}'s covariance`, { rows: size, columns: size, values: covariance });
}
