// Batch normalisation over every axis except the last, with its activation.
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
 * Which variance of a batch enters the running variance: the population's, as in Keras 3, or the sample's, which is
 * n / (n − 1) times as large, as in PyTorch and in TensorFlow 2's fused kernel for images.
 */
export type RunningVariance = "population" | "sample";

/** How to normalise, and whether and how to track running statistics. */
export interface BatchNormAttributes extends OutputAttributes {
  /** Running statistics (2, C): mean, then variance. Training updates them; inference uses them. */
  readonly running?: GpuArray;
  /** Whether to normalise by the batch's mean and population variance (true) or by the running ones (false). */
  readonly training: boolean;
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
  /** running = momentum · running + (1 − momentum) · batch. Default 0.99, as in Keras. */
  readonly momentum?: number;
  /** Which variance `running` follows. Default `population`. */
  readonly runningVariance?: RunningVariance;
}

/** What the backward needs from a forward. */
interface Normalised {
  readonly x: GpuArray;
  readonly gamma: GpuArray;
  /** (2, C): the mean (minus x's first row, in training) and 1 / sqrt(variance + ε). */
  readonly stats: GpuArray;
  readonly training: boolean;
}

type Inputs = readonly [x: GpuArray, gamma: GpuArray, beta: GpuArray];

interface Walk {
  readonly splits: number;
  readonly constants: Readonly<Record<string, number>>;
  /** For a launch that walks every run of rows (`workgroups`), and for one that takes each channel once (`once`). */
  readonly workgroups: readonly [number, number, number];
  readonly once: readonly [number, number, number];
}

const FEW_ROWS = 64; // so few that one invocation walks them twice, which saves a launch before it

/**
 * Decides how launches walk rows and channels. On SwiftShader an invocation takes four channels, because loads dominate
 * its cost. On lavapipe it takes one, because the compiler needs 8 ms for each word that eight lanes load. On a GPU it
 * takes one, so that neighbours store adjacent elements. Rows are cut into runs until there are about 512 vec4s of
 * channels, or 4,096 invocations on a GPU. There are never more runs than rows in a run, because each invocation then
 * combines the partial results of all runs.
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
      `batchNorm: gamma and beta must have shape (${channels ?? "the input's last axis"}) for input ${formatShape(x.shape)}; got ${formatShape(gamma.shape)} and ${formatShape(beta.shape)}`,
    );
  }
  if (epilogue?.dropout) {
    throw new AttributeError(
      "batchNorm: epilogue may only contain an activation; got dropout; use the op dropout after batchNorm",
    );
  }
  if (training && x.size === 0) {
    throw new ShapeError(
      `batchNorm: input must have at least one row to compute statistics from; got ${formatShape(x.shape)}; use inference for an empty batch`,
    );
  }
  if (!training && !running) {
    throw new AttributeError("batchNorm: inference needs running statistics; pass `running`");
  }
  if (running) checkArray("batchNorm", "running statistics", running, x);
  if (running && formatShape(running.shape) !== formatShape([2, channels])) {
    throw new ShapeError(
      `batchNorm: running statistics must have shape (2, ${channels}), mean then variance; got ${formatShape(running.shape)}`,
    );
  }
}

/** Normalises, and writes what the backward needs into `moments` (2, C). One launch; two when training on many rows. */
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
 * Returns those gradients of x, γ and β that are asked for, from `dz`, the gradient at γ · x̂ + β, which is before any
 * activation. In training this takes one launch, or two if there are many rows.
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
  // In training, the gradient of x flows through the batch's statistics and needs both sums. Otherwise only γ and β do.
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

/** Batch normalisation: x (…, C), γ (C), β (C). In training, gradients flow through the batch's statistics. */
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
