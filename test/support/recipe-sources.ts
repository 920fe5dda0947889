// What the recipes' source libraries do, line by line: in which version and where, what is done here, and which test
// shows it. Values are the code's own. `recipe-pages.ts` makes pages from them.
import type { Recipe } from "../../src/gan/recipe.ts";
import { constantsOf } from "../../src/runs/constants.ts";

/** A test by its file and a part of its name, as `npx vitest run FILE -t PART` takes them. */
type Proof = readonly [file: string, name: string];

/** One thing that a source library does. */
export interface SourceRow {
  readonly what: string;
  /** What the source does. */
  readonly source: string;
  /** Version, file and function. */
  readonly where: string;
  /** What is done here, with the recipe's own values. */
  readonly here: string;
  readonly proofs: readonly Proof[];
}

/** Returns a constant of a recipe, in words. */
export const valueOf = (recipe: Recipe, name: string): string => {
  const value = constantsOf(recipe)[name];
  if (value === undefined) throw new Error(`recipe ${recipe.name} has no constant ${name}`);
  return String(value);
};

export const steps: Proof = ["test/gan/recipes.test.ts", "steps agree with float64"];

// What Keras does, in either version.

export const firstWeights: SourceRow = {
  what: "first weights",
  source:
    "kernels uniform in ±√(6 / (fan in + fan out)) (Glorot), biases 0; batch norm's γ 1, β 0, running mean 0 and variance 1",
  where:
    "Keras 2.6 `initializers/initializers_v2.py`, `VarianceScaling`; Keras 3 `initializers/random_initializers.py`, `VarianceScaling`, `compute_fans`; the layers' default arguments",
  here: "the same, from Longhand's own random numbers",
  proofs: [
    ["test/nn/initialisers.test.ts", "a layer starts as Keras's by itself"],
    ["test/nn/initialisers.test.ts", "batch norm starts as Keras's"],
  ],
};

export function kerasAdam(recipe: Recipe): SourceRow {
  const { generatorAdam: g, discriminatorAdam: d } = recipe;
  const rates =
    g.learningRate === d.learningRate
      ? `rate ${g.learningRate}`
      : `rates ${g.learningRate} (G) and ${d.learningRate} (D)`;
  return {
    what: "Adam",
    source:
      "α · m / (√v + ε), α = rate · √(1 − β₂ᵗ) / (1 − β₁ᵗ): ε is not corrected; 1e-7 by default",
    where:
      "Keras 2.6 `optimizer_v2/adam.py`, `Adam._resource_apply_dense`; Keras 3 `optimizers/adam.py`, `Adam.update_step`",
    here: `as ${g.convention}, ε ${g.epsilon}, ${rates}, β₁ ${g.beta1}, β₂ ${g.beta2}`,
    proofs: [
      ["test/kernels/adam.test.ts", "six updates agree with float64"],
      ["test/kernels/adam.test.ts", "a first update by hand"],
    ],
  };
}

export const logitsLoss: SourceRow = {
  what: "loss, and its clip",
  source:
    "`BinaryCrossentropy(from_logits=True)`: max(x, 0) − x · t + log(1 + exp(−|x|)), without a bound",
  where:
    "TensorFlow `python/ops/nn_impl.py`, `sigmoid_cross_entropy_with_logits`; Keras 3 `backend/tensorflow/nn.py`, `binary_crossentropy`",
  here: "the same, with both gradients from logits: no clip",
  proofs: [["test/kernels/adversarial-loss.test.ts", "extreme logits"]],
};

export const sigmoidLoss: SourceRow = {
  what: "loss, and its clip",
  source:
    "for the output of a sigmoid layer: from its logits (`_keras_logits`, or the input of the op `Sigmoid`), without a bound. Only probabilities from elsewhere are clipped to [1e-7, 1 − 1e-7]",
  where:
    "Keras 2.6 `backend.py`, `binary_crossentropy`, and `activations.py`, `sigmoid`; Keras 3 `backend/tensorflow/nn.py`, `_get_logits`",
  here: "from logits: at −20 with label 1, the loss is 20 and the gradient −1. `--config` with `loss` `probabilities` clips",
  proofs: [["test/gan/sure-verdicts.test.ts", "loss 20 and gradient −1"]],
};

export function batchNorm(momentum: string): SourceRow {
  return {
    what: "batch norm",
    source:
      "(x − mean) / √(variance + ε) · γ + β with the batch's mean and population variance; ε 1e-3; running = momentum · running + (1 − momentum) · batch, momentum 0.99 by default",
    where:
      "Keras 2.6 `layers/normalization/batch_normalization.py`; Keras 3 `layers/normalization/batch_normalization.py`, `BatchNormalization.call`",
    here: `the same, ε 1e-3, momentum ${momentum}`,
    proofs: [steps],
  };
}

export const ofVectors: SourceRow = {
  what: "variance that batch norm stores",
  source: "input of two axes isn't fused: the population's, in both Keras 2 and 3",
  where:
    "Keras 2.6 `BatchNormalizationBase._calculate_mean_and_var`; Keras 3 `BatchNormalization._moments`",
  here: "the population's: all batch norms are of vectors",
  proofs: [["test/kernels/batch-norm.test.ts", "the others have batch norm of vectors alone"]],
};

export const asKeras3 = (recipe: Recipe): SourceRow => ({
  what: "variance that batch norm stores",
  source: "the population's, for images and for vectors",
  where:
    "Keras 3 `layers/normalization/batch_normalization.py`, `BatchNormalization.call`, `_moments`",
  here: `for images the ${valueOf(recipe, "runningVariance")}'s (\`runningVariance\`), for vectors the population's`,
  proofs: [
    [
      "test/kernels/batch-norm.test.ts",
      recipe.name === "dcgan" ? "remembers of images" : "have the dcgan's generator",
    ],
  ],
});

export const asKeras2 = (recipe: Recipe): SourceRow => ({
  what: "variance that batch norm stores",
  source:
    "for images (four axes) the sample's, n / (n − 1) times the population's, by the fused kernel; for vectors the population's",
  where:
    "Keras 2.6 `BatchNormalizationBase._fused_batch_norm`, `_maybe_add_or_remove_bessels_correction`; TensorFlow `core/kernels/fused_batch_norm_op.cc`",
  here: `for images the ${valueOf(recipe, "runningVariance")}'s (\`runningVariance\`), for vectors the population's`,
  proofs: [["test/kernels/batch-norm.test.ts", "remembers of images"]],
});

export const padding: SourceRow = {
  what: "padding side",
  source:
    "'same' adds (⌈n/s⌉ − 1) · s + k − n zeros. Half of them, rounded down, come before; an odd one is at the bottom and right. The transposed layer is the gradient of such a convolution",
  where:
    "TensorFlow `core/framework/kernel_shape_util.cc`, `GetWindowedOutputSizeVerbose`; `conv2d_backprop_input`",
  here: "the same",
  proofs: [["test/nn/layers.test.ts", "before"]],
};

export function slope(recipe: Recipe, told: boolean): SourceRow {
  return {
    what: "slope of leaky ReLU",
    source: told ? "0.3 by default" : "0.3, the default",
    where:
      "Keras 2.6 `layers/advanced_activations.py`, `LeakyReLU(alpha=0.3)`; Keras 3 `layers/activations/leaky_relu.py`, `negative_slope=0.3`",
    here: told ? `set to ${valueOf(recipe, "slope")}` : valueOf(recipe, "slope"),
    proofs: [["test/gan/recipes.test.ts", "steps agree with float64"]],
  };
}

export function dropout(recipe: Recipe, where: string): SourceRow {
  return {
    what: "dropout",
    source: "drops at the rate and scales the rest by 1 / (1 − rate), only in training",
    where,
    here: `the same, rate ${valueOf(recipe, "dropout")}`,
    proofs: [
      ["test/kernels/random.test.ts", "drops by the reference's mask, and backward drops the same"],
    ],
  };
}

export const KERAS_DROPOUT =
  "TensorFlow `python/ops/nn_ops.py`, `_dropout`; Keras 3 `backend/tensorflow/random.py`, `dropout`";

export const pixels: SourceRow = {
  what: "pixels",
  source: "(x − 127.5) / 127.5",
  where: "the tutorial `generative/dcgan.ipynb`",
  here: "the same: 0 is −1, 255 is 1",
  proofs: [["test/kernels/random.test.ts", "pixels 0 and 255 are exactly −1 and 1"]],
};

export function lastBatch(recipe: Recipe, source: string, where: string): SourceRow {
  const kept = recipe.lastBatch === "keep";
  return {
    what: "last batch",
    source,
    where,
    here: kept ? "kept: 60,000 images make 234 batches and one of 96" : "dropped (`lastBatch`)",
    proofs: [["test/gan/train-steps.test.ts", "keeps or drops what is left over"]],
  };
}

export const tutorialBatches = (recipe: Recipe): SourceRow =>
  lastBatch(
    recipe,
    "`.shuffle(60000).batch(256)` keeps the short one (`drop_remainder=False`)",
    "TensorFlow `python/data/ops/dataset_ops.py`, `Dataset.batch`",
  );

export const ownLoop = (recipe: Recipe): SourceRow =>
  lastBatch(
    recipe,
    "`fit` and `tf.data` keep a short one; loops around `train_on_batch` draw full ones",
    "Keras 2.6 `engine/training.py`, `Model.train_on_batch`",
  );

export const together: SourceRow = {
  what: "order of a step",
  source:
    "both gradients from one forward, at the old weights; lossD is the sum of both means; dropout on",
  where: "the tutorial `generative/dcgan.ipynb`, `train_step`",
  here: "the same, in one program",
  proofs: [
    ["test/gan/gan-step.test.ts", "agrees in losses, gradients, weights, moments and statistics"],
  ],
};

export const frozen = (recipe: Recipe): SourceRow => ({
  what: "order of a step",
  source:
    "the discriminator learns from real and from generated images, which the generator draws as in inference (`predict`); then the generator through the frozen discriminator, from new noise and labels of 1",
  where: "Keras 2.6 `engine/training.py`, `Model.train_on_batch`, `Model.predict`",
  here:
    recipe.order === "alternating-split"
      ? "the same: a real and then a generated batch, with an update each"
      : "the same: real and generated images in one labelled batch",
  proofs: [
    steps,
    ["test/gan/recipes.test.ts", "the generator's phase leaves the discriminator as it is"],
  ],
});
