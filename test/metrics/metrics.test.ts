// Distances between distributions: analytic cases, laws that they obey, definitions term by term, and refusals.
// PyTorch's answers are in oracle.test.ts.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AttributeError, DataError, metrics, ShapeError } from "../../src/index.ts";
import { messageOf } from "../support/message-of.ts";
import {
  matrixOf,
  moved,
  normalRows,
  rotated,
  rowsOf,
  sets,
  shuffled,
} from "../support/matrices.ts";

const {
  classCounts,
  classifierScore,
  frechetDistance,
  gaussianOf,
  kernelDistance,
  totalVariation,
} = metrics;

const NEAR = 1e-9;

/** How far a figure is off, as a share of the right one, or of 1 if that is larger. */
function errorOf(got: number, want: number): number {
  return Math.abs(got - want) / Math.max(1, Math.abs(want));
}

const frechet = (a: readonly number[][], b: readonly number[][]): number =>
  frechetDistance(gaussianOf(matrixOf(a)), gaussianOf(matrixOf(b)));

const diagonal = (values: readonly number[]): Float64Array =>
  Float64Array.from(values.flatMap((value, row) => values.map((_, c) => (c === row ? value : 0))));

const gaussian = (mean: readonly number[], variances: readonly number[]): metrics.Gaussian => ({
  size: mean.length,
  mean: Float64Array.from(mean),
  covariance: diagonal(variances),
});

describe("gaussianOf", () => {
  test("gives the mean and the covariance over n − 1", () => {
    const { mean, covariance } = gaussianOf(
      matrixOf([
        [1, 2],
        [3, 2],
        [5, 8],
      ]),
    );
    expect(Array.from(mean)).toEqual([3, 4]);
    expect(Array.from(covariance)).toEqual([4, 6, 6, 12]);
  });

  test("keeps the digits of a small variance far from 0", () => {
    const { covariance } = gaussianOf(matrixOf([[1e8], [1e8 + 1], [1e8 + 2]]));
    expect(covariance[0]).toBe(1);
  });
});

describe("frechetDistance", () => {
  test("of normal distributions with known parameters", () => {
    // (μ₁ − μ₂)² + (σ₁ − σ₂)² in each direction, where the axes agree
    expect(
      errorOf(frechetDistance(gaussian([0, 1], [4, 9]), gaussian([3, 1], [1, 25])), 9 + 1 + 4),
    ).toBeLessThan(NEAR);
    expect(errorOf(frechetDistance(gaussian([0], [0]), gaussian([2], [9])), 4 + 9)).toBeLessThan(
      NEAR,
    );
    // the same ellipse turned by 90 degrees: 2·(σ₁ − σ₂)²
    expect(
      errorOf(frechetDistance(gaussian([0, 0], [1, 16]), gaussian([0, 0], [16, 1])), 18),
    ).toBeLessThan(NEAR);
    // correlation ρ in two dimensions against none: 4 − 2(√(1 + ρ) + √(1 − ρ))
    const tilted = {
      size: 2,
      mean: new Float64Array(2),
      covariance: Float64Array.of(1, 0.6, 0.6, 1),
    };
    const want = 4 - 2 * (Math.sqrt(1.6) + Math.sqrt(0.4));
    expect(errorOf(frechetDistance(tilted, gaussian([0, 0], [1, 1])), want)).toBeLessThan(NEAR);
  });

  test("is symmetric, unmoved by shifts, rotations and order, and grows with the square of the scale", () => {
    fc.assert(
      fc.property(sets, ({ seed, n, m, columns }) => {
        const [a, b] = [normalRows(seed, n, columns), normalRows(seed + 1, m, columns)];
        const by = normalRows(seed + 2, 1, columns)[0]!;
        // a direction without spread has a variance within 1e-16 of 0: its root may be off by 1e-8
        const slack = Math.min(n, m) > columns ? NEAR : 1e-6;
        const distance = frechet(a, b);
        expect(errorOf(frechet(b, a), distance)).toBeLessThan(slack);
        expect(errorOf(frechet(moved(a, by), moved(b, by)), distance)).toBeLessThan(slack);
        expect(errorOf(frechet(rotated(a, seed), rotated(b, seed)), distance)).toBeLessThan(slack);
        expect(errorOf(frechet(shuffled(a, seed), shuffled(b, seed)), distance)).toBeLessThan(
          slack,
        );
        const still = by.map(() => 0);
        expect(errorOf(frechet(moved(a, still, 3), moved(b, still, 3)), 9 * distance)).toBeLessThan(
          slack,
        );
        // a set moved is as far as it moved
        expect(
          errorOf(
            frechet(a, moved(a, by)),
            by.reduce((sum, x) => sum + x * x, 0),
          ),
        ).toBeLessThan(slack);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    ["full rank", 300, 64],
    ["fewer rows than columns", 20, 64],
    ["two rows", 2, 64],
  ])("is 0 for a set against itself: %s", (_, rows, columns) => {
    const a = normalRows(7, rows, columns).map((row) =>
      row.map((x, c) => (c % 4 === 0 ? 0 : x * 10)),
    );
    expect(frechet(a, shuffled(a, 1))).toBeLessThan(1e-10);
    expect(frechet(a, a)).toBeGreaterThanOrEqual(0);
  });

  test("is a number for sets without spread, and for features as large and as small as float32 holds", () => {
    const point = [
      [1, 2],
      [1, 2],
      [1, 2],
    ];
    expect(frechet(point, point)).toBe(0);
    expect(errorOf(frechet(point, moved(point, [3, 4])), 25)).toBeLessThan(NEAR);
    for (const scale of [1e-45, 1e-10, 1e10, 1e38]) {
      const [a, b] = [normalRows(3, 9, 4), normalRows(4, 9, 4)];
      const still = [0, 0, 0, 0];
      const share = frechet(moved(a, still, scale), moved(b, still, scale)) / scale ** 2;
      expect(Math.abs(share / frechet(a, b) - 1)).toBeLessThan(1e-9);
    }
  });
});

/** The definition, pair by pair. */
function kernelDistanceByDefinition(a: readonly number[][], b: readonly number[][]): number {
  const kernel = (x: readonly number[], y: readonly number[]): number =>
    (x.reduce((sum, value, c) => sum + value * y[c]!, 0) / x.length + 1) ** 3;
  const mean = (p: readonly number[][], q: readonly number[][], same: boolean): number => {
    const values = p.flatMap((x, i) =>
      q.flatMap((y, j) => (same && i === j ? [] : [kernel(x, y)])),
    );
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return mean(a, a, true) + mean(b, b, true) - 2 * mean(a, b, false);
}

describe("kernelDistance", () => {
  const kid = (a: readonly number[][], b: readonly number[][]): Promise<number> =>
    kernelDistance(matrixOf(a), matrixOf(b));

  test.each([
    ["by moments", 100, 3],
    ["by moments, in a last group of one", 65, 4],
    ["by pairs", 12, 20],
    ["by pairs, in several tiles", 150, 40],
  ])("agrees with its definition: %s", async (_, rows, columns) => {
    const a = normalRows(5, rows, columns);
    const b = moved(normalRows(6, rows - 3, columns), a[0]!);
    expect(errorOf(await kid(a, b), kernelDistanceByDefinition(a, b))).toBeLessThan(1e-10);
  });

  test("is symmetric, unmoved by rotations and order", async () => {
    await fc.assert(
      fc.asyncProperty(sets, async ({ seed, n, m, columns }) => {
        const [a, b] = [normalRows(seed, n, columns), normalRows(seed + 1, m, columns)];
        const distance = await kid(a, b);
        expect(errorOf(distance, kernelDistanceByDefinition(a, b))).toBeLessThan(NEAR);
        expect(errorOf(await kid(b, a), distance)).toBeLessThan(NEAR);
        expect(errorOf(await kid(rotated(a, seed), rotated(b, seed)), distance)).toBeLessThan(NEAR);
        expect(errorOf(await kid(shuffled(a, seed), shuffled(b, seed)), distance)).toBeLessThan(
          NEAR,
        );
      }),
      { numRuns: 40 },
    );
  });

  test("is about 0 for one distribution, and far from it for two", async () => {
    const [a, b] = [normalRows(1, 1000, 4), normalRows(2, 1000, 4)];
    expect(Math.abs(await kid(a, b))).toBeLessThan(0.02);
    expect(await kid(a, moved(b, [1, 0, 0, 0]))).toBeGreaterThan(0.2);
  });
});

describe("of classes", () => {
  test("totalVariation is the half of what shares differ by", () => {
    expect(totalVariation([1, 1], [5, 5])).toBe(0);
    expect(totalVariation([4, 0], [0, 1])).toBe(1);
    expect(errorOf(totalVariation([3, 1, 0], [1, 1, 2]), 0.5)).toBeLessThan(NEAR);
    expect(errorOf(totalVariation(Uint32Array.of(1, 0, 0, 0), [1, 1, 1, 1]), 0.75)).toBeLessThan(
      NEAR,
    );
  });

  test("totalVariation is symmetric, unmoved by scale, and obeys the triangle inequality", () => {
    const counts = fc.array(fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50)), { minLength: 1 });
    fc.assert(
      fc.property(counts, (triples) => {
        // one more sample each, so that none is empty
        const [p, q, r] = [0, 1, 2].map((i) => triples.map((triple) => triple[i]! + 1));
        const between = totalVariation(p!, q!);
        expect(errorOf(totalVariation(q!, p!), between)).toBeLessThan(NEAR);
        expect(
          errorOf(
            totalVariation(
              p!.map((x) => 7 * x),
              q!,
            ),
            between,
          ),
        ).toBeLessThan(NEAR);
        expect(between).toBeLessThanOrEqual(
          totalVariation(p!, r!) + totalVariation(r!, q!) + 1e-12,
        );
      }),
    );
  });

  test("classCounts counts the most probable, the first of equal ones", () => {
    const probabilities = matrixOf([
      [0.2, 0.8],
      [0.5, 0.5],
      [0, 1],
      [0.3, 0.7],
    ]);
    expect(classCounts(probabilities)).toEqual([1, 3]);
  });

  test("classifierScore runs from 1 to the number of classes", () => {
    const sure = (c: number): number[] => Array.from({ length: 10 }, (_, i) => (i === c ? 1 : 0));
    const each = Array.from({ length: 10 }, (_, c) => sure(c));
    expect(errorOf(classifierScore(matrixOf(each)), 10)).toBeLessThan(NEAR);
    expect(errorOf(classifierScore(matrixOf([sure(3), sure(3)])), 1)).toBeLessThan(NEAR);
    expect(
      errorOf(classifierScore(matrixOf([Array.from({ length: 10 }, () => 0.1)])), 1),
    ).toBeLessThan(NEAR);
    expect(
      errorOf(classifierScore(matrixOf([sure(0), sure(0), sure(1), sure(1)])), 2),
    ).toBeLessThan(NEAR);
  });

  test("classifierScore agrees with its definition, whatever the order", () => {
    fc.assert(
      fc.property(sets, ({ seed, n, columns }) => {
        const rows = normalRows(seed, n, columns).map((row) => {
          const powers = row.map((x) => Math.exp(2 * x));
          const sum = powers.reduce((total, x) => total + x, 0);
          return powers.map((x) => x / sum);
        });
        const marginal = rows[0]!.map((_, c) => rows.reduce((sum, row) => sum + row[c]!, 0) / n);
        const divergences = rows.map((row) =>
          row.reduce((sum, p, c) => sum + p * Math.log(p / marginal[c]!), 0),
        );
        const want = Math.exp(divergences.reduce((sum, x) => sum + x, 0) / n);
        expect(errorOf(classifierScore(matrixOf(rows)), want)).toBeLessThan(NEAR);
        expect(errorOf(classifierScore(matrixOf(shuffled(rows, seed))), want)).toBeLessThan(NEAR);
      }),
    );
  });
});

describe("refused in a line", () => {
  const good = matrixOf(normalRows(1, 8, 3));
  const spoilt = (value: number): metrics.Matrix => {
    const rows = rowsOf(good);
    rows[2]![1] = value;
    return matrixOf(rows);
  };
  const wide = matrixOf(normalRows(1, 8, 4));
  const one = matrixOf([[1, 2, 3]]);
  const none = { rows: 0, columns: 3, values: new Float32Array(0) };
  const short = { rows: 3, columns: 3, values: new Float32Array(8) };
  const half = { rows: 1.5, columns: 2, values: new Float32Array(3) };
  const bare = { rows: 3, columns: 0, values: new Float32Array(0) };

  test.each([
    [ShapeError, "real has 3 columns and fake has 4", () => kernelDistance(good, wide)],
    [
      ShapeError,
      "real has 3 features and fake has 4",
      () => frechetDistance(gaussianOf(good), gaussianOf(wide)),
    ],
    [ShapeError, "fake has 1 row, expected at least 2", () => kernelDistance(good, one)],
    [ShapeError, "features has 1 row, expected at least 2", () => gaussianOf(one)],
    [ShapeError, "features has 0 rows", () => gaussianOf(none)],
    [ShapeError, "has 8 values, expected 3 × 3 = 9", () => gaussianOf(short)],
    [ShapeError, "has 1.5 rows", () => gaussianOf(half)],
    [ShapeError, "has 0 columns", () => gaussianOf(bare)],
    [DataError, "has NaN in row 2, column 1", () => gaussianOf(spoilt(NaN))],
    [
      DataError,
      "fake has Infinity in row 2, column 1",
      () => kernelDistance(good, spoilt(Infinity)),
    ],
    [DataError, "must fit in float64", () => gaussianOf(spoilt(1e200))],
    [DataError, "must fit in float64", () => kernelDistance(good, spoilt(1e120))],
    [
      DataError,
      "fake's mean has NaN",
      () => frechetDistance(gaussian([0], [1]), gaussian([NaN], [1])),
    ],
    [ShapeError, "probabilities has 0 rows", () => classifierScore(none)],
    [DataError, "adds up to 0.5", () => classifierScore(matrixOf([[0.25, 0.25]]))],
    [DataError, "has -0.5 for class 0", () => classifierScore(matrixOf([[-0.5, 1.5]]))],
    [ShapeError, "got 2 and 3:", () => totalVariation([1, 2], [1, 2, 3])],
    [ShapeError, "got 0 and 0:", () => totalVariation([], [])],
    [DataError, "counts add up to 0", () => totalVariation([0, 0], [1, 1])],
    [DataError, "expected has NaN for class 1", () => totalVariation([1, 0], [1, NaN])],
    [DataError, "counts has -1 for class 0", () => totalVariation([-1, 2], [1, 1])],
    [AttributeError, "k is 1.5", () => metrics.neighbourhoods(good, good, 1.5)],
    [
      ShapeError,
      "real has 8 rows, expected at least 9",
      () => metrics.neighbourhoods(good, good, 8),
    ],
    [
      ShapeError,
      "got 3 radii",
      () => metrics.neighbourhoods(good, good, 2, undefined, new Float64Array(3)),
    ],
    [DataError, "fake has NaN", () => metrics.neighbourhoods(good, spoilt(NaN))],
    [DataError, "must fit in float64", () => metrics.ballRadii(spoilt(1e200), 7)],
    [AttributeError, "most is 0", () => metrics.realSet(good, [1, 1], { most: 0 })],
    [DataError, "counts add up to 0", () => metrics.realSet(good, [0, 0])],
  ] as const)("%o: %s", async (kind, words, action) => {
    expect(await messageOf(kind, action)).toContain(words);
  });
});
