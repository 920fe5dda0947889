// The dcgan at other widths, and a GAN of any size on a device, for the benchmarks that grow it.
import { createGan, type Gan } from "../src/gan/gan.ts";
import {
  dcgan,
  dcganDiscriminator,
  dcganGenerator,
  dcganWidths,
} from "../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../src/gan/recipe.ts";
import type { Device } from "../src/gpu/device.ts";
import { imagesOf } from "./contestants/longhand.ts";

/** The dcgan with every hidden layer's channels times `factor`. */
export function dcganTimes(factor: number): Recipe {
  const { generator: g, discriminator: d } = dcganWidths;
  const widths = {
    generator: [g[0] * factor, g[1] * factor, g[2] * factor],
    discriminator: [d[0] * factor, d[1] * factor],
  } as const;
  return {
    ...dcgan,
    name: `dcgan×${factor}`,
    generator: () => dcganGenerator(widths),
    discriminator: () => dcganDiscriminator(widths),
  };
}

/** A GAN of that size, with one batch of images on the device. */
export function ganOf(device: Device, factor: number, batch: number): Gan {
  return createGan(device, dcganTimes(factor), imagesOf(batch), { seed: 0, batch });
}
