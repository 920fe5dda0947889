// mlp: the GAN of two multilayer perceptrons from PyTorch's tutorials. It has no batch norm, dropout in the
// discriminator, and binary cross-entropy of probabilities whose logarithm is at least −100.
import type { AdamOptions } from "../../kernels/adam.ts";
import { fanInUniform } from "../../nn/initialisers.ts";
import type { Layer } from "../../nn/layer.ts";
import { dense, dropout, flatten, relu, reshape, sigmoid, tanh } from "../../nn/layers.ts";
import type { Recipe } from "../recipe.ts";

interface MlpConstants {
  readonly generatorWidths: readonly [number, number, number];
  readonly discriminatorWidths: readonly [number, number, number];
  /** The share of the discriminator's activations that dropout drops. */
  readonly dropout: number;
}

const adam: AdamOptions = {
  convention: "pytorch",
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

/** A dense layer with the initial weights of PyTorch's `Linear`. */
const linear = (units: number): Layer =>
  dense(units, { initialiser: fanInUniform(), biasInitialiser: fanInUniform });

/** Two multilayer perceptrons. */
export const mlp: Recipe<MlpConstants> = {
  name: "mlp",
  summary: "PyTorch's classic: two multilayer perceptrons, dropout in the discriminator",
  image: [28, 28, 1],
  loss: "clamped",
  order: "alternating",
  latent: 100,
  batch: 32,
  epochs: 50,
  lastBatch: "drop",
  generatorAdam: adam,
  discriminatorAdam: adam,
  smoothing: 0,
  average: 0,
  generatorWidths: [256, 512, 1024],
  discriminatorWidths: [1024, 512, 256],
  dropout: 0.3,
  generator: ({ generatorWidths }) => [
    ...generatorWidths.flatMap((width) => [linear(width), relu()]),
    linear(28 * 28),
    tanh(),
    reshape([28, 28, 1]),
  ],
  discriminator: ({ discriminatorWidths, dropout: rate }) => [
    flatten(),
    ...discriminatorWidths.flatMap((width) => [linear(width), relu(), dropout(rate)]),
    linear(1),
    sigmoid(),
  ],
};
