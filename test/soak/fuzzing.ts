// What fuzzers share: numbers from a seed, bytes spoilt as disks and people spoil them, and a tally of what came of it.
import { LonghandError } from "../../src/gpu/errors.ts";

/** What became of a number of inputs. */
export interface Fuzzed {
  readonly count: number;
  readonly refused: number;
  readonly accepted: number;
  /** The longest that one took, in milliseconds of the processor's time: other processes don't count. */
  readonly worstMs: number;
  /** By how much the process grew at its largest, in bytes, once the first inputs had warmed it up; garbage included. */
  readonly grownBytes: number;
  /** What went wrong, the first few: an error of another kind or of more than a line, or a lie that was believed. */
  readonly failures: readonly string[];
}

/** Numbers in [0, 1). */
export type Random = () => number;

const MOST_FAILURES = 20;
const WARM_UP = 2000;
const LONGEST_MESSAGE = 2000;

/** Numbers in [0, 1), the same for a seed (Mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number below `most`. */
export const below = (random: Random, most: number): number => Math.floor(random() * most);

/** One of several. */
export const pick = <T>(random: Random, from: readonly T[]): T => from[below(random, from.length)]!;

/**
 * Runs `each` on `count` inputs. It returns what is wrong with what it was given back, in words, or undefined; a
 * `LonghandError` of one line is a refusal, any other error a failure.
 */
export function tally(count: number, each: (index: number) => string | undefined): Fuzzed {
  const failures: string[] = [];
  const fail = (index: number, what: string): void => {
    if (failures.length < MOST_FAILURES) failures.push(`${index}: ${what}`);
  };
  let [refused, accepted, worstMs] = [0, 0, 0];
  let before = process.resourceUsage().maxRSS;
  for (let index = 0; index < count; index += 1) {
    if (index === WARM_UP) before = process.resourceUsage().maxRSS;
    const began = process.cpuUsage();
    try {
      const wrong = each(index);
      accepted += 1;
      if (wrong !== undefined) fail(index, wrong);
    } catch (error) {
      refused += 1;
      const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      const typed = error instanceof LonghandError && !/[\n\r]/.test(error.message);
      if (!typed) fail(index, words);
      if (words.length > LONGEST_MESSAGE) fail(index, `${words.length} characters of message`);
    }
    const { user, system } = process.cpuUsage(began);
    if (index >= WARM_UP) worstMs = Math.max(worstMs, (user + system) / 1000);
  }
  const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
  return { count, refused, accepted, worstMs, grownBytes, failures };
}

/** A copy with some bits flipped, bytes changed, a stretch cut out, doubled or zeroed, or the end gone. */
export function spoilt(bytes: Uint8Array, random: Random): Uint8Array {
  let copy = Uint8Array.from(bytes);
  for (let times = 1 + below(random, 3); times > 0; times -= 1) {
    const at = below(random, copy.length + 1);
    const until = Math.min(copy.length, at + 1 + below(random, 40));
    const kind = below(random, 7);
    if (kind === 0 && at < copy.length) copy[at]! ^= 1 << below(random, 8);
    else if (kind === 1 && at < copy.length) copy[at] = below(random, 256);
    else if (kind === 2) copy = copy.slice(0, at);
    else if (kind === 3) copy.fill(0, at, until);
    else if (kind === 4) copy = joined(copy.subarray(0, at), copy.subarray(until));
    else if (kind === 5) copy = joined(copy.subarray(0, until), copy.subarray(at));
    else if (at < copy.length) copy[at] = 0x30 + below(random, 10);
  }
  return copy;
}

/** Some bytes after others. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Whether two files are the same. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
