// The linear algebra of the Fréchet distance, in float64: factors of covariances, singular values of products.

/** A matrix as its columns, all of the same length. */
export type Columns = readonly Float64Array[];

/** What is smaller than this share of the largest value is rounding. */
const ROUNDING = 2 ** -52;
const MOST_SWEEPS = 60; // about ten are needed

/**
 * Returns F with `covariance` = F Fᵀ, for a symmetric positive semidefinite matrix of (size, size): Cholesky's factor
 * with pivots (Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite matrix"). It has one column for
 * each direction in which the covariance has a spread beyond rounding.
 */
export function factorOf(covariance: Float64Array, size: number): Columns {
  const left = Float64Array.from({ length: size }, (_, i) => covariance[i * size + i]!);
  const least = Math.max(0, ...left) * size * ROUNDING;
  const columns: Float64Array[] = [];
  while (columns.length < size) {
    const pivot = left.reduce((best, value, i) => (value > left[best]! ? i : best), 0);
    const root = Math.sqrt(left[pivot]!);
    if (!(left[pivot]! > least)) break;
    const column = covariance.slice(pivot * size, (pivot + 1) * size);
    for (const earlier of columns) {
      const weight = earlier[pivot]!;
      for (let i = 0; i < size; i += 1) column[i]! -= weight * earlier[i]!;
    }
    for (let i = 0; i < size; i += 1) {
      column[i]! /= root;
      left[i]! -= column[i]! ** 2;
    }
    left[pivot] = -Infinity; // taken
    columns.push(column);
  }
  return columns;
}

/**
 * Returns the sum of the singular values of Aᵀ B. Jacobi rotations make its columns orthogonal (Hestenes 1958); their
 * lengths are then the singular values. 0 if a factor has no columns.
 */
export function singularValueSum(a: Columns, b: Columns): number {
  const [longer, shorter] = a.length > b.length ? [a, b] : [b, a];
  const columns = shorter.map((column) => Float64Array.from(longer, (other) => dot(other, column)));
  makeOrthogonal(columns);
  return columns.reduce((sum, column) => sum + Math.sqrt(dot(column, column)), 0);
}

/**
 * Rotates the columns of a factor F in place until they are orthogonal, the longest first. F Fᵀ stays the same, so the
 * columns then point along its eigenvectors, and their squared lengths are its eigenvalues.
 */
export function makeOrthogonal(columns: Float64Array[]): void {
  const whole = columns.reduce((sum, column) => sum + dot(column, column), 0);
  const least = whole * ROUNDING ** 2;
  for (let sweep = 0, turned = true; turned && sweep < MOST_SWEEPS; sweep += 1) {
    turned = false;
    columns.sort((x, y) => dot(y, y) - dot(x, x)); // the longest first: fewer sweeps
    for (let i = 0; i < columns.length; i += 1) {
      for (let j = i + 1; j < columns.length; j += 1) {
        if (rotate(columns[i]!, columns[j]!, least)) turned = true;
      }
    }
  }
}

/**
 * Makes two columns orthogonal, unless they already are, or one is shorter than the root of `least`. Returns whether it
 * changed them.
 */
function rotate(x: Float64Array, y: Float64Array, least: number): boolean {
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i += 1) {
    const [p, q] = [x[i]!, y[i]!];
    xx += p * p;
    xy += p * q;
    yy += q * q;
  }
  if (xx <= least || yy <= least || Math.abs(xy) <= 8 * ROUNDING * Math.sqrt(xx * yy)) return false;
  const cotangent = (yy - xx) / (2 * xy);
  const tangent = Math.sign(cotangent || 1) / (Math.abs(cotangent) + Math.hypot(1, cotangent));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = cosine * tangent;
  for (let i = 0; i < x.length; i += 1) {
    const [p, q] = [x[i]!, y[i]!];
    x[i] = cosine * p - sine * q;
    y[i] = sine * p + cosine * q;
  }
  return true;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
