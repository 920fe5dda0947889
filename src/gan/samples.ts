// Samples of a GAN: what the generator is told to draw, its images, and the discriminator's verdict on them.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { UsageError } from "../gpu/errors.ts";
import { indexAt } from "../kernels/host-draws.ts";
import { createRng, normal, uniform } from "../kernels/random.ts";
import type { ClusterArrays, Models } from "./gan.ts";
import { conditionCount } from "./recipe.ts";

// Draws are keyed by (seed, step, stream). Training never reaches this step, nor do the initial weights use it.
const SAMPLE_NOISE = 2 ** 32 - 2;

/** Returns the latents of a seed, (count, latent). The first ones are the same for any count. */
export function latents(models: Models, seed: number, count: number): GpuArray {
  const draws = createRng(models.device, seed, SAMPLE_NOISE);
  return normal(draws, [count, models.recipe.latent]);
}

/** Returns the clusters of a seed's samples, each drawn with the chance of its share. The first ones are the same for any count. */
async function drawClusters(
  { device }: Models,
  { shares }: ClusterArrays,
  seed: number,
  count: number,
): Promise<readonly number[]> {
  const draws = createRng(device, seed, SAMPLE_NOISE);
  draws.nextStream = 1; // the noise is stream 0
  const chances = await uniform(draws, [count]).read("f32");
  const each = await shares.read("f32");
  return Array.from(chances, (chance) => indexAt(each, chance));
}

/** Returns the class of a sample if none is asked for: the classes take turns. */
export const classInTurn = (index: number, classes: number): number => index % classes;

/**
 * Returns latents as the generator takes them. If the recipe has classes, a one-hot class follows the noise: `digit`
 * for all, or the classes in turn. If it has clusters, a one-hot cluster follows it, drawn by the clusters' shares.
 * Throws `UsageError` on a digit that the recipe doesn't know.
 */
export async function generatorInputs(
  models: Models,
  seed: number,
  count: number,
  digit?: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { latent, classes = 0, name } = models.recipe;
  if (digit !== undefined && !(digit < classes)) {
    const unnamed = "nobody told it which of its clusters are which digits; recipe conditional can";
    const none = models.clusters ? unnamed : "it has no classes; recipe conditional has";
    const known = classes > 0 ? `it knows 0 to ${classes - 1}` : none;
    throw new UsageError(`digit: recipe ${name} can't draw a ${digit} on demand: ${known}`);
  }
  const noise = await latents(models, seed, count).read("f32");
  const told = conditionCount(models.recipe);
  if (told === 0) return noise;
  const drawn = models.clusters && (await drawClusters(models, models.clusters, seed, count));
  const inputs = new Float32Array(count * (latent + told));
  for (let i = 0; i < count; i += 1) {
    const at = i * (latent + told);
    inputs.set(noise.subarray(i * latent, (i + 1) * latent), at);
    inputs[at + latent + (drawn?.[i] ?? digit ?? classInTurn(i, classes))] = 1;
  }
  return inputs;
}

const CHUNK = 64; // images per forward

/**
 * Draws the images of the first `count` latents of a seed, as floats in [−1, 1], (count, height, width, 1). If the
 * recipe has classes, all are `digit`, or the classes in turn. Batch norm uses the running statistics, as Keras does
 * outside training.
 */
export async function drawSamples(
  models: Models,
  seed: number,
  count: number,
  digit?: number,
): Promise<Float32Array<ArrayBuffer>> {
  return drawImages(models, await generatorInputs(models, seed, count, digit), count);
}

/**
 * Draws the images of `inputs`, (count, the generator's inputs), as `drawSamples` does. `onProgress` is called with the
 * number of images that are done, and their total.
 */
export async function drawImages(
  { device, sampler, recipe }: Models,
  inputs: Float32Array<ArrayBuffer>,
  count: number,
  onProgress?: (done: number, total: number) => void,
): Promise<Float32Array<ArrayBuffer>> {
  const length = sizeOf(sampler.inputShape);
  const size = sizeOf(recipe.image);
  const images = new Float32Array(count * size);
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Math.min(CHUNK, count - first);
    const part = inputs.slice(first * length, (first + rows) * length);
    const drawn = device.scope(() => {
      const z = new Tensor(device.upload(part, [rows, length], "f32", "latents"));
      return noGrad(() => sampler.forward(z, { training: false })).array;
    });
    images.set(await drawn.read(), first * size);
    onProgress?.(first + rows, count);
  }
  return images;
}

/** Returns the discriminator's verdict on the generator's first image of a seed, as a logit and as a probability. */
export async function verdict(
  models: Models,
  seed: number,
): Promise<{ readonly logit: number; readonly probability: number }> {
  const { device, generator, discriminator, recipe } = models;
  const inputs = await generatorInputs(models, seed, 1);
  const told = inputs.subarray(recipe.latent).indexOf(1); // −1 if the networks are told of nothing
  const outputs = device.scope(() =>
    noGrad(() => {
      const z = device.upload(inputs, [1, inputs.length], "f32", "latents");
      const fake = generator.forward(new Tensor(z), { training: false });
      return discriminator.forward(fake, { training: false, logits: true }).array;
    }),
  );
  const value = (await outputs.read("f32"))[Math.max(told, 0)]!;
  return { logit: value, probability: 1 / (1 + Math.exp(-value)) };
}
