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

// Draws are keyed by (seed, step, stream). Training never reaches these two steps, so initial weights, sample noise and
// training noise are independent under one seed.
const FIRST_WEIGHTS = 2 ** 32 - 1;
const SAMPLE_NOISE = 2 ** 32 - 2;
const RING = 1024; // the number of steps whose scalars the device keeps until they are read

/** Grey images as bytes, (count, height, width); 0 is black. */
export interface Images {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** One class per image, if there are any. */
  readonly labels?: Uint8Array | undefined;
}

/** Both networks, without what training needs: enough to draw samples. */
export interface Models {
  readonly device: Device;
  readonly recipe: Recipe;
  readonly generator: Network;
  readonly discriminator: Network;
  /** The network that draws samples: the generator, or the moving average of its weights. */
  readonly sampler: Network;
}

/** Everything that a training step reads and writes. */
export interface Gan extends Models {
  readonly generatorAdam: Optimizer;
  readonly discriminatorAdam: Optimizer;
  /** The seed and the step. The device counts the steps itself. */
  readonly rng: Rng;
  /** The dataset as bytes, (count, height, width, 1). */
  readonly images: GpuArray;
  /** Their classes, (count) u8, if the recipe has any. */
  readonly labels: GpuArray | undefined;
  readonly plan: EpochPlan;
  /** (steps, scalars): losses and verdicts of the last steps. */
  readonly ring: GpuArray;
  /** The type in which training stores activations. */
  readonly activationType: ActivationType;
  /** Every array that a checkpoint saves, by file and name. */
  readonly state: Readonly<Partial<Record<CheckpointFile, ReadonlyMap<string, GpuArray>>>>;
}

/** How an epoch is cut into batches. */
export interface EpochPlan extends BatchPlan {
  /** Images in the last step of an epoch: fewer than `batch` if the recipe keeps a short batch. */
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

/** Builds both networks, with initial weights drawn from `seed`. */
export function createModels(device: Device, recipe: Recipe, seed: number): Models {
  const draws = createRng(device, seed, FIRST_WEIGHTS);
  const input = [recipe.latent + (recipe.classes ?? 0)];
  const build = (name: string, from = draws): Network =>
    sequential(device, name, input, recipe.generator(recipe), from);
  const generator = build("generator");
  const layers = recipe.discriminator(recipe);
  const discriminator = sequential(device, "discriminator", recipe.image, layers, draws);
  // The average draws the same weights again, so that it starts equal to the generator.
  const again = createRng(device, seed, FIRST_WEIGHTS);
  const sampler = recipe.average > 0 ? build("generator_average", again) : generator;
  return { device, recipe, generator, discriminator, sampler };
}

/** The options of a GAN's training besides its recipe. */
export interface GanOptions {
  readonly seed: number;
  readonly batch?: number;
  /** `f16` stores the activations of training in 16 bits; it needs an adapter with `shader-f16` (f32). */
  readonly activationType?: ActivationType;
}

/**
 * Builds a GAN that is ready to train. Throws `DataError` if the images don't have the recipe's size, `DTypeError` if
 * the device can't store the activation type, `UsageError` if the recipe's parts don't fit together.
 */
export function createGan(device: Device, recipe: Recipe, data: Images, options: GanOptions): Gan {
  const gan = layOutGan(device, recipe, data, options);
  gan.images.write(new Uint8Array(data.images.subarray(0, gan.images.size)));
  gan.labels?.write(labelsOf(recipe, data));
  return gan;
}

/** Like `createGan`, but leaves the images to be written. */
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
      `data: recipe ${recipe.name} takes images of ${height}×${width}; got ${data.height}×${data.width}`,
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

/** Returns the dataset's classes. Throws `DataError` if it has none, or more than the recipe. */
function labelsOf({ name, classes = 0 }: Recipe, data: Images): Uint8Array<ArrayBuffer> {
  if (!data.labels) {
    throw new DataError(
      `data: the dataset has no labels, which recipe ${name} needs; add their IDX file, or choose another recipe`,
    );
  }
  const most = data.labels.reduce((a, b) => Math.max(a, b), 0);
  if (most >= classes) {
    throw new DataError(
      `data: the dataset has a label ${most}; recipe ${name} only knows the classes 0 to ${classes - 1}; use a dataset of those alone (of EMNIST, the digits, not the letters), or a recipe without classes`,
    );
  }
  return new Uint8Array(data.labels.subarray(0, data.count));
}

/** Returns the latents of a seed, (count, latent). The first ones are the same for any count. */
export function latents(models: Models, seed: number, count: number): GpuArray {
  const draws = createRng(models.device, seed, SAMPLE_NOISE);
  return normal(draws, [count, models.recipe.latent]);
}

/** Returns the class of a sample if none is asked for: the classes take turns. */
export const classInTurn = (index: number, classes: number): number => index % classes;

/**
 * Returns latents as the generator takes them. If the recipe has classes, a one-hot class follows the noise: `digit`
 * for all, or the classes in turn. Throws `UsageError` on a digit that the recipe doesn't know.
 */
export async function generatorInputs(
  models: Models,
  seed: number,
  count: number,
  digit?: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { latent, classes = 0, name } = models.recipe;
  if (digit !== undefined && !(digit < classes)) {
    const known = classes > 0 ? `it knows 0 to ${classes - 1}` : "it has no classes";
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
