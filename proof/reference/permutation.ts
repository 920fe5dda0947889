// A keyed permutation of 0 … count − 1 that needs no memory: a balanced Feistel network over the
// smallest domain of an even number of bits that holds `count`, walked until it lands inside.
import { philox, type Seed } from "./philox.ts";

const ROUNDS = 6;

/** The counter's last word for shuffling, so that its bits are shared with no other draw. */
const SHUFFLE_DOMAIN = 3;

/** Where the permutation of `count` numbers for an epoch sends `index`. Needs 0 ≤ index < count. */
export function permute(index: number, count: number, seed: Seed, epoch: number): number {
  if (!(index >= 0 && index < count)) {
    throw new RangeError(`Index ${index} is outside 0 … ${count - 1}.`);
  }
  const half = halfBits(count);
  const mask = 2 ** half - 1;
  let x = index;
  do {
    let left = Math.floor(x / 2 ** half);
    let right = x & mask;
    for (let round = 0; round < ROUNDS; round++) {
      const mixed = philox([right, epoch, round, SHUFFLE_DOMAIN], seed)[0] & mask;
      [left, right] = [right, left ^ mixed];
    }
    x = left * 2 ** half + right;
  } while (x >= count);
  return x;
}

/** h, where 2^(2h) is the smallest such domain that holds `count` numbers. */
function halfBits(count: number): number {
  let half = 0;
  while (4 ** half < count) half++;
  return half;
}
