// A GAN to measure: a recipe on images that don't matter.
import { createGan, type Gan } from "../src/gan/gan.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import { standIns } from "../src/gan/stand-in.ts";
import type { Device } from "../src/gpu/device.ts";

/** A recipe's GAN on `batch` images of stripes: what a step costs doesn't depend on them. */
export function benchGan(device: Device, recipe: Recipe, batch: number): Gan {
  return createGan(device, recipe, standIns(recipe, batch), { seed: 0, batch });
}
