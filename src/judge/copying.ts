// Whether a generator copies: how near samples and test images are to their nearest training images.
// Test images are as near to training images as unseen digits come by chance.

/** The smallest, the median and the largest of some distances. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** Distances to the nearest training images, in units of pixels: from black to white is 1. */
export interface Copying {
  /** How many samples were looked at, and at most as many test images. */
  readonly count: number;
  readonly samples: Spread;
  readonly test: Spread;
  /** One test image in a hundred is nearer than this. */
  readonly guide: number;
  /** The share of the samples that are nearer than `guide`: about 0.01 if nothing is copied. */
  readonly nearer: number;
}

const RARE = 0.01;

/** Compares the distances of samples with those of test images. */
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

/** Returns the smallest of some sorted values that at least a share `q` of them don't exceed. */
function quantile(sorted: Float64Array, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
}
