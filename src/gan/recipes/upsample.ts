// upsample: a generator that repeats pixels and then smooths them by transposed convolutions of stride 1. Its
// discriminator learns from real and generated images in one batch with their labels, before the generator does.
import type { AdamOptions } from "../../kernels/adam.ts";
import {
  batchNorm,
  convTranspose2d,
  dense,
  relu,
  reshape,
  sigmoid,
  tanh,
  upsample,
} from "../../nn/layers.ts";
import type { Recipe } from "../recipe.ts";
import { dcganDiscriminator } from "./dcgan.ts";

interface UpsampleConstants {
  readonly generatorWidths: readonly [number, number, number];
  readonly discriminatorWidths: readonly [number, number];
  /** Leaky ReLU's slope below 0. */
  readonly slope: number;
  /** The share of the discriminator's activations that dropout drops. */
  readonly dropout: number;
  /** The share of batch norm's running statistics that stays at each step. */
  readonly momentum: number;
  /** 1 for grey images, 3 for colours. */
  readonly channels: number;
}

const adam: AdamOptions = {
  convention: "keras",
  learningRate: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  epsilon: 1e-7,
};

/** Upsampling instead of strides. */
export const upsampleGan: Recipe<UpsampleConstants> = {
  name: "upsample",
  summary: "a generator of upsampling layers; real and generated images in one labelled batch",
  image: [28, 28, 1],
  loss: "sigmoid",
  order: "alternating",
  latent: 100,
  batch: 64,
  epochs: 30,
  lastBatch: "drop",
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: 0,
  average: 0,
  generatorWidths: [128, 128, 64],
  discriminatorWidths: [64, 128],
  slope: 0.2,
  dropout: 0.3,
  momentum: 0.9,
  channels: 1,
  // z[100] → 7×7 → 14×14 → 28×28
  generator: ({ generatorWidths: [first, second, third], momentum, channels }) => [
    dense(7 * 7 * first),
    relu(),
    batchNorm({ momentum }),
    reshape([7, 7, first]),
    upsample(2),
    convTranspose2d(second, 3),
    relu(),
    upsample(2),
    convTranspose2d(third, 3),
    relu(),
    convTranspose2d(channels, 3),
    tanh(),
  ],
  // 28×28 → 14×14 → 7×7 → one probability
  discriminator: (constants) => [...dcganDiscriminator(constants), sigmoid()],
};
