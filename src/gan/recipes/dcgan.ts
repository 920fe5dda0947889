// dcgan: the DCGAN for 28×28 images of TensorFlow's tutorial, with Keras's defaults throughout.
import type { AdamOptions } from "../../kernels/adam.ts";
import type { Layer } from "../../nn/layer.ts";
import {
  batchNorm,
  conv2d,
  convTranspose2d,
  dense,
  dropout,
  flatten,
  leakyRelu,
  reshape,
  tanh,
} from "../../nn/layers.ts";
import type { Recipe } from "../recipe.ts";

/** Channels of the hidden layers, from the latent to the image and from the image to the logit. */
export interface DcganWidths {
  readonly generator: readonly [number, number, number];
  readonly discriminator: readonly [number, number];
}

/** z[100] → 7×7 → 14×14 → 28×28, with batch norm and leaky ReLU between. */
export function dcganGenerator({ generator: [first, second, third] }: DcganWidths): Layer[] {
  const bias = false;
  return [
    dense(7 * 7 * first, { bias }),
    batchNorm(),
    leakyRelu(0.3),
    reshape([7, 7, first]),
    convTranspose2d(second, 5, { bias }),
    batchNorm(),
    leakyRelu(0.3),
    convTranspose2d(third, 5, { strides: 2, bias }),
    batchNorm(),
    leakyRelu(0.3),
    convTranspose2d(1, 5, { strides: 2, bias }),
    tanh(),
  ];
}

/** 28×28 → 14×14 → 7×7 → one logit, with leaky ReLU and dropout between. */
export function dcganDiscriminator({ discriminator: [first, second] }: DcganWidths): Layer[] {
  return [
    conv2d(first, 5, { strides: 2 }),
    leakyRelu(0.3),
    dropout(0.3),
    conv2d(second, 5, { strides: 2 }),
    leakyRelu(0.3),
    dropout(0.3),
    flatten(),
    dense(1),
  ];
}

/** The tutorial's. */
export const dcganWidths: DcganWidths = { generator: [256, 128, 64], discriminator: [64, 128] };
const adam: AdamOptions = { learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };

/** The full network, for GPUs. */
export const dcgan: Recipe = {
  name: "dcgan",
  summary: "the DCGAN of TensorFlow's tutorial, full width: for GPUs",
  latent: 100,
  image: [28, 28, 1],
  batch: 256,
  epochs: 50,
  lastBatch: "keep",
  generator: () => dcganGenerator(dcganWidths),
  discriminator: () => dcganDiscriminator(dcganWidths),
  generatorAdam: adam,
  discriminatorAdam: adam,
};
