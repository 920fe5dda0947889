// Rows of argmin and topK: ties, NaN, and rows that are walked in several runs.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { ReduceAttributes } from "../../src/kernels/reduce.ts";
import type { TopKAttributes } from "../../src/kernels/top-k.ts";
import {
  createRandom,
  map,
  randomRef,
  type Ref,
  refOf,
  scatterAdd,
  zeros,
} from "../reference/array.ts";
import * as reference from "../reference/axes.ts";
import { type Case, exactly, type Row } from "../case.ts";

type Name = "argmin" | "topK";
type Shape = readonly number[];

const random = createRandom(42);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

/** Ties, zeros of either sign, subnormals, infinities, and NaN first, later and twice. */
const ORDER = refOf(
  [8, 5],
  [
    [3, -7, 7, -7, 7],
    [-0, 0, -0, 0, 1],
    [0, -(2 ** -149), -(2 ** -140), 2 ** -130, -(2 ** -140)],
    [Infinity, Infinity, -3, -3, -2],
    [1, -Infinity, 2, -Infinity, Infinity],
    [Number.NaN, -Infinity, 1, Number.NaN, 0],
    [1, Infinity, 3, Number.NaN, -4],
    [Infinity, Infinity, Infinity, Infinity, Infinity],
  ].flat(),
);

/** Many ties, and NaN in the middle of the second row and at its end. */
const long = (extent: number): Ref => {
  const x = map(zeros([2, extent]), () => Math.floor(8 * random()));
  const nan = Number.NaN;
  return refOf([2, extent], x.data.with(extent + (extent >> 1), nan).with(2 * extent - 1, nan));
};

/** No two are within a hundredth: central differences change no order. */
const apart = (rows: number, extent: number): Ref =>
  map(refOf([rows, extent], [...zeros([rows, extent]).data.keys()]), (i) =>
    Math.fround(((i * 37) % (rows * extent)) / 100),
  );

// Argmin

function smallest(name: string, x: Ref, attributes: ReduceAttributes): Case {
  const axes = [attributes.axes ?? x.shape.map((_, axis) => axis)].flat();
  return {
    name: `${name}, ${attributes.axes !== undefined ? `axes ${axes.join(", ")}` : "all axes"}`,
    inputs: [x],
    run: (at) => ops.argmin(at!, attributes),
    value: (at) => exactly(reference.argmin(at!, axes, attributes.keepDims)),
    gradients: () => [],
    smooth: false, // a step function, whose driver knows no gradient
  };
}

const anyOf = (shape: Shape, attributes: ReduceAttributes): Case =>
  smallest(`(${shape.join(", ")})`, randomRef(shape, random), attributes);

const argminRow: Row = {
  cases: [
    anyOf([3, 7, 11], {}),
    anyOf([5, 4, 3, 7], { axes: [-1, 1], keepDims: true }),
    anyOf([3, 2200, 2], { axes: [0, 1] }),
    smallest("ties and NaN in several runs", long(2501), { axes: [1], keepDims: true }),
    smallest("ties, zeros, subnormals, infinities and NaN", ORDER, { axes: [1] }),
    anyOf([], {}),
    anyOf([0, 3], { axes: [1] }),
    anyOf([5, 3, 4], { axes: -2 }),
  ],
  refusals: [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^argmin: axes must be distinct and in \[-2, 1\]/,
      run: (device) => ops.argmin(empty(device, 2, 3), { axes: [2] }),
    },
    {
      name: "nothing to reduce",
      kind: ShapeError,
      says: /^argmin: the axes to reduce must not be empty; got \(2, 0\)$/,
      run: (device) => ops.argmin(empty(device, 2, 0), { axes: [1] }),
    },
  ],
};

// The k largest

function largest(x: Ref, attributes: TopKAttributes, of: "values" | "indices", what = ""): Case {
  const { k, axis = -1 } = attributes;
  return {
    name: `${of} of (${x.shape.join(", ")}), axis ${axis}, k ${k}${what}`,
    inputs: [x],
    run: (at) => ops.topK(at!, attributes)[of],
    value(at) {
      if (of === "indices") return exactly(reference.topK(at!, k, axis).places);
      return exactly(reference.topValues(at!, k, axis));
    },
    gradients(dy, at) {
      if (of === "indices") return [];
      return [exactly(scatterAdd(dy, reference.topK(at!, k, axis).at, at!.shape))];
    },
    smooth: of === "values" && what === "",
  };
}

const both = (x: Ref, attributes: TopKAttributes, what = ""): Case[] => [
  largest(x, attributes, "values", what),
  largest(x, attributes, "indices", what),
];

const topKRow: Row = {
  cases: [
    ...both(randomRef([3, 7], random), { k: 3 }),
    ...both(randomRef([3, 7, 4], random), { k: 7, axis: 1 }),
    ...both(randomRef([33, 5], random), { k: 2, axis: 0 }), // one more than a run
    ...both(apart(2, 200), { k: 200 }),
    ...both({ ...apart(2, 903), shape: [2, 301, 3] }, { k: 40, axis: -2 }),
    ...both(randomRef([1], random), { k: 1 }),
    ...both(zeros([0, 3]), { k: 2 }),
    ...both(zeros([3, 0]), { k: 2, axis: 0 }),
    ...both(ORDER, { k: 5 }, ", ties, zeros, subnormals, infinities and NaN"),
    ...both(long(1000), { k: 70 }, ", ties and NaN in several runs"),
    largest(long(5001), { k: 1 }, "indices", ", ties and NaN"),
  ],
  refusals: [
    {
      name: "no k",
      kind: AttributeError,
      says: /^topK: k must be a whole number ≥ 1; got undefined$/,
      run: (device) => Reflect.apply(ops.topK, undefined, [empty(device, 2, 3), {}]),
    },
    {
      name: "none at all",
      kind: AttributeError,
      says: /^topK: k must be a whole number ≥ 1; got 0$/,
      run: (device) => ops.topK(empty(device, 2, 3), { k: 0 }),
    },
    {
      name: "more than there are",
      kind: AttributeError,
      says: /^topK: k must be at most 2, the extent of axis 0 of \(2, 3\); got 3$/,
      run: (device) => ops.topK(empty(device, 2, 3), { k: 3, axis: 0 }),
    },
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^topK: axis must be in \[-2, 1\] for rank 2; got -3$/,
      run: (device) => ops.topK(empty(device, 2, 3), { k: 1, axis: -3 }),
    },
    {
      name: "a scalar",
      kind: AttributeError,
      says: /^topK: a scalar has no axis; got axis -1$/,
      run: (device) => ops.topK(empty(device), { k: 1 }),
    },
  ],
};

/** Rows by the name of their op. */
export const placeRows: Readonly<Record<Name, Row>> = { argmin: argminRow, topK: topKRow };
