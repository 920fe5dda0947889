// Pooling layers: the largest element or the mean of each window of an image.
import { avgPool as avgPoolOp, maxPool as maxPoolOp } from "../autograd/ops.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { formatShape } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { checkArgument, checkAttributes, wholeOrPair } from "../kernels/attributes.ts";
import { paddingCheck, pair, type Padding } from "../kernels/conv2d-geometry.ts";
import { pooledShape, type PoolAttributes } from "../kernels/pool.ts";
import type { Layer } from "./layer.ts";
import type { LayerForm } from "./layer-form.ts";

const none = (): Readonly<Record<never, never>> => ({});

/** The options of pooling layers. */
export interface PoolOptions {
  /** The distance between windows. Default `size`, so that windows lie next to each other. */
  readonly strides?: number | readonly [number, number];
  /** Default 'valid', which is none. */
  readonly padding?: Padding;
}

const maxPoolForm = (
  size: number | readonly [number, number],
  options: PoolOptions,
): LayerForm => ({
  op: "maxPool",
  size: pair(size),
  strides: pair(options.strides ?? size),
  padding: options.padding ?? "valid",
});

function pooling(
  kind: string,
  size: number | readonly [number, number],
  options: PoolOptions,
  pool: (x: Tensor, attributes: PoolAttributes) => Tensor,
): Layer {
  checkArgument(kind, "size", size, wholeOrPair(1));
  checkAttributes<PoolOptions>(kind, options, { strides: wholeOrPair(1), padding: paddingCheck });
  const attributes = { size, ...options };
  const strides =
    options.strides === undefined ? "" : `, stride ${pair(options.strides).join("×")}`;
  return {
    kind,
    detail: `${pair(size).join("×")}${strides}`,
    outputShape(input) {
      if (input.length !== 3) {
        throw new ShapeError(`${kind}: takes images (H, W, C); got ${formatShape(input)}`);
      }
      return pooledShape(kind, [1, ...input], attributes).slice(1);
    },
    parameters: none,
    buffers: none,
    forward: (x) => pool(x, attributes),
    ...(kind === "MaxPool" ? { form: maxPoolForm(size, options) } : {}),
  };
}

/**
 * The largest element of each window of a channel: (H, W, C) → (⌊H / size⌋, ⌊W / size⌋, C), unless strides or padding
 * differ.
 */
export function maxPool(
  size: number | readonly [number, number],
  options: PoolOptions = {},
): Layer {
  return pooling("MaxPool", size, options, maxPoolOp);
}

/** The mean of each window of a channel, without the padding; shapes as in `maxPool`. */
export function avgPool(
  size: number | readonly [number, number],
  options: PoolOptions = {},
): Layer {
  return pooling("AvgPool", size, options, avgPoolOp);
}
