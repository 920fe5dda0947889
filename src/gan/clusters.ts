// Clusters in the place of labels: images are sorted by their pixels before training, and both networks are told each
// image's cluster. Liu et al. 2020, Diverse image generation via self-conditioned GANs, do it with features.
import type { Images } from "./gan.ts";
import { findCentres, nearestRows } from "./k-means.ts";
import type { Recipe } from "./recipe.ts";

/** Images sorted into clusters. */
export interface ImageClusters {
  /** (count): the cluster of each image. */
  readonly assignments: Uint8Array<ArrayBuffer>;
  /** (clusters, ⌊height / 2⌋ · ⌊width / 2⌋): the means of each cluster's images at half their size, from 0 to 1. */
  readonly centres: Float32Array<ArrayBuffer>;
}

/** Images from which the centres are found, evenly spaced over the dataset. All others go to the nearest centre. */
const MOST = 20_000;
/** Smaller datasets fill fewer clusters: one per this many images, or part of them. */
const FEWEST = 30;

/** Rounds of k-means: a few images still move after them, but the networks learn the clusters as they are. */
const ROUNDS = 15;

/** Returns how many numbers describe an image when it is sorted. */
export const describedBy = (height: number, width: number): number =>
  Math.floor(height / 2) * Math.floor(width / 2);

/**
 * Describes images (count, height, width) by their pixels at half the size, from 0 to 1: (count, `describedBy`). The
 * clusters of coarse images are the same, and take a quarter of the work. An odd last row or column is left out.
 */
export function described(
  images: Uint8Array,
  count: number,
  height: number,
  width: number,
): Float64Array<ArrayBuffer> {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  const half = new Float64Array(count * rows * columns);
  let to = 0;
  for (let image = 0; image < count; image += 1) {
    for (let row = 0; row < rows; row += 1) {
      let at = (image * height + 2 * row) * width;
      for (let column = 0; column < columns; column += 1, at += 2, to += 1) {
        const above = images[at]! + images[at + 1]!;
        half[to] = (above + images[at + width]! + images[at + width + 1]!) / (4 * 255);
      }
    }
  }
  return half;
}

/**
 * Sorts a dataset into the recipe's clusters; undefined if the recipe has none. Nothing but the pixels counts: labels
 * are not looked at. A seed gives the same clusters everywhere.
 */
export async function clusterImages(
  { clusters = 0 }: Recipe,
  { images, count, height, width }: Images,
  seed: number,
): Promise<ImageClusters | undefined> {
  if (clusters === 0) return undefined;
  const size = height * width;
  const columns = describedBy(height, width);
  const chosen = evenly(images, count, size);
  const used = chosen.length / size;
  const points = { values: described(chosen, used, height, width), columns };
  const found = await findCentres(points, {
    clusters: filledBy(count, clusters),
    seed,
    rounds: ROUNDS,
  });
  const centres = new Float32Array(clusters * columns);
  centres.set(found.values);
  const assignments = new Uint8Array(count);
  for (let first = 0; first < count; first += MOST) {
    const rows = Math.min(MOST, count - first);
    const values = described(images.subarray(first * size), rows, height, width);
    assignments.set(nearestRows({ values, columns }, found), first);
  }
  return { assignments, centres };
}

/** Returns how many of a recipe's clusters a dataset fills. */
const filledBy = (count: number, clusters: number): number =>
  Math.min(clusters, Math.ceil(Math.min(count, MOST) / FEWEST));

/** How `withClusters` goes about it. */
export interface SortOptions {
  readonly seed: number;
  /** Whether a checkpoint is about to restore the clusters, or nothing depends on them, as in a plan. Default false. */
  readonly isUnused?: boolean;
  /** Called before sorting, which takes seconds, with a line for a person. */
  readonly tell: (text: string) => void;
}

/** Returns a dataset with the clusters that a recipe takes; the dataset itself if it takes none. */
export async function withClusters<D extends Images>(
  recipe: Recipe,
  data: D,
  { seed, isUnused = false, tell }: SortOptions,
): Promise<D> {
  const { clusters = 0, name } = recipe;
  if (clusters === 0) return data;
  if (isUnused) return { ...data, clusters: noClusters(recipe, data) };
  const filled = filledBy(data.count, clusters);
  const into = filled === 1 ? "1 cluster" : `${filled} clusters`;
  const fewer =
    filled < clusters ? ` (one per ${FEWEST} images; ${name} has up to ${clusters})` : "";
  tell(`Sorting ${data.count} images into ${into}, by their pixels alone${fewer} …`);
  return { ...data, clusters: await clusterImages(recipe, data, seed) };
}

/** Returns clusters whose numbers don't matter. */
export function noClusters(
  { clusters = 0 }: Recipe,
  data: Pick<Images, "count" | "height" | "width">,
): ImageClusters {
  return {
    assignments: Uint8Array.from({ length: data.count }, (_, i) => i % clusters),
    centres: new Float32Array(clusters * describedBy(data.height, data.width)),
  };
}

/** Returns at most `MOST` of the images, evenly spaced. */
function evenly(images: Uint8Array, count: number, size: number): Uint8Array {
  if (count <= MOST) return images.subarray(0, count * size);
  const chosen = new Uint8Array(MOST * size);
  for (let i = 0; i < MOST; i += 1) {
    const from = Math.floor((i * count) / MOST) * size;
    chosen.set(images.subarray(from, from + size), i * size);
  }
  return chosen;
}

/** Returns each cluster's share of the images. */
export function sharesOf(assignments: Uint8Array, clusters: number): Float32Array<ArrayBuffer> {
  const shares = new Float32Array(clusters);
  for (const cluster of assignments) shares[cluster]! += 1;
  return shares.map((count) => count / assignments.length);
}

/** Returns the clusters from the nearest centre to the farthest, for an image (height, width) in [−1, 1]. */
export function clustersNearTo(
  centres: Float32Array,
  image: Float32Array,
  height: number,
  width: number,
): readonly number[] {
  const bytes = Uint8Array.from(image, (value) => Math.round((value + 1) * 127.5));
  const point = described(bytes, 1, height, width);
  const distances = Array.from({ length: centres.length / point.length }, (_, cluster) =>
    point.reduce((sum, value, i) => sum + (value - centres[cluster * point.length + i]!) ** 2, 0),
  );
  return [...distances.keys()].toSorted((a, b) => distances[a]! - distances[b]!);
}
