// Softmax and the cross-entropies from logits, with their gradients.
import { map, type Ref, scalar, zeros, zip } from "./array.ts";
import { sigmoid } from "./unary.ts";

/** Whether a loss is the mean or the sum of its elements' losses. */
export type Reduction = "mean" | "sum";

/**
 * Sigmoid cross-entropy of logits x against targets t of the same shape, a scalar:
 * max(x, 0) − x·t + log1p(e^−|x|), averaged or summed over all elements.
 */
export function sigmoidCrossEntropy(logits: Ref, targets: Ref, reduction: Reduction = "mean"): Ref {
  // log1p comes last: added to a large x first, it would be rounded away.
  const each = zip(
    logits,
    targets,
    (x, t) => Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))),
  );
  return total(each, reduction);
}

/** dlogits of `sigmoidCrossEntropy` for a scalar dy: dy · (sigmoid(x) − t), over n for the mean. */
export function sigmoidCrossEntropyGrad(
  dy: Ref,
  logits: Ref,
  targets: Ref,
  reduction: Reduction = "mean",
): Ref {
  const scale = dy.data[0]! / divisor(logits.data.length, reduction);
  return zip(logits, targets, (x, t) => scale * sigmoidMinus(x, t));
}

/** sigmoid(x) − t, with 1 − sigmoid(x) as sigmoid(−x): large logits keep their digits. */
function sigmoidMinus(x: number, t: number): number {
  return x > 0 ? 1 - t - sigmoid.value(-x) : sigmoid.value(x) - t;
}

/** Softmax over the last axis. */
export function softmax(x: Ref): Ref {
  return map(logSoftmax(x), Math.exp);
}

/** The gradient of `softmax`: y · (dy − Σ dy·y). */
export function softmaxGrad(dy: Ref, x: Ref): Ref {
  const y = softmax(x);
  const weighted = zip(dy, y, (g, p) => g * p);
  const dx = zeros(x.shape);
  eachRow(x, (start, end) => {
    const pull = weighted.data.subarray(start, end).reduce((a, b) => a + b, 0);
    for (let i = start; i < end; i++) dx.data[i] = y.data[i]! * (dy.data[i]! - pull);
  });
  return dx;
}

/** The logarithm of softmax over the last axis: x − max − ln Σ e^(x − max). */
export function logSoftmax(x: Ref): Ref {
  const y = zeros(x.shape);
  eachRow(x, (start, end) => {
    const row = x.data.subarray(start, end);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const logSum = Math.log(row.reduce((a, b) => a + Math.exp(b - top), 0));
    for (let i = start; i < end; i++) y.data[i] = x.data[i]! - top - logSum;
  });
  return y;
}

/** The gradient of `logSoftmax`: dy − softmax · Σ dy. */
export function logSoftmaxGrad(dy: Ref, x: Ref): Ref {
  const p = softmax(x);
  const dx = zeros(x.shape);
  eachRow(x, (start, end) => {
    const pull = dy.data.subarray(start, end).reduce((a, b) => a + b, 0);
    for (let i = start; i < end; i++) dx.data[i] = dy.data[i]! - p.data[i]! * pull;
  });
  return dx;
}

/** Cross-entropy of softmax over logits (N, K) against class numbers (N), a scalar. */
export function softmaxCrossEntropy(logits: Ref, labels: Ref, reduction: Reduction = "mean"): Ref {
  const logs = logSoftmax(logits);
  const classes = logits.shape.at(-1)!;
  const each = zeros(labels.shape);
  labels.data.forEach((label, n) => {
    each.data[n] = -logs.data[n * classes + label]!;
  });
  return total(each, reduction);
}

/** dlogits of `softmaxCrossEntropy` for a scalar dy: dy · (softmax − one-hot), over N for the mean. */
export function softmaxCrossEntropyGrad(
  dy: Ref,
  logits: Ref,
  labels: Ref,
  reduction: Reduction = "mean",
): Ref {
  const dx = softmax(logits);
  const classes = logits.shape.at(-1)!;
  labels.data.forEach((label, n) => {
    dx.data[n * classes + label]! -= 1;
  });
  const scale = dy.data[0]! / divisor(labels.data.length, reduction);
  return map(dx, (d) => scale * d);
}

function total(each: Ref, reduction: Reduction): Ref {
  const all = each.data.reduce((a, b) => a + b, 0);
  return scalar(all / divisor(each.data.length, reduction));
}

function divisor(count: number, reduction: Reduction): number {
  return reduction === "mean" ? count : 1;
}

function eachRow(x: Ref, visit: (start: number, end: number) => void): void {
  const length = x.shape.at(-1)!;
  for (let start = 0; start < x.data.length; start += length) visit(start, start + length);
}
