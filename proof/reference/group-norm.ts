// Layer, group and instance normalisation, defined by the elements that are normalised together, with gradients.
import { type Ref, zeros } from "./array.ts";
import { groupsOf } from "./axes.ts";

/** Flat positions of the elements that are normalised together; γ and β go by position modulo their size. */
export type Sets = readonly Int32Array[];

/** Each row over its last axes. */
export function layerSets(shape: readonly number[], axes: number): Sets {
  return groupsOf(
    shape,
    Array.from({ length: axes }, (_, axis) => axis - axes),
  );
}

/** Each group of channels of (N, …, C) over all positions. */
export function groupSets(shape: readonly number[], groups: number): Sets {
  const [examples, channels] = [shape[0]!, shape.at(-1)!];
  const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
  return groupsOf([examples, positions, groups, channels / groups], [1, 3]);
}

interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

function momentsOf(x: Ref, set: Int32Array, epsilon: number): Moments {
  const values = [...set].map((at) => x.data[at]!);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance + epsilon) };
}

/** γ · (x − mean) / √(variance + ε) + β by sets. */
export function groupNorm(x: Ref, gamma: Ref, beta: Ref, sets: Sets, epsilon: number): Ref {
  const y = zeros(x.shape);
  const channels = gamma.data.length;
  for (const set of sets) {
    const { mean, deviation } = momentsOf(x, set, epsilon);
    for (const at of set) {
      const c = at % channels;
      y.data[at] = gamma.data[c]! * ((x.data[at]! - mean) / deviation) + beta.data[c]!;
    }
  }
  return y;
}

/** dx, dγ and dβ of `groupNorm`. */
export function groupNormGrad(
  dy: Ref,
  x: Ref,
  gamma: Ref,
  sets: Sets,
  epsilon: number,
): readonly [dx: Ref, dgamma: Ref, dbeta: Ref] {
  const [dx, dgamma, dbeta] = [zeros(x.shape), zeros(gamma.shape), zeros(gamma.shape)];
  const channels = gamma.data.length;
  for (const set of sets) {
    const { mean, deviation } = momentsOf(x, set, epsilon);
    const normal = (at: number): number => (x.data[at]! - mean) / deviation;
    const flow = (at: number): number => dy.data[at]! * gamma.data[at % channels]!;
    const plain = [...set].reduce((sum, at) => sum + flow(at), 0) / set.length;
    const scaled = [...set].reduce((sum, at) => sum + flow(at) * normal(at), 0) / set.length;
    for (const at of set) {
      dx.data[at] = (flow(at) - plain - normal(at) * scaled) / deviation;
      dgamma.data[at % channels]! += dy.data[at]! * normal(at);
      dbeta.data[at % channels]! += dy.data[at]!;
    }
  }
  return [dx, dgamma, dbeta];
}
