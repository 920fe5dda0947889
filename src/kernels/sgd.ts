// Stochastic gradient descent over arenas: one launch updates every parameter.
import type { GpuArray } from "../gpu/array.ts";
import type { Counter } from "./counters.ts";

/** The constants of stochastic gradient descent. */
export interface SgdOptions {
  /** Finite and ≥ 0. */
  readonly learningRate: number;
  /** The fraction of the velocity that each step keeps; finite and ≥ 0. */
  readonly momentum: number;
  /** The velocity gains (1 − dampening) · gradient in each step, except the first, which adds all of it. In [0, 1]. */
  readonly dampening: number;
  /** Whether to step along gradient + momentum · velocity (Nesterov) instead of the velocity. */
  readonly nesterov: boolean;
  /** L2 regularisation: weightDecay · parameter is added to each gradient; finite and ≥ 0. */
  readonly weightDecay: number;
}

/** What an update reads and writes: arrays of the same size. */
export interface SgdState {
  readonly parameters: GpuArray;
  readonly gradients: GpuArray;
  /** Only with momentum. */
  readonly momentum?: Momentum;
  /** (1): a factor of the learning rate that can change without a new program. */
  readonly rate?: GpuArray | undefined;
}

/** What momentum keeps from one update to the next. */
export interface Momentum {
  readonly velocities: GpuArray;
  /** (1): 0 before the first update, then 1. */
  readonly started: GpuArray;
}

/** Returns the counter of updates with momentum: it records whether there has been one. */
export function sgdCounter({ started }: Momentum): Counter {
  return { values: started, rates: [0] };
}

/** Updates every parameter of an arena in place: p −= lr · v. With momentum, advance `sgdCounter` afterwards. */
export function sgdUpdate(
  { parameters, gradients, momentum, rate: given }: SgdState,
  options: SgdOptions,
): void {
  const { device, size } = parameters;
  const rate = given ?? gradients; // not read then, but a binding can't be left out
  const shared = {
    shader: "sgd",
    workgroups: device.linear(size),
  };
  const constants = {
    COUNT: size,
    LEARNING_RATE: options.learningRate,
    ...(given ? { RATE_ON_DEVICE: true } : {}),
    WEIGHT_DECAY: options.weightDecay,
  };
  if (!momentum) {
    const bind = { gradients, parameters, rate };
    device.launch({ ...shared, entry: "descend", constants, bind, flop: 4 * size });
    return;
  }
  const { velocities, started } = momentum;
  device.launch({
    ...shared,
    entry: "roll",
    constants: {
      ...constants,
      MOMENTUM: options.momentum,
      KEEP: 1 - options.dampening,
      NESTEROV: options.nesterov,
    },
    bind: { gradients, parameters, velocities, started, rate },
    flop: 9 * size,
  });
}
