// The smallest distances seen so far, for finding neighbours.

import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";

/** Checks that a count is a whole number of at least 1. Throws `AttributeError`. */
export function requireCount(op: string, name: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new AttributeError(
    `${op}: ${name} is ${show(count)}, expected a whole number of at least 1`,
  );
}

/** Keeps the smallest few distances of each row in order, by insertion. */
export class Smallest {
  readonly squares: Float64Array;

  private readonly count: number;

  constructor(rows: number, count: number) {
    this.count = count;
    this.squares = new Float64Array(rows * count).fill(Infinity);
  }

  offer(row: number, square: number): void {
    const first = row * this.count;
    let at = first + this.count - 1;
    if (!(square < this.squares[at]!)) return;
    for (; at > first && square < this.squares[at - 1]!; at -= 1) {
      this.squares[at] = this.squares[at - 1]!;
    }
    this.squares[at] = square;
  }
}
