// A GAN to measure: a recipe on stand-in images.
import { createGan, type Gan } from "../src/gan/gan.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import { standIns } from "../src/gan/stand-in.ts";
import type { Device } from "../src/gpu/device.ts";

/** Creates a recipe's GAN on `batch` images of stripes. The cost of a step doesn't depend on the images. */
export function benchGan(device: Device, recipe: Recipe, batch: number): Gan {
  return createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
}
