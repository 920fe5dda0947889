// Ops that are plain compositions of others: no kernel and no rule of their own, so the tape
// differentiates them by itself.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { anything, checkAttributes, needed, oneOf, wholeOrPair } from "../kernels/attributes.ts";
import { pair } from "../kernels/convolution.ts";
import { checkImages } from "../kernels/image.ts";
import type { ResizeMode } from "../kernels/resize.ts";
import { checkArray } from "../kernels/rule.ts";
import { add, matmul, reshape, resize, type Bias } from "./ops.ts";
import { arrayOf, Tensor } from "./tensor.ts";

type Pair = readonly [GpuArray, GpuArray, ...GpuArray[]];

/** The arrays of a composition's inputs, checked under its own name: all f32, on one device. */
function arraysOf(op: string, inputs: readonly Tensor[]): readonly GpuArray[] {
  const arrays = inputs.map((input, index) => arrayOf(op, index, input));
  arrays.forEach((array, index) => checkArray(op, `input ${index}`, array, arrays[0]!));
  return arrays;
}

/**
 * A fully connected layer: x · kernel + bias.
 *
 * Shapes: x (…, I), kernel (I, O), bias (O) → (…, O).
 * Attributes: bias — added to every row (none unless given).
 * Gradient: to x, kernel and bias.
 * Throws: `ShapeError` if the sizes differ.
 * Source: Keras's Dense; the kernel is transposed beside PyTorch's Linear.
 */
export function dense(x: Tensor, kernel: Tensor, attributes: Bias = {}): Tensor {
  checkAttributes("dense", attributes, { bias: anything("a Tensor") });
  const { bias } = attributes;
  const [inp, weight] = arraysOf("dense", bias ? [x, kernel, bias] : [x, kernel]) as Pair;
  const features = inp.shape.at(-1);
  if (features === undefined || weight.shape.length !== 2 || features !== weight.shape[0]) {
    throw new ShapeError(
      `dense: takes x (…, I) and a kernel (I, O); got ${formatShape(inp.shape)} and ${formatShape(weight.shape)}`,
    );
  }
  const [, outputs] = weight.shape as [number, number];
  if (bias && formatShape(bias.shape) !== formatShape([outputs])) {
    throw new ShapeError(
      `dense: bias must be (${outputs}), one for each output; got ${formatShape(bias.shape)}`,
    );
  }
  const rows = inp.size / Math.max(features, 1);
  const product = matmul(reshape(x, { shape: [rows, features] }), kernel);
  const y = reshape(product, { shape: [...inp.shape.slice(0, -1), outputs] });
  return bias ? add(y, bias) : y;
}

/** What `upsample` takes. */
export interface UpsampleAttributes {
  /** Output rows and columns for each of the input's; a number is for both. */
  readonly scale: number | readonly [number, number];
  /** Whether pixels are repeated (`nearest`, the default) or blended. */
  readonly mode?: ResizeMode;
}

/**
 * Images larger by whole numbers: y[n, i, j, c] = x[n, ⌊i / scale⌋, ⌊j / scale⌋, c], or `resize`'s bilinear
 * sum.
 *
 * Shapes: x (N, H, W, C) → (N, H · scale[0], W · scale[1], C).
 * Attributes: scale — a whole number ≥ 1, or a pair; mode — 'nearest' or 'bilinear' ('nearest').
 * Gradient: to each input pixel what the outputs took of it.
 * Throws: `ShapeError` unless x is of rank 4.
 * Source: Keras's UpSampling2D.
 */
export function upsample(x: Tensor, attributes: UpsampleAttributes): Tensor {
  checkAttributes("upsample", attributes, {
    scale: needed(wholeOrPair(1)),
    mode: oneOf("nearest", "bilinear"),
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
