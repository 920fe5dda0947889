// Images with rows and columns exchanged, as all of EMNIST's are, and how to detect them.
// EMNIST was written from MATLAB, column by column (Cohen et al. 2017).

import type { ImageSet } from "./idx.ts";

/** Returns a set with the rows and columns of each image exchanged. */
export function transposed(set: ImageSet): ImageSet {
  const { images, count, height, width, channels = 1 } = set;
  const out = new Uint8Array(images.length);
  const size = height * width;
  for (let start = 0; start < count * size; start += size) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const [from, to] = [start + y * width + x, start + x * height + y];
        for (let c = 0; c < channels; c += 1) out[to * channels + c] = images[from * channels + c]!;
      }
    }
  }
  return { ...set, images: out, height: width, width: height };
}

const SIDE = 28;
const CLASSES = 10;
const LOOKED_AT = 1000; // images
const FEWEST = 20; // images

/** Whether a set is one of labelled digits, of which `looksTransposed` can tell. */
export const canLookTransposed = ({
  height,
  width,
  channels = 1,
  labels,
  classes,
  count,
}: ImageSet): boolean =>
  channels === 1 &&
  height === SIDE &&
  width === SIDE &&
  !!labels &&
  classes <= CLASSES &&
  count >= FEWEST;

/**
 * Whether labelled digits look transposed. Counts how many of them correlate best with the mean image of their own
 * digit in `upright`, a labelled and upright set: once as they are, and once with rows and columns exchanged. MNIST's
 * own images give 0.82 and 0.19. Returns false for sets of other sizes, without labels or with other classes, because
 * it can't tell.
 */
export function looksTransposed(set: ImageSet, upright: ImageSet): boolean {
  if (!canLookTransposed(set)) return false;
  const { count } = set;
  const some = Math.min(count, LOOKED_AT);
  const part = { ...set, count: some, images: set.images.subarray(0, some * SIDE * SIDE) };
  const means = meansOf(upright);
  const [asTheyAre, turned] = [part, transposed(part)].map((each) => shareRight(each, means)) as [
    number,
    number,
  ];
  return turned > 0.4 && turned > 2 * asTheyAre;
}

/** Returns the mean image of each digit, (10, 28, 28), each centred to a mean of 0 and scaled to a length of 1. */
function meansOf({ images, count, labels }: ImageSet): readonly Float64Array[] {
  const sums = Array.from({ length: CLASSES }, () => new Float64Array(SIDE * SIDE));
  for (let image = 0; image < count; image += 1) {
    const sum = sums[labels![image]!]!;
    for (let i = 0; i < sum.length; i += 1) sum[i]! += images[image * sum.length + i]!;
  }
  return sums.map((sum) => {
    const mean = sum.reduce((total, value) => total + value, 0) / sum.length;
    const centred = sum.map((value) => value - mean);
    const length = Math.sqrt(centred.reduce((total, value) => total + value ** 2, 0));
    return centred.map((value) => value / length);
  });
}

/** Returns the share of images that correlate best with the mean of their own class. */
function shareRight({ images, count, labels }: ImageSet, means: readonly Float64Array[]): number {
  const size = SIDE * SIDE;
  let right = 0;
  for (let image = 0; image < count; image += 1) {
    const pixels = images.subarray(image * size, (image + 1) * size);
    // The means are centred and have one length, so centring or scaling the image would change all products alike.
    const alike = means.map((mean) => mean.reduce((sum, value, i) => sum + value * pixels[i]!, 0));
    if (alike.indexOf(Math.max(...alike)) === labels![image]) right += 1;
  }
  return right / count;
}
