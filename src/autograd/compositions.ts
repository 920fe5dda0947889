// Ops that are compositions of other ops. They have no kernel of their own, and the tape differentiates them.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import {
  anyAxes,
  checkAttributes,
  flag,
  needed,
  oneOf,
  wholeOrPair,
} from "../kernels/attributes.ts";
import { pair } from "../kernels/conv2d-geometry.ts";
import { checkImages } from "../kernels/image.ts";
import { normaliseAxes } from "../kernels/reduce-geometry.ts";
import type { ReduceAttributes } from "../kernels/reduce.ts";
import type { ResizeMode } from "../kernels/resize.ts";
import { mean, reshape, resize, square, sub } from "./ops.ts";
import { arraysOf, type Tensor } from "./tensor.ts";

/** The attributes of `upsample`. */
export interface UpsampleAttributes {
  /** Output rows and columns per input row and column. A number applies to both. */
  readonly scale: number | readonly [number, number];
  /** How pixels are enlarged, by `resize`'s modes: `nearest` (the default) repeats them, the others blend them. */
  readonly mode?: ResizeMode;
}

/**
 * Enlarges images by whole factors: y[n, i, j, c] = x[n, ⌊i / scale⌋, ⌊j / scale⌋, c], or `resize`'s bilinear or cubic
 * sum.
 *
 * Shapes: x (N, H, W, C) → (N, H · scale[0], W · scale[1], C).
 * Attributes: scale — a whole number ≥ 1, or a pair (required); mode — 'nearest', 'bilinear' or 'cubic' ('nearest').
 * Gradient: to each input pixel, the sum of dy over the outputs that used it, by their weights.
 * Throws: `ShapeError` unless x has rank 4.
 * Source: Keras's UpSampling2D.
 */
export function upsample(x: Tensor, attributes: UpsampleAttributes): Tensor {
  checkAttributes("upsample", attributes, {
    scale: needed(wholeOrPair(1)),
    mode: oneOf("nearest", "bilinear", "cubic"),
  });
  const [images] = arraysOf("upsample", [x]) as readonly [GpuArray];
  checkImages("upsample", images.shape);
  const [, height, width] = images.shape as [number, number, number, number];
  const { scale, mode = "nearest" } = attributes;
  const [down, across] = pair(scale);
  return resize(x, {
    size: [height * down, width * across],
    mode,
    coordinates: mode === "nearest" ? "asymmetric" : "halfPixel",
  });
}

/** The mean and the variance of some elements. */
export interface Moments {
  readonly mean: Tensor;
  /** The population variance: the mean of the squared deviations. */
  readonly variance: Tensor;
}

/**
 * The mean over some axes and the population variance about it, mean((x − mean)²). The variance is computed in a second
 * pass, so it loses no digits to a mean far from 0.
 *
 * Shapes: x (…) → { mean, variance }, without the reduced axes or with 1 in their place.
 * Attributes: axes — the axis to reduce, or a list of them, negative ones from the end (all); keepDims — whether to keep them with an extent of 1 (false).
 * Gradient: from the mean, dy / n; from the variance, 2 · dy · (x − mean) / n.
 * Throws: `AttributeError` if an axis is out of range; `ShapeError` if there is nothing to reduce.
 * Source: TensorFlow's nn.moments.
 */
export function moments(x: Tensor, attributes: ReduceAttributes = {}): Moments {
  checkAttributes("moments", attributes, { axes: anyAxes, keepDims: flag });
  const [{ shape }] = arraysOf("moments", [x]) as [GpuArray];
  const axes = normaliseAxes("moments", attributes.axes, shape.length);
  if (axes.some((axis) => shape[axis] === 0)) {
    throw new ShapeError(`moments: nothing to reduce in ${formatShape(shape)}`);
  }
  const centre = mean(x, { axes, keepDims: true });
  const spread = mean(square(sub(x, centre)), { axes, keepDims: true });
  if (attributes.keepDims) return { mean: centre, variance: spread };
  const rest = { shape: shape.filter((_, axis) => !axes.includes(axis)) };
  return { mean: reshape(centre, rest), variance: reshape(spread, rest) };
}
