// Adam over arenas: one launch to update every parameter.
import type { GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Counter } from "./counters.ts";

/**
 * Where ε stands. `pytorch`: beside √v̂, the corrected root, as in PyTorch, optax and Kingma and Ba's algorithm 1.
 * `keras`: beside √v, before the correction, as in Keras and in the paper's formula just before its section 2.1.
 * Early on, and wherever gradients are as small as ε, the latter's steps are smaller.
 */
export type AdamConvention = "pytorch" | "keras";

/** Adam's constants. */
export interface AdamOptions {
  readonly convention: AdamConvention;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** What an update reads and writes: arrays of one size, and the two bias corrections. */
export interface AdamState {
  readonly parameters: GpuArray;
  readonly gradients: GpuArray;
  readonly first: GpuArray;
  readonly second: GpuArray;
  /** (2): 1 − β1ᵗ and 1 − β2ᵗ after t updates; both 0 before the first. */
  readonly corrections: GpuArray;
  /** (1): what the learning rate is multiplied by, where it is to change without another program. */
  readonly rate?: GpuArray | undefined;
}

/** The constants of an update. */
export interface AdamUpdateOptions extends AdamOptions {
  /** What a parameter loses of itself in an update, times the learning rate (0). */
  readonly weightDecay?: number;
}

/**
 * One update in place of every parameter of an arena: p −= lr · m̂ / (√v̂ + ε) by PyTorch's convention, p −= α · m /
 * (√v + ε) with α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) by Keras's. Afterwards `adamCounter` is to be advanced. Throws
 * `ShapeError` unless the arrays are whole fours.
 */
export function adamUpdate(state: AdamState, options: AdamUpdateOptions): void {
  const { parameters, gradients, first, second, corrections, rate } = state;
  const { device, size } = parameters;
  if (size % 4 !== 0 || ![parameters, gradients, first, second].every(byFours)) {
    throw new ShapeError(
      `adam: takes arrays of whole fours, as arenas are; got ${size} elements: pad them with zeros`,
    );
  }
  device.launch({
    shader: "adam",
    entry: "update",
    constants: {
      FOURS: size / 4,
      LEARNING_RATE: options.learningRate,
      ...(rate ? { RATE_ON_DEVICE: true } : {}),
      ...(options.weightDecay ? { WEIGHT_DECAY: options.weightDecay } : {}),
      BETA1: options.beta1,
      BETA2: options.beta2,
      REST1: 1 - options.beta1,
      REST2: 1 - options.beta2,
      EPSILON: options.epsilon,
      KERAS: options.convention === "keras",
    },
    bind: { gradients, parameters, first, second, corrections, rate: rate ?? corrections },
    workgroups: device.linear(size / 4),
    flop: 12 * size,
  });
}

/** What counts Adam's updates. */
export function adamCounter({ corrections }: AdamState, { beta1, beta2 }: AdamOptions): Counter {
  return { values: corrections, rates: [beta1, beta2] };
}
