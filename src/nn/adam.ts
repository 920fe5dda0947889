// The Adam optimizer over a network's arena: one update launch, however many parameters there are.
import { grad, type Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { adamUpdate, type AdamOptions } from "../kernels/adam.ts";
import type { Network } from "./network.ts";

/** An optimizer's arrays and its one action. */
export interface Optimizer {
  readonly network: Network;
  /** Moments and bias corrections by name: what a checkpoint keeps. */
  readonly state: ReadonlyMap<string, GpuArray>;
  /** Puts the loss's gradients into the network's gradient arena. */
  readonly differentiate: (loss: Tensor) => void;
  /** Updates every parameter from the gradient arena. */
  readonly update: () => void;
}

/** Adam with the given constants; the defaults are Keras's. Throws `AttributeError` on nonsense. */
export function adam(network: Network, options: Partial<AdamOptions> = {}): Optimizer {
  const full = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, ...options };
  const rates = [full.beta1, full.beta2];
  if (!(full.learningRate >= 0) || rates.some((b) => !(b >= 0 && b < 1)) || !(full.epsilon > 0)) {
    throw new AttributeError(
      `adam: learning rate must be ≥ 0, β in [0, 1) and ε > 0; got ${JSON.stringify(full)}`,
    );
  }
  const { arena, gradients, parameters } = network;
  const { device } = arena;
  const like = (what: string): GpuArray =>
    device.persistent(arena.shape, "f32", `${network.name}.adam.${what}`);
  const first = like("first");
  const second = like("second");
  const corrections = device.persistent([2], "f32", `${network.name}.adam.corrections`);
  return {
    network,
    state: new Map([
      ...parameters.flatMap(({ name, gradient: { byteOffset, shape } }): [string, GpuArray][] => [
        [`${name}.first`, device.viewAt(first, byteOffset, shape)],
        [`${name}.second`, device.viewAt(second, byteOffset, shape)],
      ]),
      ["corrections", corrections],
    ]),
    differentiate(loss) {
      const found = grad(
        loss,
        parameters.map(({ tensor }) => tensor),
      );
      found.forEach((gradient, index) => device.place(gradient, parameters[index]!.gradient));
    },
    update() {
      adamUpdate({ parameters: arena, gradients, first, second, corrections }, full);
    },
  };
}
