// Rows of the ops that take or return indices: gather, oneHot and argmax.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import type { GatherAttributes } from "../../src/kernels/gather.ts";
import type { OneHotAttributes } from "../../src/kernels/one-hot.ts";
import type { ReduceAttributes } from "../../src/kernels/reduce.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf, zeros } from "../reference/array.ts";
import { oneHot, take, takeGrad } from "../reference/indexing.ts";
import { argmax } from "../reference/reduce.ts";
import { type Case, exactly, type Row, sumOf } from "../case.ts";

type Name = "gather" | "oneHot" | "argmax";
type Shape = readonly number[];

const random = createRandom(19);
const LEAST = -(2 ** 31);
const MOST = 2 ** 31 - 1;

const floats = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));
const integers = (device: Device, ...shape: number[]): Tensor =>
  new Tensor(device.empty(shape, "i32"));
const wholes = (shape: Shape, low: number, high: number): Ref =>
  map(zeros(shape), () => Math.floor(low + (high - low) * random()));

// Gather

function gather(x: Shape | Ref, indices: Ref, attributes: GatherAttributes = {}): Case {
  const inp = "data" in x ? x : randomRef(x, random);
  const { batchDims = 0, axis = batchDims } = attributes;
  const rows = { axis: axis < 0 ? axis + inp.shape.length : axis, batchDims };
  const given = Object.entries(attributes).map(([name, value]) => `, ${name} ${value}`);
  return {
    name: `(${inp.shape.join(", ")}) by (${indices.shape.join(", ")})${given.join("")}`,
    inputs: [inp, indices],
    dtypes: ["f32", "i32"],
    run: (at, by) => ops.gather(at!, by!, attributes),
    value: (at, by) => exactly(take(at!, by!, rows)),
    gradients: (dy, at, by) => [
      sumOf(takeGrad(dy, at!.shape, by!, rows), takeGrad(abs(dy), at!.shape, by!, rows)),
    ],
  };
}

/** Random indices, about half of them from the end; each row is named again and again. */
const anyOf = (rows: number, ...shape: number[]): Ref => wholes(shape, -rows, rows);

const LARGE = refOf([4, 2], [MOST, LEAST, MOST - 1, LEAST + 1, 16_777_217, -16_777_217, 0, -1]);
const INVALID = refOf([3, 2], [Number.NaN, 1, 2, Infinity, -Infinity, 3]);

const gatherRow: Row = {
  cases: [
    gather([7, 5], refOf([4], [0, -1, 6, -7])),
    gather([5, 3], refOf([], [1]), { axis: 1 }),
    gather([5], refOf([], [-2])),
    gather([13], anyOf(13, 2, 3)),
    gather([3, 11, 6], anyOf(11, 70), { axis: 1 }),
    gather([65, 8], anyOf(65, 31), { axis: -2 }),
    gather([1, 2], anyOf(1, 3001)),
    {
      ...gather([5, 2], refOf([6], [5, 100, -6, -100, MOST, LEAST])),
      name: "clamps what is out of range",
    },
    gather([3, 2], zeros([0, 4])),
    gather([3, 0], refOf([2], [1, 2])),
    gather([0, 3], zeros([0])),
    gather([2, 5, 3], anyOf(5, 2, 4), { batchDims: 1 }),
    gather([2, 3, 7], anyOf(7, 2, 2, 3), { axis: -1, batchDims: 1 }),
    gather([2, 3, 4], anyOf(4, 2, 3), { axis: 2, batchDims: 2 }),
    gather([0, 5], zeros([0, 2]), { batchDims: 1 }),
    {
      ...gather(LARGE, refOf([5], [3, 0, 1, 2, 1])),
      name: "integers that float32 can't hold",
      dtypes: ["i32", "i32"],
      gradients: () => [],
    },
    {
      ...gather(INVALID, refOf([3], [2, 2, 0])),
      name: "NaN and infinities, moved like any element",
      smooth: false,
    },
  ],
  refuses: "u8",
  refusals: [
    {
      name: "indices of floats",
      kind: DTypeError,
      says: /^gather: input 1 must be i32; got f32: write cast\(x, \{ to: "i32" \}\)$/,
      run: (device) => ops.gather(floats(device, 3, 2), floats(device, 2)),
    },
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^gather: axis must be in \[-2, 1\] for rank 2; got 2$/,
      run: (device) => ops.gather(floats(device, 3, 2), integers(device, 2), { axis: 2 }),
    },
    {
      name: "half an axis",
      kind: AttributeError,
      says: /^gather: axis must be a whole number; got 0.5$/,
      run: (device) => ops.gather(floats(device, 3, 2), integers(device, 2), { axis: 0.5 }),
    },
    {
      name: "a scalar",
      kind: AttributeError,
      says: /^gather: a scalar has no axis; got axis 0$/,
      run: (device) => ops.gather(floats(device), integers(device, 2)),
    },
    {
      name: "fewer than no batch axes",
      kind: AttributeError,
      says: /^gather: batchDims must be a whole number ≥ 0; got -1$/,
      run: (device) => ops.gather(floats(device, 3, 2), integers(device, 3), { batchDims: -1 }),
    },
    {
      name: "more batch axes than indices have",
      kind: AttributeError,
      says: /^gather: batchDims must be at most the ranks of x \(3, 2\) and indices \(3\); got 2$/,
      run: (device) =>
        ops.gather(floats(device, 3, 2), integers(device, 3), { axis: 1, batchDims: 2 }),
    },
    {
      name: "a batch axis as the axis",
      kind: AttributeError,
      says: /^gather: axis must be 1 or more, after the batch axes; got 0$/,
      run: (device) =>
        ops.gather(floats(device, 3, 2), integers(device, 3), { axis: 0, batchDims: 1 }),
    },
    {
      name: "batches that differ",
      kind: ShapeError,
      says: /^gather: the first 1 extents of x \(3, 2\) and indices \(2\) must be equal/,
      run: (device) =>
        ops.gather(floats(device, 3, 2), integers(device, 2), { axis: 1, batchDims: 1 }),
    },
    {
      name: "rows of an empty axis",
      kind: ShapeError,
      says: /^gather: axis 0 of x \(0, 2\) is empty, .* got indices \(3\)$/,
      run: (device) => ops.gather(floats(device, 0, 2), integers(device, 3)),
    },
    {
      name: "an attribute that it doesn't have",
      kind: AttributeError,
      says: /^gather: got an unknown attribute axes: write axis; it takes axis, batchDims$/,
      run: (device) =>
        Reflect.apply(ops.gather, undefined, [
          floats(device, 3, 2),
          integers(device, 3),
          { axes: [0] },
        ]),
    },
  ],
};

// One-hot

function hot(indices: Ref, attributes: OneHotAttributes): Case {
  const { depth, axis = -1, ...rest } = attributes;
  const rank = indices.shape.length + 1;
  const given = Object.entries(attributes).map(([name, value]) => `, ${name} ${value}`);
  return {
    name: `(${indices.shape.join(", ")})${given.join("")}`,
    inputs: [indices],
    dtypes: ["i32"],
    run: (at) => ops.oneHot(at!, attributes),
    value: (at) => exactly(oneHot(at!, depth, axis < 0 ? axis + rank : axis, rest)),
    gradients: () => [],
  };
}

const STRAY = refOf([9], [0, 3, -1, -4, 4, -5, 1, MOST, LEAST]);

const oneHotRow: Row = {
  cases: [
    hot(refOf([5], [0, 6, 3, 3, 1]), { depth: 7 }),
    hot(refOf([], [2]), { depth: 3 }),
    hot(wholes([3, 11], 0, 5), { depth: 5 }),
    hot(wholes([3, 11], 0, 5), { depth: 5, axis: 0 }),
    hot(wholes([3, 11], 0, 5), { depth: 5, axis: -2, on: -1.5, off: 0.25 }),
    hot(wholes([2, 3], 0, 1), { depth: 1, axis: 2 }),
    hot(STRAY, { depth: 4 }),
    hot(STRAY, { depth: 4, wrapNegative: true }),
    hot(STRAY, { depth: 4, on: -Infinity, off: Number.NaN }),
    hot(STRAY, { depth: 4, on: Number.NaN, off: Infinity }),
    hot(zeros([0, 3]), { depth: 4 }),
    hot(refOf([2], [0, 1]), { depth: 0 }),
  ],
  refuses: "f32",
  refusals: [
    {
      name: "no depth",
      kind: AttributeError,
      says: /^oneHot: depth must be a whole number ≥ 0; got undefined$/,
      run: (device) => Reflect.apply(ops.oneHot, undefined, [integers(device, 2), {}]),
    },
    {
      name: "no attributes at all",
      kind: AttributeError,
      says: /^oneHot: attributes must be an object; got undefined/,
      run: (device) => Reflect.apply(ops.oneHot, undefined, [integers(device, 2)]),
    },
    {
      name: "a negative depth",
      kind: AttributeError,
      says: /^oneHot: depth must be a whole number ≥ 0; got -1$/,
      run: (device) => ops.oneHot(integers(device, 2), { depth: -1 }),
    },
    {
      name: "an axis past the result's",
      kind: AttributeError,
      says: /^oneHot: axis must be in \[-2, 1\] for rank 2; got 2$/,
      run: (device) => ops.oneHot(integers(device, 2), { depth: 3, axis: 2 }),
    },
    {
      name: "an axis before the result's",
      kind: AttributeError,
      says: /^oneHot: axis must be in \[-2, 1\] for rank 2; got -3$/,
      run: (device) => ops.oneHot(integers(device, 2), { depth: 3, axis: -3 }),
    },
    {
      name: "an on that is no number",
      kind: AttributeError,
      says: /^oneHot: on must be a number; got "1"$/,
      run: (device) =>
        Reflect.apply(ops.oneHot, undefined, [integers(device, 2), { depth: 3, on: "1" }]),
    },
  ],
};

// Argmax

function largest(name: string, x: Ref, attributes: ReduceAttributes): Case {
  const axes = [attributes.axes ?? x.shape.map((_, axis) => axis)].flat();
  return {
    name: `${name}, ${attributes.axes !== undefined ? `axes ${axes.join(", ")}` : "all axes"}`,
    inputs: [x],
    run: (at) => ops.argmax(at!, attributes),
    value: (at) => exactly(argmax(at!, axes, attributes.keepDims)),
    gradients: () => [],
    smooth: false, // a step function, whose driver knows no gradient
  };
}

const random2 = (shape: Shape, attributes: ReduceAttributes): Case =>
  largest(`(${shape.join(", ")})`, randomRef(shape, random), attributes);

/** Ties, zeros of either sign, subnormals, infinities, and NaN first, later and twice. */
const ORDER = refOf(
  [8, 5],
  [
    [3, 7, 7, -7, 7],
    [-0, 0, -0, 0, -1],
    [0, 2 ** -149, 2 ** -140, -(2 ** -130), 2 ** -140],
    [-Infinity, -Infinity, -3, -2, -2],
    [1, Infinity, 2, Infinity, -Infinity],
    [Number.NaN, Infinity, 1, Number.NaN, 0],
    [1, Infinity, 3, Number.NaN, 4],
    [-Infinity, -Infinity, -Infinity, -Infinity, -Infinity],
  ].flat(),
);

const long = (extent: number): Ref => {
  const x = map(zeros([2, extent]), () => Math.floor(8 * random())); // many ties, in several runs
  return refOf(
    [2, extent],
    x.data.with(extent + 2300, Number.NaN).with(2 * extent - 1, Number.NaN),
  );
};

const argmaxRow: Row = {
  cases: [
    random2([3, 7, 11], {}),
    random2([231, 3], { axes: [1] }),
    random2([5, 4, 3, 7], { axes: [-1, 1], keepDims: true }),
    random2([5, 4, 3, 7], { axes: [2, 0] }),
    random2([641, 2049], { axes: [1] }), // several runs, and their ends in two dimensions
    random2([3, 2200, 2], { axes: [0, 1] }),
    largest("ties and NaN in several runs", long(2501), { axes: [1], keepDims: true }),
    largest("ties, zeros, subnormals, infinities and NaN", ORDER, { axes: [1] }),
    random2([], {}),
    random2([1], { keepDims: true }),
    random2([2, 3], { axes: [] }),
    random2([0, 3], { axes: [1] }),
    random2([5, 3, 4], { axes: -2 }),
  ],
  refusals: [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^argmax: axes must be distinct and in \[-2, 1\]/,
      run: (device) => ops.argmax(floats(device, 2, 3), { axes: [2] }),
    },
    {
      name: "an axis named twice",
      kind: AttributeError,
      says: /^argmax: axes must be distinct/,
      run: (device) => ops.argmax(floats(device, 2, 3), { axes: [1, -1] }),
    },
    {
      name: "half an axis",
      kind: AttributeError,
      says: /^argmax: axes must be a whole number, or a list of whole numbers; got 0.5$/,
      run: (device) => ops.argmax(floats(device, 2, 3), { axes: 0.5 }),
    },
    {
      name: "nothing to reduce",
      kind: ShapeError,
      says: /^argmax: the axes to reduce must not be empty; got \(2, 0\)$/,
      run: (device) => ops.argmax(floats(device, 2, 0), { axes: [1] }),
    },
    {
      name: "axes that alternate too often",
      kind: ShapeError,
      says: /^argmax: .* alternates between kept and reduced axes too often: .*; transpose it/,
      run: (device) =>
        ops.argmax(floats(device, 2, 2, 2, 2, 2, 2, 2, 2, 2), { axes: [0, 2, 4, 6, 8] }),
    },
  ],
};

/** Rows by the name of their op. */
export const indexRows: Readonly<Record<Name, Row>> = {
  gather: gatherRow,
  oneHot: oneHotRow,
  argmax: argmaxRow,
};
