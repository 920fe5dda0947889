// The recipes at narrow widths for tests, each with its networks written again for the float64 reference, and images to
// train them on.
import type { Images } from "../../src/gan/gan.ts";
import { asBefore } from "../../src/runs/constants.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { conditional } from "../../src/gan/recipes/conditional.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import { dcgan32 } from "../../src/gan/recipes/dcgan32.ts";
import { denseGan } from "../../src/gan/recipes/dense.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import { upsampleGan } from "../../src/gan/recipes/upsample.ts";
import { minibatchStddev as minibatchStddevLayer } from "../../src/nn/layers.ts";
import {
  activation,
  batchNorm,
  conv,
  convTranspose,
  dense,
  dropout,
  flatten,
  type Layer,
  minibatchStddev,
  reshape,
  upsample,
} from "../../proof/reference/stack.ts";
import { leakyRelu, relu, sigmoid, tanh } from "../../proof/reference/unary.ts";

/** A narrow recipe, and its reference. */
export interface NarrowRecipe {
  readonly recipe: Recipe;
  readonly generator: readonly Layer[];
  readonly discriminator: readonly Layer[];
  /** The random streams of the generator's noise; dropout uses those in between. */
  readonly noise: readonly number[];
  /** The random stream of the penalty's noise: the one after the masks. */
  readonly penaltyStream?: number;
}

/**
 * Strokes on black, so that batches differ and pixels cover the whole range. The class is the stroke's place, and so is
 * the cluster. Made for 28×28 pixels.
 */
export function strokes(count: number, clusters: number = PLACES): Images {
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => {
    const [n, y, x] = [Math.floor(i / 784), Math.floor((i % 784) / 28), i % 28];
    return Math.abs(x - y + (n % PLACES) - 4) < 3 ? (40 * n + 7 * x) % 256 : 0;
  });
  const labels = Uint8Array.from({ length: count }, (_, n) => n % PLACES);
  const centres = new Float32Array(clusters * 196);
  const sorted = { assignments: labels, centres };
  return { images, count, height: 28, width: 28, labels, clusters: sorted };
}

const PLACES = 9;

/**
 * Adam's constants for comparisons over three steps. With a large ε, an update is nearly proportional to its gradient,
 * so that rounding stays as small in the weights as in the gradients. With a small ε, the first update is learningRate
 * times the sign, which rounding flips where the gradient is near 0.
 */
const smooth = { learningRate: 0.01, beta1: 0.5, beta2: 0.999, epsilon: 1e-2 } as const;
const faster = { ...smooth, learningRate: 0.02 } as const;

const narrowed = (
  recipe: Recipe,
  generatorWidths: readonly number[],
  discriminatorWidths: readonly number[],
): Recipe => ({
  ...recipe,
  generatorWidths,
  discriminatorWidths,
  batch: 6,
  latent: 10,
  // With the recipe's own convention.
  generatorAdam: { ...recipe.generatorAdam, ...smooth },
  discriminatorAdam: { ...recipe.discriminatorAdam, ...faster },
});

const leaky = (slope: number): Layer => activation(leakyRelu(slope));
const rectified = activation(relu);

const dcganLayers = (slope: number, rate: number): Omit<NarrowRecipe, "recipe"> => ({
  generator: [
    [dense(false), batchNorm(0.99), leaky(slope), reshape([7, 7, 5])],
    [convTranspose(5, 1, false), batchNorm(0.99), leaky(slope)],
    [convTranspose(5, 2, false), batchNorm(0.99), leaky(slope)],
    [convTranspose(5, 2, false), activation(tanh)],
  ].flat(),
  discriminator: [
    [conv(5, 2), leaky(slope), dropout(rate)],
    [conv(5, 2), leaky(slope), dropout(rate)],
    [flatten(), dense()],
  ].flat(),
  noise: [0],
});

const conditionalLayers = (rate: number) => dcganLayers(0.2, rate);

const dcgan32Generator = (ofImages: "population" | "unbiased"): readonly Layer[] =>
  [
    [dense(false), batchNorm(0.9), rectified, reshape([4, 4, 4])],
    [convTranspose(5, 2, false), batchNorm(0.9, ofImages), rectified],
    [convTranspose(5, 2, false), batchNorm(0.9, ofImages), rectified],
    [convTranspose(5, 2), activation(tanh)],
  ].flat();

const dense3 = [1, 2, 3];
const narrowConditional = narrowed(conditional, [5, 4, 3], [3, 4]);
const dropping: typeof conditional = { ...conditional, dropout: 0.3 };
const narrowDropping = narrowed(dropping, [5, 4, 3], [3, 4]);

const narrowDcgan = narrowed(dcgan, [5, 4, 3], [3, 4]);

/** The `dcgan` as it is, and with PyTorch's convention of Adam, whose updates differ. */
export const narrowDcgans: readonly NarrowRecipe[] = (["keras", "pytorch"] as const).map(
  (convention) => ({
    recipe: {
      ...narrowDcgan,
      generatorAdam: { ...narrowDcgan.generatorAdam, convention },
      discriminatorAdam: { ...narrowDcgan.discriminatorAdam, convention },
    },
    ...dcganLayers(0.3, 0.3),
  }),
);

/** Every recipe with a step unlike the `dcgan`'s, and some with changed constants. */
export const narrowRecipes: readonly NarrowRecipe[] = [
  {
    recipe: narrowed(denseGan, [8, 7, 9], [9, 6]),
    generator: [
      dense3.flatMap(() => [dense(), leaky(0.2), batchNorm(0.7)]),
      [dense(), activation(tanh), reshape([28, 28, 1])],
    ].flat(),
    discriminator: [
      [flatten()],
      [dense(), leaky(0.2), dense(), leaky(0.2)],
      [dense(), activation(sigmoid)],
    ].flat(),
    noise: [0, 1],
  },
  {
    recipe: narrowed(mlp, [8, 7, 9], [12, 9, 6]),
    generator: [
      dense3.flatMap(() => [dense(), rectified]),
      [dense(), activation(tanh), reshape([28, 28, 1])],
    ].flat(),
    discriminator: [
      [flatten()],
      dense3.flatMap(() => [dense(), rectified, dropout(0.3)]),
      [dense(), activation(sigmoid)],
    ].flat(),
    noise: [0, 4],
  },
  {
    recipe: narrowed(upsampleGan, [4, 3, 4], [3, 4]),
    generator: [
      [dense(), rectified, batchNorm(0.9), reshape([7, 7, 4])],
      [upsample(2), convTranspose(3, 1), rectified],
      [upsample(2), convTranspose(3, 1), rectified],
      [convTranspose(3, 1), activation(tanh)],
    ].flat(),
    discriminator: [
      [conv(5, 2), leaky(0.2), dropout(0.3)],
      [conv(5, 2), leaky(0.2), dropout(0.3)],
      [flatten(), dense(), activation(sigmoid)],
    ].flat(),
    noise: [0, 3],
  },
  {
    recipe: narrowed(dcgan32, [4, 3, 4], [3, 4, 5]),
    generator: dcgan32Generator("unbiased"),
    discriminator: [
      [conv(5, 2), leaky(0.2), dropout(0.3)],
      [conv(5, 2), leaky(0.2), dropout(0.3)],
      [conv(5, 2), leaky(0.2), dropout(0.3)],
      [flatten(), dense(), activation(sigmoid)],
    ].flat(),
    noise: [0],
  },
  { recipe: narrowConditional, ...conditionalLayers(0) },
];

const wholeBest: typeof best = {
  ...best,
  dropout: 0.3,
  spectral: true,
  penalty: 2,
  clusters: PLACES,
};
/** `best` with all its options. */
export const narrowBest: Recipe = narrowed(wholeBest, [5, 4, 3], [3, 4]);

/** `conditional` with a discriminator that compares the images of a batch. Of 6, groups have 3. */
const comparing: NarrowRecipe = {
  ...conditionalLayers(0.3),
  recipe: {
    ...narrowDropping,
    name: "comparing",
    loss: "paired",
    discriminator: (constants) =>
      narrowDropping.discriminator(constants).toSpliced(-2, 0, minibatchStddevLayer()),
  },
  discriminator: conditionalLayers(0.3).discriminator.toSpliced(-2, 0, minibatchStddev(3)),
};

/** `conditional` whose discriminator learns to change little under noise. */
export const penalised: NarrowRecipe = {
  ...conditionalLayers(0.3),
  recipe: { ...narrowDropping, penalty: 10, penaltyNoise: 0.1 },
  penaltyStream: 3,
};

/** The same networks, with kernels that are already compiled, and with other losses. */
export const otherLosses: readonly NarrowRecipe[] = [
  { recipe: { ...narrowDropping, loss: "hinge", average: 0.2 }, ...conditionalLayers(0.3) },
  { recipe: { ...narrowDropping, loss: "paired" }, ...conditionalLayers(0.3) },
  comparing,
  penalised,
  {
    ...comparing,
    recipe: { ...comparing.recipe, penalty: 3, penaltyNoise: 0.2 },
    penaltyStream: 3,
  },
  { recipe: { ...narrowDropping, smoothing: 0.1 }, ...conditionalLayers(0.3) },
  {
    ...narrowRecipes[0]!,
    recipe: { ...narrowRecipes[0]!.recipe, smoothing: 0.2, average: 0.999 },
  },
  {
    ...narrowRecipes[1]!,
    recipe: { ...narrowRecipes[1]!.recipe, smoothing: 0.2, loss: "probabilities" },
  },
  {
    ...narrowRecipes[3]!,
    recipe: { ...narrowRecipes[3]!.recipe, smoothing: 0.2, loss: "clamped" },
  },
  // As in older runs that are resumed.
  ...[0, 2].map((i) => ({ ...narrowRecipes[i]!, recipe: asBefore(narrowRecipes[i]!.recipe) })),
  {
    ...narrowRecipes[3]!,
    recipe: asBefore(narrowRecipes[3]!.recipe),
    generator: dcgan32Generator("population"),
  },
];
