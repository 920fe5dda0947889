// Damages files at random, as disks, networks and people do. Everything follows from a seed, so that a failure can be
// reproduced by its number.
import { below, joined, randomFrom, tally, type Fuzzed, type Random } from "./fuzzing.ts";

/** What fuzzing needs to know of a format. */
export interface Target {
  /** Sound files to spoil. */
  readonly corpus: readonly Uint8Array[];
  /** Reads a file; throws what it throws, or returns what is wrong with the result, if anything. */
  readonly read: (bytes: Uint8Array) => Promise<string | undefined> | string | undefined;
  /** Puts a spoilt file's checksums right, so that what lies behind them is reached. */
  readonly repair?: (bytes: Uint8Array) => Uint8Array;
}

/** Reads `count` spoilt files; the same seed gives the same files. */
export function fuzz(target: Target, count: number, seed: number): Promise<Fuzzed> {
  return tally(count, (number) => {
    const bytes = spoiltFile(target, lots(seed * 1_000_003 + number));
    return { size: bytes.length, read: () => target.read(bytes) };
  });
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

/** Whole numbers below a bound, drawn by lot. */
type Lots = (most: number) => number;

function lots(seed: number): Lots {
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
function spoiltFile({ corpus, repair }: Target, lot: Lots): Uint8Array {
  if (lot(50) === 0) return Uint8Array.from({ length: lot(300) }, () => lot(256));
  let bytes: Uint8Array = corpus[lot(corpus.length)]!.slice();
  for (let times = 1 + lot(3); times > 0; times -= 1) bytes = spoil(bytes, corpus, lot);
  return repair && lot(4) > 0 ? repair(bytes) : bytes;
}

function spoil(bytes: Uint8Array, corpus: readonly Uint8Array[], lot: Lots): Uint8Array {
  // Headers lie in front: half of all changes are made there.
  const at = lot(2) === 0 ? lot(Math.min(64, bytes.length + 1)) : lot(bytes.length + 1);
  const changed = bytes.slice();
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
