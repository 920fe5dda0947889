// The row of the standard deviation of a minibatch.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { MinibatchStddevAttributes } from "../../src/kernels/minibatch-stddev.ts";
import { createRandom, map, randomRef, type Ref } from "../reference/array.ts";
import { minibatchStddev, minibatchStddevGrad } from "../reference/minibatch-stddev.ts";
import { type Case, close, type Row } from "../case.ts";

const random = createRandom(47);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

interface Given extends MinibatchStddevAttributes {
  /** The size that groups should have. */
  readonly size: number;
  readonly mean?: number;
  readonly x?: Ref;
}

function grouped(shape: readonly number[], { size, mean = 0, x, ...attributes }: Given): Case {
  const { epsilon = 1e-8, batches = 1 } = attributes;
  const inp = x ?? map(randomRef(shape, random), (v) => Math.fround(v + mean));
  const alike = x !== undefined || size === 1;
  // Far from 0, the group's mean is rounded before it is subtracted.
  const atol = 1e-6 * (1 + Math.abs(mean) / 10);
  return {
    name: `(${shape.join(", ")}), groups of ${size}, ${batches} batches, epsilon ${epsilon}, mean ${mean}${x ? ", all alike" : ""}`,
    inputs: [inp],
    run: (at) => ops.minibatchStddev(at!, attributes),
    value: (at) => close(minibatchStddev(at!, size, epsilon), atol, 2e-6),
    gradients: (dy, at) => [close(minibatchStddevGrad(dy, at!, size, epsilon), atol, 2e-5)],
    // Where all are alike, √(variance + ε) is nearly a kink.
    smooth: mean === 0 && !alike,
  };
}

/** Rows by the name of their op. */
export const minibatchRows: Readonly<Record<"minibatchStddev", Row>> = {
  minibatchStddev: {
    cases: [
      grouped([8, 3, 5, 6], { size: 4 }),
      grouped([4, 7], { size: 4 }),
      grouped([6, 5], { size: 3 }),
      grouped([12, 2, 2, 3], { size: 3, batches: 2 }),
      grouped([12, 2, 2, 3], { size: 4, batches: 3, epsilon: 0.25 }),
      grouped([7, 33], { size: 1 }),
      grouped([7, 33], { size: 7, groupSize: 64 }),
      grouped([64, 130], { size: 32, groupSize: 32 }),
      grouped([8, 9, 11, 4], { size: 4, mean: 20 }),
      grouped([6, 3, 2], { size: 2, groupSize: 2 }),
      grouped([4, 2, 3], { size: 4, x: map(randomRef([4, 2, 3], random), () => 0.75) }),
      grouped([2, 3, 4, 2, 5, 1], { size: 2 }),
      grouped([0, 3, 3, 2], { size: 1 }),
    ],
    refusals: [
      {
        name: "a vector",
        kind: ShapeError,
        says: /^minibatchStddev: input must have shape \(N, …, C\) with at least one feature; got \(4\)$/,
        run: (device) => ops.minibatchStddev(empty(device, 4)),
      },
      {
        name: "no features",
        kind: ShapeError,
        says: /^minibatchStddev: input must have .* at least one feature; got \(4, 0, 3\)$/,
        run: (device) => ops.minibatchStddev(empty(device, 4, 0, 3)),
      },
      {
        name: "batches that don't fit",
        kind: ShapeError,
        says: /^minibatchStddev: 2 batches of equal size must make up the 5 examples of \(5, 3\); give a multiple of 2$/,
        run: (device) => ops.minibatchStddev(empty(device, 5, 3), { batches: 2 }),
      },
      {
        name: "groups of none",
        kind: AttributeError,
        says: /^minibatchStddev: groupSize must be a whole number ≥ 1, below 2\^31; got 0$/,
        run: (device) => ops.minibatchStddev(empty(device, 4, 3), { groupSize: 0 }),
      },
      {
        name: "an epsilon of 0",
        kind: AttributeError,
        says: /^minibatchStddev: epsilon must be a finite number > 0; got 0$/,
        run: (device) => ops.minibatchStddev(empty(device, 4, 3), { epsilon: 0 }),
      },
    ],
  },
};
