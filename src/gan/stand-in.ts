// Stand-ins for images, for planning, tuning and timing a step, where only its kernels matter.
import type { Images } from "./gan.ts";
import type { Recipe } from "./recipe.ts";

const MNIST = 28;

/** Returns the size of stand-ins for a recipe's images. */
export function standInSize({ image, resizes }: Recipe): Pick<Images, "height" | "width"> {
  const [height, width] = resizes ? [MNIST, MNIST] : image;
  return { height, width };
}

/**
 * Returns `count` grey images of stripes, with the classes in turn. A step's cost doesn't depend on its images. For a
 * recipe that resizes, they have MNIST's size, so that its step resizes.
 */
export function standIns(recipe: Recipe, count: number): Images {
  const { height, width } = standInSize(recipe);
  const { classes } = recipe;
  return {
    images: Uint8Array.from({ length: count * height * width }, (_, i) => (i * 7) % 256),
    count,
    height,
    width,
    labels:
      classes === undefined ? undefined : Uint8Array.from({ length: count }, (_, i) => i % classes),
  };
}
