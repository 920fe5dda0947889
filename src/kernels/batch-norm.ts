// Batch normalisation over every axis but the last, with its activation.
import { formatShape, GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { finite, flag, instance, needed, oneOf } from "./attributes.ts";
import type { Epilogue } from "./epilogue.ts";
import {
  withEpilogue,
  outputChecks,
  STORED,
  type OutputAttributes,
  type ActivationType,
} from "./epilogue-attributes.ts";
import { checkArray, defineOp, type Gradients, type Needs, type Op } from "./op.ts";

/**
 * Which of a batch's variances enters the running one: the population's, as in Keras 3, or the sample's, n / (n − 1)
 * times that, as in PyTorch and, of images, in TensorFlow 2's fused kernel.
 */
export type RunningVariance = "population" | "sample";

/** How to normalise, and whether and how to follow the running statistics. */
export interface BatchNormAttributes extends OutputAttributes {
  /** Running statistics (2, C): mean, then variance. Training updates them, inference uses them. */
  readonly running?: GpuArray;
  /** Training uses the batch's mean and population variance; inference the running ones. */
  readonly training: boolean;
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
  /** running = momentum · running + (1 − momentum) · batch. Default 0.99, as in Keras. */
  readonly momentum?: number;
  /** Default `population`. */
  readonly runningVariance?: RunningVariance;
}

/** What the backward needs of a forward. */
interface Normalised {
  readonly x: GpuArray;
  readonly gamma: GpuArray;
  /** (2, C): the mean, in training less x's first row, and 1 / sqrt(variance + ε). */
  readonly stats: GpuArray;
  readonly training: boolean;
}

type Inputs = readonly [x: GpuArray, gamma: GpuArray, beta: GpuArray];

interface Walk {
  readonly splits: number;
  readonly constants: Readonly<Record<string, number>>;
  /** Of a launch that walks all runs of rows, and of one that takes each channel once. */
  readonly workgroups: readonly [number, number, number];
  readonly once: readonly [number, number, number];
}

const FEW_ROWS = 64; // which one invocation walks twice, rather than wait for a launch before

/**
 * How launches walk rows and channels. On SwiftShader four channels an invocation, as loads are what it costs;
 * on lavapipe one, as its compiler takes 8 ms for each word that eight lanes load; on a GPU one, so that
 * neighbours store side by side. Runs of rows for some 512 fours of channels, or 4,096
 * invocations on a GPU, but no more runs than rows in one: each invocation joins what all runs left.
 */
function walk(arrays: readonly [x: GpuArray, ...others: GpuArray[]]): Walk {
  const { device, shape, size } = arrays[0];
  const channels = shape.at(-1)!;
  const rows = size / Math.max(channels, 1);
  const fours = device.software && channels % 4 === 0 && arrays.every(byFours);
  const width = fours && device.lanes < 8 ? 4 : 1;
  const blocks = channels / width;
  const wanted = Math.ceil(
    (device.software ? 512 : 4096) / Math.max(fours ? channels / 4 : blocks, 1),
  );
  const runs = rows <= FEW_ROWS ? 1 : Math.min(wanted, Math.ceil(Math.sqrt(rows)));
  const chunk = Math.max(1, Math.ceil(rows / runs));
  const splits = Math.max(1, Math.ceil(rows / chunk));
  return {
    splits,
    constants: { ROWS: rows, CHANNELS: channels, WIDTH: width, SPLITS: splits, CHUNK: chunk },
    workgroups: device.linear(size === 0 ? 0 : splits * blocks),
    once: device.linear(blocks),
  };
}

function check(
  x: GpuArray,
  gamma: GpuArray,
  beta: GpuArray,
  { running, training, epilogue }: BatchNormAttributes,
): void {
  const channels = x.shape.at(-1);
  const fits = ({ shape }: GpuArray): boolean => shape.length === 1 && shape[0] === channels;
  if (channels === undefined || !fits(gamma) || !fits(beta)) {
    throw new ShapeError(
      `batchNorm: input ${formatShape(x.shape)} wants gamma and beta (${channels ?? "its last axis"}); got ${formatShape(gamma.shape)} and ${formatShape(beta.shape)}`,
    );
  }
  if (epilogue?.dropout) {
    throw new AttributeError(
      "batchNorm: epilogue takes an activation alone; got dropout: use the op dropout behind it",
    );
  }
  if (training && x.size === 0) {
    throw new ShapeError(
      `batchNorm: ${formatShape(x.shape)} has no rows to take statistics from; use inference, or a batch`,
    );
  }
  if (!training && !running) {
    throw new AttributeError("batchNorm: inference needs running statistics; pass `running`");
  }
  if (running) checkArray("batchNorm", "running statistics", running, x);
  if (running && formatShape(running.shape) !== formatShape([2, channels])) {
    throw new ShapeError(
      `batchNorm: running statistics must be (2, ${channels}), mean then variance; got ${formatShape(running.shape)}`,
    );
  }
}

/** Normalises, and leaves in `moments` (2, C) what the backward needs. One launch; in training two where rows are many. */
function normalise(
  [x, gamma, beta]: Inputs,
  moments: GpuArray,
  attributes: BatchNormAttributes,
  epilogue: Epilogue | undefined,
  activationType: ActivationType,
): GpuArray {
  const { device } = x;
  const { running, training, epsilon = 1e-3, momentum = 0.99, runningVariance } = attributes;
  const channels = x.shape.at(-1)!;
  const { splits, constants, workgroups } = walk([x]);
  const out = device.empty(x.shape, activationType, "batch_norm");
  const shared = {
    shader: "batch-norm",
    constants: { ...constants, ...epilogue?.constants, TRAINING: training, EPSILON: epsilon },
    workgroups,
  } as const;
  const bind = { inp: x, gamma, beta, moments, out };
  if (!training) {
    const known = { ...bind, known: running! };
    device.launch({ ...shared, entry: "infer", bind: known, flop: 4 * x.size });
    return out;
  }
  const partials =
    splits === 1 ? gamma : device.empty([splits, 2, channels], "f32", "batch_norm.partials");
  if (splits > 1) {
    device.launch({
      shader: "batch-norm",
      entry: "batch_partials",
      constants,
      bind: { inp: x, partial: partials },
      workgroups,
      flop: 5 * x.size,
    });
  }
  const rows = x.size / channels;
  device.launch({
    ...shared,
    entry: "normalise",
    constants: {
      ...shared.constants,
      MOMENTUM: momentum,
      REST: 1 - momentum,
      VARIANCE_FACTOR: runningVariance === "sample" ? rows / Math.max(rows - 1, 1) : 1,
      TRACK: running !== undefined,
    },
    bind: { ...bind, partials, running: running ?? device.empty([2, channels]) },
    flop: (splits === 1 ? 9 : 4) * x.size,
  });
  return out;
}

/**
 * The gradients of x, γ and β, as far as they are asked for, from `dz`, the gradient at γ · x̂ + β, before an
 * activation. In training one launch, or two where rows are many.
 */
function gradients(dz: GpuArray, saved: Normalised, needs: Needs): Gradients {
  const { x, gamma, stats, training } = saved;
  const { device, size } = x;
  const channels = x.shape.at(-1)!;
  const { splits, constants, workgroups, once } = walk([x, dz]);
  const shared = {
    shader: "batch-norm-backward",
    constants: { ...constants, TRAINING: training },
    workgroups,
  } as const;
  const empty = (shape: readonly number[], what: string): GpuArray =>
    device.empty(shape, "f32", `batch_norm.${what}`);
  const dx = needs[0] ? empty(x.shape, "dx") : undefined;
  const sums = { dgamma: empty([channels], "dgamma"), dbeta: empty([channels], "dbeta") };
  const asked = [dx, needs[1] ? sums.dgamma : undefined, needs[2] ? sums.dbeta : undefined];
  if (dx && !training) {
    const bind = { dout: dz, stats, gamma, dinp: dx };
    device.launch({ ...shared, entry: "inference_input", bind, flop: size });
  }
  // In training x moves the batch's statistics, by both sums; otherwise those are for γ and β alone.
  const inputToo = dx !== undefined && training;
  if (!inputToo && !needs[1] && !needs[2]) return asked;
  const alone = inputToo && splits === 1;
  const partials = alone ? gamma : empty([splits, 2, channels], "partials");
  if (!alone) {
    const bind = { dout: dz, inp: x, stats, partial: partials };
    device.launch({ ...shared, entry: "partial_sums", bind, flop: 5 * size });
  }
  if (inputToo) {
    const bind = { dout: dz, inp: x, stats, gamma, partials, ...sums, dinp: dx };
    device.launch({ ...shared, entry: "input", bind, flop: (alone ? 13 : 8) * size });
  } else {
    device.launch({ ...shared, entry: "affine", bind: { partials, ...sums }, workgroups: once });
  }
  return asked;
}

/** Batch norm: x (…, C), γ (C), β (C). In training, gradients flow through the batch's statistics. */
export const batchNorm: Op<Inputs, BatchNormAttributes> = defineOp({
  name: "batchNorm",
  attributes: {
    running: instance(GpuArray, "an array (2, C) of mean and variance"),
    training: needed(flag),
    epsilon: finite(0),
    momentum: finite(0, 1),
    runningVariance: oneOf("population", "sample"),
    ...outputChecks,
  },
  takes: STORED,
  forward(inputs, attributes: BatchNormAttributes) {
    const [x, gamma, beta] = inputs;
    check(x, gamma, beta, attributes);
    const moments = x.device.empty([2, x.shape.at(-1)!], "f32", "batch_norm.moments");
    const made = withEpilogue("batchNorm", attributes, (epilogue, activationType) =>
      normalise(inputs, moments, attributes, epilogue, activationType),
    );
    return { ...made, saved: { x, gamma, stats: moments, training: attributes.training } };
  },
  backward: (dz, saved, _attributes, needs) => gradients(dz, saved, needs),
});
