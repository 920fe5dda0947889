// The parts of steps in every order: a real batch, latents, and the end of a step.
import { concat, oneHot, resize } from "../../autograd/ops.ts";
import { Tensor } from "../../autograd/tensor.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { gatherBatch, gatherLabels } from "../../kernels/dataset.ts";
import { movingAverage } from "../../nn/moving-average.ts";
import { normal } from "../../kernels/random.ts";
import type { Mode } from "../../nn/layer.ts";
import type { Gan } from "../gan.ts";

/** What a step leaves to be read. */
export type StepOutputs = {
  /** (4): lossD, lossG, and the discriminator's mean verdicts on real and generated images, as in the ring. */
  readonly scalars: GpuArray;
};

/** Returns the mode of networks in training. */
export const trainingMode = ({ rng, activationType }: Gan): Mode => ({
  training: true,
  rng,
  activationType,
});

/**
 * Returns the discriminator's mode. The loss `sigmoid` is taken of logits, so the sigmoid at its end is left out.
 * Losses of probabilities keep the sigmoid; other losses belong to discriminators without one.
 */
export const judgingMode = (gan: Gan): Mode => ({
  ...trainingMode(gan),
  logits: gan.recipe.loss === "sigmoid",
});

/** Puts the step's `count` real images into `out`, in the recipe's size. */
export function realImages(gan: Gan, count: number, out: GpuArray): void {
  const { images, rng, plan, device, recipe } = gan;
  const [height, width] = recipe.image;
  if (images.shape[1] === height && images.shape[2] === width) {
    gatherBatch(images, rng, plan, count, out);
    return;
  }
  const batch = new Tensor(gatherBatch(images, rng, plan, count));
  const { edges = "clamp" } = recipe;
  device.moveInto(resize(batch, { size: [height, width], mode: "bilinear", edges }).array, out);
}

/** Returns the classes of the step's real images, if the recipe has any. Generated images get the same classes. */
export const classesOf = ({ labels, rng, plan }: Gan, count: number): GpuArray | undefined =>
  labels && gatherLabels(labels, rng, plan, count);

/** Draws noise for the generator, followed by the classes that it is to draw. */
export function drawLatents({ rng, recipe }: Gan, count: number, classes?: GpuArray): Tensor {
  const noise = new Tensor(normal(rng, [count, recipe.latent]));
  if (!classes) return noise;
  const told = oneHot(new Tensor(classes), { depth: recipe.classes! });
  return concat([noise, told], { axis: 1 });
}

/** Updates the moving average of the generator's weights and running statistics. Call after their update. */
export function averageWeights({ generator, sampler, recipe, rng }: Gan): void {
  if (sampler === generator) return;
  movingAverage(sampler, generator, { decay: recipe.average, rng });
}
