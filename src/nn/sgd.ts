// Stochastic gradient descent over a network's arena: one launch updates all parameters, however many there are.
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { checkAttributes, finite, flag } from "../kernels/attributes.ts";
import { sgdCounter, type SgdOptions, sgdUpdate } from "../kernels/sgd.ts";
import {
  checkGroup,
  type Optimizer,
  optimizerOf,
  rateCheck,
  rateOf,
  stateOf,
} from "./optimizer.ts";
import type { ParameterGroup } from "./parameters.ts";

/** The options of `sgd`: its constants and the learning rate. */
export interface SgdOptimizerOptions extends Partial<Omit<SgdOptions, "learningRate">> {
  /**
   * A number, or a scalar on the device. `write` to the scalar changes the rate of programs that are already compiled.
   */
  readonly learningRate?: number | Tensor;
}

/**
 * Stochastic gradient descent: g += weightDecay · p; v = momentum · v + (1 − dampening) · g, except that v = g in the
 * first step; p −= learningRate · v, or with Nesterov p −= learningRate · (g + momentum · v).
 *
 * Shapes: network (or any `parameterGroup`) → its optimizer: `step(loss)`, or `differentiate(loss)` and `update()`.
 * Attributes: learningRate — finite, ≥ 0, or a scalar tensor, for schedules (0.01); momentum — finite, ≥ 0 (0);
 * dampening — in [0, 1] (0); nesterov — whether to step along the velocity's next value (false); weightDecay — finite,
 * ≥ 0 (0).
 * Gradient: none.
 * Throws: `AttributeError` on other constants, and for nesterov without momentum or with dampening.
 * Source: PyTorch's SGD; the default learning rate is Keras's.
 */
export function sgd<Group extends ParameterGroup>(
  network: Group,
  options: SgdOptimizerOptions = {},
): Optimizer<Group> {
  checkGroup("sgd", network);
  checkAttributes<SgdOptimizerOptions>("sgd", options, {
    learningRate: rateCheck,
    momentum: finite(0),
    dampening: finite(0, 1),
    nesterov: flag,
    weightDecay: finite(0),
  });
  const { momentum: rate = 0, dampening = 0, nesterov = false, weightDecay = 0 } = options;
  const { learningRate, rate: onDevice } = rateOf(options.learningRate ?? 0.01);
  if (nesterov && (rate === 0 || dampening !== 0)) {
    throw new AttributeError(
      `sgd: nesterov takes a momentum above 0 and no dampening; got momentum ${rate} and dampening ${dampening}`,
    );
  }
  const { arena: parameters, gradients } = network;
  const persistent = (shape: readonly number[], what: string): GpuArray =>
    parameters.device.persistent(shape, "f32", `${network.name}.sgd.${what}`);
  const momentum =
    rate === 0
      ? undefined
      : {
          velocities: persistent(parameters.shape, "velocities"),
          started: persistent([1], "started"),
        };
  const full = { learningRate, momentum: rate, dampening, nesterov, weightDecay };
  const arrays = { parameters, gradients, rate: onDevice, ...(momentum ? { momentum } : {}) };
  return optimizerOf("sgd", network, {
    state: new Map(
      momentum
        ? [
            ...stateOf(network, { velocity: momentum.velocities }),
            ["started", momentum.started] as const,
          ]
        : [],
    ),
    counters: momentum ? [sgdCounter(momentum)] : [],
    launch: (scale) => sgdUpdate(arrays, { ...full, learningRate: learningRate * scale }),
  });
}
