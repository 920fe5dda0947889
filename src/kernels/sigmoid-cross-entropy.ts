// Element-wise binary cross-entropy of logits.
import { formatShape, GpuArray } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { either, finite, instance, needed } from "./attributes.ts";
import { checkArray, defineOp, type Op } from "./op.ts";

/** The labels: one probability for all elements, or one per element. No gradient flows to them. */
export interface SigmoidCrossEntropyLabels {
  readonly labels: number | GpuArray;
}

function launch(
  entry: "forward" | "backward",
  logits: GpuArray,
  labels: number | GpuArray,
  dout?: GpuArray,
): GpuArray {
  const { device } = logits;
  const out = device.empty(logits.shape, "f32", `sigmoid_cross_entropy.${entry}`);
  const constant = typeof labels === "number";
  device.launch({
    shader: "sigmoid-cross-entropy",
    entry,
    constants: { COUNT: logits.size, CONSTANT: constant, LABEL: constant ? labels : 0 },
    bind: {
      logits,
      labels: constant ? logits : labels,
      ...(dout ? { dout } : {}),
      out,
    },
    workgroups: device.linear(logits.size),
    flop: 8 * logits.size,
  });
  return out;
}

/** Element-wise max(x, 0) − x·t + log(1 + exp(−|x|)), as TensorFlow's `sigmoid_cross_entropy_with_logits`. */
export const sigmoidCrossEntropy: Op<readonly [GpuArray], SigmoidCrossEntropyLabels> = defineOp({
  name: "sigmoidCrossEntropy",
  attributes: {
    labels: needed(either(finite(0, 1), instance(GpuArray, "an array of the logits' shape"))),
  },
  forward([logits], { labels }: SigmoidCrossEntropyLabels) {
    if (typeof labels !== "number") checkArray("sigmoidCrossEntropy", "labels", labels, logits);
    if (typeof labels !== "number" && formatShape(labels.shape) !== formatShape(logits.shape)) {
      throw new ShapeError(
        `sigmoidCrossEntropy: labels must have the logits' shape ${formatShape(logits.shape)}; got ${formatShape(labels.shape)}`,
      );
    }
    return { out: launch("forward", logits, labels), saved: { logits, labels } };
  },
  backward: (dout, { logits, labels }) => [launch("backward", logits, labels, dout)],
});
