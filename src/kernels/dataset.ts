// Batches from a dataset that is stored on the device as bytes, in as many arrays as the device's bindings ask for.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError } from "../gpu/errors.ts";
import type { Part } from "../gpu/ranks.ts";
import { mostBytes } from "../gpu/limits.ts";
import type { Constant } from "../gpu/shader.ts";
import { beginStep, type Rng } from "./random.ts";

/** How steps walk through a dataset. */
export interface BatchPlan {
  /** Images per full batch. */
  readonly batch: number;
  /** Steps per epoch. */
  readonly steps: number;
  /** Whether each epoch has an order of its own (the default) or the dataset's order (false). */
  readonly shuffle?: boolean;
  /** The part of each batch that this rank gathers, if ranks share it. `batch` counts the images of all ranks. */
  readonly part?: Part | undefined;
}

/**
 * Returns the constants of both launches: `total` images in `plan`'s batches, `count` of them in this one. Throws
 * `AttributeError` if some step's images would lie past the dataset's end.
 */
function orderOf(
  total: number,
  plan: BatchPlan,
  count: number,
): Readonly<Record<string, Constant>> {
  const { rank, size } = plan.part ?? { rank: 0, size: 1 };
  if (count < 1 || count * size > plan.batch || (plan.steps - 1) * plan.batch >= total) {
    throw new AttributeError(
      `batch: ${count} images, in batches of ${plan.batch} and ${plan.steps} steps per epoch, don't fit a dataset of ${total} images`,
    );
  }
  const bits = Math.ceil(Math.log2(Math.max(total, 2)));
  return {
    IMAGES: total,
    BATCH: count,
    STRIDE: plan.batch,
    STEPS: plan.steps,
    HALF_BITS: Math.ceil(bits / 2),
    ...(size > 1 ? { SKIPPED: rank * count } : {}),
    ...(plan.shuffle === false ? { SHUFFLE: false } : {}),
  };
}

/** The most arrays of a dataset: each takes a launch per step. With WebGPU's default limits they hold 8 GiB. */
export const MOST_SHARDS = 64;

/**
 * Makes the arrays for images (count, H, W, C) u8: one, or several of whole images, in order, if one would be larger
 * than `most` bytes (all that the device binds at once). More than `MOST_SHARDS` arrays would take are made larger,
 * which the device refuses.
 */
export function layOutShards(
  device: Device,
  [count = 0, ...size]: readonly number[],
  label: string,
  most: number = mostBytes(device.gpu.limits),
): readonly GpuArray[] {
  const each = size.reduce((product, extent) => product * extent, 1);
  const fits = Math.max(1, Math.min(count, Math.floor(most / each)));
  const held = Math.max(fits, Math.ceil(count / MOST_SHARDS));
  return Array.from({ length: Math.ceil(count / held) }, (_, shard) =>
    device.persistent([Math.min(held, count - shard * held), ...size], "u8", label),
  );
}

/** Writes images to the arrays that `layOutShards` made for them. */
export function writeShards(shards: readonly GpuArray[], images: Uint8Array): void {
  let at = 0;
  for (const shard of shards) {
    shard.write(new Uint8Array(images.subarray(at, at + shard.size)));
    at += shard.size;
  }
}

/**
 * Gathers `count` of the images (total, H, W, C) u8 as floats in [−1, 1] into `out` (count, H, W, C): the images of the
 * Rng's step, in its epoch's order. Images in several arrays take a launch each, and give the same bits. Throws
 * `AttributeError` if the plan doesn't fit them.
 */
export function gatherBatch(
  images: GpuArray | readonly GpuArray[],
  rng: Rng,
  plan: BatchPlan,
  count: number,
  into?: GpuArray,
): GpuArray {
  const shards = "shape" in images ? [images] : images;
  const { device, shape } = shards[0]!;
  const total = shards.reduce((sum, shard) => sum + shard.shape[0]!, 0);
  const order = orderOf(total, plan, count);
  const out = into ?? device.empty([count, ...shape.slice(1)], "f32", "batch");
  beginStep(rng);
  const pixels = out.size / count;
  let first = 0;
  for (const shard of shards) {
    const held = shard.shape[0]!;
    device.launch({
      shader: "dataset",
      entry: "gather",
      constants: { ...order, PIXELS: pixels, FIRST: first, HELD: held },
      bind: { images: shard, state: rng.state, out },
      workgroups: device.linear(count * Math.ceil(pixels / 16)),
      bytesRead: Math.ceil(out.size / shards.length), // one byte per pixel, not the whole dataset
    });
    first += held;
  }
  return out;
}

/**
 * Returns the classes, (count) i32, of the images that `gatherBatch` gathers in the same step. `labels` is (images) u8,
 * in the dataset's order. Throws `AttributeError` if the plan doesn't fit them.
 */
export function gatherLabels(labels: GpuArray, rng: Rng, plan: BatchPlan, count: number): GpuArray {
  const { device, size } = labels;
  const order = orderOf(size, plan, count);
  beginStep(rng);
  const classes = device.empty([count], "i32", "classes");
  device.launch({
    shader: "dataset",
    entry: "gather_labels",
    constants: order,
    bind: { labels, state: rng.state, classes },
    workgroups: device.linear(count),
    bytesRead: count, // one byte per label, not all labels
  });
  return classes;
}
