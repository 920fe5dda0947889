// dense: a fully connected GAN, trained in two phases as in Keras. The discriminator learns from a real and then from a
// generated batch. Then the generator learns through a combined model, whose discriminator is frozen and whose labels
// all say "real".
import type { AdamOptions } from "../../kernels/adam.ts";
import { batchNorm, dense, flatten, leakyRelu, reshape, sigmoid, tanh } from "../../nn/layers.ts";
import type { Recipe } from "../recipe.ts";

interface DenseConstants {
  readonly generatorWidths: readonly [number, number, number];
  readonly discriminatorWidths: readonly [number, number];
  /** Leaky ReLU's slope below 0. */
  readonly slope: number;
  /** The share of batch norm's running statistics that stays at each step. */
  readonly momentum: number;
}

const adam: AdamOptions = {
  convention: "keras",
  learningRate: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  epsilon: 1e-7,
};

/** Only fully connected layers. */
export const denseGan: Recipe<DenseConstants> = {
  name: "dense",
  summary: "a fully connected GAN in two phases, with batch norm in its generator",
  image: [28, 28, 1],
  loss: "sigmoid",
  order: "alternating-split",
  latent: 100,
  batch: 64,
  epochs: 30,
  lastBatch: "drop",
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: 0,
  average: 0,
  generatorWidths: [256, 512, 1024],
  discriminatorWidths: [512, 256],
  slope: 0.2,
  momentum: 0.7,
  generator: ({ generatorWidths, slope, momentum }) => [
    ...generatorWidths.flatMap((width) => [
      dense(width),
      leakyRelu(slope),
      batchNorm({ momentum }),
    ]),
    dense(28 * 28),
    tanh(),
    reshape([28, 28, 1]),
  ],
  discriminator: ({ discriminatorWidths, slope }) => [
    flatten(),
    ...discriminatorWidths.flatMap((width) => [dense(width), leakyRelu(slope)]),
    dense(1),
    sigmoid(),
  ],
};
