// Softmax and the cross-entropies from logits, with their gradients.
import { map, type Ref, scalar, sizeOf, zeros, zip } from "./array.ts";
import { sum, sumGrad } from "./reduce.ts";
import { transpose, transposeGrad } from "./shape-ops.ts";
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
    const inner = weighted.data.subarray(start, end).reduce((a, b) => a + b, 0);
    for (let i = start; i < end; i++) dx.data[i] = y.data[i]! * (dy.data[i]! - inner);
  });
  return dx;
}

/**
 * The logarithm of softmax over the last axis: x − max − ln Σ e^(x − max). The largest element's term is 1, and
 * comes last, or small others would be rounded away.
 */
export function logSoftmax(x: Ref): Ref {
  const y = zeros(x.shape);
  eachRow(x, (start, end) => {
    const row = x.data.subarray(start, end);
    const top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const topAt = row.indexOf(top);
    const rest = row.reduce((a, b, i) => a + (i === topAt ? b - top : Math.exp(b - top)), 0);
    const logSum = Math.log1p(rest);
    for (let i = start; i < end; i++) y.data[i] = x.data[i]! - top - logSum;
  });
  return y;
}

/** The gradient of `logSoftmax`: dy − softmax · Σ dy. */
export function logSoftmaxGrad(dy: Ref, x: Ref): Ref {
  const p = softmax(x);
  const dx = zeros(x.shape);
  eachRow(x, (start, end) => {
    const inner = dy.data.subarray(start, end).reduce((a, b) => a + b, 0);
    for (let i = start; i < end; i++) dx.data[i] = dy.data[i]! - p.data[i]! * inner;
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

/** An array with one axis moved behind all others. */
export function toLast(x: Ref, axis: number): Ref {
  return transpose(x, orderOf(x.shape.length, axis));
}

/** The inverse of `toLast`. */
export function fromLast(x: Ref, axis: number): Ref {
  return transposeGrad(x, orderOf(x.shape.length, axis));
}

function orderOf(rank: number, axis: number): number[] {
  const at = axis < 0 ? axis + rank : axis;
  return [...Array.from({ length: rank }, (_, i) => i).filter((i) => i !== at), at];
}

/** Elements' losses reduced, or each by itself. */
export function reduced(each: Ref, reduction: Reduction | "none"): Ref {
  return reduction === "none" ? each : total(each, reduction);
}

/** The gradient of `reduced` for elements' losses of a shape. */
export function reducedGrad(dy: Ref, shape: readonly number[], reduction: Reduction | "none"): Ref {
  if (reduction === "none") return dy;
  return map(zeros(shape), () => dy.data[0]! / divisor(sizeOf(shape), reduction));
}

/** Probabilities (…, classes) of class numbers; what is no class gets none at all, smoothed or not. */
export function oneHot(labels: Ref, classes: number, smoothing = 0): Ref {
  const t = zeros([...labels.shape, classes]);
  labels.data.forEach((label, n) => {
    if (label < 0 || label >= classes) return;
    const row = t.data.subarray(n * classes, (n + 1) * classes);
    row.fill(smoothing / classes);
    row[label]! += 1 - smoothing;
  });
  return t;
}

/** Cross-entropy of softmax over the last axis against probabilities, for each row: −Σ t · log softmax. */
export function crossEntropyRows(logits: Ref, t: Ref): Ref {
  // A label of 0 has no part in the sum, be the logarithm infinite.
  const terms = zip(logSoftmax(logits), t, (log, p) => (p === 0 ? 0 : -p * log));
  return sum(terms, [-1]);
}

/** dlogits of `crossEntropyRows`: dy · (softmax · Σt − t); a row without labels has none. */
export function crossEntropyRowsGrad(dy: Ref, logits: Ref, t: Ref): Ref {
  const [totals, flow] = [sum(t, [-1]), dy].map((rows) => sumGrad(rows, logits.shape, [-1]));
  const weights = zip(softmax(logits), totals!, (p, all) => (all === 0 ? 0 : p * all));
  return zip(
    flow!,
    zip(weights, t, (p, label) => p - label),
    (g, slope) => g * slope,
  );
}

/** How a binary cross-entropy is bounded: the probabilities, or the logarithms. */
export type Bounds =
  | { readonly clip: number; readonly logClamp?: never }
  | { readonly logClamp: number; readonly clip?: never };

/** The bounds of probabilities as float32 holds them. */
function ends({ clip = 0 }: Bounds): [number, number] {
  return [Math.fround(clip), Math.fround(1 - clip)];
}

/** log p and log(1 − p) as a binary cross-entropy takes them. */
function logarithms(p: number, bounds: Bounds): [number, number] {
  const { logClamp } = bounds;
  if (logClamp !== undefined) {
    return [Math.max(Math.log(p), logClamp), Math.max(Math.log1p(-p), logClamp)];
  }
  const [low, high] = ends(bounds);
  const held = Math.min(Math.max(p, low), high);
  return [Math.log(held), Math.log1p(-held)];
}

/** −(t · log p + (1 − t) · log(1 − p)); a logarithm without weight costs nothing. */
export function binaryCrossEntropy(p: Ref, t: Ref, bounds: Bounds): Ref {
  return zip(p, t, (each, label) => {
    const [yes, no] = logarithms(each, bounds);
    return -((label === 0 ? 0 : label * yes) + (label === 1 ? 0 : (1 - label) * no));
  });
}

/** The slopes of `binaryCrossEntropy` by p: as Keras's clip has it, or as PyTorch's BCELoss. */
export function binaryCrossEntropySlope(p: Ref, t: Ref, bounds: Bounds): Ref {
  const [low, high] = ends(bounds);
  return zip(p, t, (each, label) => {
    const variance = each * (1 - each);
    if (bounds.logClamp !== undefined) return (each - label) / Math.max(variance, 1e-12);
    return each < low || each > high ? 0 : (each - label) / variance;
  });
}

/** The slopes of `binaryCrossEntropy` by t. */
export function binaryCrossEntropyLabelSlope(p: Ref, bounds: Bounds): Ref {
  return map(p, (each) => {
    const [yes, no] = logarithms(each, bounds);
    return no - yes;
  });
}
