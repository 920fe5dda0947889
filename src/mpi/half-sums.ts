// Sums over ranks in 16 bits: half of the bytes on the wire. Values travel in blocks, each with a power of two that makes
// its largest value fit, and are added in 32 bits, in the order of the ranks.
import { fromHalf, halfOf } from "../gpu/half.ts";
import type { MpiRanks } from "./ranks.ts";

const BLOCK = 256; // values that share a power of two, which costs 1 / 256 more bytes
const WORDS = BLOCK + 1;
const INFINITE = 0x7f800000; // the bits of infinity; NaN's are above
const MIDDLE = 127; // float32's exponent bias

/** A message, and its memory as bytes. */
interface Message {
  readonly words: Int16Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The bytes that a value takes on the wire. */
export const HALF_SUM_BYTES: number = (2 * WORDS) / BLOCK;

/**
 * Returns a function that adds up arrays of `length` floats over all ranks, in place, with equal bits on every rank.
 * Each rank adds up one part of the arrays: it gets that part from all others, and gives them its sums. A value is
 * rounded twice, on the way there and back, each time by at most 2⁻¹¹ of it; or by 2⁻²⁵ of the largest of its block of
 * 256, if it is below 2⁻¹⁴ of that. If a value isn't finite, neither is its sum. Memory is made once. Calls must not
 * overlap. Fails with `RanksError`.
 */
export function halfSums(
  ranks: Pick<MpiRanks, "size" | "exchange" | "gather">,
  length: number,
): (values: Float32Array<ArrayBuffer>) => Promise<void> {
  const { size } = ranks;
  const blocks = Math.ceil(length / BLOCK / size); // of each rank's part
  const [given, got] = [message(blocks * size), message(blocks * size)];
  const own = message(blocks);
  const sums = new Float32Array(blocks * BLOCK);
  return async (values) => {
    encode(values, given.words);
    await ranks.exchange(given.bytes, got.bytes);
    sums.fill(0);
    for (let from = 0; from < size; from += 1) {
      add(sums, got.words.subarray(from * own.words.length, (from + 1) * own.words.length));
    }
    encode(sums, own.words);
    await ranks.gather(own.bytes, got.bytes);
    values.fill(0);
    add(values, got.words);
  };
}

function message(blocks: number): Message {
  const words = new Int16Array(new ArrayBuffer(2 * WORDS * blocks));
  return { words, bytes: new Uint8Array(words.buffer) };
}

const scaled = new Float32Array(BLOCK);
const bits = new Uint32Array(scaled.buffer);

/** Writes values as blocks: an exponent each, then the values over this power of two. */
function encode(values: Float32Array, words: Int16Array): void {
  const count = values.length;
  for (let from = 0, at = 0; at < words.length; from += BLOCK, at += WORDS) {
    const length = Math.max(0, Math.min(BLOCK, count - from));
    let most = 0;
    for (let i = 0; i < length; i += 1) {
      scaled[i] = values[from + i]!;
      most = Math.max(most, bits[i]! & 0x7fffffff); // the bits of positive floats are in the floats' order
    }
    const exponent = most >= INFINITE ? 0 : (most >>> 23) - MIDDLE;
    const factor = 2 ** -exponent;
    words[at] = exponent;
    for (let i = 0; i < length; i += 1) scaled[i] = values[from + i]! * factor;
    for (let i = 0; i < length; i += 1) words[at + 1 + i] = halfOf(bits[i]!);
    words.fill(0, at + 1 + length, at + WORDS);
  }
}

/** The values of all float16 numbers, by their bits. Made when the first sum is. */
let known: Float32Array | undefined;
const valuesOfHalves = (): Float32Array =>
  (known ??= Float32Array.from({ length: 0x10000 }, (_, half) => fromHalf(half)));

/** Adds the values of blocks. */
function add(sums: Float32Array, words: Int16Array): void {
  const { length } = sums;
  const valueOf = valuesOfHalves();
  for (let i = 0, at = 0; i < length; at += WORDS) {
    const factor = 2 ** words[at]!;
    const end = Math.min(i + BLOCK, length);
    for (let k = at + 1; i < end; i += 1, k += 1) {
      sums[i] = sums[i]! + valueOf[words[k]! & 0xffff]! * factor;
    }
  }
}
