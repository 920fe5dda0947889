// dcgan: the DCGAN of TensorFlow's tutorial for 28×28 images, with Keras 3's defaults throughout. TensorFlow 2.16 and
// newer run it this way.
import type { AdamOptions } from "../../kernels/adam.ts";
import type { RunningVariance } from "../../kernels/batch-norm.ts";
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
import type { Recipe, Widths } from "../recipe.ts";

/** The constants of its networks. */
export interface DcganConstants {
  /** Channels from the latent to the image. */
  readonly generatorWidths: readonly [number, number, number];
  /** Channels from the image to the logit. */
  readonly discriminatorWidths: readonly [number, number];
  /** Leaky ReLU's slope below 0. */
  readonly slope: number;
  /** The share of the discriminator's activations that dropout drops. */
  readonly dropout: number;
  /** The variance that batch norm of images remembers; for vectors, it is the population's in every Keras. */
  readonly runningVariance: RunningVariance;
  /** 1 for grey images, which recipes without this constant draw, or 3 for colours. */
  readonly channels?: number;
}

/** z[100] → 7×7 → 14×14 → 28×28, with batch norm and leaky ReLU in between. */
export function dcganGenerator({
  generatorWidths: [first, second, third],
  slope,
  runningVariance,
  channels = 1,
}: DcganConstants): readonly Layer[] {
  const bias = false;
  return [
    dense(7 * 7 * first, { bias }),
    batchNorm(),
    leakyRelu(slope),
    reshape([7, 7, first]),
    convTranspose2d(second, 5, { bias }),
    batchNorm({ runningVariance }),
    leakyRelu(slope),
    convTranspose2d(third, 5, { strides: 2, bias }),
    batchNorm({ runningVariance }),
    leakyRelu(slope),
    convTranspose2d(channels, 5, { strides: 2, bias }),
    tanh(),
  ];
}

/** Halves the size for each width, with leaky ReLU and dropout after each; then one logit, or one logit per class. */
export function dcganDiscriminator(
  {
    discriminatorWidths,
    slope,
    dropout: rate,
  }: Pick<Widths, "discriminatorWidths"> & Pick<DcganConstants, "slope" | "dropout">,
  logits = 1,
): readonly Layer[] {
  return [
    ...discriminatorWidths.flatMap((width) => [
      conv2d(width, 5, { strides: 2 }),
      leakyRelu(slope),
      dropout(rate),
    ]),
    flatten(),
    dense(logits),
  ];
}

const adam: AdamOptions = {
  convention: "keras",
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
};

/** The full network, for GPUs. */
export const dcgan: Recipe<DcganConstants> = {
  name: "dcgan",
  summary: "the DCGAN of TensorFlow's tutorial, full width: for GPUs",
  image: [28, 28, 1],
  loss: "logits",
  order: "simultaneous",
  latent: 100,
  batch: 256,
  epochs: 50,
  lastBatch: "keep",
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: 0,
  average: 0,
  generatorWidths: [256, 128, 64],
  discriminatorWidths: [64, 128],
  slope: 0.3,
  dropout: 0.3,
  runningVariance: "population",
  channels: 1,
  generator: dcganGenerator,
  discriminator: (constants) => dcganDiscriminator(constants),
};
