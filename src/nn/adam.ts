// The Adam optimizer over a network's arena: one update launch, however many parameters there are.
import type { GpuArray } from "../gpu/array.ts";
import {
  belowOne,
  type Check,
  checkArgument,
  checkAttributes,
  type Checks,
  finite,
  oneOf,
} from "../kernels/attributes.ts";
import { adamCounter, adamUpdate, type AdamOptions } from "../kernels/adam.ts";
import {
  checkDifferentiated,
  checkGroup,
  differentiate,
  type Optimizer,
  scales,
  stateOf,
  updateAll,
} from "./optimizer.ts";
import type { ParameterGroup } from "./parameters.ts";

const positive: Check = {
  expects: "a finite number > 0",
  accepts: (value) => typeof value === "number" && value > 0 && value < Infinity,
};

/** What Adam's constants may be. */
export const adamChecks: Checks<AdamOptions> = {
  learningRate: finite(0),
  beta1: belowOne,
  beta2: belowOne,
  epsilon: positive,
  convention: oneOf("pytorch", "keras"),
};

/**
 * Adam, from running means m of the gradients and v of their squares, which t updates leave short by 1 − β₁ᵗ and
 * 1 − β₂ᵗ. Keras's convention: p −= α · m / (√v + ε) with α = learningRate · √(1 − β₂ᵗ) / (1 − β₁ᵗ). PyTorch's:
 * p −= learningRate · m̂ / (√v̂ + ε), with m̂ and v̂ corrected, and so ε too.
 *
 * Shapes: network (or any `parameterGroup`) → an optimizer of it: `step(loss)`, or `differentiate(loss)` and `update()`.
 * Attributes: learningRate — finite, ≥ 0 (1e-3); beta1 — how much of m stays, in [0, 1) (0.9); beta2 —
 * how much of v stays, in [0, 1) (0.999); epsilon — ε, finite, > 0 (1e-7, Keras's; PyTorch's is 1e-8);
 * convention — 'keras' or 'pytorch' ('keras').
 * Gradient: none.
 * Throws: `AttributeError` on other constants.
 * Source: Kingma and Ba 2015: 'keras' is the formula before its section 2.1, as in Keras 2 and 3, whose defaults
 * these are; 'pytorch' its algorithm 1, as in PyTorch's and optax's adam.
 */
export function adam<Group extends ParameterGroup>(
  network: Group,
  options: Partial<AdamOptions> = {},
): Optimizer<Group> {
  checkGroup("adam", network);
  checkAttributes<Partial<AdamOptions>>("adam", options, adamChecks);
  const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7 } = options;
  const { convention = "keras" } = options;
  const { arena: parameters, gradients } = network;
  const persistent = (shape: readonly number[], what: string): GpuArray =>
    parameters.device.persistent(shape, "f32", `${network.name}.adam.${what}`);
  const first = persistent(parameters.shape, "first");
  const second = persistent(parameters.shape, "second");
  const corrections = persistent([2], "corrections");
  const full = { convention, learningRate, beta1, beta2, epsilon };
  const arrays = { parameters, gradients, first, second, corrections };
  const optimizer: Optimizer<Group> = {
    network,
    state: new Map([...stateOf(network, { first, second }), ["corrections", corrections]]),
    differentiate: (loss, gradient) => differentiate(network, loss, gradient),
    update: () => updateAll([optimizer]),
    step(loss) {
      optimizer.differentiate(loss);
      optimizer.update();
    },
    updateUncounted(scale = 1) {
      checkArgument("adam", "the learning-rate scale", scale, scales);
      checkDifferentiated("adam", network);
      adamUpdate(arrays, { ...full, learningRate: learningRate * scale });
    },
    counters: [adamCounter(arrays, full)],
  };
  return optimizer;
}
