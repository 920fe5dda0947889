// Rows of layer, group and instance normalisation: groups in one piece and in many, short and long.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { createRandom, map, randomRef, type Ref } from "../reference/array.ts";
import * as reference from "../reference/group-norm.ts";
import { type Answer, type Case, close, type Refusal, type Row } from "../case.ts";

type Name = "layerNorm" | "groupNorm" | "instanceNorm";
type Shape = readonly number[];

const random = createRandom(44);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

interface NormCase {
  readonly shape: Shape;
  readonly sets: reference.Sets;
  /** γ's and β's. */
  readonly affine: Shape;
  readonly run: (x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number) => Tensor;
  readonly mean?: number;
  readonly epsilon?: number;
}

function normed(
  words: string,
  { shape, sets, affine, run, mean = 0, epsilon = 1e-3 }: NormCase,
): Case {
  const x = map(randomRef(shape, random, -Math.sqrt(3), Math.sqrt(3)), (v) =>
    Math.fround(v + mean),
  );
  const atol = mean === 0 ? 1e-5 : 1e-4;
  const near = (value: Ref): Answer => close(value, atol, atol);
  // Sums over rows: their rounding grows with the number of rows.
  const summed = (value: Ref): Answer => close(value, atol * Math.sqrt(x.data.length), atol);
  return {
    name: `(${shape.join(", ")}), ${words}${mean === 0 ? "" : `, mean ${mean}`}`,
    inputs: [x, randomRef(affine, random, 0.5, 1.5), randomRef(affine, random)],
    run: (at, gamma, beta) => run(at!, gamma!, beta!, epsilon),
    value: (at, gamma, beta) => near(reference.groupNorm(at!, gamma!, beta!, sets, epsilon)),
    gradients(dy, at, gamma) {
      const [dx, dgamma, dbeta] = reference.groupNormGrad(dy, at!, gamma!, sets, epsilon);
      return [near(dx), summed(dgamma), summed(dbeta)];
    },
    smooth: mean === 0,
  };
}

type More = Pick<NormCase, "mean" | "epsilon">;

const layer = (shape: Shape, axes: number, more: More = {}): Case =>
  normed(`last ${axes}`, {
    shape,
    sets: reference.layerSets(shape, axes),
    affine: shape.slice(-axes),
    run: (x, gamma, beta, epsilon) => {
      const over = Array.from({ length: axes }, (_, axis) => axis - axes);
      return ops.layerNorm(
        x,
        gamma,
        beta,
        axes === 1 ? { axes: -1, epsilon } : { axes: over, epsilon },
      );
    },
    ...more,
  });

const group = (shape: Shape, groups: number, more: More = {}): Case =>
  normed(`${groups} groups`, {
    shape,
    sets: reference.groupSets(shape, groups),
    affine: shape.slice(-1),
    run: (x, gamma, beta, epsilon) => ops.groupNorm(x, gamma, beta, { groups, epsilon }),
    ...more,
  });

const instance = (shape: Shape, more: More = {}): Case =>
  normed("each channel", {
    shape,
    sets: reference.groupSets(shape, shape.at(-1)!),
    affine: shape.slice(-1),
    run: (x, gamma, beta, epsilon) => ops.instanceNorm(x, gamma, beta, { epsilon }),
    ...more,
  });

/** What each of them refuses of its tensors. */
function shared(
  name: Name,
  run: (x: Tensor, gamma: Tensor, beta: Tensor, more?: object) => unknown,
): Refusal[] {
  return [
    {
      name: "a gamma of another size",
      kind: ShapeError,
      says: new RegExp(
        `^${name}: gamma and beta must have shape \\(4\\) for input \\(2, 5, 4\\); got \\(2\\) and \\(4\\)$`,
      ),
      run: (device) => run(empty(device, 2, 5, 4), empty(device, 2), empty(device, 4)),
    },
    {
      name: "no channels",
      kind: ShapeError,
      says: new RegExp(`^${name}: input must have elements .* in each group; got \\(2, 5, 0\\)$`),
      run: (device) => run(empty(device, 2, 5, 0), empty(device, 0), empty(device, 0)),
    },
    {
      name: "a negative epsilon",
      kind: AttributeError,
      says: new RegExp(`^${name}: epsilon must be a finite number ≥ 0; got -1$`),
      run: (device) =>
        run(empty(device, 2, 4), empty(device, 4), empty(device, 4), { epsilon: -1 }),
    },
  ];
}

const withoutPositions = (name: Name, run: (x: Tensor, affine: Tensor) => unknown): Refusal => ({
  name: "no positions",
  kind: ShapeError,
  says: new RegExp(`^${name}: input must have elements .* in each group; got \\(2, 0, 4\\)$`),
  run: (device) => run(empty(device, 2, 0, 4), empty(device, 4)),
});

const axesOf = (device: Device, axes: readonly number[]): unknown =>
  ops.layerNorm(empty(device, 2, 3, 4), empty(device, 4), empty(device, 4), { axes });

/** Rows by the name of their op. */
export const normRows: Readonly<Record<Name, Row>> = {
  layerNorm: {
    cases: [
      layer([5, 7], 1),
      layer([3, 5, 33], 1, { epsilon: 1e-5 }),
      layer([3, 5, 33], 2),
      layer([2, 7, 3, 5], 3),
      layer([65, 8], 1),
      layer([4, 1], 1),
      layer([9], 1),
      layer([2, 1301], 1),
      layer([301, 130], 1),
      layer([3, 200], 1, { mean: 1000 }),
      layer([0, 5], 1),
    ],
    refusals: [
      ...shared("layerNorm", (x, gamma, beta, more) => ops.layerNorm(x, gamma, beta, more)),
      {
        name: "the first axes",
        kind: AttributeError,
        says: /^layerNorm: axes must be one or more of the last axes of \(2, 3, 4\); got \[1\]; transpose/,
        run: (device) => axesOf(device, [1]),
      },
      {
        name: "no axes",
        kind: AttributeError,
        says: /^layerNorm: axes must be one or more of the last axes of \(2, 3, 4\); got \[\]/,
        run: (device) => axesOf(device, []),
      },
      {
        name: "an axis that isn't there",
        kind: AttributeError,
        says: /^layerNorm: axes must be distinct and in \[-3, 2\] for rank 3; got \[3\]$/,
        run: (device) => axesOf(device, [3]),
      },
    ],
  },
  groupNorm: {
    cases: [
      group([2, 3, 5, 6], 3),
      group([2, 3, 5, 6], 1),
      group([3, 8], 2),
      group([3, 9, 11, 4], 2, { epsilon: 1e-5 }),
      group([33, 7, 10], 5),
      group([1, 40, 40, 8], 4),
      group([2, 7, 7, 6], 2, { mean: 1000 }),
      group([0, 4, 6], 3),
    ],
    refusals: [
      ...shared("groupNorm", (x, gamma, beta, more) =>
        ops.groupNorm(x, gamma, beta, { groups: 1, ...more }),
      ),
      withoutPositions("groupNorm", (x, of) => ops.groupNorm(x, of, of, { groups: 2 })),
      {
        name: "groups that don't divide the channels",
        kind: AttributeError,
        says: /^groupNorm: groups must divide the 4 channels of \(2, 4\); got 3$/,
        run: (device) =>
          ops.groupNorm(empty(device, 2, 4), empty(device, 4), empty(device, 4), { groups: 3 }),
      },
      {
        name: "no groups",
        kind: AttributeError,
        says: /^groupNorm: groups must be a whole number ≥ 1, below 2\^31; got undefined$/,
        run: (device) =>
          Reflect.apply(ops.groupNorm, undefined, [
            empty(device, 2, 4),
            empty(device, 4),
            empty(device, 4),
            {},
          ]),
      },
      {
        name: "a vector",
        kind: ShapeError,
        says: /^groupNorm: input must have shape \(N, …, C\); got \(4\)$/,
        run: (device) =>
          ops.groupNorm(empty(device, 4), empty(device, 4), empty(device, 4), { groups: 2 }),
      },
    ],
  },
  instanceNorm: {
    cases: [
      instance([2, 3, 5, 6]),
      instance([3, 9, 11, 4], { epsilon: 1e-5 }),
      instance([2, 3, 5, 7, 3]),
      instance([65, 3, 3]),
      instance([2, 30, 30, 3]),
      instance([3, 4]),
      instance([2, 7, 7, 5], { mean: 1000 }),
      instance([0, 4, 6]),
    ],
    refusals: [
      ...shared("instanceNorm", (x, gamma, beta, more) => ops.instanceNorm(x, gamma, beta, more)),
      withoutPositions("instanceNorm", (x, of) => ops.instanceNorm(x, of, of)),
      {
        name: "a vector",
        kind: ShapeError,
        says: /^instanceNorm: input must have shape \(N, …, C\); got \(4\)$/,
        run: (device) => ops.instanceNorm(empty(device, 4), empty(device, 4), empty(device, 4)),
      },
    ],
  },
};
