// Stand-ins for images, for planning, tuning and timing a step, where only its kernels matter.
import { noClusters } from "./clusters.ts";
import type { Images } from "./gan.ts";
import type { Recipe } from "./recipe.ts";

const MNIST = 28;

/** Returns the size of stand-ins for a recipe's images. */
export function standInSize({ image, resizes }: Recipe): Pick<Images, "height" | "width"> {
  const [height, width] = resizes ? [MNIST, MNIST] : image;
  return { height, width };
}

/**
 * Returns `count` grey images of stripes, with the classes or clusters in turn. A step's cost doesn't depend on its
 * images. By default they have the recipe's size, or for a recipe that resizes MNIST's, so that its step resizes.
 */
export function standIns(
  recipe: Recipe,
  count: number,
  { height, width }: Pick<Images, "height" | "width"> = standInSize(recipe),
): Images {
  const { classes, clusters = 0 } = recipe;
  return {
    images: Uint8Array.from({ length: count * height * width }, (_, i) => (i * 7) % 256),
    count,
    height,
    width,
    labels:
      classes === undefined ? undefined : Uint8Array.from({ length: count }, (_, i) => i % classes),
    clusters: clusters === 0 ? undefined : noClusters(recipe, { count, height, width }),
  };
}
