// Random numbers on the host, and choices by them: the same on every machine.

/** Returns a function that draws numbers in [0, 1) from a seed (mulberry32). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns the first index at which the sum of the weights exceeds `goal`, or else the last one with a weight. */
export function indexAt(weights: Float32Array | Float64Array, goal: number): number {
  let sum = 0;
  let last = 0;
  for (const [index, weight] of weights.entries()) {
    if (weight === 0) continue;
    last = index;
    sum += weight;
    if (sum > goal) break;
  }
  return last;
}
