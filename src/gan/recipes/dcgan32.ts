// dcgan32: the DCGAN of Radford et al. 2015 for images of 32×32, to which MNIST's images are resized. It trains as
// TensorFlow 2.0 to 2.15 would, with their fused batch norm and scikit-image's resize. Its discriminator ends in a
// sigmoid; Keras takes the loss from the logits, without bounds.
import type { AdamOptions } from "../../kernels/adam.ts";
import type { RunningVariance } from "../../kernels/batch-norm.ts";
import {
  batchNorm,
  convTranspose2d,
  dense,
  relu,
  reshape,
  sigmoid,
  tanh,
} from "../../nn/layers.ts";
import type { Recipe } from "../recipe.ts";
import { dcganDiscriminator } from "./dcgan.ts";

interface Dcgan32Constants {
  readonly generatorWidths: readonly [number, number, number];
  readonly discriminatorWidths: readonly [number, number, number];
  /** Leaky ReLU's slope below 0. */
  readonly slope: number;
  /** The share of the discriminator's activations that dropout drops. */
  readonly dropout: number;
  /** The share of batch norm's running statistics that stays at each step. */
  readonly momentum: number;
  /** The variance that batch norm of images remembers; for vectors, it is the population's in every Keras. */
  readonly runningVariance: RunningVariance;
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

/** Images of 32×32. */
export const dcgan32: Recipe<Dcgan32Constants> = {
  name: "dcgan32",
  summary: "a DCGAN for MNIST resized to 32×32, with a sigmoid in its discriminator",
  image: [32, 32, 1],
  resizes: true,
  edges: "mirror",
  loss: "sigmoid",
  order: "simultaneous",
  latent: 100,
  batch: 64,
  epochs: 25,
  lastBatch: "drop",
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: 0,
  average: 0,
  generatorWidths: [256, 128, 64],
  discriminatorWidths: [64, 128, 256],
  slope: 0.2,
  dropout: 0.3,
  momentum: 0.9,
  runningVariance: "sample",
  channels: 1,
  // z[100] → 4×4 → 8×8 → 16×16 → 32×32
  generator({ generatorWidths: [first, second, third], momentum, runningVariance, channels }) {
    const bias = false;
    return [
      dense(4 * 4 * first, { bias }),
      batchNorm({ momentum }),
      relu(),
      reshape([4, 4, first]),
      convTranspose2d(second, 5, { strides: 2, bias }),
      batchNorm({ momentum, runningVariance }),
      relu(),
      convTranspose2d(third, 5, { strides: 2, bias }),
      batchNorm({ momentum, runningVariance }),
      relu(),
      convTranspose2d(channels, 5, { strides: 2 }),
      tanh(),
    ];
  },
  // 32×32 → 16×16 → 8×8 → 4×4 → one probability
  discriminator: (constants) => [...dcganDiscriminator(constants), sigmoid()],
};
