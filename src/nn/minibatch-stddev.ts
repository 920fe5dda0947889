// The layer that shows a discriminator how much the images of a batch differ, so that it notices if they are all alike.
import { minibatchStddev as minibatchStddevOp } from "../autograd/ops.ts";
import { formatShape, sizeOf } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { checkAttributes, extent, positive } from "../kernels/attributes.ts";
import type { MinibatchStddevAttributes } from "../kernels/minibatch-stddev.ts";
import type { Layer } from "./layer.ts";

const none = (): Readonly<Record<never, never>> => ({});

/** Options of the standard deviation of a minibatch. */
export type MinibatchStddevOptions = Omit<MinibatchStddevAttributes, "batches">;

/**
 * Appends one channel: the standard deviation of each feature over a group of consecutive examples, averaged over all
 * features (Karras et al. 2018). Groups have the largest size up to `groupSize` that divides the batch; one example
 * alone has a deviation of √ε. In training and inference alike, what comes out for an example depends on its group. If
 * an input holds several batches, such as real images and then generated ones, the mode's `batches` keeps them apart.
 */
export function minibatchStddev(options: MinibatchStddevOptions = {}): Layer {
  checkAttributes<MinibatchStddevOptions>("MinibatchStddev", options, {
    groupSize: extent(1),
    epsilon: positive,
  });
  const { groupSize = 4 } = options;
  return {
    kind: "MinibatchStddev",
    detail: `groups of ${groupSize}`,
    outputShape(input) {
      if (input.length > 0 && sizeOf(input) > 0) return [...input.slice(0, -1), input.at(-1)! + 1];
      throw new ShapeError(
        `MinibatchStddev: takes examples (…, C) with at least one feature; got ${formatShape(input)}`,
      );
    },
    parameters: none,
    buffers: none,
    forward: (x, _parameters, _buffers, { batches = 1 }) =>
      minibatchStddevOp(x, { ...options, batches }),
  };
}
