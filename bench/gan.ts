// A GAN to measure: a recipe on images that don't matter.
import { createGan, type Gan } from "../src/gan/gan.ts";
import { recipeNamed } from "../src/gan/recipes/list.ts";
import type { Device } from "../src/gpu/device.ts";

/** The GAN of that recipe, on `batch` grey images of stripes: what a step costs doesn't depend on them. */
export function benchGan(device: Device, recipe: string, batch: number): Gan {
  const found = recipeNamed(recipe);
  const [height, width] = found.image;
  const images = Uint8Array.from({ length: batch * height * width }, (_, i) => (i * 7) % 256);
  return createGan(device, found, { images, count: batch, height, width }, { seed: 0, batch });
}
