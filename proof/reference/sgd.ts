// Stochastic gradient descent with momentum, as in PyTorch's documentation of SGD.
import { type Ref, zip } from "./array.ts";

/** Its constants. */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** A parameter with its velocity, of which there is none before the first step. */
export interface SgdSlot {
  readonly x: Ref;
  readonly v?: Ref;
}

/** One step with gradient g. */
export function sgdStep({ x, v }: SgdSlot, g: Ref, options: SgdOptions): Required<SgdSlot> {
  const { learningRate, momentum, dampening, nesterov, weightDecay } = options;
  const decayed = zip(g, x, (slope, parameter) => slope + weightDecay * parameter);
  const rolled = v
    ? zip(v, decayed, (old, now) => momentum * old + (1 - dampening) * now)
    : decayed;
  const step = zip(decayed, rolled, (now, velocity) => {
    if (momentum === 0) return now;
    return nesterov ? now + momentum * velocity : velocity;
  });
  return { x: zip(x, step, (parameter, d) => parameter - learningRate * d), v: rolled };
}
