// Batches from a dataset that is stored on the device as bytes.
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
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
  if (count < 1 || count > plan.batch || (plan.steps - 1) * plan.batch >= total) {
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
    ...(plan.shuffle === false ? { SHUFFLE: false } : {}),
  };
}

/**
 * Gathers `count` of the images (total, H, W, 1) u8 as floats in [−1, 1] into `out` (count, H, W, 1): the images of the
 * Rng's step, in its epoch's order. Throws `AttributeError` if the plan doesn't fit them.
 */
export function gatherBatch(
  images: GpuArray,
  rng: Rng,
  plan: BatchPlan,
  count: number,
  out: GpuArray = images.device.empty([count, ...images.shape.slice(1)], "f32", "batch"),
): GpuArray {
  const { device, shape } = images;
  const order = orderOf(shape[0]!, plan, count);
  beginStep(rng);
  const pixels = out.size / count;
  device.launch({
    shader: "dataset",
    entry: "gather",
    constants: { ...order, PIXELS: pixels },
    bind: { images, state: rng.state, out },
    workgroups: device.linear(count * Math.ceil(pixels / 16)),
    bytesRead: out.size, // one byte per pixel, not the whole dataset
  });
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
