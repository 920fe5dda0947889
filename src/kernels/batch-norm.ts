// Batch normalisation over every axis but the last.
import { formatShape, GpuArray } from "../gpu/array.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { finite, flag, instance, needed, oneOf } from "./attributes.ts";
import { checkArray, defineRule, type Rule } from "./rule.ts";

/** How to normalise, and whether and how to follow the running statistics. */
export interface BatchNormAttributes {
  /** Running statistics (2, C): mean, then variance. Training updates them, inference uses them. */
  readonly running?: GpuArray;
  /** Training uses the batch's mean and population variance; inference the running ones. */
  readonly training: boolean;
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number;
  /** running = momentum · running + (1 − momentum) · batch. Default 0.99, as in Keras. */
  readonly momentum?: number;
  /** Which variance enters the running one: `population` as in Keras (the default), or `sample`, n − 1, as in PyTorch. */
  readonly runningVariance?: "population" | "sample";
}

interface Rows {
  readonly rows: number;
  readonly channels: number;
  readonly splits: number;
  readonly constants: Readonly<Record<string, number>>;
}

/** Enough runs of rows that narrow layers fill an adapter too, each long enough to be worth it. */
function rowsOf(x: GpuArray): Rows {
  const channels = x.shape.at(-1)!;
  const rows = x.size / Math.max(channels, 1);
  const wanted = Math.max(1, Math.min(Math.ceil(4096 / channels), Math.ceil(rows / 32)));
  const chunk = Math.max(1, Math.ceil(rows / wanted));
  const splits = Math.max(1, Math.ceil(rows / chunk));
  const constants = { ROWS: rows, CHANNELS: channels, SPLITS: splits, CHUNK: chunk };
  return { rows, channels, splits, constants };
}

function check(
  x: GpuArray,
  gamma: GpuArray,
  beta: GpuArray,
  { running, training }: BatchNormAttributes,
): void {
  const channels = x.shape.at(-1);
  const fits = ({ shape }: GpuArray): boolean => shape.length === 1 && shape[0] === channels;
  if (channels === undefined || !fits(gamma) || !fits(beta)) {
    throw new ShapeError(
      `batchNorm: input ${formatShape(x.shape)} wants gamma and beta (${channels ?? "its last axis"}); got ${formatShape(gamma.shape)} and ${formatShape(beta.shape)}`,
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

/** The batch's mean and 1 / sqrt(variance + ε) as (2, C); updates `running` on the way. */
function batchMoments(x: GpuArray, attributes: BatchNormAttributes): GpuArray {
  const { device } = x;
  const { running, epsilon = 1e-3, momentum = 0.99, runningVariance } = attributes;
  const { rows, channels, splits, constants } = rowsOf(x);
  const partial = device.empty([splits, 2, channels], "f32", "batch_norm.partials");
  device.launch({
    shader: "batch-norm",
    entry: "batch_partials",
    constants,
    bind: { inp: x, partial },
    workgroups: device.linear(splits * channels),
    flop: 5 * x.size,
  });
  const moments = device.empty([2, channels], "f32", "batch_norm.moments");
  device.launch({
    shader: "batch-norm",
    entry: "batch_moments",
    constants: {
      ...constants,
      EPSILON: epsilon,
      MOMENTUM: momentum,
      REST: 1 - momentum,
      VARIANCE_FACTOR: runningVariance === "sample" ? rows / Math.max(rows - 1, 1) : 1,
      TRACK: running !== undefined,
    },
    bind: { inp: x, partials: partial, moments, running: running ?? device.empty([2, channels]) },
    workgroups: device.linear(channels),
  });
  return moments;
}

type Inputs = readonly [x: GpuArray, gamma: GpuArray, beta: GpuArray];

/** Batch norm: x (…, C), γ (C), β (C). In training, gradients flow through the batch's statistics. */
export const batchNorm: Rule<Inputs, BatchNormAttributes> = defineRule({
  name: "batchNorm",
  attributes: {
    running: instance(GpuArray, "an array (2, C) of mean and variance"),
    training: needed(flag),
    epsilon: finite(0),
    momentum: finite(0, 1),
    runningVariance: oneOf("population", "sample"),
  },
  forward([x, gamma, beta], attributes: BatchNormAttributes) {
    const { running, training, epsilon = 1e-3 } = attributes;
    check(x, gamma, beta, attributes);
    const { device } = x;
    const stats = training ? batchMoments(x, attributes) : runningMoments(running!, epsilon);
    const out = device.empty(x.shape, "f32", "batch_norm");
    const { rows, channels } = rowsOf(x);
    device.launch({
      shader: "batch-norm",
      entry: "normalise",
      constants: { ROWS: rows, CHANNELS: channels },
      bind: { inp: x, stats, gamma, beta, out },
      workgroups: device.linear(x.size),
      flop: 4 * x.size,
    });
    return { out, saved: { x, gamma, stats } };
  },
  backward(dout, { x, gamma, stats }, { training }, needs) {
    const { device } = x;
    const { rows, channels } = rowsOf(x);
    // In training x moves the batch's statistics, by both sums; otherwise those are for γ and β alone.
    const sums = training || needs[1] || needs[2] ? affineGradients(dout, x, stats) : undefined;
    const affine = [
      needs[1] ? sums?.gamma_sum : undefined,
      needs[2] ? sums?.beta_sum : undefined,
    ] as const;
    if (!needs[0]) return [undefined, ...affine];
    const dinp = device.empty(x.shape, "f32", "batch_norm.dx");
    const shared = {
      shader: "batch-norm",
      constants: { ROWS: rows, CHANNELS: channels },
      workgroups: device.linear(x.size),
      flop: 8 * x.size,
    } satisfies Partial<Launch>;
    if (training) {
      const bind = { dout, inp: x, stats, gamma, ...sums, dinp };
      device.launch({ ...shared, entry: "backward_input", bind });
    } else {
      device.launch({ ...shared, entry: "backward_scale", bind: { dout, stats, gamma, dinp } });
    }
    return [dinp, ...affine];
  },
});

/** The running statistics as (2, C): mean and 1 / sqrt(variance + ε). */
function runningMoments(running: GpuArray, epsilon: number): GpuArray {
  const { device } = running;
  const channels = running.shape[1]!;
  const moments = device.empty([2, channels], "f32", "batch_norm.moments");
  device.launch({
    shader: "batch-norm",
    entry: "running_moments",
    constants: { CHANNELS: channels, EPSILON: epsilon },
    bind: { stats: running, moments },
    workgroups: device.linear(channels),
  });
  return moments;
}

/** dγ = Σ dout · x̂ and dβ = Σ dout over the rows, by the names that `backward_input` reads them by. */
function affineGradients(
  dout: GpuArray,
  x: GpuArray,
  stats: GpuArray,
): { readonly gamma_sum: GpuArray; readonly beta_sum: GpuArray } {
  const { device } = x;
  const { splits, channels, constants } = rowsOf(x);
  const partial = device.empty([splits, 2, channels], "f32", "batch_norm.partials");
  const shared = { shader: "batch-norm", constants } satisfies Partial<Launch>;
  device.launch({
    ...shared,
    entry: "backward_partials",
    bind: { dout, inp: x, stats, partial },
    workgroups: device.linear(splits * channels),
    flop: 5 * x.size,
  });
  const dgamma = device.empty([channels], "f32", "batch_norm.dgamma");
  const dbeta = device.empty([channels], "f32", "batch_norm.dbeta");
  device.launch({
    ...shared,
    entry: "backward_sums",
    bind: { partials: partial, dgamma, dbeta },
    workgroups: device.linear(channels),
  });
  return { gamma_sum: dgamma, beta_sum: dbeta };
}
