// Losses, reduced to their mean by default, to their sum, or not at all.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { anything, type Check, checkAttributes, finite, oneOf } from "../kernels/attributes.ts";
import {
  type BinaryCrossEntropyBounds,
  binaryCrossEntropyEach,
} from "../kernels/binary-cross-entropy.ts";
import {
  meanDivisor,
  softmaxCrossEntropyRows,
  type SoftmaxCrossEntropyRowsAttributes,
} from "../kernels/softmax-cross-entropy.ts";
import { div, mean, softplus, square, sub, sum } from "./ops.ts";
import { apply, arrayOf, arraysOf, Tensor } from "./tensor.ts";

/** How a loss is reduced. */
export interface LossAttributes {
  /** The mean over all elements, their sum, or each element by itself. Default `mean`. */
  readonly reduction?: "mean" | "sum" | "none";
}

/** The axis of the classes, how labels are smoothed and weighted, which rows count, and how the loss is reduced. */
export interface SoftmaxCrossEntropyAttributes
  extends LossAttributes, Omit<SoftmaxCrossEntropyRowsAttributes, "classWeights"> {
  /** A weight per class, (K). Each label is multiplied by its class's weight. No gradient flows to the weights. */
  readonly classWeights?: Tensor | GpuArray;
}

/** How the loss is kept finite, and how it is reduced. */
export interface BinaryCrossEntropyAttributes extends LossAttributes, BinaryCrossEntropyBounds {}

const reductions: Check = oneOf("mean", "sum", "none");
const byTheOp: Check = anything("checked by the op");

/** Throws unless both inputs of a composition are f32, on one device and of one shape. */
function checkSameShape(op: string, inputs: Readonly<Record<string, Tensor>>): void {
  const shapes = arraysOf(op, Object.values(inputs)).map(({ shape }) => formatShape(shape));
  if (shapes[0] === shapes[1]) return;
  throw new ShapeError(
    `${op}: ${Object.keys(inputs).join(" and ")} must have the same shape; got ${shapes.join(" and ")}`,
  );
}

/** Reduces a loss. Throws `ShapeError` on the mean of no elements; an empty loss has launched nothing by then. */
function reduced(op: string, each: Tensor, { reduction = "mean" }: LossAttributes): Tensor {
  if (reduction === "none") return each;
  if (reduction === "sum") return sum(each);
  if (each.array.size === 0) {
    throw new ShapeError(
      `${op}: a loss of shape ${formatShape(each.shape)} has no mean; reduce it by 'sum' or 'none'`,
    );
  }
  return mean(each);
}

/**
 * Cross-entropy of softmax along an axis: −Σ t · log softmax(logits) for each row. The labels t are probabilities, or
 * one class number per row. A class number out of range can't be refused without reading it. Its row has a loss and
 * gradients of 0, and still counts in the mean, unless it is `ignoredClass` or classes have weights. With either, the
 * mean over class numbers divides by the sum of the weights of the rows that count; if that sum is 0, the mean and its
 * gradients are 0. A label of 0 costs nothing, whatever the logit.
 *
 * Shapes: logits (…, K, …), labels (…, K, …) f32, or without the axis of K i32 → a scalar; for 'none' the shape without
 * that axis.
 * Attributes: axis — the axis of the K classes (−1); labelSmoothing — ε, in t · (1 − ε) + ε / K (0); classWeights — a
 * Tensor (K), by which smoothed labels are multiplied (none); ignoredClass — a class number, in range or not, whose
 * rows have no loss and don't count (none); reduction — 'mean' over the rows, 'sum' or 'none' ('mean').
 * Gradient: to logits, (softmax · Σt − t); to f32 labels, −(1 − ε) · log softmax, times the class's weight.
 * Throws: `ShapeError` if labels or weights don't fit, if there are no classes, and for the mean of no rows;
 * `AttributeError` if axis is out of range, ε is outside [0, 1], or ignoredClass is given with probabilities.
 * Source: PyTorch's cross_entropy with weight and ignore_index, except that ignoredClass has no default. If no row
 * counts, PyTorch's mean is NaN; this one is 0, as in Keras.
 */
export function softmaxCrossEntropy(
  logits: Tensor,
  labels: Tensor,
  attributes: SoftmaxCrossEntropyAttributes = {},
): Tensor {
  const op = softmaxCrossEntropyRows.name;
  checkAttributes(op, attributes, {
    axis: byTheOp,
    labelSmoothing: byTheOp,
    classWeights: byTheOp,
    ignoredClass: byTheOp,
    reduction: reductions,
  });
  const { reduction = "mean", classWeights, ...others } = attributes;
  const weights = classWeights instanceof Tensor ? classWeights.array : classWeights;
  const rest = weights === undefined ? others : { ...others, classWeights: weights };
  const arrays = [arrayOf(op, 0, logits), arrayOf(op, 1, labels)] as const;
  const each = apply(softmaxCrossEntropyRows, [logits, labels], arrays, rest);
  const weighted = reduction === "mean" && each.array.size > 0;
  const divisor = weighted ? meanDivisor(...arrays, rest) : undefined;
  return divisor ? div(sum(each), new Tensor(divisor)) : reduced(op, each, attributes);
}

/**
 * Binary cross-entropy of probabilities: −(t · log p + (1 − t) · log(1 − p)), bounded by `clip` or `logClamp`. For
 * logits, use `sigmoidCrossEntropy`, which is exact. A logarithm with a weight of 0 costs nothing, even if it is
 * infinite. With `logClamp`, p outside [0, 1] gives NaN.
 *
 * Shapes: probabilities (…), labels (…) of the same shape, or one number for all → a scalar; for 'none' (…).
 * Attributes: clip — p is limited to [clip, 1 − clip] (1e-7); logClamp — instead of clip, the least value of both
 * logarithms: PyTorch's is −100 (none); reduction — 'mean' over all elements, 'sum' or 'none' ('mean').
 * Gradient: to probabilities, (p − t) / (p · (1 − p)): with `clip`, 0 outside the limits, which themselves count as
 * inside; with `logClamp`, over max(p · (1 − p), 1e-12). To labels, log(1 − p) − log p as bounded.
 * Throws: `ShapeError` if the shapes differ, and for the mean of no elements; `AttributeError` on a number outside [0,
 * 1], and on clip and logClamp together.
 * Source: Keras 3's binary_crossentropy of probabilities that don't come from a sigmoid layer (2.x also adds 1e-7
 * inside the logarithms; those from a sigmoid layer, Keras treats as `sigmoidCrossEntropy` does); with `logClamp`,
 * PyTorch's BCELoss.
 */
export function binaryCrossEntropy(
  probabilities: Tensor,
  labels: Tensor | number,
  attributes: BinaryCrossEntropyAttributes = {},
): Tensor {
  const op = binaryCrossEntropyEach.name;
  checkAttributes(op, attributes, { clip: byTheOp, logClamp: byTheOp, reduction: reductions });
  const { reduction: _, ...rest } = attributes;
  const inp = arrayOf(op, 0, probabilities);
  if (typeof labels !== "number") {
    const arrays = [inp, arrayOf(op, 1, labels)] as const;
    return reduced(
      op,
      apply(binaryCrossEntropyEach, [probabilities, labels], arrays, rest),
      attributes,
    );
  }
  if (!finite(0, 1).accepts(labels)) {
    throw new AttributeError(
      `${op}: labels must be a Tensor or a number in [0, 1]; got ${show(labels)}`,
    );
  }
  const each = apply(binaryCrossEntropyEach, [probabilities], [inp], { ...rest, label: labels });
  return reduced(op, each, attributes);
}

/**
 * The squared error (a − b)², reduced to its mean by default.
 *
 * Shapes: a (…), b (…) → () for the mean and the sum, (…) for none.
 * Attributes: reduction — 'mean' over all elements, 'sum' or 'none' ('mean').
 * Gradient: to a, 2 · dy · (a − b), divided by the number of elements for the mean; to b, its negative.
 * Throws: `ShapeError` if the shapes differ (nothing is broadcast), and for the mean of no elements.
 * Source: PyTorch's mse_loss.
 */
export function meanSquaredError(a: Tensor, b: Tensor, attributes: LossAttributes = {}): Tensor {
  const op = "meanSquaredError";
  checkAttributes(op, attributes, { reduction: reductions });
  checkSameShape(op, { a, b });
  return reduced(op, square(sub(a, b)), attributes);
}

/**
 * The loss of pairs of outputs of which one should lie above the other: softplus(lower − upper), reduced to its mean by
 * default. In a relativistic GAN, the discriminator learns by `pairedLoss(real, fake)` of its outputs on real and
 * generated images, and the generator by `pairedLoss(fake, real)`.
 *
 * Shapes: upper (…), lower (…) → () for the mean and the sum, (…) for none.
 * Attributes: reduction — 'mean' over all pairs, 'sum' or 'none' ('mean').
 * Gradient: to lower, dy · sigmoid(lower − upper), divided by the number of pairs for the mean; to upper, its negative.
 * Throws: `ShapeError` if the shapes differ (nothing is broadcast), and for the mean of no pairs.
 * Source: Jolicoeur-Martineau 2018 (RSGAN); Huang et al. 2024 (R3GAN, arXiv 2501.05441), without its penalties.
 */
export function pairedLoss(upper: Tensor, lower: Tensor, attributes: LossAttributes = {}): Tensor {
  const op = "pairedLoss";
  checkAttributes(op, attributes, { reduction: reductions });
  checkSameShape(op, { upper, lower });
  return reduced(op, softplus(sub(lower, upper)), attributes);
}
