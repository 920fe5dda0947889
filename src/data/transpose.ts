// Images whose rows and columns are exchanged, as all of EMNIST's are (Cohen et al. 2017: they were written from
// MATLAB, column by column), and how to tell.

import type { ImageSet } from "./idx.ts";

/** A set with each image's rows and columns exchanged. */
export function transposed(set: ImageSet): ImageSet {
  const { images, count, height, width } = set;
  const out = new Uint8Array(images.length);
  const size = height * width;
  for (let start = 0; start < count * size; start += size) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1)
        out[start + x * height + y] = images[start + y * width + x]!;
    }
  }
  return { ...set, images: out, height: width, width: height };
}

const SIDE = 28;
const CLASSES = 10;
const LOOKED_AT = 1000; // images
const FEWEST = 20;

/**
 * Whether labelled digits look transposed: by how many are nearer to their own digit's mean image in `upright`, labelled
 * and upright, than to any other's, as they are and with rows and columns exchanged. MNIST's own come to 0.8 and 0.3.
 * False for sets of other sizes, without labels or with other classes, of which it can't tell.
 */
export function looksTransposed(set: ImageSet, upright: ImageSet): boolean {
  const { height, width, labels, classes, count } = set;
  if (height !== SIDE || width !== SIDE || !labels || classes > CLASSES || count < FEWEST)
    return false;
  const some = Math.min(count, LOOKED_AT);
  const part = { ...set, count: some, images: set.images.subarray(0, some * SIDE * SIDE) };
  const means = meansOf(upright);
  const [asTheyAre, turned] = [part, transposed(part)].map((each) => shareRight(each, means)) as [
    number,
    number,
  ];
  return turned > 0.5 && turned > 1.5 * asTheyAre;
}

/** The mean image of each digit, (10, 28, 28). */
function meansOf({ images, count, labels }: ImageSet): Float64Array {
  const size = SIDE * SIDE;
  const means = new Float64Array(CLASSES * size);
  const counts = new Float64Array(CLASSES);
  for (let image = 0; image < count; image += 1) {
    const label = labels![image]!;
    counts[label]! += 1;
    for (let i = 0; i < size; i += 1) means[label * size + i]! += images[image * size + i]!;
  }
  return means.map((sum, i) => sum / counts[Math.floor(i / size)]!);
}

/** The share of images whose nearest mean, by squared distance, is their own class's. */
function shareRight({ images, count, labels }: ImageSet, means: Float64Array): number {
  const size = SIDE * SIDE;
  let right = 0;
  for (let image = 0; image < count; image += 1) {
    let [nearest, least] = [-1, Infinity];
    for (let digit = 0; digit < CLASSES; digit += 1) {
      let distance = 0;
      for (let i = 0; i < size; i += 1) {
        distance += (images[image * size + i]! - means[digit * size + i]!) ** 2;
      }
      if (distance < least) [nearest, least] = [digit, distance];
    }
    if (nearest === labels![image]) right += 1;
  }
  return right / count;
}
