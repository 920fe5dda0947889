// Rows of the product over axes, running sums and log-sum-exp: rows in one piece and in many, zeros, infinities.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { ReduceAttributes } from "../../src/kernels/reduce.ts";
import type { CumsumAttributes } from "../../src/kernels/scan.ts";
import type { LogSumExpAttributes } from "../../src/kernels/softmax.ts";
import * as reference from "../reference/axes.ts";
import {
  abs,
  createRandom,
  map,
  randomAwayFromZero,
  randomRef,
  type Ref,
  refOf,
} from "../reference/array.ts";
import { type Case, close, ofTerms, type Refusal, type Row, sumOf } from "../case.ts";

type Name = "prod" | "cumsum" | "logSumExp";
type Shape = readonly number[];

const random = createRandom(41);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

// The product

function multiplied(x: Ref, attributes: ReduceAttributes, what = ""): Case {
  const axes = [attributes.axes ?? x.shape.map((_, axis) => axis)].flat();
  const count = x.data.length / Math.max(reference.prod(x, axes).data.length, 1);
  // Each product rounds once, and there are as many as elements.
  const near = (value: Ref): ReturnType<typeof close> =>
    close(value, 2 ** -126, (count + 2) * 2 ** -23);
  return {
    name: `(${x.shape.join(", ")}), ${attributes.axes !== undefined ? `axes ${axes.join(", ")}` : "all axes"}${what}`,
    inputs: [x],
    run: (at) => ops.prod(at!, attributes),
    value: (at) => near(reference.prod(at!, axes, attributes.keepDims)),
    gradients: (dy, at) => [near(reference.prodGrad(dy, at!, axes))],
    smooth: what === "",
  };
}

const factors = (shape: Shape, attributes: ReduceAttributes): Case =>
  multiplied(randomAwayFromZero(shape, random, 0.7, 1.4), attributes);

/** By rows: no zero, one first, one inside, two, one beside ∞, one beside NaN, an ∞, a NaN, a zero of each sign. */
const ZEROS = refOf(
  [9, 4],
  [
    [1, 2, 3, 4],
    [0, 2, 3, 4],
    [1, 2, 0, 4],
    [0, 2, 0, 4],
    [0, Infinity, 3, 4],
    [5, 0, Number.NaN, 4],
    [1, 2, -Infinity, 4],
    [1, Number.NaN, 3, 4],
    [-0, 2, 3, 0],
  ].flat(),
);
const axesOf = (device: Device, axes: readonly number[]): unknown =>
  ops.prod(empty(device, 2, 3), { axes });

const prodRow: Row = {
  cases: [
    factors([3, 5, 2], {}),
    factors([231, 3], { axes: [1] }),
    factors([5, 4, 3, 7], { axes: [-1, 1], keepDims: true }),
    factors([5, 4, 3, 7], { axes: [1, 2] }),
    factors([3, 40, 2], { axes: [0, 2] }),
    multiplied(randomAwayFromZero([2, 2501], random, 0.98, 1.02), { axes: [1] }),
    factors([], {}),
    factors([2, 3], { axes: [] }),
    factors([2, 0, 3], { axes: [1] }),
    factors([0, 3], { axes: [1] }),
    factors([5, 3, 4], { axes: -2 }),
    multiplied(ZEROS, { axes: [1] }, ", zeros, infinities and NaN"),
    multiplied(ZEROS, { axes: [0] }, ", NaN in columns"),
  ],
  refusals: [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^prod: axes must be distinct and in \[-2, 1\]/,
      run: (device) => axesOf(device, [2]),
    },
    {
      name: "an axis named twice",
      kind: AttributeError,
      says: /^prod: axes must be distinct/,
      run: (device) => axesOf(device, [1, -1]),
    },
    {
      name: "axes that alternate too often",
      kind: ShapeError,
      says: /^prod: .* alternates between kept and reduced axes too often: .*; transpose it/,
      run: (device) =>
        ops.prod(empty(device, 2, 2, 2, 2, 2, 2, 2, 2, 2), { axes: [0, 2, 4, 6, 8] }),
    },
  ],
};

// Running sums

function added(x: Ref, attributes: CumsumAttributes, what = ""): Case {
  const { axis = -1, ...walk } = attributes;
  const given = Object.entries(attributes).map(([name, value]) => `, ${name} ${value}`);
  return {
    name: `(${x.shape.join(", ")})${given.join("")}${what}`,
    inputs: [x],
    run: (at) => ops.cumsum(at!, attributes),
    value: (at) => ofTerms((of) => reference.cumsum(of!, axis, walk), at!),
    gradients: (dy) => [ofTerms((of) => reference.cumsumGrad(of!, axis, walk), dy)],
    smooth: what === "",
  };
}

const sums = (shape: Shape, attributes: CumsumAttributes): Case =>
  added(randomRef(shape, random), attributes);

const INVALID = refOf(
  [4, 4],
  [1, Number.NaN, 2, 3, 4, Infinity, 5, -Infinity, 6, 7, 8, 9, -Infinity, 1, 2, 3],
);
/** NaN and ∞ in runs in the middle of rows of several. */
const long = (): Ref => {
  const x = randomRef([2, 257], random);
  x.data[100] = Number.NaN;
  x.data[257 + 130] = Infinity;
  return x;
};

const cumsumRow: Row = {
  cases: [
    sums([7], {}),
    sums([3, 5, 4], { axis: 1 }),
    sums([3, 5, 4], { axis: 0, exclusive: true }),
    sums([65, 9], { reverse: true }),
    sums([2, 64, 3], { axis: -2, exclusive: true, reverse: true }),
    sums([3, 65], {}),
    sums([2, 301, 3], { axis: 1, reverse: true }),
    sums([301, 2], { axis: 0, exclusive: true }),
    sums([4097, 67], { exclusive: true }),
    sums([97, 101], {}), // many rows of several runs
    // The totals of its 71 runs are themselves cut into runs.
    sums([5003], { exclusive: true, reverse: true }),
    sums([1, 1], {}),
    sums([2, 0, 3], { axis: 1 }),
    sums([2, 3, 0], { axis: 1 }),
    added(INVALID, {}, ", NaN and infinities"),
    added(INVALID, { exclusive: true, reverse: true }, ", NaN and infinities"),
    added(long(), {}, ", NaN and infinities in several runs"),
  ],
  refusals: [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^cumsum: axis must be in \[-2, 1\] for rank 2; got 2$/,
      run: (device) => ops.cumsum(empty(device, 2, 3), { axis: 2 }),
    },
    {
      name: "a scalar",
      kind: AttributeError,
      says: /^cumsum: a scalar has no axis; got axis -1$/,
      run: (device) => ops.cumsum(empty(device)),
    },
    {
      name: "a direction in words",
      kind: AttributeError,
      says: /^cumsum: reverse must be true or false; got "yes"$/,
      run: (device) => Reflect.apply(ops.cumsum, undefined, [empty(device, 2), { reverse: "yes" }]),
    },
    {
      name: "an attribute that it doesn't have",
      kind: AttributeError,
      says: /^cumsum: got an unknown attribute dim: write axis; it takes axis, exclusive, reverse$/,
      run: (device) => Reflect.apply(ops.cumsum, undefined, [empty(device, 2), { dim: 0 }]),
    },
  ],
};

// Log-sum-exp

function logged(x: Ref, attributes: LogSumExpAttributes, what = ""): Case {
  const { axis = -1, keepDims = false } = attributes;
  const along = axis < 0 ? axis + x.shape.length : axis;
  return {
    name: `(${x.shape.join(", ")}), axis ${axis}${keepDims ? ", kept" : ""}${what}`,
    inputs: [x],
    run: (at) => ops.logSumExp(at!, attributes),
    value(at) {
      const y = reference.logSumExp(at!, axis);
      return close(keepDims ? { ...y, shape: at!.shape.with(along, 1) } : y, 1e-37, 2.4e-7);
    },
    gradients(dy, at) {
      const flow = keepDims ? { ...dy, shape: dy.shape.toSpliced(along, 1) } : dy;
      const dx = reference.logSumExpGrad(flow, at!, axis);
      return [
        sumOf(
          dx,
          map(abs(dx), (v) => (Number.isNaN(v) ? 0 : v)),
        ),
      ];
    },
    smooth: what === "",
  };
}

const EXTREME = refOf(
  [8, 4],
  [
    [1e4, -1e4, 0, 1],
    [-1e4, -1e4, -1e4, -1e4],
    [-Infinity, 3, -Infinity, 2],
    [0, Number.NaN, 1, 2],
    [Infinity, 0, 1, 2],
    [-Infinity, -Infinity, -Infinity, -Infinity],
    [Infinity, Number.NaN, -Infinity, 2],
    [20.7, -3.3, -66.6, -20.1],
  ].flatMap((each) => each.map(Math.fround)),
);

const logSumExpRow: Row = {
  cases: [
    logged(randomRef([3, 7, 11], random, 1, 9), { axis: 1 }),
    logged(randomRef([133, 5], random, -9, -4), { keepDims: true }),
    logged(randomRef([2, 2501], random, -9, 9), {}),
    logged(randomRef([7, 65], random, 2, 9), { axis: 0, keepDims: true }),
    logged(refOf([1], [3]), { axis: 0 }),
    logged(refOf([0, 3], []), { axis: 1 }),
    logged(EXTREME, {}, ", extremes"),
  ],
  refusals: [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^logSumExp: axis must be in \[-2, 1\] for rank 2; got 2$/,
      run: (device) => ops.logSumExp(empty(device, 2, 3), { axis: 2 }),
    },
    {
      name: "a scalar",
      kind: AttributeError,
      says: /^logSumExp: a scalar has no axis; got axis -1$/,
      run: (device) => ops.logSumExp(empty(device)),
    },
    {
      name: "nothing to add up",
      kind: ShapeError,
      says: /^logSumExp: axis 1 must not be empty; got \(2, 0\)$/,
      run: (device) => ops.logSumExp(empty(device, 2, 0)),
    },
  ] satisfies Refusal[],
};

/** Rows by the name of their op. */
export const axisRows: Readonly<Record<Name, Row>> = {
  prod: prodRow,
  cumsum: cumsumRow,
  logSumExp: logSumExpRow,
};
