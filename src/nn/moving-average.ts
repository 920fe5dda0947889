// An exponential moving average of a network that trains, kept in another one: what a GAN draws with.
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { belowOne, checkArgument, checkAttributes, needed } from "../kernels/attributes.ts";
import { movingAverage as average } from "../kernels/moving-average.ts";
import { isRng, type Rng } from "../kernels/random.ts";
import { isNetwork, type Network } from "./network.ts";

/** How fast an average follows. */
export interface MovingAverageOptions {
  /** How much of the average stays at each step, in [0, 1). */
  readonly decay: number;
  /** Whose step makes early decays lower: min(decay, (1 + step) / (10 + step)), as there is little to average yet. */
  readonly rng: Rng;
}

/**
 * Moves the average of a network's parameters and running statistics on: average += (1 − decay) · (network − average).
 * Call it in the step, after the optimizer's update. `average` is another network of the same layers.
 *
 * Attributes: decay — how much stays (needed); rng — whose step lowers early decays (needed).
 * Throws: `AttributeError` unless both are networks of the same layers; on a decay outside [0, 1).
 * Source: TensorFlow's ExponentialMovingAverage with num_updates.
 */
export function movingAverage(to: Network, from: Network, options: MovingAverageOptions): void {
  checkArgument("movingAverage", "the average", to, isNetwork);
  checkArgument("movingAverage", "what is averaged", from, isNetwork);
  checkAttributes<MovingAverageOptions>("movingAverage", options, {
    decay: needed(belowOne),
    rng: needed(isRng),
  });
  const names = (network: Network): string => [...network.state.keys()].join();
  if (to === from || names(to) !== names(from)) {
    throw new AttributeError(
      `movingAverage: the average must be another network of the same layers as ${show(from.name)}; build it by the same call of sequential`,
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
