// Rows of the ops that only move elements. Their results are exact, and so is their gradient if no element is copied
// twice; otherwise it is a sum.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import {
  AttributeError,
  DTypeError,
  type LonghandError,
  ShapeError,
} from "../../src/gpu/errors.ts";
import type { SliceAttributes } from "../../src/kernels/moves.ts";
import { createRandom, map, randomRef, type Ref, refOf } from "../reference/array.ts";
import * as shapes from "../reference/shape-ops.ts";
import {
  type Case,
  eachOfTerms,
  exactly,
  type InputType,
  type Refusal,
  type Row,
} from "../case.ts";

/** Extents. */
export type Shape = readonly number[];
/** Which elements to take along each axis. */
export type Indices = readonly (readonly number[])[];

const random = createRandom(21);
/** `(2, 3)`. */
export const text = (shape: Shape): string => `(${shape.join(", ")})`;
/** A tensor of floats, of any values. */
export const tensor = (device: Device, ...shape: number[]): Tensor =>
  new Tensor(device.empty(shape));
/** `at(0)`, `at(1)`, …; whole numbers from 0 unless given. */
export const range = (length: number, at: (i: number) => number = (i) => i): number[] =>
  Array.from({ length }, (_, i) => at(i));

/** Whole numbers, which every type holds. */
export const whole = (shape: Shape, dtype: InputType): Ref =>
  map(randomRef(shape, random, dtype === "i32" ? -1000 : 0, 1000), Math.round);

/** A case whose result is `take` of x: its gradient sums over the copies. */
export function taking(
  name: string,
  x: Ref,
  run: (x: Tensor) => Tensor,
  indices: Indices,
  dtype: InputType = "f32",
): Case {
  const floats = dtype === "f32";
  return {
    name: floats ? name : `${name}, ${dtype}`,
    inputs: [x],
    ...(floats ? {} : { dtypes: [dtype] }),
    run: (at) => run(at!),
    value: (at) => exactly(shapes.take(at!, indices)),
    gradients: (dy) =>
      floats ? eachOfTerms((flow) => [shapes.takeGrad(flow!, x.shape, indices)], dy) : [],
    smooth: x.data.every(Number.isFinite),
  };
}

/** The same call on each type of integers. */
export const onIntegers = (shape: Shape, run: (x: Tensor) => Tensor, indices: Indices): Case[] =>
  (["i32", "u32"] as const).map((dtype) =>
    taking(text(shape), whole(shape, dtype), run, indices, dtype),
  );

/** Refusals of one kind, each with the words that its message begins with. */
export function refusals(
  kind: new (message: string) => LonghandError,
  list: readonly (readonly [name: string, says: RegExp, run: (device: Device) => unknown])[],
): Refusal[] {
  return list.map(([name, says, run]) => ({ name, kind, says, run }));
}

/** Matches messages that begin so. */
export const startsWith = (words: string): RegExp =>
  new RegExp(`^${words.replace(/[[\]().?]/g, "\\$&")}`);

/** What moves must leave as they are. */
export const SPECIAL: Ref = refOf(
  [2, 4],
  [Number.NaN, -0, Infinity, -Infinity, 3.4e38, 1, -1, 2].map(Math.fround),
);

// Transpose

function transposed(shape: Shape, permutation?: Shape, x = randomRef(shape, random)): Case {
  const order = (permutation ?? range(shape.length).toReversed()).map((axis) =>
    axis < 0 ? axis + shape.length : axis,
  );
  return {
    name: `${text(shape)} by ${permutation ? text(permutation) : "default"}`,
    inputs: [x],
    run: (at) => ops.transpose(at!, permutation ? { permutation } : {}),
    value: (at) => exactly(shapes.transpose(at!, order)),
    gradients: (dy) => [exactly(shapes.transposeGrad(dy, order))],
    smooth: x.data.every(Number.isFinite),
  };
}

const transposeRow: Row = {
  cases: [
    transposed([2, 3, 5]),
    transposed([7, 65]),
    transposed([2, 3, 4, 5], [0, 2, 1, 3]),
    transposed([3, 2, 1, 5], [-1, 0, -2, 1]),
    transposed([5, 13], [0, 1]),
    transposed([]),
    transposed([3]),
    transposed([0, 3]),
    transposed([2, 1, 3, 2, 2, 1, 2, 3]),
    transposed([2, 4], [1, 0], SPECIAL),
    ...(["i32", "u32"] as const).map((dtype): Case => ({
      ...transposed([3, 23], [1, 0], whole([3, 23], dtype)),
      name: dtype,
      dtypes: [dtype],
      gradients: () => [],
    })),
  ],
  refuses: "u8",
  refusals: refusals(AttributeError, [
    ...[[0], [0, 0], [0, 1, 2], [1, -1]].map(
      (permutation) =>
        [
          `the permutation [${permutation.join(", ")}]`,
          /^transpose: (permutation must name each axis of \(2, 3\) once; got \[|axis must be in \[-2, 1\])/,
          (device: Device) => ops.transpose(tensor(device, 2, 3), { permutation }),
        ] as const,
    ),
    [
      "an axis that isn't there",
      /^transpose: axis must be in \[-2, 1\] for rank 2; got -3$/,
      (device) => ops.transpose(tensor(device, 2, 3), { permutation: [0, -3] }),
    ],
    [
      "an axis that isn't whole",
      /^transpose: permutation must be a list of whole numbers; got \[0, 0.5\]$/,
      (device) => ops.transpose(tensor(device, 2, 3), { permutation: [0, 0.5] }),
    ],
  ]),
};

// Slice

const sliced = (
  shape: Shape,
  attributes: SliceAttributes,
  indices: Indices,
  x = randomRef(shape, random),
): Case => {
  const { starts, sizes = [], steps = [] } = attributes;
  const name = `${text(shape)} from ${text(starts)}, ${text(sizes)} by ${text(steps)}`;
  return taking(name, x, (at) => ops.slice(at, attributes), indices);
};

const sliceRow: Row = {
  cases: [
    sliced([5, 7], { starts: [1, 2], sizes: [3, 4] }, [
      range(3, (i) => 1 + i),
      range(4, (i) => 2 + i),
    ]),
    sliced([5, 7], { starts: [-2] }, [[3, 4], range(7)]),
    sliced([11, 13], { starts: [1, 2], steps: [2, 3] }, [
      [1, 3, 5, 7, 9],
      [2, 5, 8, 11],
    ]),
    sliced([11, 13], { starts: [-1, 7], sizes: [-1, 3], steps: [-1, -3] }, [
      range(11).toReversed(),
      [7, 4, 1],
    ]),
    sliced([3, 67, 2], { starts: [0, 66], steps: [1, -1] }, [
      range(3),
      range(67).toReversed(),
      range(2),
    ]),
    sliced([4, 3], { starts: [], steps: [-3] }, [[3, 0], range(3)]),
    sliced([3, 4], { starts: [1, 4] }, [[1, 2], []]),
    sliced([3, 4], { starts: [3, 0], sizes: [0, 2], steps: [-1] }, [[], [0, 1]]),
    sliced([0, 4], { starts: [0, 1], steps: [-2, 2] }, [[], [1, 3]]),
    sliced([1], { starts: [-1], steps: [-5] }, [[0]]),
    sliced([], { starts: [] }, []),
    sliced(
      [2, 4],
      { starts: [0, 1], steps: [1, 2] },
      [
        [0, 1],
        [1, 3],
      ],
      SPECIAL,
    ),
    ...onIntegers([9, 8], (x) => ops.slice(x, { starts: [7, 1], steps: [-3] }), [
      [7, 4, 1],
      range(7, (i) => 1 + i),
    ]),
  ],
  refuses: "u8",
  refusals: refusals(
    AttributeError,
    (
      [
        [{ starts: [4] }, "axis 0 has 3 elements; got start 4, size -1, step 1"],
        [{ starts: [-4] }, "axis 0 has 3 elements; got start -4, size -1, step 1"],
        [{ starts: [1], sizes: [3] }, "axis 0 has 3 elements; got start 1, size 3, step 1"],
        [{ starts: [0, 1], sizes: [3, 4] }, "axis 1 has 4 elements; got start 1, size 4, step 1"],
        [{ starts: [3], steps: [-1] }, "axis 0 has 3 elements; got start 3, size -1, step -1"],
        [{ starts: [1], sizes: [3], steps: [-1] }, "axis 0 has 3 elements; got start 1, size 3"],
        [{ starts: [0], sizes: [3], steps: [2] }, "axis 0 has 3 elements; got start 0, size 3"],
        [{ starts: [0], steps: [0] }, "steps must not be 0"],
        [
          { starts: [0, 0, 0] },
          "starts may have at most one entry per axis of (3, 4); got [0, 0, 0]",
        ],
        [{ starts: [], sizes: [1, 1, 1] }, "sizes may have at most one entry"],
        [{ starts: [], steps: [1, 1, 1] }, "steps may have at most one entry"],
        [{ starts: [0], sizes: [-2] }, "sizes must be a list of whole numbers ≥ -1; got [-2]"],
        [{ starts: [0.5] }, "starts must be a list of whole numbers; got [0.5]"],
        [{ starts: [0], steps: [Number.NaN] }, "steps must be a list of whole numbers; got [NaN]"],
      ] as const
    ).map(
      ([attributes, says]) =>
        [
          JSON.stringify(attributes),
          startsWith(`slice: ${says}`),
          (device: Device) => ops.slice(tensor(device, 3, 4), attributes),
        ] as const,
    ),
  ),
};

// Concat

function joined(parts: readonly Shape[], axis: number, dtype: InputType = "f32"): Case {
  const at = axis < 0 ? axis + parts[0]!.length : axis;
  const floats = dtype === "f32";
  return {
    name: `${parts.map(text).join(" ")} along ${axis}, ${dtype}`,
    inputs: parts.map((shape) => (floats ? randomRef(shape, random) : whole(shape, dtype))),
    dtypes: parts.map(() => dtype),
    run: (...tensors) => ops.concat(tensors, { axis }),
    value: (...refs) => exactly(shapes.concat(refs, at)),
    gradients: (dy) => (floats ? shapes.concatGrad(dy, parts, at).map(exactly) : []),
  };
}

const concatRow: Row = {
  cases: [
    joined(
      [
        [2, 3],
        [4, 3],
      ],
      0,
    ),
    joined(
      [
        [2, 3, 5],
        [2, 1, 5],
        [2, 7, 5],
      ],
      1,
    ),
    joined(
      [
        [3, 5],
        [3, 0],
        [3, 65],
      ],
      -1,
    ),
    joined([[7]], 0),
    joined([[0], [0]], 0),
    joined(
      [
        [1, 1],
        [1, 1],
      ],
      1,
    ),
    joined(
      [
        [2, 3],
        [2, 2],
      ],
      1,
      "i32",
    ),
    joined(
      [
        [2, 3],
        [2, 2],
      ],
      1,
      "u32",
    ),
  ],
  refuses: "u8",
  refusals: [
    ...refusals(ShapeError, [
      [
        "other extents",
        /^concat: shapes may differ only along axis 0; got \(2, 3\) as input 0 and \(2, 4\) as input 1$/,
        (device) => ops.concat([tensor(device, 2, 3), tensor(device, 2, 4)], { axis: 0 }),
      ],
      [
        "other ranks",
        /^concat: shapes may differ only along axis 0; got \(2, 3\) as input 0 and \(2\) as input 1$/,
        (device) => ops.concat([tensor(device, 2, 3), tensor(device, 2)], { axis: 0 }),
      ],
    ]),
    ...refusals(AttributeError, [
      [
        "an axis that isn't there",
        /^concat: axis must be in \[-2, 1\] for rank 2; got 2$/,
        (device) => ops.concat([tensor(device, 2, 3)], { axis: 2 }),
      ],
      [
        "scalars",
        /^concat: a scalar has no axis; got axis 0$/,
        (device) => ops.concat([tensor(device), tensor(device)], { axis: 0 }),
      ],
      [
        "half an axis",
        /^concat: axis must be a whole number; got 0.5$/,
        (device) => ops.concat([tensor(device, 2)], { axis: 0.5 }),
      ],
    ]),
    ...refusals(DTypeError, [
      [
        "nothing",
        /^concat: takes a list of one tensor or more; got \[\]$/,
        () => ops.concat([], { axis: 0 }),
      ],
      [
        "a tensor by itself",
        /^concat: takes a list of one tensor or more; got Tensor$/,
        (device) => Reflect.apply(ops.concat, undefined, [tensor(device, 2), { axis: 0 }]),
      ],
      [
        "two types",
        /^concat: all inputs must have the same type; got f32 as input 0 and i32 as input 1$/,
        (device) =>
          ops.concat([tensor(device, 2), new Tensor(device.empty([2], "i32"))], { axis: 0 }),
      ],
    ]),
  ],
};

/** Rows by the name of their op. */
export const moveRows: Readonly<Record<"transpose" | "slice" | "concat", Row>> = {
  transpose: transposeRow,
  slice: sliceRow,
  concat: concatRow,
};
