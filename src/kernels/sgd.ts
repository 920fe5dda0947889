// Stochastic gradient descent over arenas: one launch to update every parameter.
import type { GpuArray } from "../gpu/array.ts";
import type { Counter } from "./counters.ts";

/** The constants of stochastic gradient descent. */
export interface SgdOptions {
  /** Finite and ≥ 0. */
  readonly learningRate: number;
  /** How much of the velocity each step keeps; finite and ≥ 0. */
  readonly momentum: number;
  /** The velocity takes 1 − dampening of each gradient, but all of the first one. In [0, 1]. */
  readonly dampening: number;
  /** Whether to step by where the velocity leads: gradient + momentum · velocity. */
  readonly nesterov: boolean;
  /** What each gradient gets of its parameter (L2 regularisation); finite and ≥ 0. */
  readonly weightDecay: number;
}

/** What an update reads and writes: arrays of one size. */
export interface SgdState {
  readonly parameters: GpuArray;
  readonly gradients: GpuArray;
  /** With momentum alone. */
  readonly momentum?: Momentum;
  /** (1): what the learning rate is multiplied by, where it is to change without another program. */
  readonly rate?: GpuArray | undefined;
}

/** What momentum keeps from one update to the next. */
export interface Momentum {
  readonly velocities: GpuArray;
  /** (1): 0 before the first update, then 1. */
  readonly started: GpuArray;
}

/** What counts updates with momentum: whether there was one. */
export function sgdCounter({ started }: Momentum): Counter {
  return { values: started, rates: [0] };
}

/** p −= lr · v, in place, for every parameter of an arena. With momentum, `sgdCounter` is to be advanced afterwards. */
export function sgdUpdate(
  { parameters, gradients, momentum, rate: given }: SgdState,
  options: SgdOptions,
): void {
  const { device, size } = parameters;
  const rate = given ?? gradients; // a binding can't be left out
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
