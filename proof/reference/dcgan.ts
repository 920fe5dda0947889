// One training step of the recipe `dcgan` in float64, at any width: the same whole step as the engine's, from given
// weights, latents, images and dropout masks.
//
// Both networks are updated from one forward pass: the fake images and the discriminator's
// verdict on them are computed once, and both losses' gradients are taken at the old weights.
import type { AdamOptions } from "./adam.ts";
import { full, type Ref, zeros } from "./array.ts";
import { batchNormInference, type BatchNormOptions, type RunningStats } from "./batch-norm.ts";
import { sameGeometry } from "./conv.ts";
import {
  fresh,
  gradientsByName,
  mapNames,
  type NetworkState,
  type NamedRefs,
  update,
} from "./network.ts";
import * as tape from "./tape.ts";
import { node, type Node } from "./tape.ts";
import { leakyRelu, tanh } from "./unary.ts";

/** The generator's parameters, in order. */
export const GENERATOR_NAMES = [
  "dense.kernel",
  "bn0.gamma",
  "bn0.beta",
  "convT0.filter",
  "bn1.gamma",
  "bn1.beta",
  "convT1.filter",
  "bn2.gamma",
  "bn2.beta",
  "convT2.filter",
] as const;

/** The discriminator's parameters, in order. */
export const DISCRIMINATOR_NAMES = [
  "conv0.filter",
  "conv0.bias",
  "conv1.filter",
  "conv1.bias",
  "dense.kernel",
  "dense.bias",
] as const;

/** A parameter of the generator. */
export type GeneratorName = (typeof GENERATOR_NAMES)[number];

/** A parameter of the discriminator. */
export type DiscriminatorName = (typeof DISCRIMINATOR_NAMES)[number];

/**
 * Widths and constants. `generator` counts the channels of the dense layer and of both hidden
 * transposed convolutions, `discriminator` those of its convolutions.
 */
export interface DcganConfig {
  readonly latent: number;
  readonly generator: readonly [number, number, number];
  readonly discriminator: readonly [number, number];
  readonly leakySlope: number;
  readonly dropoutRate: number;
  readonly batchNorm: BatchNormOptions;
  readonly adam: AdamOptions;
}

/** The recipe's constants at its full width; spread it and narrow the widths for a test. */
export const DCGAN: DcganConfig = {
  latent: 100,
  generator: [256, 128, 64],
  discriminator: [64, 128],
  leakySlope: 0.3,
  dropoutRate: 0.3,
  batchNorm: { epsilon: 1e-3, momentum: 0.99, runningVariance: "population" },
  adam: { convention: "keras", learningRate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
};

/** Running statistics of the generator's three batch normalisations. */
export type GeneratorStats = readonly [RunningStats, RunningStats, RunningStats];

/** All that a step changes. `step` counts the steps taken. */
export interface DcganState {
  readonly generator: NetworkState<GeneratorName>;
  readonly discriminator: NetworkState<DiscriminatorName>;
  readonly running: GeneratorStats;
  readonly step: number;
}

/** 0/1 masks of the discriminator's two dropouts: (N, 14, 14, C0) and (N, 7, 7, C1). */
export type DropoutMasks = readonly [Ref, Ref];

/** What a step is given: latents (N, latent), images (N, 28, 28, 1) in [−1, 1], and masks. */
export interface DcganBatch {
  readonly z: Ref;
  readonly real: Ref;
  readonly realMasks: DropoutMasks;
  readonly fakeMasks: DropoutMasks;
}

/** All that a step computes. The gradients are those of each network's own loss. */
export interface DcganStep {
  readonly lossD: number;
  readonly lossG: number;
  readonly fake: Ref;
  readonly realLogits: Ref;
  readonly fakeLogits: Ref;
  readonly generatorGrads: NamedRefs<GeneratorName>;
  readonly discriminatorGrads: NamedRefs<DiscriminatorName>;
  readonly state: DcganState;
}

/** The shape of every generator parameter. */
export function generatorShapes(config: DcganConfig): Record<GeneratorName, number[]> {
  const [c0, c1, c2] = config.generator;
  const features = 7 * 7 * c0;
  return {
    "dense.kernel": [config.latent, features],
    "bn0.gamma": [features],
    "bn0.beta": [features],
    "convT0.filter": [5, 5, c1, c0],
    "bn1.gamma": [c1],
    "bn1.beta": [c1],
    "convT1.filter": [5, 5, c2, c1],
    "bn2.gamma": [c2],
    "bn2.beta": [c2],
    "convT2.filter": [5, 5, 1, c2],
  };
}

/** The shape of every discriminator parameter. */
export function discriminatorShapes(config: DcganConfig): Record<DiscriminatorName, number[]> {
  const [c0, c1] = config.discriminator;
  return {
    "conv0.filter": [5, 5, 1, c0],
    "conv0.bias": [c0],
    "conv1.filter": [5, 5, c0, c1],
    "conv1.bias": [c1],
    "dense.kernel": [7 * 7 * c1, 1],
    "dense.bias": [1],
  };
}

/** The state before the first step: given weights, moments 0, running mean 0 and variance 1. */
export function initialState(
  generator: NamedRefs<GeneratorName>,
  discriminator: NamedRefs<DiscriminatorName>,
): DcganState {
  const stats = (gamma: Ref): RunningStats => ({
    mean: zeros(gamma.shape),
    variance: full(gamma.shape, 1),
  });
  return {
    generator: fresh(GENERATOR_NAMES, generator),
    discriminator: fresh(DISCRIMINATOR_NAMES, discriminator),
    running: [
      stats(generator["bn0.gamma"]),
      stats(generator["bn1.gamma"]),
      stats(generator["bn2.gamma"]),
    ],
    step: 0,
  };
}

/** Takes one training step. Nothing given is changed. */
export function dcganStep(config: DcganConfig, state: DcganState, batch: DcganBatch): DcganStep {
  const g = mapNames(GENERATOR_NAMES, (name) => node(state.generator.weights[name]));
  const d = mapNames(DISCRIMINATOR_NAMES, (name) => node(state.discriminator.weights[name]));

  const running: RunningStats[] = [];
  const fake = generate(config, g, node(batch.z), (x, gamma, beta, layer) => {
    const made = tape.batchNorm(x, gamma, beta, state.running[layer], config.batchNorm);
    running[layer] = made.running;
    return made.y;
  });
  const realLogits = discriminate(config, d, node(batch.real), batch.realMasks);
  const fakeLogits = discriminate(config, d, fake, batch.fakeMasks);

  const ones = full(fakeLogits.value.shape, 1);
  const none = zeros(fakeLogits.value.shape);
  const lossD = tape.plus(tape.crossEntropy(realLogits, ones), tape.crossEntropy(fakeLogits, none));
  const lossG = tape.crossEntropy(fakeLogits, ones);

  const generatorGrads = gradientsByName(GENERATOR_NAMES, lossG, g);
  const discriminatorGrads = gradientsByName(DISCRIMINATOR_NAMES, lossD, d);
  const step = state.step + 1;
  return {
    lossD: lossD.value.data[0]!,
    lossG: lossG.value.data[0]!,
    fake: fake.value,
    realLogits: realLogits.value,
    fakeLogits: fakeLogits.value,
    generatorGrads,
    discriminatorGrads,
    state: {
      generator: update(GENERATOR_NAMES, state.generator, generatorGrads, step, config.adam),
      discriminator: update(
        DISCRIMINATOR_NAMES,
        state.discriminator,
        discriminatorGrads,
        step,
        config.adam,
      ),
      running: [running[0]!, running[1]!, running[2]!],
      step,
    },
  };
}

/** The images (N, 28, 28, 1) that the generator makes of z with its running statistics. */
export function dcganSample(
  config: DcganConfig,
  weights: NamedRefs<GeneratorName>,
  running: GeneratorStats,
  z: Ref,
): Ref {
  const g = mapNames(GENERATOR_NAMES, (name) => node(weights[name]));
  return generate(config, g, node(z), (x, gamma, beta, layer) =>
    node(
      batchNormInference(
        x.value,
        gamma.value,
        beta.value,
        running[layer],
        config.batchNorm.epsilon,
      ),
    ),
  ).value;
}

/** A generator's batch normalisation: training or inference. */
type Normalise = (x: Node, gamma: Node, beta: Node, layer: 0 | 1 | 2) => Node;

function generate(
  config: DcganConfig,
  g: Readonly<Record<GeneratorName, Node>>,
  z: Node,
  normalise: Normalise,
): Node {
  const leaky = leakyRelu(config.leakySlope);
  const up = (x: Node, filter: Node, size: number, stride: number): Node => {
    const geometry = sameGeometry([size, size], [5, 5], [stride, stride]);
    return tape.convTranspose(x, filter, geometry, [size, size]);
  };
  let x = tape.dense(z, g["dense.kernel"]);
  x = tape.activate(leaky, normalise(x, g["bn0.gamma"], g["bn0.beta"], 0));
  x = tape.view(x, [z.value.shape[0]!, 7, 7, config.generator[0]]);
  x = up(x, g["convT0.filter"], 7, 1);
  x = tape.activate(leaky, normalise(x, g["bn1.gamma"], g["bn1.beta"], 1));
  x = up(x, g["convT1.filter"], 14, 2);
  x = tape.activate(leaky, normalise(x, g["bn2.gamma"], g["bn2.beta"], 2));
  x = up(x, g["convT2.filter"], 28, 2);
  return tape.activate(tanh, x);
}

function discriminate(
  config: DcganConfig,
  d: Readonly<Record<DiscriminatorName, Node>>,
  images: Node,
  masks: DropoutMasks,
): Node {
  const leaky = leakyRelu(config.leakySlope);
  const down = (x: Node, filter: Node, bias: Node, size: number, mask: Ref): Node => {
    const convolved = tape.conv(x, filter, sameGeometry([size, size], [5, 5], [2, 2]));
    const active = tape.activate(leaky, tape.bias(convolved, bias));
    return tape.drop(active, mask, config.dropoutRate);
  };
  let x = down(images, d["conv0.filter"], d["conv0.bias"], 28, masks[0]);
  x = down(x, d["conv1.filter"], d["conv1.bias"], 14, masks[1]);
  x = tape.view(x, [images.value.shape[0]!, 7 * 7 * config.discriminator[1]]);
  return tape.bias(tape.dense(x, d["dense.kernel"]), d["dense.bias"]);
}
