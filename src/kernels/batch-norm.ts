// Batch normalisation over every axis except the last, with its activation.
import { formatShape, GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { walk } from "./batch-norm-walk.ts";
import type { Ranks } from "../gpu/ranks.ts";
import { anything, finite, flag, instance, needed, oneOf } from "./attributes.ts";
import { joinedConstants, joinMoments, joinSums } from "./batch-norm-ranks.ts";
import type { Epilogue } from "./epilogue.ts";
import {
  withEpilogue,
  outputChecks,
  STORED,
  type OutputAttributes,
  type ActivationType,
} from "./epilogue-attributes.ts";
import { checkArray, defineOp, type Gradients, type Needs, type Op } from "./op.ts";
import type { Workload } from "./variant.ts";

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
  /** Ranks that share the batch in equal parts: training then normalises by the statistics of all. Default none. */
  readonly ranks?: Ranks | undefined;
}

/** What the backward needs from a forward. */
interface Normalised {
  readonly x: GpuArray;
  readonly gamma: GpuArray;
  /** (2, C): the mean (minus x's first row, in training) and 1 / sqrt(variance + ε). */
  readonly stats: GpuArray;
  readonly training: boolean;
  readonly ranks?: Ranks | undefined;
}

// |x̂| is at most 2/√ε for inputs in [−1, 1], with the usual ε.
const TERMS = 64;

type Inputs = readonly [x: GpuArray, gamma: GpuArray, beta: GpuArray];

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
  const workload: Workload = {
    kernel: "batch-norm",
    key: `batch-norm ${x.shape.join("x")}`,
    inputs: [x, gamma, beta],
    terms: TERMS,
    launch: (at, g, b) => {
      const { running: _running, ranks: _ranks, ...rest } = attributes;
      const stats = device.empty(moments.shape, "f32", "batch_norm.moments");
      return normalise([at!, g!, b!], stats, rest, epilogue, "f32");
    },
  };
  const { variant, splits, constants, workgroups } = walk(workload, [x], training);
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
  const { ranks } = attributes;
  const alone = splits === 1 && !ranks;
  const runs = alone ? gamma : device.empty([splits, 2, channels], "f32", "batch_norm.partials");
  if (!alone) {
    device.launch({
      shader: "batch-norm",
      entry: variant === "split" ? "split_partials" : "batch_partials",
      constants,
      bind: { inp: x, partial: runs },
      workgroups,
      flop: 5 * x.size,
    });
  }
  const partials = ranks ? joinMoments(x, runs, constants.CHUNK!, ranks) : runs;
  const rows = (x.size / channels) * (ranks?.size ?? 1);
  device.launch({
    ...shared,
    entry: variant === "split" ? "split_normalise" : "normalise",
    constants: {
      ...shared.constants,
      MOMENTUM: momentum,
      REST: 1 - momentum,
      VARIANCE_FACTOR: runningVariance === "sample" ? rows / Math.max(rows - 1, 1) : 1,
      TRACK: running !== undefined,
      ...joinedConstants(x, ranks),
    },
    bind: { ...bind, partials, running: running ?? device.empty([2, channels]) },
    flop: (alone ? 9 : 4) * x.size,
  });
  return out;
}

/**
 * Returns those gradients of x, γ and β that are asked for, from `dz`, the gradient at γ · x̂ + β, which is before any
 * activation. In training this takes one launch, or two if there are many rows.
 */
function gradients(dz: GpuArray, saved: Normalised, needs: Needs): Gradients {
  const { x, gamma, stats, training, ranks } = saved;
  const { device, size } = x;
  const channels = x.shape.at(-1)!;
  const workload: Workload = {
    kernel: "batch-norm-backward",
    key: `batch-norm-backward ${x.shape.join("x")}`,
    inputs: [dz, x, stats, gamma],
    terms: TERMS,
    launch: (d, at, s, g) => {
      const others = { x: at!, stats: s!, gamma: g!, training };
      return gradients(d!, others, [true, false, false])[0]!;
    },
  };
  const { variant, splits, constants, workgroups, once } = walk(workload, [x, dz], training);
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
  const joins = inputToo ? ranks : undefined; // γ's and β's gradients are joined with all others
  const alone = inputToo && splits === 1 && !joins;
  const runs = alone ? gamma : empty([splits, 2, channels], "partials");
  if (!alone) {
    const bind = { dout: dz, inp: x, stats, partial: runs };
    const entry = variant === "split" ? "split_sums" : "partial_sums";
    device.launch({ ...shared, entry, bind, flop: 5 * size });
  }
  const partials = joins ? joinSums(runs, joins) : runs;
  if (inputToo) {
    const bind = { dout: dz, inp: x, stats, gamma, partials, ...sums, dinp: dx };
    const entry = variant === "split" ? "split_input" : "input";
    const own = { ...shared.constants, ...joinedConstants(x, joins) };
    device.launch({ ...shared, constants: own, entry, bind, flop: (alone ? 13 : 8) * size });
  } else {
    const entry = variant === "split" ? "split_affine" : "affine";
    device.launch({ ...shared, entry, bind: { partials, ...sums }, workgroups: once });
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
    ranks: anything("the ranks that share the batch"),
    ...outputChecks,
  },
  takes: STORED,
  forward(inputs, attributes: BatchNormAttributes) {
    const [x, gamma, beta] = inputs;
    const { training, ranks } = attributes;
    check(x, gamma, beta, attributes);
    const moments = x.device.empty([2, x.shape.at(-1)!], "f32", "batch_norm.moments");
    const made = withEpilogue("batchNorm", attributes, x.size, (epilogue, activationType) =>
      normalise(inputs, moments, attributes, epilogue, activationType),
    );
    return { ...made, saved: { x, gamma, stats: moments, training, ranks } };
  },
  backward: (dz, saved, _attributes, needs) => gradients(dz, saved, needs),
});
