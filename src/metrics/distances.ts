// Squared distances between all rows of one matrix and all rows of another, tile by tile in float64. A matrix of rows ×
// rows is never held. Differences are squared directly: |x|² + |y|² − 2 x·y would lose the digits by which near and
// equal rows differ, and these decide who is nearest. A pair always gives the same bits, whichever matrix comes first
// and wherever its rows are, so that ties stay ties.

import type { Matrix } from "./matrix.ts";

/** Called at intervals, and at the end, with how much is done and of how much. */
export type OnProgress = (done: number, total: number) => void;

/** Rows and columns of a tile: the numbers of both sides and the distances stay in a core's cache. */
export const TILE = 64;
// A register tile: 8 sums stay in registers, with 6 loads for 8 differences.
const LEFT = 2;
const RIGHT = 4;
/** Milliseconds of work between two pauses for timers and signals. */
const BREATH = 40;

/**
 * Distances between rows `top` to `bottom` of the left matrix and `left` to `right` of the right one (ends excluded).
 * The distance of rows i and j is at `(i - top) * TILE + j - left`. Valid until the visit ends.
 */
export interface DistanceTile {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  readonly squares: Float64Array;
}

/** Gives timers and signals their turn at intervals, and reports progress. */
export class Pace {
  private done = 0;
  private last = performance.now();

  private readonly total: number;
  private readonly onProgress: OnProgress | undefined;

  constructor(total: number, onProgress: OnProgress | undefined) {
    this.total = total;
    this.onProgress = onProgress;
  }

  /** Counts `more` as done, and pauses if the last pause is long ago. */
  async add(more: number): Promise<void> {
    this.done += more;
    if (performance.now() - this.last < BREATH && this.done < this.total) return;
    this.onProgress?.(this.done, this.total);
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.last = performance.now();
  }
}

/** Visits the distances of all pairs (row of `a`, row of `b`), with the rows of `b` in order for each row of `a`. */
export async function eachPair(
  a: Matrix,
  b: Matrix,
  pace: Pace,
  visit: (tile: DistanceTile) => void,
): Promise<void> {
  const walk = createWalk(a, b);
  for (let top = 0; top < a.rows; top += TILE) {
    for (let left = 0; left < b.rows; left += TILE) {
      const tile = walk(top, left);
      visit(tile);
      await pace.add((tile.bottom - top) * (tile.right - left));
    }
  }
}

/** Returns how many pairs `eachPairWithin` computes: all except those in tiles left of the diagonal. */
export function pairsWithin(rows: number): number {
  const tiles = Math.ceil(rows / TILE);
  const whole = (tiles - 1) * TILE;
  return (whole * (whole + TILE)) / 2 + (rows - whole) * rows;
}

/**
 * Visits the distances between `a`'s own rows, in tiles on and right of the diagonal. Tiles on the diagonal hold each
 * pair twice, and each row with itself.
 */
export async function eachPairWithin(
  a: Matrix,
  pace: Pace,
  visit: (tile: DistanceTile) => void,
): Promise<void> {
  const walk = createWalk(a, a);
  for (let left = 0; left < a.rows; left += TILE) {
    for (let top = 0; top <= left; top += TILE) {
      const tile = walk(top, left);
      visit(tile);
      await pace.add((tile.bottom - top) * (tile.right - left));
    }
  }
}

function createWalk(a: Matrix, b: Matrix): (top: number, left: number) => DistanceTile {
  const { columns } = a;
  const [lefts, rights] = [new Float64Array(TILE * columns), new Float64Array(TILE * columns)];
  const squares = new Float64Array(TILE * TILE);
  let packed = -1;
  return (top, left) => {
    const bottom = Math.min(a.rows, top + TILE);
    const right = Math.min(b.rows, left + TILE);
    if (packed !== top) pack(a, top, bottom, LEFT, lefts);
    packed = top;
    pack(b, left, right, RIGHT, rights);
    squaredDistances(lefts, bottom - top, rights, right - left, columns, squares);
    return { top, bottom, left, right, squares };
  };
}

/** Packs rows in groups: the values of a group's rows in column c lie together. Rows that a group lacks are 0. */
function pack(matrix: Matrix, from: number, to: number, group: number, into: Float64Array): void {
  const { columns, values } = matrix;
  for (let first = from; first < to; first += group) {
    const base = (first - from) * columns;
    for (let r = 0; r < group; r += 1) {
      const at = (first + r) * columns;
      const present = first + r < to;
      for (let c = 0; c < columns; c += 1) {
        into[base + c * group + r] = present ? values[at + c]! : 0;
      }
    }
  }
}

function squaredDistances(
  a: Float64Array,
  rowsA: number,
  b: Float64Array,
  rowsB: number,
  columns: number,
  out: Float64Array,
): void {
  for (let i = 0; i < rowsA; i += LEFT) {
    for (let j = 0; j < rowsB; j += RIGHT) {
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      let atA = i * columns;
      const end = (j + RIGHT) * columns;
      for (let atB = j * columns; atB < end; atB += RIGHT) {
        const x0 = a[atA]!;
        const x1 = a[atA + 1]!;
        const y0 = b[atB]!;
        const y1 = b[atB + 1]!;
        const y2 = b[atB + 2]!;
        const y3 = b[atB + 3]!;
        atA += LEFT;
        let difference = x0 - y0;
        s00 += difference * difference;
        difference = x0 - y1;
        s01 += difference * difference;
        difference = x0 - y2;
        s02 += difference * difference;
        difference = x0 - y3;
        s03 += difference * difference;
        difference = x1 - y0;
        s10 += difference * difference;
        difference = x1 - y1;
        s11 += difference * difference;
        difference = x1 - y2;
        s12 += difference * difference;
        difference = x1 - y3;
        s13 += difference * difference;
      }
      const at = i * TILE + j;
      out[at] = s00;
      out[at + 1] = s01;
      out[at + 2] = s02;
      out[at + 3] = s03;
      out[at + TILE] = s10;
      out[at + TILE + 1] = s11;
      out[at + TILE + 2] = s12;
      out[at + TILE + 3] = s13;
    }
  }
}
