// What fuzzers share: numbers from a seed, and a tally of the results. Each input must be accepted, or refused with a
// typed error of one line, in little time and with little memory.
import { getHeapStatistics } from "node:v8";
import { LonghandError } from "../../src/gpu/errors.ts";
import { isOneLine } from "../support/one-line.ts";

/** What became of a number of inputs. */
export interface Fuzzed {
  readonly count: number;
  readonly refused: number;
  readonly accepted: number;
  /** The longest that one took, in milliseconds of the processor's time: other processes don't count. */
  readonly worstMs: number;
  /** Bytes that the dearest allocated, beyond twice its own size: at least as much as it held at any time. */
  readonly worstBytes: number;
  /** What went wrong, the first few, each with the number of its input. */
  readonly failures: readonly string[];
}

/** One input. */
export interface Input {
  /** In bytes. */
  readonly size: number;
  /** Reads it; throws what it throws, or returns what is wrong with the result, if anything. Can be done again. */
  readonly read: () => Promise<string | undefined> | string | undefined;
  /** Called once it has been read. */
  readonly after?: () => void;
}

/** Numbers in [0, 1). */
export type Random = () => number;

const MOST_MS = 1000;
const MOST_BYTES = 16 * 2 ** 20;
const MOST_FAILURES = 20;
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
 * Reads `count` inputs, each made by its number. A `LonghandError` (or one of `kind`) of one line is a refusal; any other
 * error is a failure, and so are more than a second and more than 16 MB beyond twice the input.
 */
export async function tally(
  count: number,
  make: (number: number) => Input,
  kind: typeof LonghandError = LonghandError,
): Promise<Fuzzed> {
  const failures: string[] = [];
  let [refused, accepted, worstMs, worstBytes] = [0, 0, 0, 0];
  for (let number = 0; number < count; number += 1) {
    const { size, read, after } = make(number);
    const before = allocated();
    const cpu = process.cpuUsage();
    const { fault, wasRefused } = await outcomeOf(read, kind);
    const { user, system } = process.cpuUsage(cpu);
    const ms = (user + system) / 1000;
    // Where the collector ran in between, the difference says nothing; it seldom does.
    let bytes = allocated() - before - 2 * size;
    if (bytes > MOST_BYTES) {
      // What earlier inputs left may have been counted along: the reading itself costs as much again.
      const again = allocated();
      await outcomeOf(read, kind);
      bytes = Math.min(bytes, allocated() - again - 2 * size);
    }
    after?.();
    refused += wasRefused ? 1 : 0;
    accepted += wasRefused ? 0 : 1;
    worstMs = Math.max(worstMs, ms);
    worstBytes = Math.max(worstBytes, bytes);
    const slow = ms > MOST_MS ? `took ${ms.toFixed(0)} ms` : undefined;
    const dear = bytes > MOST_BYTES ? `allocated ${bytes} bytes` : undefined;
    for (const what of [fault, slow, dear]) {
      if (what === undefined || failures.length === MOST_FAILURES) continue;
      failures.push(`${number}, of ${size} bytes: ${what}`);
    }
  }
  return { count, refused, accepted, worstMs, worstBytes, failures };
}

const allocated = (): number => {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
};

async function outcomeOf(
  read: Input["read"],
  kind: typeof LonghandError,
): Promise<{ fault: string | undefined; wasRefused: boolean }> {
  try {
    return { fault: await read(), wasRefused: false };
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const fault = !(error instanceof kind)
      ? `threw ${String(error)}`
      : !isOneLine(words)
        ? `is refused in more than a line: ${words}`
        : words.length > LONGEST_MESSAGE
          ? `is refused in ${words.length} characters`
          : undefined;
    return { fault, wasRefused: true };
  }
}

/** Some bytes after others. */
export function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}

/** Whether two files are the same. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
