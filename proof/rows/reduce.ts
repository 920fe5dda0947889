// Rows of reductions: over every kind of axis, and long enough to be split into runs.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { ReduceAttributes, Reduction } from "../../src/kernels/reduce.ts";
import { abs, createRandom, randomRef, type Ref, refOf } from "../reference/array.ts";
import * as reduce from "../reference/reduce.ts";
import { type Case, exactly, type Refusal, type Row, sumOf } from "../case.ts";

type Op = (x: Tensor, attributes?: ReduceAttributes) => Tensor;
type Shape = readonly number[];

interface Reference {
  readonly value: (x: Ref, axes: readonly number[], keepDims?: boolean) => Ref;
  readonly gradient: (dy: Ref, x: Ref, axes: readonly number[]) => Ref;
}

const random = createRandom(13);

/** Shapes with the axes to reduce; without axes, all of them. */
const SHAPES: readonly (readonly [Shape, ReduceAttributes])[] = [
  [[3, 7, 11], {}],
  [[231, 3], { axes: [1] }],
  [[5, 4, 3, 7], { axes: [-1, 1], keepDims: true }],
  [[3, 2200, 2], { axes: [1] }],
  // Five groups of kept axes: reduced in two steps, and its gradient stretched in two.
  [[2, 3, 2, 2, 2, 2, 2, 3, 2], { axes: [1, 3, 5, 7] }],
];

/** Rows in one piece, for subgroups: shorter than a workgroup, longer, and cut into runs. */
const ROWS: typeof SHAPES = [
  [[97, 37], { axes: [1] }],
  [[2, 3, 1025], { axes: [-1], keepDims: true }],
  [[2, 20_001], { axes: [1] }],
];

const MORE: typeof SHAPES = [
  [[5, 9100, 3], { axes: [1] }],
  [[], {}],
  [[1], {}],
  [[65, 5], { axes: [0] }],
  [[7, 64], { axes: [0, 1], keepDims: true }],
  [[2, 3], { axes: [] }],
  [[2, 0, 3], { axes: [1] }],
  [[2501], { axes: [0] }],
];

function caseOf(
  name: string,
  x: Ref,
  attributes: ReduceAttributes,
  op: Op,
  f: Reference,
  exact: boolean,
): Case {
  const axes = [attributes.axes ?? x.shape.map((_, axis) => axis)].flat();
  return {
    name,
    inputs: [x],
    run: (at) => op(at!, attributes),
    value(at) {
      const value = f.value(at!, axes, attributes.keepDims);
      return exact ? exactly(value) : sumOf(value, f.value(abs(at!), axes));
    },
    gradients(dy, at) {
      const dx = f.gradient(dy, at!, axes);
      return [sumOf(dx, abs(dx))];
    },
  };
}

/** One axis, without a list. */
const LONE: typeof SHAPES = [
  [[5, 3, 4], { axes: -2 }],
  [[5, 3], { axes: 0, keepDims: true }],
];

function row(name: Reduction, op: Op, f: Reference, exact: boolean, shapes: typeof SHAPES): Row {
  const made = ([shape, attributes]: (typeof SHAPES)[number], draw = random): Case => {
    const axes = attributes.axes === undefined ? [] : [attributes.axes].flat();
    const over = attributes.axes === undefined ? "all axes" : `axes ${axes.join(", ")}`;
    const x = randomRef(shape, draw);
    const each = caseOf(`(${shape.join(", ")}), ${over}`, x, attributes, op, f, exact);
    const count = axes.reduce((product, axis) => product * shape.at(axis)!, 1);
    return count < 64 ? each : { ...each, split: ["reduce"] };
  };
  const rows = ROWS.map((each): Case => ({ ...made(each), subgroup: true }));
  const lone = LONE.map((each) => made(each, createRandom(14)));
  const cases = [...shapes.map((each) => made(each)), ...rows, ...lone];
  const axes = (device: Parameters<Refusal["run"]>[0], list: readonly number[]): Tensor =>
    op(new Tensor(device.empty([2, 3])), { axes: list });
  const refusals: Refusal[] = [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: new RegExp(`^${name}: axes must be distinct and in \\[-2, 1\\]`),
      run: (device) => axes(device, [2]),
    },
    {
      name: "an axis named twice",
      kind: AttributeError,
      says: new RegExp(`^${name}: axes must be distinct`),
      run: (device) => axes(device, [1, -1]),
    },
  ];
  const empty: Refusal = {
    name: "nothing to reduce",
    kind: ShapeError,
    says: new RegExp(`^${name}: the axes to reduce must not be empty; got \\(2, 0\\)`),
    run: (device) => op(new Tensor(device.empty([2, 0])), { axes: [1] }),
  };
  return { cases, refusals: name === "sum" ? refusals : [...refusals, empty] };
}

/** NaN first, in the middle and last of its row; ties; infinities; a row without any of them. */
const SPECIAL = refOf(
  [6, 6],
  [
    [Number.NaN, 1, 2, 3, 4, 5],
    [0, 1, 2, Number.NaN, 4, 5],
    [0, 1, 2, 3, 4, Number.NaN],
    [7, -7, 7, 0, 7, -7],
    [Infinity, -Infinity, 0, 1, 2, 3],
    [-6, -5, -4, -3, -2, -1],
  ].flat(),
);

function extremeRow(name: Reduction, op: Op, f: Reference): Row {
  const { cases, refusals } = row(name, op, f, true, SHAPES);
  const special = caseOf("NaN, ties and infinities", SPECIAL, { axes: [1] }, op, f, true);
  return { cases: [...cases, { ...special, smooth: false, subgroup: true }], refusals };
}

/** Rows by the name of their op. */
export const reduceRows: Readonly<Record<Exclude<Reduction, "prod">, Row>> = {
  sum: row(
    "sum",
    ops.sum,
    { value: reduce.sum, gradient: (dy, x, axes) => reduce.sumGrad(dy, x.shape, axes) },
    false,
    [...SHAPES, ...MORE],
  ),
  mean: row(
    "mean",
    ops.mean,
    { value: reduce.mean, gradient: (dy, x, axes) => reduce.meanGrad(dy, x.shape, axes) },
    false,
    SHAPES,
  ),
  max: extremeRow("max", ops.max, { value: reduce.max, gradient: reduce.maxGrad }),
  min: extremeRow("min", ops.min, { value: reduce.min, gradient: reduce.minGrad }),
};
