// Adam over arenas: one launch updates every parameter.
import type { GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { ShapeError } from "../gpu/errors.ts";
import type { Counter } from "./counters.ts";

/**
 * Where ε is added. `pytorch`: to √v̂, the corrected root, as in PyTorch, optax and Kingma and Ba's algorithm 1.
 * `keras`: to √v, before the correction, as in Keras and in the paper's formula just before its section 2.1.
 * Keras's steps are smaller early in training, and whenever gradients are as small as ε.
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

/** What an update reads and writes: arrays of the same size, and the two bias corrections. */
export interface AdamState {
  readonly parameters: GpuArray;
  readonly gradients: GpuArray;
  readonly first: GpuArray;
  readonly second: GpuArray;
  /** (2): 1 − β1ᵗ and 1 − β2ᵗ after t updates; both 0 before the first. */
  readonly corrections: GpuArray;
  /** (1): a factor of the learning rate that can change without a new program. */
  readonly rate?: GpuArray | undefined;
}

/** The constants of an update. */
export interface AdamUpdateOptions extends AdamOptions {
  /** Decoupled weight decay: each update first multiplies a parameter by 1 − learningRate · weightDecay (0). */
  readonly weightDecay?: number;
}

/**
 * Updates every parameter of an arena in place: p −= lr · m̂ / (√v̂ + ε) by PyTorch's convention, p −= α · m /
 * (√v + ε) with α = lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) by Keras's. Advance `adamCounter` afterwards. Throws `ShapeError`
 * unless the arrays can be read as vec4s.
 */
export function adamUpdate(state: AdamState, options: AdamUpdateOptions): void {
  const { parameters, gradients, first, second, corrections, rate } = state;
  const { device, size } = parameters;
  if (size % 4 !== 0 || ![parameters, gradients, first, second].every(byFours)) {
    throw new ShapeError(
      `adam: arrays must start at, and hold, a multiple of 4 elements, as arenas do; got ${size} elements; pad them with zeros`,
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

/** Returns the counter of Adam's updates, which holds its bias corrections. */
export function adamCounter({ corrections }: AdamState, { beta1, beta2 }: AdamOptions): Counter {
  return { values: corrections, rates: [beta1, beta2] };
}
