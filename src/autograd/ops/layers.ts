// The other ops of networks: products, normalisation, dropout, and the loss of logits.
import * as connected from "../../kernels/dense.ts";
import * as norm from "../../kernels/batch-norm.ts";
import * as groupings from "../../kernels/group-norm.ts";
import * as minibatches from "../../kernels/minibatch-stddev.ts";
import * as products from "../../kernels/matmul.ts";
import * as random from "../../kernels/random.ts";
import * as losses from "../../kernels/sigmoid-cross-entropy.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { biased, op1, op2, op3, with1, with3, type Biased } from "../lift.ts";
import { Tensor } from "../tensor.ts";

/**
 * The matrix product Σₖ a[…, m, k]·b[…, k, n]. A vector is a row on the left and a column on the right, and its axis is
 * left out of the product.
 *
 * Shapes: a (…, M, K), b (…, K, N), with the axes before the last two broadcast → (…, M, N).
 * Attributes: transposeA, transposeB — whether to swap the last two axes of that operand (false).
 * Gradient: to both, summed over broadcast axes.
 * Throws: `ShapeError` if the inner sizes differ, the batches don't broadcast or an operand is a scalar;
 * `AttributeError` if a vector is to be transposed.
 * Source: NumPy's matmul.
 */
export const matmul: (a: Tensor, b: Tensor, attributes?: products.MatmulAttributes) => Tensor = op2(
  products.matmul,
  {},
);

/**
 * A fully connected layer: x · kernel + bias.
 *
 * Shapes: x (…, I) of f32 or f16, kernel (I, O), bias (O) → (…, O).
 * Attributes: bias — added to every row (none); epilogue — an activation and dropout of the result, in the same launch
 * (none); activationType — the type that the result is stored as, f32 or f16, infinite past ±65,504 (f32).
 * Gradient: to x, kernel and bias.
 * Throws: `ShapeError` if the sizes differ; `AttributeError` on an invalid epilogue; `DTypeError` for f16 without
 * shader-f16.
 * Source: Keras's Dense; the kernel is the transpose of PyTorch's Linear.
 */
export const dense: Biased<object> = biased(connected.dense);

/**
 * Batch normalisation of each channel, the last axis: (x − mean) / √(variance + ε) · γ + β. Training takes the mean and
 * the population variance of the batch, and updates the running ones: running = momentum · running + (1 − momentum) ·
 * batch (PyTorch's momentum is 1 − this one). Inference takes the running ones. A single row has a variance of 0, and
 * becomes β.
 *
 * Shapes: x (…, C) of f32 or f16, gamma (C), beta (C) → (…, C).
 * Attributes: training — whether the statistics are the batch's (required); running — an array (2, C) of mean and
 * variance, which training updates and inference needs (none); epsilon — ε (1e-3); momentum — the share of the running
 * statistics that stays (0.99); runningVariance — which variance enters the running one: 'population' as in Keras 3, or
 * 'sample', over n − 1, as in PyTorch and, for images (N, H, W, C), in TensorFlow 2's fused kernel ('population');
 * epilogue — an activation of the result, in the same launch (none); activationType — the type that the result is
 * stored as, f32 or f16, infinite past ±65,504 (f32).
 * Gradient: to x, in training through the batch's statistics; to gamma and beta.
 * Throws: `ShapeError` if gamma, beta or running don't fit; `AttributeError` for inference without running, and on an
 * invalid epilogue; `DTypeError` for f16 without shader-f16.
 * Source: Keras's BatchNormalization; Ioffe and Szegedy 2015.
 */
export const batchNorm: (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  attributes: norm.BatchNormAttributes,
) => Tensor = with3(norm.batchNorm);

/**
 * Sets each element to 0 with the probability `rate`, and scales the others by 1 / (1 − rate).
 *
 * Shapes: x (…) → the same shape.
 * Attributes: rate — the probability, in [0, 1) (required); rng — the source of the mask, one stream per call
 * (required).
 * Gradient: through the same mask, drawn again.
 * Throws: `AttributeError` on a rate outside [0, 1).
 * Source: PyTorch's dropout in training.
 */
export const dropout: (x: Tensor, attributes: random.DropoutAttributes) => Tensor = with1(
  random.dropout,
);

/** The labels that logits are compared with. */
export interface SigmoidCrossEntropyAttributes {
  /** One probability for all elements, or one per element. No gradient flows to them. */
  readonly labels: number | GpuArray | Tensor;
}

/**
 * Binary cross-entropy of logits, element by element: max(x, 0) − x · t + log(1 + exp(−|x|)).
 *
 * Shapes: logits (…) → the same shape.
 * Attributes: labels — t, a Tensor or an array of the logits' shape, or one number in [0, 1] (required).
 * Gradient: to logits, sigmoid(x) − t; none to labels.
 * Throws: `ShapeError` if labels have another shape; `AttributeError` on a number outside [0, 1].
 * Source: TensorFlow's sigmoid_cross_entropy_with_logits.
 */
export const sigmoidCrossEntropy: (
  logits: Tensor,
  attributes: SigmoidCrossEntropyAttributes,
) => Tensor = (logits, attributes) => {
  const { labels, ...rest } = attributes ?? {};
  const values = labels instanceof Tensor ? labels.array : labels;
  return with1(losses.sigmoidCrossEntropy)(logits, { ...rest, labels: values });
};

/** A function of images or rows with their γ and β. */
type Normalise<A> = (x: Tensor, gamma: Tensor, beta: Tensor, attributes?: A) => Tensor;

/**
 * Layer normalisation: (x − mean) / √(variance + ε) · γ + β, with mean and population variance over the last axes of
 * each row.
 *
 * Shapes: x (…, D), gamma (D), beta (D) → (…, D); with several axes, gamma and beta have the shape of those axes.
 * Attributes: axes — the last axis of x, or a list of the last ones ([−1]); epsilon — ε (1e-3).
 * Gradient: to x, through its statistics; to gamma and beta.
 * Throws: `ShapeError` if gamma or beta don't fit, or there is nothing to normalise; `AttributeError` if axes aren't
 * the last ones, or on a negative ε.
 * Source: Ba et al. 2016; PyTorch's layer_norm, whose ε is 1e-5, and Keras's LayerNormalization.
 */
export const layerNorm: Normalise<groupings.LayerNormAttributes> = op3(groupings.layerNorm, {});

/**
 * Group normalisation: as `layerNorm`, with mean and variance over all positions of each group of neighbouring channels
 * of an example.
 *
 * Shapes: x (N, …, C), gamma (C), beta (C) → (N, …, C).
 * Attributes: groups — the number of groups, a divisor of C (required); epsilon — ε (1e-3).
 * Gradient: to x, through its statistics; to gamma and beta.
 * Throws: `ShapeError` if gamma or beta don't fit, or there is nothing to normalise; `AttributeError` if groups don't
 * divide C, or on a negative ε.
 * Source: Wu and He 2018; PyTorch's group_norm, whose ε is 1e-5, with channels last; Keras's GroupNormalization.
 */
export const groupNorm: (
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  attributes: groupings.GroupNormAttributes,
) => Tensor = with3(groupings.groupNorm);

/**
 * Instance normalisation: as `layerNorm`, with mean and variance over all positions of each channel of an example.
 * A single position has a variance of 0, and becomes β.
 *
 * Shapes: x (N, …, C), gamma (C), beta (C) → (N, …, C).
 * Attributes: epsilon — ε (1e-3).
 * Gradient: to x, through its statistics; to gamma and beta.
 * Throws: `ShapeError` if gamma or beta don't fit, or there is nothing to normalise; `AttributeError` on a
 * negative ε.
 * Source: Ulyanov et al. 2016; PyTorch's instance_norm without running statistics, whose ε is 1e-5, with channels
 * last.
 */
export const instanceNorm: Normalise<groupings.InstanceNormAttributes> = op3(
  groupings.instanceNorm,
  {},
);

/**
 * The standard deviation among examples as one more channel: √(variance + ε) of each feature over a group, averaged
 * over all features, at every position of every example of the group. Examples that follow one another form a group, of
 * the largest size up to `groupSize` that divides a batch. A group of one has a variance of 0.
 *
 * Shapes: x (N, …, C) → (N, …, C + 1).
 * Attributes: groupSize — the largest size of a group (4); epsilon — ε, > 0 (1e-8); batches — how many batches of equal
 * size x holds, one after another: no group spans two (1).
 * Gradient: to x, through its channels and through the deviation.
 * Throws: `ShapeError` if there are no features, or `batches` doesn't divide N; `AttributeError` on other attributes.
 * Source: Karras et al. 2018, section 3; ε, and groups of 4, as in StyleGAN2, whose groups are not of neighbours but of
 * every (N / 4)th example.
 */
export const minibatchStddev: (
  x: Tensor,
  attributes?: minibatches.MinibatchStddevAttributes,
) => Tensor = op1(minibatches.minibatchStddev, {});
