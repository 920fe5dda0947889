// Files spoilt by lot, and what a reader makes of each: a typed error in one line, or a sound result; in little time,
// and with little memory. Everything follows from a seed, so that a failure can be had again by its number.
import { below, randomFrom } from "./fuzzing.ts";
import { LonghandError } from "../../src/gpu/errors.ts";

/** What many spoilt files came to. */
export interface Fuzzed {
  readonly count: number;
  readonly refused: number;
  readonly accepted: number;
  /** Processor time of the slowest, in milliseconds. */
  readonly worstMs: number;
  /** Bytes that the dearest allocated, beyond twice its own size: at least as much as it held at any time. */
  readonly worstBytes: number;
  /** At most 20, each with the number of its file. */
  readonly failures: readonly string[];
}

/** What fuzzing needs to know of a format. */
export interface Target {
  /** Sound files to spoil. */
  readonly corpus: readonly Uint8Array[];
  /** Reads a file; throws what it throws, or returns what is wrong with the result, if anything. */
  readonly read: (bytes: Uint8Array) => Promise<string | undefined> | string | undefined;
  /** Puts a spoilt file's checksums right, so that what lies behind them is reached. */
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
}

const MOST_MS = 1000;
const MOST_BYTES = 16 * 2 ** 20;
const MOST_LISTED = 20;

/** Reads `count` spoilt files; the same seed gives the same files. */
export async function fuzz(target: Target, count: number, seed: number): Promise<Fuzzed> {
  const result = { refused: 0, accepted: 0, worstMs: 0, worstBytes: 0, failures: [] as string[] };
  for (let number = 0; number < count; number += 1) {
    const bytes = spoilt(target, lots(seed * 1_000_003 + number));
    const before = allocated();
    const cpu = process.cpuUsage();
    const fault = await outcome(target, bytes, result);
    const { user, system } = process.cpuUsage(cpu);
    const ms = (user + system) / 1000;
    // Where the collector ran in between, the difference says nothing; it seldom does.
    let used = allocated() - before - 2 * bytes.length;
    if (used > MOST_BYTES) {
      // What earlier files left may have been counted along: the reading itself costs as much again.
      const again = allocated();
      await outcome(target, bytes, { refused: 0, accepted: 0 });
      used = Math.min(used, allocated() - again - 2 * bytes.length);
    }
    result.worstMs = Math.max(result.worstMs, ms);
    result.worstBytes = Math.max(result.worstBytes, used);
    const slow = ms > MOST_MS ? `took ${ms.toFixed(0)} ms` : undefined;
    const dear = used > MOST_BYTES ? `allocated ${used} bytes` : undefined;
    for (const what of [fault, slow, dear]) {
      if (what !== undefined && result.failures.length < MOST_LISTED) {
        result.failures.push(`file ${number} of seed ${seed}, ${bytes.length} bytes: ${what}`);
      }
    }
  }
  return { count, ...result };
}

const allocated = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

async function outcome(
  { read }: Target,
  bytes: Uint8Array,
  tally: { refused: number; accepted: number },
): Promise<string | undefined> {
  try {
    const wrong = await read(bytes);
    tally.accepted += 1;
    return wrong;
  } catch (error) {
    tally.refused += 1;
    if (!(error instanceof LonghandError)) return `threw ${String(error)}`;
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\u0000-\u001f\u007f]/.test(error.message)) return `more than a line: ${error.message}`;
    return error.message.length > 600 ? `a message of ${error.message.length} letters` : undefined;
  }
}

/** Whole numbers below a bound, drawn by lot. */
export type Lots = (most: number) => number;

/** The lots of a seed. */
export function lots(seed: number): Lots {
  const random = randomFrom(seed);
  return (most) => below(random, most);
}

const NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  28,
  255,
  256,
  4096,
  4097,
  65_535,
  2 ** 24,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];

/** A file of the corpus, spoilt in one to three ways; sometimes one that was never sound. */
function spoilt({ corpus, repair }: Target, lot: Lots): Uint8Array {
  if (lot(50) === 0) return Uint8Array.from({ length: lot(300) }, () => lot(256));
  let bytes: Uint8Array = corpus[lot(corpus.length)]!.slice();
  for (let times = 1 + lot(3); times > 0; times -= 1) bytes = spoil(bytes, corpus, lot);
  return repair && lot(4) > 0 ? repair(bytes) : bytes;
}

function spoil(bytes: Uint8Array, corpus: readonly Uint8Array[], lot: Lots): Uint8Array {
  // Headers lie in front: half of all changes are made there.
  const at = lot(2) === 0 ? lot(Math.min(64, bytes.length + 1)) : lot(bytes.length + 1);
  const changed = bytes.slice();
  const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
  switch (lot(8)) {
    case 0:
    case 1: // a bit
      if (at < bytes.length) changed[at]! ^= 1 << lot(8);
      return changed;
    case 2: // a byte
      if (at < bytes.length) changed[at] = lot(256);
      return changed;
    case 3: {
      // a number of four bytes, of those that are known to trip readers
      const value = NUMBERS[lot(NUMBERS.length)]!;
      if (at + 4 <= bytes.length) new DataView(changed.buffer).setUint32(at, value);
      return changed;
    }
    case 4: // cut short
      return bytes.slice(0, at);
    case 5: // a part left out
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + lot(40)));
    case 6: {
      // a part twice, or bytes by lot
      const part: Uint8Array =
        lot(2) === 0
          ? bytes.slice(at, at + 1 + lot(100))
          : Uint8Array.from({ length: lot(60) }, () => lot(256));
      return joined(bytes.subarray(0, at), part, bytes.subarray(at));
    }
    default: {
      // the front of one and the back of another
      const other = corpus[lot(corpus.length)]!;
      return joined(bytes.subarray(0, at), other.subarray(lot(other.length)));
    }
  }
}
