// Whether a generator copies: its samples' distances to their nearest training images, beside those of
// test images, which are as near as unseen digits come by chance.

/** Least, median and largest of some distances. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** Distances to the nearest training images, in pixels' units: from black to white is 1. */
export interface Copying {
  /** How many samples, and as many test images at most, were looked at. */
  readonly count: number;
  readonly samples: Spread;
  readonly test: Spread;
  /** One test image in a hundred is nearer than this. */
  readonly guide: number;
  /** Share of the samples that are nearer: about 0.01 where nothing is copied. */
  readonly nearer: number;
}

const RARE = 0.01;

/** Compares samples' distances with test images'. */
export function copyingOf(samples: Float64Array, test: Float64Array): Copying {
  const guide = quantile(test.toSorted(), RARE);
  return {
    count: samples.length,
    samples: spreadOf(samples),
    test: spreadOf(test),
    guide,
    nearer: samples.filter((distance) => distance < guide).length / samples.length,
  };
}

function spreadOf(distances: Float64Array): Spread {
  const sorted = distances.toSorted();
  return { least: sorted[0]!, median: quantile(sorted, 0.5), most: sorted.at(-1)! };
}

/** The smallest value that at least a share `q` of sorted ones don't pass. */
function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}
