// Batch normalisation over every axis except the last, in training and in inference, with gradients.
import { map, type Ref, zeros, zip } from "./array.ts";
import { add, binary, div, mul, sub } from "./binary.ts";
import { mean as meanOver, sum } from "./reduce.ts";

/** What batch normalisation is told. `runningVariance` says which variance the running one averages. */
export interface BatchNormOptions {
  readonly epsilon: number;
  readonly momentum: number;
  readonly runningVariance?: "population" | "unbiased";
}

/** The mean and variance (C) that inference uses. */
export interface RunningStats {
  readonly mean: Ref;
  readonly variance: Ref;
}

/** The gradients of batch normalisation. */
export interface BatchNormGrads {
  readonly dx: Ref;
  readonly dgamma: Ref;
  readonly dbeta: Ref;
}

/**
 * y = γ·(x − mean)/√(variance + ε) + β with the batch's own mean and population variance (C),
 * and running = momentum·old + (1 − momentum)·batch. x and y are (…, C).
 */
export function batchNormTraining(
  x: Ref,
  gamma: Ref,
  beta: Ref,
  running: RunningStats,
  options: BatchNormOptions,
): { y: Ref; mean: Ref; variance: Ref; running: RunningStats } {
  const batch = batchStats(x);
  const count = x.data.length / batch.mean.data.length;
  const unbiased = options.runningVariance === "unbiased" ? count / (count - 1) : 1;
  const { momentum } = options;
  const average = (old: number, now: number): number => momentum * old + (1 - momentum) * now;
  return {
    y: batchNormInference(x, gamma, beta, batch, options.epsilon),
    ...batch,
    running: {
      mean: zip(running.mean, batch.mean, average),
      variance: zip(
        running.variance,
        map(batch.variance, (v) => v * unbiased),
        average,
      ),
    },
  };
}

/** The gradients of `batchNormTraining`: the batch's mean and variance depend on x too. */
export function batchNormTrainingGrad(
  dy: Ref,
  x: Ref,
  gamma: Ref,
  epsilon: number,
): BatchNormGrads {
  const batch = batchStats(x);
  const xhat = normalise(x, batch, epsilon);
  const axes = statAxes(x);
  const dbeta = sum(dy, axes);
  const dgamma = sum(binary(mul, dy, xhat), axes);

  // dx = γ/σ · (dy − mean(dy) − x̂ · mean(dy·x̂))
  const channels = dbeta.data.length;
  const count = x.data.length / channels;
  const dx = zeros(x.shape);
  for (let i = 0; i < dx.data.length; i++) {
    const c = i % channels;
    const scale = gamma.data[c]! / Math.sqrt(batch.variance.data[c]! + epsilon);
    const inner = dbeta.data[c]! + xhat.data[i]! * dgamma.data[c]!;
    dx.data[i] = scale * (dy.data[i]! - inner / count);
  }
  return { dx, dgamma, dbeta };
}

/** y = γ·(x − mean)/√(variance + ε) + β with given statistics (C). */
export function batchNormInference(
  x: Ref,
  gamma: Ref,
  beta: Ref,
  stats: RunningStats,
  epsilon: number,
): Ref {
  return binary(add, binary(mul, normalise(x, stats, epsilon), gamma), beta);
}

/** The gradients of `batchNormInference`; the statistics are constants. */
export function batchNormInferenceGrad(
  dy: Ref,
  x: Ref,
  gamma: Ref,
  stats: RunningStats,
  epsilon: number,
): BatchNormGrads {
  const axes = statAxes(x);
  return {
    dx: binary(div, binary(mul, dy, gamma), deviation(stats, epsilon)),
    dgamma: sum(binary(mul, dy, normalise(x, stats, epsilon)), axes),
    dbeta: sum(dy, axes),
  };
}

function batchStats(x: Ref): RunningStats {
  const mean = meanOver(x, statAxes(x));
  const centred = binary(sub, x, mean);
  return { mean, variance: meanOver(binary(mul, centred, centred), statAxes(x)) };
}

function normalise(x: Ref, stats: RunningStats, epsilon: number): Ref {
  return binary(div, binary(sub, x, stats.mean), deviation(stats, epsilon));
}

function deviation(stats: RunningStats, epsilon: number): Ref {
  return map(stats.variance, (v) => Math.sqrt(v + epsilon));
}

function statAxes(x: Ref): number[] {
  return x.shape.slice(0, -1).map((_, axis) => axis);
}
