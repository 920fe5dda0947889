// Cross-entropy of softmax, a loss for each row of logits; labels are probabilities or numbers of classes.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { anyWhole, axisOf, finite } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";
import { type AxisAttribute, rowsAlong, softmaxOf } from "./softmax.ts";

/** Along which axis the classes lie, and how labels are smoothed. */
export interface SoftmaxCrossEntropyRowsAttributes extends AxisAttribute {
  /** The share ε of each label that is spread evenly over all K classes: t · (1 − ε) + ε / K. In [0, 1]; default 0. */
  readonly labelSmoothing?: number;
}

interface Saved {
  readonly logs: GpuArray;
  readonly labels: GpuArray;
  readonly along: number;
  readonly smoothing: number;
}

function launch(
  entry: "forward" | "backward" | "backward_labels",
  { logs, labels, along, smoothing }: Saved,
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
    },
    bind: {
      logs,
      ...(entry === "backward_labels" ? {} : { labels }),
      ...(dout ? { dout } : {}),
      out,
    },
    workgroups: device.linear(entry === "backward_labels" ? logs.size : rows),
    flop: (entry === "backward" ? 30 : 3) * logs.size,
  });
  return out;
}

/** −Σ t · log softmax(logits) along an axis: one loss a row. */
export const softmaxCrossEntropyRows: Op<
  readonly [logits: GpuArray, labels: GpuArray],
  SoftmaxCrossEntropyRowsAttributes
> = defineOp({
  name: "softmaxCrossEntropy",
  attributes: { axis: anyWhole, labelSmoothing: finite(0, 1) },
  takes: [["f32"], ["f32", "i32"]],
  forward([logits, labels], attributes: SoftmaxCrossEntropyRowsAttributes) {
    const { axis = -1, labelSmoothing: smoothing = 0 } = attributes;
    const { device, shape } = logits;
    const along = axisOf("softmaxCrossEntropy", axis, shape.length);
    const rows = shape.toSpliced(along, 1);
    const wanted = labels.dtype === "i32" ? rows : shape;
    if (shape[along] === 0) {
      throw new ShapeError(
        `softmaxCrossEntropy: logits ${formatShape(shape)} have no classes along axis ${along}; it takes at least one`,
      );
    }
    if (formatShape(labels.shape) !== formatShape(wanted)) {
      throw new ShapeError(
        `softmaxCrossEntropy: logits ${formatShape(shape)} want ${labels.dtype} labels of shape ${formatShape(wanted)}, ${labels.dtype === "i32" ? "a class for each row" : "a probability for each logit"}; got ${formatShape(labels.shape)}`,
      );
    }
    const saved = { logs: softmaxOf(logits, along, true), labels, along, smoothing };
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
