// Adam over arenas: a launch to advance the bias corrections, a launch to update every parameter.
import type { GpuArray } from "../gpu/array.ts";

/** Adam's constants. */
export interface AdamOptions {
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
  /** (2): 1 − β1ᵗ and 1 − β2ᵗ; both 0 before the first update. */
  readonly corrections: GpuArray;
}

/** p −= lr · m̂ / (√v̂ + ε), in place, for every parameter of an arena. */
export function adamUpdate(state: AdamState, options: AdamOptions): void {
  const { device, size } = state.parameters;
  const constants = {
    BETA1: options.beta1,
    BETA2: options.beta2,
    REST1: 1 - options.beta1,
    REST2: 1 - options.beta2,
  };
  device.launch({
    shader: "adam",
    entry: "advance",
    constants,
    bind: { next: state.corrections },
    workgroups: [1, 1, 1],
  });
  device.launch({
    shader: "adam",
    entry: "update",
    constants: {
      ...constants,
      COUNT: size,
      LEARNING_RATE: options.learningRate,
      EPSILON: options.epsilon,
    },
    bind: {
      gradients: state.gradients,
      parameters: state.parameters,
      first: state.first,
      second: state.second,
      corrections: state.corrections,
    },
    workgroups: device.linear(size),
    flop: 12 * size,
  });
}
