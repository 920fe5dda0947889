// A GAN on a device: both networks, their optimizers, the dataset, the random state and the step log.
import { noGrad, Tensor } from "../autograd/tensor.ts";
import { sizeOf, type GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { DataError, UsageError } from "../gpu/errors.ts";
import type { BatchPlan } from "../kernels/dataset.ts";
import type { StoredType } from "../kernels/epilogue-attributes.ts";
import { createGenerator, normal, type Generator } from "../kernels/random.ts";
import { SCALARS } from "../kernels/adversarial-loss.ts";
import { adam } from "../nn/adam.ts";
import { sequential, type Network } from "../nn/network.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import type { Recipe } from "./recipe.ts";

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
}

/** Both networks, without what training needs: enough to draw samples. */
export interface Models {
  readonly device: Device;
  readonly recipe: Recipe;
  readonly generator: Network;
  readonly discriminator: Network;
}

/** Everything that a training step reads and writes. */
export interface Gan extends Models {
  readonly generatorAdam: Optimizer;
  readonly discriminatorAdam: Optimizer;
  /** Seed and step: the device counts the steps itself. */
  readonly random: Generator;
  /** The dataset as bytes, (count, height, width, 1). */
  readonly images: GpuArray;
  readonly plan: EpochPlan;
  /** (steps, scalars): losses and verdicts of the last steps. */
  readonly ring: GpuArray;
  /** How training stores activations. */
  readonly storage: StoredType;
  /** Every array that a checkpoint keeps, by file and name. */
  readonly state: Readonly<Record<CheckpointFile, ReadonlyMap<string, GpuArray>>>;
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
  | "discriminator-adam";

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
  const draws = createGenerator(device, seed, FIRST_WEIGHTS);
  const build = (name: string, input: readonly number[], layers: Recipe["generator"]): Network =>
    sequential(device, name, input, layers(), draws);
  return {
    device,
    recipe,
    generator: build("generator", [recipe.latent], recipe.generator),
    discriminator: build("discriminator", recipe.image, recipe.discriminator),
  };
}

/**
 * Builds a GAN ready to train. Throws `DataError` if the images are not of the recipe's size, `DTypeError` if
 * the device can't store as asked.
 */
export function createGan(
  device: Device,
  recipe: Recipe,
  data: Images,
  options: {
    readonly seed: number;
    readonly batch?: number;
    /** `f16` stores training's activations in 16 bits, on adapters with `shader-f16` (f32). */
    readonly storage?: StoredType;
  },
): Gan {
  const { storage = "f32" } = options;
  checkStored("storage", device.gpu, storage);
  const [height, width, channels] = recipe.image;
  if (data.height !== height || data.width !== width) {
    throw new DataError(
      `data: images are ${data.height}×${data.width}; recipe ${recipe.name} takes ${height}×${width}`,
    );
  }
  const plan = planEpoch(data.count, options.batch ?? recipe.batch, recipe.lastBatch);
  const models = createModels(device, recipe, options.seed);
  const shape = [data.count, height, width, channels];
  const images = device.persistent(shape, "u8", "dataset");
  images.write(new Uint8Array(data.images.subarray(0, sizeOf(shape))));
  const generatorAdam = adam(models.generator, recipe.generatorAdam);
  const discriminatorAdam = adam(models.discriminator, recipe.discriminatorAdam);
  return {
    ...models,
    generatorAdam,
    discriminatorAdam,
    random: createGenerator(device, options.seed),
    images,
    plan,
    storage,
    ring: device.persistent([RING, SCALARS], "f32", "step_log"),
    state: {
      generator: models.generator.state,
      discriminator: models.discriminator.state,
      "generator-adam": generatorAdam.state,
      "discriminator-adam": discriminatorAdam.state,
    },
  };
}

/** The latents of a seed, (count, latent): the first ones are the same whatever the count. */
export function latents(models: Models, seed: number, count: number): GpuArray {
  const draws = createGenerator(models.device, seed, SAMPLE_NOISE);
  return normal(draws, [count, models.recipe.latent]);
}

const CHUNK = 64; // images generated at once

/**
 * What the generator draws from `count` latents, (count, latent), as floats in [−1, 1],
 * (count, height, width, 1). Uses the running statistics, as Keras does when not training.
 */
export async function drawLatents(
  models: Models,
  noise: Float32Array,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { device, recipe } = models;
  const size = sizeOf(recipe.image);
  const images = new Float32Array(count * size);
  for (let first = 0; first < count; first += CHUNK) {
    const rows = Math.min(CHUNK, count - first);
    const part = noise.slice(first * recipe.latent, (first + rows) * recipe.latent);
    const drawn = device.scope(() => {
      const z = new Tensor(device.upload(part, [rows, recipe.latent], "f32", "latents"));
      return noGrad(() => models.generator.forward(z, { training: false })).array;
    });
    images.set(await drawn.read(), first * size);
  }
  return images;
}

/** What the generator draws from the first `count` latents of a seed: as `drawLatents`. */
export async function drawSamples(
  models: Models,
  seed: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  return drawLatents(models, await latents(models, seed, count).read(), count);
}

/** The discriminator's logit for the generator's first image of a seed; above 0 it says "real". */
export async function verdict(models: Models, seed: number): Promise<number> {
  const logit = models.device.scope(() =>
    noGrad(() => {
      const fake = models.generator.forward(new Tensor(latents(models, seed, 1)), {
        training: false,
      });
      return models.discriminator.forward(fake, { training: false }).array;
    }),
  );
  const [value] = await logit.read();
  return value!;
}
