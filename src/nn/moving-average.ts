// An exponential moving average of a network in training, kept in another network: a GAN draws with it.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { belowOne, checkArgument, checkAttributes, needed } from "../kernels/attributes.ts";
import { movingAverage as average } from "../kernels/moving-average.ts";
import { isRng, type Rng } from "../kernels/random.ts";
import { isNetwork, type Network } from "./network.ts";

/** How fast the average follows. */
export interface MovingAverageOptions {
  /** The share of the average that stays at each step, in [0, 1). */
  readonly decay: number;
  /** Its step lowers early decays to min(decay, (1 + step) / (10 + step)), because there is little to average yet. */
  readonly rng: Rng;
}

/**
 * Updates the moving average of a network's parameters and running statistics: average += (1 − decay) · (network −
 * average). Call it in the step, after the optimizer's update. `to` holds the average of `from`, and is another network
 * of the same layers.
 *
 * Attributes: decay — the share of the average that stays (required); rng — its step lowers early decays (required).
 * Throws: `AttributeError` unless both are networks of the same layers, and on a decay outside [0, 1).
 * Source: TensorFlow's ExponentialMovingAverage with num_updates.
 */
export function movingAverage(to: Network, from: Network, options: MovingAverageOptions): void {
  checkArgument("movingAverage", "the average", to, isNetwork);
  checkArgument("movingAverage", "the network to average", from, isNetwork);
  checkAttributes<MovingAverageOptions>("movingAverage", options, {
    decay: needed(belowOne),
    rng: needed({
      ...isRng,
      expects: "the Rng of the step, which counts steps: early ones lower the decay. See createRng",
    }),
  });
  const names = (network: Network): string => [...network.state.keys()].join();
  if (to === from || names(to) !== names(from)) {
    throw new AttributeError(
      `movingAverage: the average must be another network of the same layers as ${show(from.name)}; build it with the same call of sequential`,
    );
  }
  const { decay, rng } = options;
  average(to.arena, from.arena, rng, decay);
  from.layers.forEach(({ buffers }, index) => {
    for (const [name, array] of Object.entries(buffers)) {
      average(to.layers[index]!.buffers[name]!, array, rng, decay);
    }
  });
}
