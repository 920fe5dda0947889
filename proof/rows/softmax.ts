// Rows of softmax, its logarithm and its cross-entropy.
import { softmaxCrossEntropy } from "../../src/autograd/losses.ts";
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf, zip } from "../reference/array.ts";
import * as losses from "../reference/losses.ts";
import { sum, sumGrad } from "../reference/reduce.ts";
import { type Answer, type Case, close, type Refusal, type Row, sumOf } from "../case.ts";
import { weightedLossRow } from "./weighted-loss.ts";

type Name = "softmax" | "logSoftmax" | "softmaxCrossEntropy";
type Shape = readonly number[];

const random = createRandom(31);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

// Softmax and its logarithm

/**
 * Relative. Over 20,000 elements of ±9 and ±30, lavapipe and SwiftShader were seen at 3.3e-7. Terms below
 * 1e-38 may be flushed to 0.
 */
const near = (value: Ref): Answer => close(value, 1e-37, 4e-7);

const product = (a: Ref, b: Ref): Ref => zip(a, b, (u, v) => u * v);
const plus = (a: Ref, b: Ref): Ref => zip(a, b, (u, v) => u + v);
/** Sums of rows along the last axis, repeated along it. */
const rowSums = (x: Ref): Ref => repeat(sum(x, [-1]), x.shape);
const repeat = (rows: Ref, shape: Shape): Ref => sumGrad(rows, shape, [-1]);

const SOFTMAXES = {
  softmax: { op: ops.softmax, value: losses.softmax, gradient: losses.softmaxGrad },
  logSoftmax: { op: ops.logSoftmax, value: losses.logSoftmax, gradient: losses.logSoftmaxGrad },
} as const;

function caseOf(name: "softmax" | "logSoftmax", x: Ref, axis: number, smooth = true): Case {
  const { op, value, gradient } = SOFTMAXES[name];
  return {
    name: `(${x.shape.join(", ")}), axis ${axis}${smooth ? "" : ", extremes"}`,
    inputs: [x],
    run: (at) => op(at!, { axis }),
    value: (at) => near(losses.fromLast(value(losses.toLast(at!, axis)), axis)),
    gradients(dy, at) {
      const [flow, rows] = [losses.toLast(dy, axis), losses.toLast(at!, axis)];
      const y = losses.softmax(rows);
      const terms =
        name === "softmax"
          ? product(y, plus(abs(flow), rowSums(product(abs(flow), y))))
          : plus(abs(flow), product(y, rowSums(abs(flow))));
      return [sumOf(losses.fromLast(gradient(flow, rows), axis), losses.fromLast(terms, axis))];
    },
    smooth,
  };
}

/** ±1e4, ties, −∞; NaN and ∞ each spoil their row and no other; a row of −∞ has no softmax. */
const EXTREME = refOf(
  [9, 4],
  [
    [1e4, -1e4, 0, 1],
    [-1e4, -1e4, -1e4, -1e4],
    [1e4, 9999, 9990, 9950],
    [-Infinity, 3, -Infinity, 2],
    [0, Number.NaN, 1, 2],
    [1, 2, 3, 4],
    [Infinity, 0, 1, 2],
    [-Infinity, -Infinity, -Infinity, -Infinity],
    [20.7, -3.3, -66.6, -20.1],
  ].flatMap((each) => each.map(Math.fround)),
);

function axisRefusals(name: Name, run: (x: Tensor, axis: number) => unknown): Refusal[] {
  return [
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: new RegExp(`^${name}: axis must be in \\[-2, 1\\] for rank 2; got 2$`),
      run: (device) => run(empty(device, 2, 3), 2),
    },
    {
      name: "half an axis",
      kind: AttributeError,
      says: new RegExp(`^${name}: axis must be a whole number; got 0.5$`),
      run: (device) => run(empty(device, 2, 3), 0.5),
    },
    {
      name: "a scalar",
      kind: AttributeError,
      says: new RegExp(`^${name}: a scalar has no axis; got axis -1$`),
      run: (device) => run(empty(device), -1),
    },
  ];
}

function row(name: "softmax" | "logSoftmax", more: readonly (readonly [Shape, number])[]): Row {
  const { op } = SOFTMAXES[name];
  const shapes: typeof more = [[[3, 7, 11], 1], [[133, 5], -1], [[2, 2501], 1], ...more];
  return {
    cases: [
      ...shapes.map(([shape, axis]) => caseOf(name, randomRef(shape, random, -9, 9), axis)),
      caseOf(name, EXTREME, -1, false),
    ],
    refusals: [
      ...axisRefusals(name, (x, axis) => op(x, { axis })),
      {
        name: "an attribute that it doesn't have",
        kind: AttributeError,
        says: new RegExp(`^${name}: got an unknown attribute dim: write axis; it takes axis$`),
        run: (device) => Reflect.apply(op, undefined, [empty(device, 2), { dim: 0 }]),
      },
    ],
  };
}

// Its cross-entropy

interface EntropyCase {
  readonly name: string;
  readonly logits: Ref;
  /** Probabilities, or class numbers by rows. */
  readonly labels: Ref;
  readonly axis?: number;
  readonly labelSmoothing?: number;
  readonly reduction?: "mean" | "sum" | "none";
  readonly smooth?: boolean;
  /** The gradient's errors are relative: nothing cancels. */
  readonly strict?: boolean;
}

function entropy({
  name,
  logits,
  labels,
  smooth = true,
  strict = false,
  ...rest
}: EntropyCase): Case {
  const { axis = -1, labelSmoothing = 0, reduction = "mean" } = rest;
  const classes = logits.shape.at(axis)!;
  const numbers = labels.shape.length < logits.shape.length;
  const target = (t: Ref): Ref =>
    numbers
      ? losses.oneHot(t, classes, labelSmoothing)
      : map(
          losses.toLast(t, axis),
          (label) => label * (1 - labelSmoothing) + labelSmoothing / classes,
        );
  return {
    name: `${name}, axis ${axis}, ${reduction}, smoothing ${labelSmoothing}`,
    inputs: [logits, labels],
    ...(numbers ? { dtypes: ["f32", "i32"] as const } : {}),
    run: (x, t) => softmaxCrossEntropy(x!, t!, { axis, labelSmoothing, reduction }),
    value(x, t) {
      const each = losses.crossEntropyRows(losses.toLast(x!, axis), target(t!));
      return sumOf(losses.reduced(each, reduction), losses.reduced(abs(each), reduction));
    },
    gradients(dy, x, t) {
      const [rows, p] = [losses.toLast(x!, axis), target(t!)];
      const each = losses.reducedGrad(dy, rows.shape.slice(0, -1), reduction);
      const back = (of: Ref): Ref => losses.fromLast(of, axis);
      const dx = back(losses.crossEntropyRowsGrad(each, rows, p));
      // softmax comes of its rounded logarithm: an error of y · |log y| units.
      const y = map(losses.logSoftmax(rows), (log) => Math.exp(log) * (1 + Math.abs(log)));
      const sizes = plus(product(y, rowSums(p)), p);
      const terms = back(product(abs(repeat(each, rows.shape)), sizes));
      const dlogits = strict ? close(dx, 1e-37, 8e-7) : sumOf(dx, terms);
      if (numbers) return [dlogits];
      const slopes = map(losses.logSoftmax(rows), (log) => -(1 - labelSmoothing) * log);
      return [dlogits, close(back(product(repeat(each, rows.shape), slopes)), 1e-37, 8e-7)];
    },
    smooth,
  };
}

const classesOf = (shape: Shape, count: number): Ref =>
  map(randomRef(shape, random, 0, count), Math.floor);
const logits = (...shape: number[]): Ref => randomRef(shape, random, -6, 6);

const softmaxCrossEntropyRow: Row = {
  cases: [
    entropy({
      name: "(9, 10), probabilities",
      logits: logits(9, 10),
      labels: randomRef([9, 10], random, 0, 1),
    }),
    entropy({ name: "(9, 10), classes", logits: logits(9, 10), labels: classesOf([9], 10) }),
    entropy({
      name: "(5, 7, 13), probabilities",
      logits: logits(5, 7, 13),
      labels: randomRef([5, 7, 13], random, 0, 1),
      axis: 1,
      labelSmoothing: 0.25,
      reduction: "sum",
    }),
    entropy({
      name: "(7, 11, 13), classes",
      logits: logits(7, 11, 13),
      labels: classesOf([11, 13], 7),
      axis: -3,
      labelSmoothing: 0.25,
      reduction: "none",
    }),
    entropy({
      name: "(10), classes",
      logits: logits(10),
      labels: refOf([], [3]),
      reduction: "none",
    }),
    entropy({
      name: "(3, 1), classes",
      logits: logits(3, 1),
      labels: refOf([3], [0, 0, 0]),
      reduction: "sum",
    }),
    entropy({
      name: "(0, 3), classes",
      logits: logits(0, 3),
      labels: refOf([0], []),
      reduction: "sum",
    }),
    entropy({
      name: "extreme logits, classes, two of them none",
      logits: refOf(
        [6, 3],
        [1e4, -1e4, 0, 1e4, -1e4, 0, 5, 6, 7, 5, 6, 7, -Infinity, 2, 1, Number.NaN, 2, 1],
      ),
      labels: refOf([6], [0, 1, -1, 3, 1, 2]),
      reduction: "none",
      smooth: false,
    }),
    entropy({
      name: "extreme logits, probabilities, one of 0 against −∞",
      logits: refOf([4, 3], [1e4, -1e4, 0, -Infinity, 2, 1, 88, -88, 0, 3, 3, 3]),
      labels: refOf([4, 3], [0.5, 0, 0.5, 0, 0.75, 0.25, 1, 0, 0, 0, 0, 0]),
      reduction: "none",
      // The gradient to a label of 0 against −∞ is ∞, as in float64.
      smooth: false,
    }),
    entropy({
      name: "certain and right",
      logits: refOf([2, 3], [20, 1, 0, -1, 17, -2]),
      labels: refOf([2], [0, 1]),
      reduction: "none",
      strict: true,
    }),
    ...weightedLossRow.cases,
  ],
  refusals: [
    ...axisRefusals("softmaxCrossEntropy", (x, axis) => softmaxCrossEntropy(x, x, { axis })),
    {
      name: "probabilities of another shape",
      kind: ShapeError,
      says: /^softmaxCrossEntropy: for logits \(4, 3\), f32 labels must have shape \(4, 3\), .*; got \(4\)$/,
      run: (device) => softmaxCrossEntropy(empty(device, 4, 3), empty(device, 4)),
    },
    {
      name: "classes of the logits' shape",
      kind: ShapeError,
      says: /^softmaxCrossEntropy: for logits \(4, 3\), i32 labels must have shape \(4\), .*; got \(4, 3\)$/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), new Tensor(device.empty([4, 3], "i32"))),
    },
    {
      name: "labels of u32",
      kind: DTypeError,
      says: /^softmaxCrossEntropy: input 1 must be f32 or i32; got u32: write cast\(x, \{ to: "f32" \}\)$/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), new Tensor(device.empty([4], "u32"))),
    },
    {
      name: "no classes",
      kind: ShapeError,
      says: /^softmaxCrossEntropy: logits \(4, 0\) must have at least one class along axis 1; got none$/,
      run: (device) => softmaxCrossEntropy(empty(device, 4, 0), empty(device, 4, 0)),
    },
    {
      name: "the mean of no rows",
      kind: ShapeError,
      says: /^softmaxCrossEntropy: a loss of shape \(0\) has no mean; reduce it by 'sum' or 'none'$/,
      run: (device) => softmaxCrossEntropy(empty(device, 0, 3), empty(device, 0, 3)),
    },
    {
      name: "smoothing above 1",
      kind: AttributeError,
      says: /^softmaxCrossEntropy: labelSmoothing must be a number in \[0, 1\]; got 1.5$/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), empty(device, 4, 3), { labelSmoothing: 1.5 }),
    },
    {
      name: "another reduction",
      kind: AttributeError,
      says: /^softmaxCrossEntropy: reduction must be 'mean' or 'sum' or 'none'; got "max"$/,
      run: (device) =>
        Reflect.apply(softmaxCrossEntropy, undefined, [
          empty(device, 4, 3),
          empty(device, 4, 3),
          { reduction: "max" },
        ]),
    },
    ...weightedLossRow.refusals,
  ],
};

/** Rows by the name of their op. */
export const softmaxRows: Readonly<Record<Name, Row>> = {
  softmax: row("softmax", [
    [[1], 0],
    [[4, 1, 3], 1],
    [[7, 65], 0],
    [[2, 0, 3], -1],
  ]),
  logSoftmax: row("logSoftmax", []),
  softmaxCrossEntropy: softmaxCrossEntropyRow,
};
