// Rows of the ops that repeat a whole array: tile and broadcastTo. Their results are exact; their gradients sum over
// the copies.
import * as ops from "../../src/autograd/ops.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, randomRef } from "../reference/array.ts";
import * as shapes from "../reference/shape-ops.ts";
import { type Case, exactly, type InputType, type Row, sumOf } from "../case.ts";
import {
  type Indices,
  onIntegers,
  range,
  refusals,
  type Shape,
  SPECIAL,
  startsWith,
  taking,
  tensor,
  text,
  whole,
} from "./moves.ts";

const random = createRandom(22);

// Tile

const repeats = (shape: Shape, repetitions: Shape): Indices =>
  shape.map((n, axis) => shapes.tileIndices(n, repetitions[axis]!));

const tiled = (shape: Shape, repetitions: Shape, x = randomRef(shape, random)): Case =>
  taking(
    `${text(shape)} times ${text(repetitions)}`,
    x,
    (at) => ops.tile(at, { repetitions }),
    repeats(shape, repetitions),
  );

const tileRow: Row = {
  cases: [
    tiled([2, 3], [2, 3]),
    tiled([5], [13]),
    tiled([7, 1, 3], [1, 11, 2]),
    tiled([3, 4], [1, 1]),
    tiled([], []),
    tiled([2, 3], [0, 2]),
    tiled([0, 3], [2, 2]),
    // Five groups of copies between five of elements: tiled, and summed, in two steps.
    tiled([2, 3, 2, 2, 2], [2, 2, 3, 2, 2]),
    tiled([2, 1, 2, 2], [0, 0, 0, 0]),
    tiled([2, 4], [1, 2], SPECIAL),
    ...onIntegers([3, 5], (x) => ops.tile(x, { repetitions: [2, 3] }), repeats([3, 5], [2, 3])),
  ],
  refuses: "u8",
  refusals: refusals(
    AttributeError,
    (
      [
        [[2], "repetitions must have one entry per axis of (2, 3); got [2]"],
        [[1, 2, 3], "repetitions must have one entry per axis of (2, 3); got [1, 2, 3]"],
        [[2, -1], "repetitions must be a list of whole numbers ≥ 0; got [2, -1]"],
        [[2, 1.5], "repetitions must be a list of whole numbers ≥ 0; got [2, 1.5]"],
      ] as const
    ).map(([repetitions, says]) => [
      `repetitions ${text(repetitions)}`,
      startsWith(`tile: ${says}`),
      (device: Device) => ops.tile(tensor(device, 2, 3), { repetitions }),
    ]),
  ),
};

// BroadcastTo

function stretched(from: Shape, to: Shape, dtype: InputType = "f32"): Case {
  const floats = dtype === "f32";
  return {
    name: `${text(from)} to ${text(to)}, ${dtype}`,
    inputs: [floats ? randomRef(from, random) : whole(from, dtype)],
    dtypes: [dtype],
    run: (x) => ops.broadcastTo(x!, { shape: to }),
    value: (x) => exactly(shapes.broadcastTo(x!, to)),
    gradients: (dy) => (floats ? [sumOf(shapes.sumTo(dy, from), shapes.sumTo(abs(dy), from))] : []),
  };
}

const broadcastRow: Row = {
  cases: [
    stretched([3, 1], [3, 5]),
    stretched([], [7, 11]),
    stretched([1], [67]),
    stretched([5, 1, 3], [2, 5, 7, 3]),
    stretched([2, 3], [2, 3]),
    stretched([], []),
    stretched([1, 3], [0, 3]),
    stretched([0, 1], [2, 0, 3]),
    stretched([2, 1, 2, 1, 2, 1, 2], [3, 2, 2, 2, 3, 2, 2, 2]),
    stretched([3, 1], [2, 3, 5], "i32"),
    stretched([3, 1], [2, 3, 5], "u32"),
  ],
  refuses: "u8",
  refusals: [
    ...refusals(
      ShapeError,
      [[2, 4], [3], [3, 2], [0, 3]].map((shape) => [
        `(2, 3) to ${text(shape)}`,
        startsWith(`broadcastTo: (2, 3) doesn't broadcast to ${text(shape)}: each extent`),
        (device: Device) => ops.broadcastTo(tensor(device, 2, 3), { shape }),
      ]),
    ),
    ...refusals(ShapeError, [
      [
        "nine axes, every other one stretched",
        /^broadcastTo: at most 8 axes may remain after neighbouring ones are joined; got \(2, 2, /,
        (device) =>
          ops.broadcastTo(tensor(device, ...range(9, (i) => 1 + (i % 2))), {
            shape: range(9, () => 2),
          }),
      ],
    ]),
    ...refusals(AttributeError, [
      [
        "a negative extent",
        /^broadcastTo: shape must be a list of whole numbers ≥ 0; got \[-1, 3\]$/,
        (device) => ops.broadcastTo(tensor(device, 2, 3), { shape: [-1, 3] }),
      ],
    ]),
  ],
};

/** Rows by the name of their op. */
export const repeatRows: Readonly<Record<"tile" | "broadcastTo", Row>> = {
  tile: tileRow,
  broadcastTo: broadcastRow,
};
