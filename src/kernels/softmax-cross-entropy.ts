// Softmax cross-entropy: one loss per row of logits; labels are probabilities or class numbers.
import { formatShape, GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, type Check, finite, instance } from "./attributes.ts";
import { binary } from "./binary.ts";
import { checkArray, defineOp, type Op } from "./op.ts";
import { reduce } from "./reduce.ts";
import { type AxisAttribute, rowsAlong, softmaxOf } from "./softmax.ts";

/** Along which axis the classes lie, how labels are smoothed, and how classes and rows are weighted. */
export interface SoftmaxCrossEntropyRowsAttributes extends AxisAttribute {
  /** (K): one weight per class, which multiplies the labels of that class. Default: none. */
  readonly classWeights?: GpuArray;
  /** A class number whose rows have a loss of 0 and don't count in the mean. Default: none. */
  readonly ignoredClass?: number;
  /** The fraction ε of each label that is spread over all K classes: t · (1 − ε) + ε / K. In [0, 1]; default 0. */
  readonly labelSmoothing?: number;
}

interface Saved {
  readonly logs: GpuArray;
  readonly labels: GpuArray;
  readonly along: number;
  readonly smoothing: number;
  readonly weights: GpuArray | undefined;
  readonly ignored: number | undefined;
}

const classNumber: Check = {
  expects: "a 32-bit whole number",
  accepts: (value) => typeof value === "number" && value === (value | 0),
};

function launch(
  entry: "forward" | "backward" | "backward_labels" | "row_weights",
  { logs, labels, along, smoothing, weights, ignored }: Saved,
  out: GpuArray,
  dout?: GpuArray,
): GpuArray {
  const { device } = logs;
  const { rows, constants } = rowsAlong(logs.shape, along);
  device.launch({
    shader: "softmax-cross-entropy",
    entry,
    constants: {
      ...constants,
      CLASSES: labels.dtype === "i32",
      KEEP: 1 - smoothing,
      SHARE: smoothing / Math.max(constants.LENGTH, 1),
      WEIGHTED: weights !== undefined,
      IGNORES: ignored !== undefined,
      IGNORED: ignored ?? 0,
    },
    bind: {
      ...(entry === "row_weights" ? {} : { logs }),
      ...(entry === "backward_labels" ? {} : { labels }),
      weights: weights ?? logs,
      ...(dout ? { dout } : {}),
      out,
    },
    workgroups: device.linear(entry === "backward_labels" ? logs.size : rows),
    flop: (entry === "backward" ? 30 : 3) * logs.size,
  });
  return out;
}

function checkWeights(weights: GpuArray, logits: GpuArray, classes: number): void {
  checkArray("softmaxCrossEntropy", "classWeights", weights, logits);
  if (formatShape(weights.shape) === formatShape([classes])) return;
  throw new ShapeError(
    `softmaxCrossEntropy: classWeights must have shape (${classes}), one weight per class; got ${formatShape(weights.shape)}`,
  );
}

/**
 * Returns the divisor of a mean over rows when class numbers are ignored or weighted: the sum of the weights of the
 * rows that count, or 1 if that is 0. Returns undefined if every row counts 1, as with labels of probabilities.
 */
export function meanDivisor(
  logits: GpuArray,
  labels: GpuArray,
  { axis = -1, classWeights, ignoredClass }: SoftmaxCrossEntropyRowsAttributes,
): GpuArray | undefined {
  if (labels.dtype !== "i32" || (!classWeights && ignoredClass === undefined)) return undefined;
  const along = axisOf("softmaxCrossEntropy", axis, logits.shape.length);
  const rows = { logs: logits, labels, along, smoothing: 0 };
  const each = logits.device.empty(labels.shape, "f32", "softmax_cross_entropy.row_weights");
  launch("row_weights", { ...rows, weights: classWeights, ignored: ignoredClass }, each);
  const axes = labels.shape.map((_, at) => at);
  const total = reduce(each, "sum", axes, false);
  const zero = logits.device.upload(Float32Array.of(0), [], "f32", "zero");
  return binary("add", total, binary("equal", total, zero));
}

/** −Σ t · log softmax(logits) along an axis: one loss per row. */
export const softmaxCrossEntropyRows: Op<
  readonly [logits: GpuArray, labels: GpuArray],
  SoftmaxCrossEntropyRowsAttributes
> = defineOp({
  name: "softmaxCrossEntropy",
  attributes: {
    axis: anyWhole,
    labelSmoothing: finite(0, 1),
    classWeights: instance(GpuArray, "a tensor (K) with one weight per class"),
    ignoredClass: classNumber,
  },
  takes: [["f32"], ["f32", "i32"]],
  forward([logits, labels], attributes: SoftmaxCrossEntropyRowsAttributes) {
    const { axis = -1, labelSmoothing: smoothing = 0 } = attributes;
    const { classWeights: weights, ignoredClass: ignored } = attributes;
    const { device, shape } = logits;
    const along = axisOf("softmaxCrossEntropy", axis, shape.length);
    const rows = shape.toSpliced(along, 1);
    const wanted = labels.dtype === "i32" ? rows : shape;
    if (shape[along] === 0) {
      throw new ShapeError(
        `softmaxCrossEntropy: logits ${formatShape(shape)} must have at least one class along axis ${along}; got none`,
      );
    }
    if (formatShape(labels.shape) !== formatShape(wanted)) {
      throw new ShapeError(
        `softmaxCrossEntropy: for logits ${formatShape(shape)}, ${labels.dtype} labels must have shape ${formatShape(wanted)}, ${labels.dtype === "i32" ? "one class per row" : "one probability per logit"}; got ${formatShape(labels.shape)}`,
      );
    }
    if (weights) checkWeights(weights, logits, shape[along]!);
    if (ignored !== undefined && labels.dtype !== "i32") {
      throw new AttributeError(
        `softmaxCrossEntropy: ignoredClass ${ignored} has no meaning if labels are probabilities; leave it out, or set a row's labels to 0`,
      );
    }
    const logs = softmaxOf(logits, along, true);
    const saved: Saved = { logs, labels, along, smoothing, weights, ignored };
    const out = device.empty(rows, "f32", "softmax_cross_entropy");
    return { out: launch("forward", saved, out), saved };
  },
  backward(dout, saved, _attributes, needs) {
    const { device, shape } = saved.logs;
    const gradient = (entry: "backward" | "backward_labels"): GpuArray =>
      launch(entry, saved, device.empty(shape, "f32", `softmax_cross_entropy.${entry}`), dout);
    return [
      needs[0] ? gradient("backward") : undefined,
      needs[1] ? gradient("backward_labels") : undefined,
    ];
  },
});
