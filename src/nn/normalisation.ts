// Normalisation layers: over the batch, over each example, or over groups of its channels.
import {
  batchNorm as batchNormOp,
  groupNorm as groupNormOp,
  instanceNorm as instanceNormOp,
  layerNorm as layerNormOp,
} from "../autograd/ops.ts";
import { formatShape } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import {
  anyAxes,
  checkArgument,
  checkAttributes,
  extent,
  finite,
  oneOf,
} from "../kernels/attributes.ts";
import type { RunningVariance } from "../kernels/batch-norm.ts";
import { checkGroups, layerNormShape } from "../kernels/group-norm.ts";
import type { Axes } from "../kernels/reduce.ts";
import { constant, type Initialiser } from "./initialisers.ts";
import type { Layer, ParameterSpec } from "./layer.ts";

const none = (): Readonly<Record<never, never>> => ({});
const same = (shape: readonly number[]): readonly number[] => shape;

/** The parameters γ, of ones, and β, of zeros. */
const affine = (shape: readonly number[]): Readonly<Record<string, ParameterSpec>> => ({
  gamma: { shape, initialiser: constant(1) },
  beta: { shape, initialiser: constant(0) },
});

/** Options of batch normalisation; the defaults are Keras 3's. */
export interface BatchNormOptions {
  readonly runningVariance?: RunningVariance;
  readonly epsilon?: number;
  readonly momentum?: number;
}

/** Normalises each channel (the last axis) over the batch, then scales by γ and shifts by β. */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  checkAttributes<BatchNormOptions>("BatchNorm", options, {
    epsilon: finite(0),
    momentum: finite(0, 1),
    runningVariance: oneOf("population", "sample"),
  });
  const { epsilon = 1e-3, momentum = 0.99, runningVariance = "population" } = options;
  return {
    kind: "BatchNorm",
    detail: "",
    outputShape: same,
    parameters: (input) => affine([input.at(-1)!]),
    buffers: (input) => ({
      running: { shape: [2, input.at(-1)!], initialiser: runningStart },
    }),
    takesEpilogue: ["activation"],
    takesF16: "stores",
    form: { op: "batchNorm", epsilon, momentum, runningVariance },
    forward(x, { gamma, beta }, { running }, { training, track = true, ranks }, output) {
      const tracked = training && !track ? {} : { running: running! };
      const rates = { epsilon, momentum, runningVariance };
      const shared = training ? { ranks } : {};
      return batchNormOp(x, gamma!, beta!, {
        training,
        ...rates,
        ...tracked,
        ...shared,
        ...output,
      });
    },
  };
}

/** Mean 0 and variance 1. */
const runningStart: Initialiser = (rng, shape) => {
  const half = shape[1]!;
  const values = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? 0 : 1));
  return rng.state.device.upload(values, shape, "f32", "running");
};

/** Options of instance normalisation. */
export interface InstanceNormOptions {
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
}

/** Options of layer normalisation. */
export interface LayerNormOptions extends InstanceNormOptions {
  /** The last axes of an example, one or more; negative ones count from the end. Default [−1]. */
  readonly axes?: Axes;
}

/**
 * Normalises each example over its last axis or axes, then scales by γ and shifts by β, which have the shape of those
 * axes.
 */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  checkAttributes<LayerNormOptions>("LayerNorm", options, { axes: anyAxes, epsilon: finite(0) });
  const { axes = [-1], epsilon = 1e-3 } = options;
  const shapeOf = (input: readonly number[]) => layerNormShape("LayerNorm", input, axes);
  return {
    kind: "LayerNorm",
    detail: options.axes === undefined ? "" : `axes ${[axes].flat().join(", ")}`,
    outputShape(input) {
      shapeOf(input);
      return input;
    },
    parameters: (input) => affine(shapeOf(input)),
    buffers: none,
    forward(x, { gamma, beta }) {
      const rank = gamma!.shape.length;
      const last = Array.from({ length: rank }, (_, axis) => axis - rank);
      return layerNormOp(x, gamma!, beta!, { axes: last, epsilon });
    },
  };
}

function checkChannels(kind: string, input: readonly number[]): void {
  if (input.length > 0) return;
  throw new ShapeError(`${kind}: takes examples (…, C) with channels; got ${formatShape(input)}`);
}

/**
 * Normalises groups of each example's channels (the last axis) over all positions, then scales and shifts each channel.
 */
export function groupNorm(groups: number, options: InstanceNormOptions = {}): Layer {
  checkArgument("GroupNorm", "groups", groups, extent(1));
  checkAttributes<InstanceNormOptions>("GroupNorm", options, { epsilon: finite(0) });
  const { epsilon = 1e-3 } = options;
  return {
    kind: "GroupNorm",
    detail: `${groups} groups`,
    outputShape(input) {
      checkChannels("GroupNorm", input);
      checkGroups("GroupNorm", input, groups);
      return input;
    },
    parameters: (input) => affine([input.at(-1)!]),
    buffers: none,
    forward: (x, { gamma, beta }) => groupNormOp(x, gamma!, beta!, { groups, epsilon }),
  };
}

/** Normalises each channel (the last axis) of each example over its positions, then scales by γ and shifts by β. */
export function instanceNorm(options: InstanceNormOptions = {}): Layer {
  checkAttributes<InstanceNormOptions>("InstanceNorm", options, { epsilon: finite(0) });
  const { epsilon = 1e-3 } = options;
  return {
    kind: "InstanceNorm",
    detail: "",
    outputShape(input) {
      checkChannels("InstanceNorm", input);
      return input;
    },
    parameters: (input) => affine([input.at(-1)!]),
    buffers: none,
    forward: (x, { gamma, beta }) => instanceNormOp(x, gamma!, beta!, { epsilon }),
  };
}
