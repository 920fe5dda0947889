// The nearest rows to others, all compared: of a few hundred samples, the training images most like them.

import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { eachPair, Pace, TILE, type OnProgress } from "./distances.ts";
import { requireFinite, requireMatrix, requireSameColumns, type Matrix } from "./matrix.ts";

/** For each query in turn `count` rows, the nearest first: query q's begin at `q * count`. */
export interface Nearest {
  readonly count: number;
  readonly indices: Uint32Array;
  /** Squared Euclidean distances. */
  readonly squares: Float64Array;
}

/**
 * The `count` rows of `among` nearest to each row of `queries`, by Euclidean distance; of equally near
 * ones the first. `onProgress` hears of pairs of rows done, of all.
 *
 * Throws `ShapeError` for an empty matrix or other columns, `AttributeError` for a `count` that is no
 * whole number from 1 to `among`'s rows, `DataError` for numbers that aren't finite.
 */
export async function nearest(
  queries: Matrix,
  among: Matrix,
  count: number,
  onProgress?: OnProgress,
): Promise<Nearest> {
  const op = "nearest";
  requireMatrix(op, "queries", queries);
  requireMatrix(op, "among", among);
  requireSameColumns(op, ["queries", "among"], queries, among);
  requireCount(op, "count", count);
  if (count > among.rows) {
    throw new ShapeError(
      `${op}: count is ${count} and among has ${among.rows} rows, expected at least as many; ask for fewer`,
    );
  }
  const found = new Smallest(queries.rows, count);
  const pace = new Pace(queries.rows * among.rows, onProgress);
  await eachPair(queries, among, pace, ({ top, bottom, left, right, squares }) => {
    for (let i = top; i < bottom; i += 1) {
      const base = (i - top) * TILE - left;
      for (let j = left; j < right; j += 1) found.offer(i, squares[base + j]!, j);
    }
  });
  for (let last = count - 1; last < found.squares.length; last += count) {
    requireFinite(op, found.squares[last]!);
  }
  return { count, indices: found.indices, squares: found.squares };
}

/** Refuses a count that is no whole number of at least 1. Throws `AttributeError`. */
export function requireCount(op: string, name: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new AttributeError(`${op}: ${name} is ${count}, expected a whole number of at least 1`);
}

/** The smallest few distances of each row, in order, kept by insertion; of equal ones the first come. */
export class Smallest {
  readonly indices: Uint32Array;
  readonly squares: Float64Array;

  private readonly count: number;

  constructor(rows: number, count: number) {
    this.count = count;
    this.indices = new Uint32Array(rows * count);
    this.squares = new Float64Array(rows * count).fill(Infinity);
  }

  offer(row: number, square: number, index: number): void {
    const first = row * this.count;
    let at = first + this.count - 1;
    if (!(square < this.squares[at]!)) return;
    for (; at > first && square < this.squares[at - 1]!; at -= 1) {
      this.squares[at] = this.squares[at - 1]!;
      this.indices[at] = this.indices[at - 1]!;
    }
    this.squares[at] = square;
    this.indices[at] = index;
  }
}
