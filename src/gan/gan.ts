// A GAN on a device: both networks, their optimizers, the dataset, the random state and the step log.
import type { GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { DataError, UsageError } from "../gpu/errors.ts";
import { layOutShards, writeShards, type BatchPlan } from "../kernels/dataset.ts";
import type { ActivationType } from "../kernels/epilogue-attributes.ts";
import { createRng, type Rng } from "../kernels/random.ts";
import { SCALARS } from "../kernels/adversarial-loss.ts";
import { adam } from "../nn/adam.ts";
import { sequential, type Network } from "../nn/network.ts";
import type { Optimizer } from "../nn/optimizer.ts";
import { describedBy, sharesOf, type ImageClusters } from "./clusters.ts";
import { checkRecipe, conditionCount, type Recipe } from "./recipe.ts";
import { checkSharing, type Sharing } from "./sharing.ts";

// Draws are keyed by (seed, step, stream). Training never reaches this step, nor do samples use it, so initial weights,
// sample noise and training noise are independent under one seed.
const FIRST_WEIGHTS = 2 ** 32 - 1;
const RING = 1024; // the number of steps whose scalars the device keeps until they are read

/** Images as bytes, (count, height, width, channels); 0 is black. */
export interface Images {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1, which is the default, for grey, or 3 for red, green and blue. */
  readonly channels?: number;
  /** One class per image, if there are any. */
  readonly labels?: Uint8Array | undefined;
  /** The images' clusters, from `clusterImages`, which recipes with clusters need. */
  readonly clusters?: ImageClusters | undefined;
}

/** Both networks, without what training needs: enough to draw samples. */
export interface Models {
  readonly device: Device;
  readonly recipe: Recipe;
  readonly generator: Network;
  readonly discriminator: Network;
  /** The network that draws samples: the generator, or the moving average of its weights. */
  readonly sampler: Network;
  /** The clusters that the networks are told of, if the recipe has any. */
  readonly clusters: ClusterArrays | undefined;
}

/** What samples need to know of clusters, as a checkpoint saves it. */
export interface ClusterArrays {
  /** (clusters): the share of the dataset's images in each. */
  readonly shares: GpuArray;
  /** (clusters, D): their centres, as `clusterImages` returns them. */
  readonly centres: GpuArray;
}

/** Everything that a training step reads and writes. */
export interface Gan extends Models {
  /** The ranks that train it together, each with a part of every batch; undefined if there is one. */
  readonly sharing: Sharing | undefined;
  readonly generatorAdam: Optimizer;
  readonly discriminatorAdam: Optimizer;
  /** The seed and the step. The device counts the steps itself. */
  readonly rng: Rng;
  /** The dataset as bytes, (count, height, width, channels): in one array, or in several that the device can bind. */
  readonly shards: readonly GpuArray[];
  /** Their classes or clusters, (count) u8, if the recipe has any. */
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
  | "generator-average"
  | "clusters"
  | "clusters-of-images";

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
  const input = [recipe.latent + conditionCount(recipe)];
  const build = (name: string, from = draws): Network =>
    sequential(device, name, input, recipe.generator(recipe), from);
  const generator = build("generator");
  const layers = recipe.discriminator(recipe);
  const discriminator = sequential(device, "discriminator", recipe.image, layers, draws);
  // The average draws the same weights again, so that it starts equal to the generator.
  const again = createRng(device, seed, FIRST_WEIGHTS);
  const sampler = recipe.average > 0 ? build("generator_average", again) : generator;
  return {
    device,
    recipe,
    generator,
    discriminator,
    sampler,
    clusters: clusterArrays(device, recipe),
  };
}

/** Returns the arrays of clusters by name. */
export const clusterState = ({ shares, centres }: ClusterArrays): ReadonlyMap<string, GpuArray> =>
  new Map(Object.entries({ shares, centres }));

function clusterArrays(
  device: Device,
  { clusters = 0, image: [height, width] }: Recipe,
): ClusterArrays | undefined {
  if (clusters === 0) return undefined;
  return {
    shares: device.persistent([clusters], "f32", "clusters.shares"),
    centres: device.persistent([clusters, describedBy(height, width)], "f32", "clusters.centres"),
  };
}

/** The options of a GAN's training besides its recipe. */
export interface GanOptions {
  readonly seed: number;
  readonly batch?: number;
  /** `f16` stores the activations of training in 16 bits; it needs an adapter with `shader-f16` (f32). */
  readonly activationType?: ActivationType;
  /** The most bytes of the dataset in one array (all that the device binds at once). The bits don't depend on it. */
  readonly shardBytes?: number;
  /** Ranks that train together: `batch` counts the images of all. Default none. */
  readonly sharing?: Sharing | undefined;
}

/**
 * Builds a GAN that is ready to train. Throws `DataError` if the images don't have the recipe's size, `DTypeError` if
 * the device can't store the activation type, `UsageError` if the recipe's parts don't fit together.
 */
export function createGan(device: Device, recipe: Recipe, data: Images, options: GanOptions): Gan {
  const gan = layOutGan(device, recipe, data, options);
  writeShards(gan.shards, data.images);
  if (gan.clusters) {
    const { assignments, centres } = clustersOf(recipe, data);
    gan.labels!.write(assignments);
    gan.clusters.shares.write(sharesOf(assignments, recipe.clusters!));
    gan.clusters.centres.write(centres);
  } else {
    gan.labels?.write(labelsOf(recipe, data));
  }
  return gan;
}

/** Throws what `createGan` would, without building anything. */
export function checkGan(device: Device, recipe: Recipe, data: Images, options: GanOptions): void {
  checkedPlan(device, recipe, data, options);
  if (recipe.classes !== undefined) labelsOf(recipe, data);
}

function checkedPlan(
  device: Device,
  recipe: Recipe,
  data: Pick<Images, "count" | "height" | "width" | "channels">,
  { activationType = "f32", batch = recipe.batch, sharing }: GanOptions,
): EpochPlan {
  checkStored("activationType", device.gpu, activationType);
  checkRecipe(recipe);
  const [height, width, channels] = recipe.image;
  const given = data.channels ?? 1;
  if (given !== channels) {
    const words = (count: number): string => (count === 1 ? "grey" : `of ${count} channels`);
    throw new DataError(
      `data: recipe ${recipe.name} is for images that are ${words(channels)}; got images that are ${words(given)}: read them with channels ${channels}`,
    );
  }
  if (!recipe.resizes && (data.height !== height || data.width !== width)) {
    throw new DataError(
      `data: recipe ${recipe.name} takes images of ${height}×${width}; got ${data.height}×${data.width}`,
    );
  }
  const plan = planEpoch(data.count, batch, recipe.lastBatch);
  if (!sharing) return plan;
  checkSharing(recipe, plan, sharing);
  return { ...plan, part: sharing.ranks };
}

/** Like `createGan`, but leaves the images to be written. */
export function layOutGan(
  device: Device,
  recipe: Recipe,
  data: Pick<Images, "count" | "height" | "width" | "channels">,
  options: GanOptions,
): Gan {
  const { activationType = "f32", sharing } = options;
  const plan = checkedPlan(device, recipe, data, options);
  const models = createModels(device, recipe, options.seed);
  const shape = [data.count, data.height, data.width, recipe.image[2]];
  const shards = layOutShards(device, shape, "dataset", options.shardBytes);
  const labels =
    conditionCount(recipe) === 0 ? undefined : device.persistent([data.count], "u8", "labels");
  const generatorAdam = adam(models.generator, recipe.generatorAdam);
  const discriminatorAdam = adam(models.discriminator, recipe.discriminatorAdam);
  return {
    ...models,
    generatorAdam,
    discriminatorAdam,
    rng: { ...createRng(device, options.seed), part: sharing?.ranks },
    sharing,
    shards,
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
      ...(models.clusters
        ? {
            clusters: clusterState(models.clusters),
            "clusters-of-images": new Map([["clusters", labels!]]),
          }
        : {}),
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

/** Returns the dataset's clusters. Throws `UsageError` if it wasn't sorted. */
function clustersOf({ name, clusters = 0 }: Recipe, data: Images): ImageClusters {
  if (data.clusters) return data.clusters;
  throw new UsageError(
    `data: recipe ${name} takes images in ${clusters} clusters, but they aren't sorted; call clusterImages first`,
  );
}
