// The Adam optimizer over a network's arena: one launch updates all parameters, however many there are.
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import {
  belowOne,
  checkAttributes,
  type Checks,
  finite,
  oneOf,
  positive,
} from "../kernels/attributes.ts";
import { adamCounter, adamUpdate, type AdamOptions } from "../kernels/adam.ts";
import {
  checkGroup,
  type Optimizer,
  optimizerOf,
  rateCheck,
  rateOf,
  stateOf,
} from "./optimizer.ts";
import type { ParameterGroup } from "./parameters.ts";

/** The checks of Adam's constants. */
export const adamChecks: Checks<AdamOptions> = {
  learningRate: finite(0),
  beta1: belowOne,
  beta2: belowOne,
  epsilon: positive,
  convention: oneOf("pytorch", "keras"),
};

/** The options of `adam`: Adam's constants, the learning rate and weight decay. */
export interface AdamOptimizerOptions extends Partial<Omit<AdamOptions, "learningRate">> {
  /**
   * A number, or a scalar on the device. `write` to the scalar changes the rate of programs that are already compiled.
   */
  readonly learningRate?: number | Tensor;
  readonly weightDecay?: number;
}

/**
 * Adam, from running means m of the gradients and v of their squares, which after t updates are too small by factors of
 * 1 − β₁ᵗ and 1 − β₂ᵗ. Keras's convention is p −= α · m / (√v + ε), with α = learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ).
 * PyTorch's is p −= learningRate · m̂ / (√v̂ + ε), with corrected m̂ and v̂; its ε is added after the correction.
 *
 * Shapes: network (or any `parameterGroup`) → its optimizer: `step(loss)`, or `differentiate(loss)` and `update()`.
 * Attributes: learningRate — finite, ≥ 0, or a scalar tensor, for schedules (1e-3); weightDecay — λ, finite, ≥ 0: each
 * update first subtracts learningRate · λ times the parameter from it, as AdamW does (0); beta1 — the share of m that
 * stays, in [0, 1) (0.9); beta2 — the share of v that stays, in [0, 1) (0.999); epsilon — ε, finite, > 0 (1e-7,
 * Keras's; PyTorch's is 1e-8); convention — 'keras' or 'pytorch' ('keras').
 * Gradient: none.
 * Throws: `AttributeError` on other constants.
 * Source: Kingma and Ba 2015: 'keras' is the formula before its section 2.1, as in Keras 2 and 3, whose defaults these
 * are; 'pytorch' is its algorithm 1, as in PyTorch's and optax's adam. Weight decay: Loshchilov and Hutter 2019.
 */
export function adam<Group extends ParameterGroup>(
  network: Group,
  options: AdamOptimizerOptions = {},
): Optimizer<Group> {
  checkGroup("adam", network);
  checkAttributes<AdamOptimizerOptions>("adam", options, {
    ...adamChecks,
    learningRate: rateCheck,
    weightDecay: finite(0),
  });
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, convention = "keras" } = options;
  const { learningRate, rate } = rateOf(options.learningRate ?? 1e-3);
  const { weightDecay = 0 } = options;
  const { arena: parameters, gradients } = network;
  const persistent = (shape: readonly number[], what: string): GpuArray =>
    parameters.device.persistent(shape, "f32", `${network.name}.adam.${what}`);
  const first = persistent(parameters.shape, "first");
  const second = persistent(parameters.shape, "second");
  const corrections = persistent([2], "corrections");
  const full = { convention, learningRate, beta1, beta2, epsilon, weightDecay };
  const arrays = { parameters, gradients, first, second, corrections, rate };
  return optimizerOf("adam", network, {
    state: new Map([...stateOf(network, { first, second }), ["corrections", corrections]]),
    counters: [adamCounter(arrays, full)],
    launch: (scale) => adamUpdate(arrays, { ...full, learningRate: learningRate * scale }),
  });
}
