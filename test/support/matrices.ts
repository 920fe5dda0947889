// Matrices for the metrics' tests: from rows, and random ones from a seed.

import * as fc from "fast-check";
import type { metrics } from "../../src/index.ts";

export function matrixOf(rows: readonly (readonly number[])[]): metrics.Matrix {
  const columns = rows[0]?.length ?? 0;
  return { rows: rows.length, columns, values: Float64Array.from(rows.flat()) };
}

/** Returns the rows of a matrix. */
export function rowsOf({ rows, columns, values }: metrics.Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(values.subarray(row * columns, (row + 1) * columns)),
  );
}

/** Returns a source of numbers in [0, 1) from a seed: a linear congruential generator's high bits. */
export function randomNumbers(seed: number): () => number {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** Returns approximately normal rows, of mean 0 and variance 1. */
export function normalRows(seed: number, rows: number, columns: number): number[][] {
  const random = randomNumbers(seed);
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: rows }, () => Array.from({ length: columns }, normal));
}

/** Returns rows of small whole numbers, with many equal distances and repeated rows. */
export function tiedRows(seed: number, rows: number, columns: number): number[][] {
  const random = randomNumbers(seed);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => Math.floor(random() * 3)),
  );
}

/** Returns rows in a random order. */
export function shuffled<T>(rows: readonly T[], seed: number): T[] {
  const random = randomNumbers(seed);
  return rows
    .map((row) => ({ row, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ row }) => row);
}

/** Returns each row turned by the same random rotation, a product of reflections along random directions. */
export function rotated(rows: readonly (readonly number[])[], seed: number): number[][] {
  const columns = rows[0]!.length;
  const planes = normalRows(seed, columns, columns);
  return rows.map((row) =>
    planes.reduce<number[]>(
      (x, plane) => {
        const dot = plane.reduce((sum, p, c) => sum + p * x[c]!, 0);
        const norm = plane.reduce((sum, p) => sum + p * p, 0);
        return x.map((value, c) => value - (2 * dot * plane[c]!) / norm);
      },
      [...row],
    ),
  );
}

/** Returns each row with a vector added, times a factor. */
export function moved(
  rows: readonly (readonly number[])[],
  by: readonly number[],
  factor = 1,
): number[][] {
  return rows.map((row) => row.map((value, c) => (value + by[c]!) * factor));
}

/** An arbitrary seed and sizes of two small sets, with up to 6 columns. */
export const sets: fc.Arbitrary<{ seed: number; n: number; m: number; columns: number }> =
  fc.record({
    seed: fc.nat(1_000_000),
    n: fc.integer({ min: 4, max: 70 }),
    m: fc.integer({ min: 4, max: 70 }),
    columns: fc.integer({ min: 1, max: 6 }),
  });
