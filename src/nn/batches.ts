// Batches of a dataset on the device. A compiled step uploads nothing, and a seed and a step always give the same
// images.
import { Tensor } from "../autograd/tensor.ts";
import { byteSize, type GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError, MemoryError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { mostBytes } from "../gpu/limits.ts";
import {
  checkArgument,
  checkAttributes,
  type Check,
  flag,
  needed,
  whole,
} from "../kernels/attributes.ts";
import {
  gatherBatch,
  gatherLabels,
  layOutShards,
  writeShards,
  type BatchPlan,
} from "../kernels/dataset.ts";
import { isRng, type Rng } from "../kernels/random.ts";

/** Grey images as bytes, with one class per image if there are labels: as `longhand/data` reads them, or your own. */
export interface ImageBytes {
  /** (count, height, width), one byte per pixel. */
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** (count), each 0 to 255. */
  readonly labels?: Uint8Array | undefined;
}

/** How to go through a dataset. */
export interface BatchOptions {
  /** Images per step. */
  readonly batch: number;
  /** Its step selects the batch, and its seed determines the order. */
  readonly rng: Rng;
  /** Whether each epoch has an order of its own (true), or the dataset's order. */
  readonly shuffle?: boolean;
  /** Whether the images left over at the end of an epoch are skipped (true), or make a smaller last batch. */
  readonly dropLast?: boolean;
}

/** A dataset on a device, batch by batch. */
export interface Batches {
  /** Steps per epoch. */
  readonly steps: number;
  /** Images in the last step of an epoch: fewer than in the others only with `dropLast: false`. */
  readonly last: number;
  /**
   * Returns the batch of the Rng's step: images (count, H, W, 1) in [−1, 1], and their classes, (count) i32. `count` is
   * the batch size. In the last step of an epoch it must be `last`; if that is smaller, the step needs a program of its
   * own.
   * Reading the classes throws `AttributeError` if there are none.
   */
  readonly next: (count?: number) => { readonly images: Tensor; readonly labels: Tensor };
}

const isImages: Check = {
  expects:
    "images as bytes: { images, count, height, width }, as mnist() of longhand/data returns them",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    "images" in value &&
    value.images instanceof Uint8Array &&
    "count" in value &&
    "height" in value &&
    "width" in value &&
    [value.count, value.height, value.width].every(whole(1).accepts),
};

/**
 * Puts a dataset on a device and returns its batches.
 *
 * Throws: `AttributeError` if `set` is not a set of images, and on a batch larger than it; `ShapeError` if bytes or
 * labels don't fit the count; `MemoryError` if the device can't bind one image at once.
 */
export function batches(device: Device, set: ImageBytes, options: BatchOptions): Batches {
  checkDevice("batches", device);
  checkArgument("batches", "the dataset", set, isImages);
  checkAttributes<BatchOptions>("batches", options, {
    batch: needed(whole(1)),
    rng: needed(isRng),
    shuffle: flag,
    dropLast: flag,
  });
  const { count, height, width } = set;
  const { batch, rng, shuffle = true, dropLast = true } = options;
  if (set.images.length !== count * height * width) {
    throw new ShapeError(
      `batches: ${count} images of ${height}×${width} take ${count * height * width} bytes; got ${set.images.length}`,
    );
  }
  if (set.labels && set.labels.length !== count) {
    throw new ShapeError(
      `batches: ${count} images must have one label each; got ${set.labels.length}`,
    );
  }
  if (batch > count) {
    throw new AttributeError(
      `batches: batch must be at most the dataset's ${count} images; got ${show(batch)}`,
    );
  }
  checkFits(device, set);
  const bytes = layOutShards(device, [count, height, width, 1], "batches.images");
  writeShards(bytes, set.images);
  const classes = set.labels && device.persistent([count], "u8", "batches.labels");
  classes?.write(new Uint8Array(set.labels!));
  const steps = dropLast ? Math.floor(count / batch) : Math.ceil(count / batch);
  const plan = { batch, steps, shuffle };
  return {
    steps,
    last: count - (steps - 1) * batch < batch ? count - (steps - 1) * batch : batch,
    next: (size = batch) => batchOf(bytes, classes, rng, plan, size),
  };
}

/** Throws `MemoryError` if a device can't bind one image of a set at once; several arrays hold what doesn't fit in one. */
function checkFits({ gpu }: Device, { height, width }: ImageBytes): void {
  const bytes = byteSize([1, height, width, 1], "u8");
  const most = mostBytes(gpu.limits);
  if (bytes <= most) return;
  throw new MemoryError(
    `batches: an image must take at most ${most} bytes, the limit of one binding on this device (maxStorageBufferBindingSize, maxBufferSize); got ${height}×${width}, ${bytes} bytes: open the device with \`limits: "adapter"\` if its adapter has more, or give smaller images`,
  );
}

function batchOf(
  bytes: readonly GpuArray[],
  classes: GpuArray | undefined,
  rng: Rng,
  plan: BatchPlan,
  size: number,
): ReturnType<Batches["next"]> {
  return {
    images: new Tensor(gatherBatch(bytes, rng, plan, size)),
    get labels() {
      if (classes) return new Tensor(gatherLabels(classes, rng, plan, size));
      throw new AttributeError("batches: the dataset has no labels; give them with the images");
    },
  };
}
