// Stand-ins for images, for planning, tuning and timing a step, where only its kernels matter.
import { noClusters } from "./clusters.ts";
import type { Images } from "./gan.ts";
import type { Recipe } from "./recipe.ts";

const MNIST = 28;

/** Returns the size of stand-ins for a recipe's images. */
export function standInSize({
  image,
  resizes,
}: Recipe): Pick<Images, "height" | "width"> & { readonly channels: number } {
  const [height, width] = resizes ? [MNIST, MNIST] : image;
  return { height, width, channels: image[2] };
}

/**
 * Returns `count` images of stripes, with the classes or clusters in turn. A step's cost doesn't depend on its
 * images. By default they have the recipe's size, or for a recipe that resizes MNIST's, so that its step resizes.
 */
export function standIns(
  recipe: Recipe,
  count: number,
  { height, width }: Pick<Images, "height" | "width"> = standInSize(recipe),
): Images {
  const { classes, clusters = 0 } = recipe;
  const channels = recipe.image[2];
  return {
    images: Uint8Array.from({ length: count * height * width * channels }, (_, i) => (i * 7) % 256),
    count,
    height,
    width,
    channels,
    labels:
      classes === undefined ? undefined : Uint8Array.from({ length: count }, (_, i) => i % classes),
    clusters: clusters === 0 ? undefined : noClusters(recipe, { count, height, width }),
  };
}
