// What a recipe is: the data that makes one GAN out of the parts.
import type { AdamOptions } from "../kernels/adam.ts";
import type { Layer } from "../nn/layer.ts";

/** A GAN in full: networks, constants, and how the dataset is walked. */
export interface Recipe {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  /** Length of the generator's input. */
  readonly latent: number;
  /** Height, width and channels of an image. */
  readonly image: readonly [number, number, number];
  readonly batch: number;
  readonly epochs: number;
  /** What happens to the images left over when the dataset is no multiple of the batch. */
  readonly lastBatch: "keep" | "drop";
  readonly generator: () => readonly Layer[];
  readonly discriminator: () => readonly Layer[];
  readonly generatorAdam: Partial<AdamOptions>;
  readonly discriminatorAdam: Partial<AdamOptions>;
}
