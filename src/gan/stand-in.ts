// Images for where only a step's kernels matter: planning, tuning and timing it.
import type { Images } from "./gan.ts";
import type { Recipe } from "./recipe.ts";

const MNIST = 28;

/** The size of stand-ins for a recipe's images. */
export function standInSize({ image, resizes }: Recipe): Pick<Images, "height" | "width"> {
  const [height, width] = resizes ? [MNIST, MNIST] : image;
  return { height, width };
}

/**
 * `count` grey images of stripes, the classes in turn: what a step costs doesn't depend on them. Of MNIST's size for
 * a recipe that resizes, so that its step does.
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
