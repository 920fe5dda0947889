// A GAN on a device: both networks, their optimizers, the dataset, the random state and the step log.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { DataError, UsageError } from "../gpu/errors.ts";
import type { BatchPlan } from "../kernels/dataset.ts";
import type { ActivationType } from "../kernels/epilogue-attributes.ts";
import { createRng, normal, type Rng } from "../kernels/random.ts";
import { SCALARS } from "../kernels/adversarial-loss.ts";
import { adam } from "../nn/adam.ts";
import { sequential, type Network } from "../nn/network.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { checkRecipe, type Recipe } from "./recipe.ts";

// Draws are keyed by (seed, step, stream): these two "steps" are never reached by training, so first
// weights, sample noise and training noise are independent under one seed.
const FIRST_WEIGHTS = 2 ** 32 - 1;
const SAMPLE_NOISE = 2 ** 32 - 2;
const RING = 1024; // steps whose scalars the device keeps until they are drained

/** Grey images as bytes, (count, height, width), 0 is black. */
export interface Images {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** A class an image, where there are any. */
  readonly labels?: Uint8Array | undefined;
}

/** Both networks, without what training needs: enough to draw samples. */
export interface Models {
  readonly device: Device;
  readonly recipe: Recipe;
  readonly generator: Network;
  readonly discriminator: Network;
  /** What draws samples: the generator, or the moving average of its weights. */
  readonly sampler: Network;
}

/** Everything that a training step reads and writes. */
export interface Gan extends Models {
  readonly generatorAdam: Optimizer;
  readonly discriminatorAdam: Optimizer;
  /** Seed and step: the device counts the steps itself. */
  readonly rng: Rng;
  /** The dataset as bytes, (count, height, width, 1). */
  readonly images: GpuArray;
  /** Their classes, (count) u8, where the recipe has any. */
  readonly labels: GpuArray | undefined;
  readonly plan: EpochPlan;
  /** (steps, scalars): losses and verdicts of the last steps. */
  readonly ring: GpuArray;
  /** How training stores activations. */
  readonly activationType: ActivationType;
  /** Every array that a checkpoint keeps, by file and name. */
  readonly state: Readonly<Partial<Record<CheckpointFile, ReadonlyMap<string, GpuArray>>>>;
}

/** How an epoch is cut into batches. */
export interface EpochPlan extends BatchPlan {
  /** Images of the last step of an epoch: fewer than `batch` if the recipe keeps a short batch. */
  readonly last: number;
  /** Images that no step of the epoch sees. */
  readonly dropped: number;
}

/** The files of a checkpoint that hold arrays, without their ending. */
export type CheckpointFile =
  | "generator"
  | "discriminator"
  | "generator-adam"
  | "discriminator-adam"
  | "generator-average";

/** Cuts `count` images into batches as the recipe says. Throws `UsageError` if no full batch fits. */
export function planEpoch(count: number, batch: number, lastBatch: "keep" | "drop"): EpochPlan {
  if (batch > count) {
    throw new UsageError(
      `batch: ${batch} is more than the dataset's ${count} images; choose at most ${count}`,
    );
  }
  const left = count % batch;
  const keep = lastBatch === "keep" && left > 0;
  return {
    batch,
    steps: Math.floor(count / batch) + (keep ? 1 : 0),
    last: keep ? left : batch,
    dropped: keep ? 0 : left,
  };
}

/** Builds both networks with first weights drawn from `seed`. */
export function createModels(device: Device, recipe: Recipe, seed: number): Models {
  const draws = createRng(device, seed, FIRST_WEIGHTS);
  const input = [recipe.latent + (recipe.classes ?? 0)];
  const build = (name: string, from = draws): Network =>
    sequential(device, name, input, recipe.generator(recipe), from);
  const generator = build("generator");
  const layers = recipe.discriminator(recipe);
  const discriminator = sequential(device, "discriminator", recipe.image, layers, draws);
  // Drawn again from the start, the average begins as the generator does.
  const again = createRng(device, seed, FIRST_WEIGHTS);
  const sampler = recipe.average > 0 ? build("generator_average", again) : generator;
  return { device, recipe, generator, discriminator, sampler };
}

/** What a GAN's training is besides its recipe. */
export interface GanOptions {
  readonly seed: number;
  readonly batch?: number;
  /** `f16` stores training's activations in 16 bits, on adapters with `shader-f16` (f32). */
  readonly activationType?: ActivationType;
}

/**
 * Builds a GAN ready to train. Throws `DataError` if the images are not of the recipe's size, `DTypeError` if
 * the device can't store as asked, `UsageError` if the recipe's parts don't go together.
 */
export function createGan(device: Device, recipe: Recipe, data: Images, options: GanOptions): Gan {
  const gan = layOutGan(device, recipe, data, options);
  gan.images.write(new Uint8Array(data.images.subarray(0, gan.images.size)));
  gan.labels?.write(labelsOf(recipe, data));
  return gan;
}

/** As `createGan`, with the images yet to be written. */
export function layOutGan(
  device: Device,
  recipe: Recipe,
  data: Pick<Images, "count" | "height" | "width">,
  options: GanOptions,
): Gan {
  const { activationType = "f32" } = options;
  checkStored("activationType", device.gpu, activationType);
  checkRecipe(recipe);
  const [height, width, channels] = recipe.image;
  if (!recipe.resizes && (data.height !== height || data.width !== width)) {
    throw new DataError(
      `data: images are ${data.height}×${data.width}; recipe ${recipe.name} takes ${height}×${width}`,
    );
  }
  const plan = planEpoch(data.count, options.batch ?? recipe.batch, recipe.lastBatch);
  const models = createModels(device, recipe, options.seed);
  const shape = [data.count, data.height, data.width, channels];
  const images = device.persistent(shape, "u8", "dataset");
  const labels =
    recipe.classes === undefined ? undefined : device.persistent([data.count], "u8", "labels");
  const generatorAdam = adam(models.generator, recipe.generatorAdam);
  const discriminatorAdam = adam(models.discriminator, recipe.discriminatorAdam);
  return {
    ...models,
    generatorAdam,
    discriminatorAdam,
    rng: createRng(device, options.seed),
    images,
    labels,
    plan,
    activationType,
    ring: device.persistent([RING, SCALARS], "f32", "step_log"),
    state: {
      generator: models.generator.state,
      discriminator: models.discriminator.state,
      "generator-adam": generatorAdam.state,
      "discriminator-adam": discriminatorAdam.state,
      ...(recipe.average > 0 ? { "generator-average": models.sampler.state } : {}),
    },
  };
}

/** The dataset's classes. Throws `DataError` where it has none, or more than the recipe. */
function labelsOf({ name, classes = 0 }: Recipe, data: Images): Uint8Array<ArrayBuffer> {
  if (!data.labels) {
    throw new DataError(
      `data: has no labels, which recipe ${name} needs; add their IDX file, or choose another recipe`,
    );
  }
  const most = data.labels.reduce((a, b) => Math.max(a, b), 0);
  if (most >= classes) {
    throw new DataError(
      `data: has a label ${most}; recipe ${name} knows the classes 0 to ${classes - 1}; take a set of those alone (of EMNIST: digits, not letters), or a recipe that isn't told of classes`,
    );
  }
  return new Uint8Array(data.labels.subarray(0, data.count));
}

/** The latents of a seed, (count, latent): the first ones are the same whatever the count. */
export function latents(models: Models, seed: number, count: number): GpuArray {
  const draws = createRng(models.device, seed, SAMPLE_NOISE);
  return normal(draws, [count, models.recipe.latent]);
}

/** The class of a sample where nobody asks for one: each in turn. */
export const classInTurn = (index: number, classes: number): number => index % classes;

/**
 * Latents as the generator takes them, with one-hot classes behind the noise if the recipe has any: `digit`
 * for all, or each in turn. Throws `UsageError` on a digit that the recipe doesn't know.
 */
export async function generatorInputs(
  models: Models,
  seed: number,
  count: number,
  digit?: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { latent, classes = 0, name } = models.recipe;
  if (digit !== undefined && !(digit < classes)) {
    const known = classes > 0 ? `it knows 0 to ${classes - 1}` : "it was not told of classes";
    throw new UsageError(`digit: recipe ${name} can't draw a ${digit} on demand: ${known}`);
  }
  const noise = await latents(models, seed, count).read();
  if (classes === 0) return noise;
  const inputs = new Float32Array(count * (latent + classes));
  for (let i = 0; i < count; i += 1) {
    const at = i * (latent + classes);
    inputs.set(noise.subarray(i * latent, (i + 1) * latent), at);
    inputs[at + latent + (digit ?? classInTurn(i, classes))] = 1;
  }
  return inputs;
}

const CHUNK = 64; // images generated at once

/**
 * What the generator draws from the first `count` latents of a seed, as floats in [−1, 1], (count, height, width, 1);
 * of a recipe with classes all are `digit`, or each class in turn. Uses the running statistics, as Keras does when
 * not training.
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
 * What the generator draws from `inputs`, (count, its inputs), as `drawSamples` does. `onProgress` hears how many
 * images are done, of how many.
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

/** The discriminator's verdict on the generator's first image of a seed, as a logit and as a probability. */
export async function verdict(
  models: Models,
  seed: number,
): Promise<{ readonly logit: number; readonly probability: number }> {
  const { device, generator, discriminator, recipe } = models;
  const inputs = await generatorInputs(models, seed, 1);
  const outputs = device.scope(() =>
    noGrad(() => {
      const z = device.upload(inputs, [1, inputs.length], "f32", "latents");
      const fake = generator.forward(new Tensor(z), { training: false });
      return discriminator.forward(fake, { training: false, logits: true }).array;
    }),
  );
  const value = (await outputs.read())[recipe.classes ? classInTurn(0, recipe.classes) : 0]!;
  return { logit: value, probability: 1 / (1 + Math.exp(-value)) };
}
