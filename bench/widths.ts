// The dcgan at other widths, and a GAN of any size on a device, for benchmarks of its scaling.
import { createGan, type Gan } from "../src/gan/gan.ts";
import { dcgan } from "../src/gan/recipes/dcgan.ts";
import { scaled, type Recipe } from "../src/gan/recipe.ts";
import type { Device } from "../src/gpu/device.ts";
import { imagesOf } from "./contestants/longhand.ts";

/** Returns the dcgan with every hidden layer's channels multiplied by `factor`. */
export function dcganTimes(factor: number): Recipe {
  return { ...scaled(dcgan, factor), name: `dcgan×${factor}` };
}

/** Creates a GAN of that size, with one batch of images on the device. */
export function ganOf(device: Device, factor: number, batch: number): Gan {
  return createGan(device, dcganTimes(factor), imagesOf(batch), { seed: 0, batch });
}
