// Wrong calls of ops along axes, of normalisation, of pairs and minibatches, for refusals.test.ts.
import type { Rng } from "../../src/index.ts";

/** Makes something to call an op with, of a shape. */
type Make = (...shape: number[]) => unknown;

/** Calls by the function's name, from what makes tensors of floats and of integers, and an Rng; each is wrong in one way. */
export function moreCalls(
  f: Make,
  i: Make,
  rng: Rng,
): Readonly<Record<string, readonly (readonly unknown[])[]>> {
  const pair = [f(4), f(4)];
  return {
    layerNorm: [
      [f(2, 4), f(4)],
      [f(), f(), f()],
      [f(2, 4), f(2), f(4)],
      [f(2, 4), f(4), i(4)],
      ...[{ axes: [0] }, { axes: [] }, { axes: 0.5 }, { epsilon: -1 }, { groups: 2 }].map((at) => [
        f(2, 4),
        ...pair,
        at,
      ]),
    ],
    groupNorm: [
      [f(2, 4), ...pair],
      [f(4), ...pair, { groups: 2 }],
      [f(2, 0, 4), ...pair, { groups: 2 }],
      ...[{}, { groups: 3 }, { groups: 0 }, { groups: 2, epsilon: "1" }].map((at) => [
        f(2, 4),
        ...pair,
        at,
      ]),
    ],
    instanceNorm: [
      [f(4), ...pair],
      [f(2, 3, 4), f(3), f(4)],
      [f(2, 3, 4), ...pair, { epsilon: Number.NaN }],
    ],
    minibatchStddev: [
      [f(3)],
      [f(3, 0)],
      [i(4, 2)],
      [f(3, 2), { batches: 2 }],
      ...[{ groupSize: 0 }, { groupSize: 1.5 }, { epsilon: 0 }, { batches: 0 }].map((at) => [
        f(4, 2),
        at,
      ]),
    ],
    noisePenalty: [
      [],
      [(x: unknown) => x, f(3)],
      [(x: unknown) => x, f(0, 3), { rng }],
      [(x: unknown) => x, i(3), { rng }],
      ...[{ rng: 1 }, { rng, deviation: 0 }, { rng, deviation: -1 }, { rng, sigma: 1 }].map(
        (at) => [(x: unknown) => x, f(3), at],
      ),
    ],
    pairedLoss: [
      [f(3)],
      [f(3), f(4)],
      [f(3), f(1)],
      [f(3), i(3)],
      [f(3), f(3), { reduction: "avg" }],
    ],
    argmin: [[f(3), { axes: [1] }], [f(0)], [i(3)], [f(3), { axis: 0 }]],
    prod: [
      ...[{ axes: [1] }, { axes: [0, 0] }, { axes: 1 }, { keepDims: 1 }].map((at) => [f(3), at]),
      [i(3)],
      [f(2, 2, 2, 2, 2, 2, 2, 2, 2), { axes: [0, 2, 4, 6, 8] }],
    ],
    cumsum: [
      [f()],
      [i(3)],
      ...[{ axis: 1 }, { axis: 0.5 }, { axes: [0] }, { exclusive: 1 }, { reverse: "yes" }].map(
        (at) => [f(3), at],
      ),
    ],
    logSumExp: [[f()], [f(2, 0)], [i(3)], [f(3), { axis: 1 }], [f(3), { keepDims: 1 }]],
    topK: [
      [f(3)],
      [f(), { k: 1 }],
      [i(3), { k: 1 }],
      ...[{}, { k: 0 }, { k: 4 }, { k: 1.5 }, { k: "1" }, { k: 1, axis: 1 }].map((at) => [
        f(3),
        at,
      ]),
    ],
  };
}
