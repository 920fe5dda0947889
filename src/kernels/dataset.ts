// Batches from a dataset that lies on the device as bytes.
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import type { Generator } from "./random.ts";

/** How steps walk through a dataset. */
export interface BatchPlan {
  /** Images of a full batch. */
  readonly batch: number;
  /** Steps an epoch. */
  readonly steps: number;
}

/**
 * Gathers `count` images of `images` (count, H, W, 1) u8 as floats in [−1, 1], into `out`, (count, H, W, 1):
 * those of the generator's step, in its epoch's order.
 */
export function gatherBatch(
  images: GpuArray,
  generator: Generator,
  plan: BatchPlan,
  count: number,
  out: GpuArray = images.device.empty([count, ...images.shape.slice(1)], "f32", "batch"),
): GpuArray {
  const { device, shape } = images;
  const total = shape[0]!;
  if (count < 1 || count > plan.batch || (plan.steps - 1) * plan.batch >= total) {
    throw new AttributeError(
      `batch: ${count} of ${plan.batch} images in ${plan.steps} steps an epoch don't fit a dataset of ${total}`,
    );
  }
  const pixels = out.size / count;
  const bits = Math.ceil(Math.log2(Math.max(total, 2)));
  device.launch({
    shader: "dataset",
    entry: "gather",
    constants: {
      IMAGES: total,
      PIXELS: pixels,
      BATCH: count,
      STRIDE: plan.batch,
      STEPS: plan.steps,
      HALF_BITS: Math.ceil(bits / 2),
    },
    bind: { images, state: generator.state, out },
    workgroups: device.linear(count * Math.ceil(pixels / 16)),
    bytesRead: out.size, // of the whole dataset, a byte a pixel
  });
  return out;
}
