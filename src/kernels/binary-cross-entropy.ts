// Element-wise binary cross-entropy of probabilities.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { finite } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** How the loss is kept finite: by `clip` unless `logClamp` is given. */
export interface BinaryCrossEntropyBounds {
  /**
   * Probabilities are clipped to [clip, 1 − clip], outside which they have no gradient. In [0, 0.5]; default 1e-7, as
   * in Keras.
   */
  readonly clip?: number;
  /** Instead of `clip`: the least value of both logarithms, at most 0. PyTorch uses −100. */
  readonly logClamp?: number;
}

/** The bounds, and the label of every element if labels aren't an array. */
export interface BinaryCrossEntropyAttributes extends BinaryCrossEntropyBounds {
  readonly label?: number;
}

type Inputs = readonly [probabilities: GpuArray, ...labels: GpuArray[]];

function launch(
  entry: "forward" | "backward" | "backward_labels",
  [probabilities, labels]: Inputs,
  { clip = 1e-7, logClamp, label = 0 }: BinaryCrossEntropyAttributes,
  dout?: GpuArray,
): GpuArray {
  const { device, size, shape } = probabilities;
  const out = device.empty(shape, "f32", `binary_cross_entropy.${entry}`);
  const clamped = logClamp !== undefined;
  device.launch({
    shader: "binary-cross-entropy",
    entry,
    constants: {
      COUNT: size,
      CONSTANT: labels === undefined,
      LABEL: label,
      CLAMPED: clamped,
      ...(clamped ? { LOG_LOW: logClamp } : { LOW: clip, HIGH: 1 - clip }),
    },
    bind: {
      probabilities,
      ...(entry === "backward_labels" ? {} : { labels: labels ?? probabilities }),
      ...(dout ? { dout } : {}),
      out,
    },
    workgroups: device.linear(size),
    flop: 40 * size,
  });
  return out;
}

/** −(t · log p + (1 − t) · log(1 − p)), with labels t as a second input or one label for all elements. */
export const binaryCrossEntropyEach: Op<Inputs, BinaryCrossEntropyAttributes> = defineOp({
  name: "binaryCrossEntropy",
  attributes: {
    clip: finite(0, 0.5),
    logClamp: {
      expects: "a finite number ≤ 0",
      accepts: (value) => typeof value === "number" && Number.isFinite(value) && value <= 0,
    },
    label: finite(0, 1),
  },
  forward(inputs: Inputs, attributes: BinaryCrossEntropyAttributes) {
    const [{ shape }, labels] = inputs;
    if (attributes.clip !== undefined && attributes.logClamp !== undefined) {
      throw new AttributeError(
        `binaryCrossEntropy: only one of clip and logClamp may be given; got clip ${attributes.clip} and logClamp ${attributes.logClamp}`,
      );
    }
    if (labels && formatShape(labels.shape) !== formatShape(shape)) {
      throw new ShapeError(
        `binaryCrossEntropy: labels must have the probabilities' shape ${formatShape(shape)}; got ${formatShape(labels.shape)}`,
      );
    }
    return { out: launch("forward", inputs, attributes), saved: inputs };
  },
  backward: (dout, inputs, attributes, needs) => [
    needs[0] ? launch("backward", inputs, attributes, dout) : undefined,
    needs[1] ? launch("backward_labels", inputs, attributes, dout) : undefined,
  ],
});
