// Philox 4×32-10 (Salmon and others, "Parallel random numbers: as easy as 1, 2, 3", 2011), and
// the engine's use of it: element i of a draw takes word i mod 4 of block ⌊i/4⌋, at counter
// (block, step, stream, domain) and key (seed low, seed high).

/** Four 32-bit words: a counter, or a block of random bits. */
export type Words4 = readonly [number, number, number, number];

/** A 64-bit seed as two 32-bit words, low first. */
export type Seed = readonly [number, number];

/** Which numbers a draw takes: the upper three words of the counter, and the key. */
export interface Stream {
  readonly seed: Seed;
  readonly step: number;
  readonly stream: number;
  readonly domain: number;
}

/** Ten rounds of Philox 4×32 over a counter: four random words, as unsigned numbers. */
export function philox(counter: Words4, key: Seed): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = mulHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0; // the golden ratio
    k1 = (k1 + 0xbb67ae85) | 0; // √3 − 1
  }
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The upper 32 bits of a 64-bit product, by 16-bit halves: the sums stay below 2³². */
function mulHigh(a: number, b: number): number {
  const [aLow, aHigh] = [a & 0xffff, a >>> 16];
  const [bLow, bHigh] = [b & 0xffff, b >>> 16];
  const lowHigh = aLow * bHigh;
  const highLow = aHigh * bLow;
  const carry = ((aLow * bLow) >>> 16) + (lowHigh & 0xffff) + (highLow & 0xffff);
  return aHigh * bHigh + (lowHigh >>> 16) + (highLow >>> 16) + (carry >>> 16);
}

/** The first `count` random words of a draw. */
export function philoxWords(count: number, draw: Stream): Uint32Array {
  const words = new Uint32Array(count);
  for (let block = 0; block * 4 < count; block++) {
    const four = philox([block, draw.step, draw.stream, draw.domain], draw.seed);
    words.set(four.slice(0, count - block * 4), block * 4);
  }
  return words;
}

/** A word as a float in [0, 1): its upper 24 bits, so that float32 holds it exactly. */
export function uniformOf(word: number): number {
  return (word >>> 8) * 2 ** -24;
}

/** `count` uniform numbers in [0, 1). */
export function uniform(count: number, draw: Stream): Float64Array {
  return Float64Array.from(philoxWords(count, draw), uniformOf);
}

/**
 * `count` standard normal numbers by Box and Muller: words 2j and 2j + 1 make elements 2j and
 * 2j + 1. The radius takes u in (0, 1], the angle lies in [−π, π), where WGSL's sine and cosine
 * are accurate.
 */
export function normal(count: number, draw: Stream): Float64Array {
  const words = philoxWords(count + (count % 2), draw);
  return Float64Array.from({ length: count }, (_, i) => {
    const even = i - (i % 2);
    const u = ((words[even]! >>> 8) + 1) * 2 ** -24;
    const radius = Math.sqrt(Math.max(0, -2 * Math.log(u)));
    const angle = (uniformOf(words[even + 1]!) * 2 - 1) * Math.PI;
    return radius * (i === even ? Math.cos(angle) : Math.sin(angle));
  });
}

/**
 * A dropout mask: 1 (keep) where the uniform number is at least `rate`, else 0. The rate is
 * compared as float32, as on the device.
 */
export function keepMask(count: number, rate: number, draw: Stream): Float64Array {
  return uniform(count, draw).map((u) => Number(u >= Math.fround(rate)));
}
