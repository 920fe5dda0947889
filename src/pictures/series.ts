// Prepares a long, noisy series of numbers for drawing. It finds fewer points, a smooth line through them, an axis that
// one outlier doesn't dominate, and round ticks.

/**
 * Returns the indices of at most `most` values that keep the outline of the whole series, in order: the smallest, the
 * largest and the first non-finite value of each of `most / 3` stretches of equal length. Returns all indices if there
 * are no more than `most`.
 */
export function thinIndices(values: readonly number[], most: number): number[] {
  const { length } = values;
  if (length <= most) return values.map((_, index) => index);
  const stretches = Math.max(1, Math.floor(most / 3));
  const kept: number[] = [];
  for (let stretch = 0; stretch < stretches; stretch++) {
    const start = Math.floor((stretch * length) / stretches);
    const end = Math.floor(((stretch + 1) * length) / stretches);
    let least = -1;
    let greatest = -1;
    let broken = -1;
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) {
        if (broken < 0) broken = i;
        continue;
      }
      if (least < 0 || value < values[least]!) least = i;
      if (greatest < 0 || value > values[greatest]!) greatest = i;
    }
    const found = new Set([least, greatest, broken].filter((index) => index >= 0));
    kept.push(...[...found].sort((a, b) => a - b));
  }
  return kept;
}

/**
 * Returns the mean of the finite values within `radius` of `index`, NaN if `values[index]` isn't finite. Near the
 * start, the reach shrinks equally on both sides, so that a steep start stays steep. Near the end, only earlier values
 * are left to average, so that the last mean is as steady as the others.
 */
export function meanAround(values: readonly number[], index: number, radius: number): number {
  if (!Number.isFinite(values[index])) return NaN;
  const reach = Math.min(radius, index);
  const around = values.slice(index - reach, index + reach + 1).filter(Number.isFinite);
  return around.reduce((sum, value) => sum + value, 0) / around.length;
}

/**
 * Returns the reach to either side of a moving mean that suits a series of `count` values: a 25th of them in all, at
 * most 501; 0 for fewer than 50, which are drawn unsmoothed.
 */
export function meanRadius(count: number): number {
  return Math.min(250, Math.floor(count / 50));
}

/**
 * Returns the range that an axis should show: 0 and nearly all of the finite values, with a little room. Among values
 * of either sign, those beyond 1.5 times the 99th percentile or 10 times the third quartile lie outside. [0, 1] if
 * there is nothing to show.
 */
export function robustRange(values: readonly number[]): [low: number, high: number] {
  const high = robustEnd(values.filter((value) => value > 0));
  const low = robustEnd(values.filter((value) => value < 0).map(Math.abs));
  return low === 0 && high === 0 ? [0, 1] : [low === 0 ? 0 : -low, high];
}

function robustEnd(magnitudes: number[]): number {
  const sorted = Float64Array.from(magnitudes.filter(Number.isFinite)).sort();
  const quantile = (q: number): number => sorted[Math.ceil(q * (sorted.length - 1))] ?? 0;
  return 1.05 * Math.min(quantile(1), 1.5 * quantile(0.99), 10 * quantile(0.75));
}

/** Returns whole numbers from `low` to `high`, at most `most`, evenly spaced by 1, 2 or 5 times a power of ten. */
export function wholeTicks(low: number, high: number, most: number): number[] {
  let spacing = 1;
  for (let power = 1; (high - low) / spacing > most - 1; power *= 10) {
    spacing = [power, 2 * power, 5 * power].find((s) => (high - low) / s <= most - 1) ?? 10 * power;
  }
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / spacing) * spacing; tick <= high; tick += spacing) {
    ticks.push(tick);
  }
  return ticks;
}
