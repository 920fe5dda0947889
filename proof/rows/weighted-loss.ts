// More cases of softmaxCrossEntropy: class weights, and an ignored class.
import { softmaxCrossEntropy } from "../../src/autograd/losses.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import {
  abs,
  createRandom,
  map,
  randomRef,
  type Ref,
  refOf,
  scalar,
  sizeOf,
} from "../reference/array.ts";
import * as losses from "../reference/losses.ts";
import { sum, sumGrad } from "../reference/reduce.ts";
import { type Case, close, type Row, sumOf } from "../case.ts";

const random = createRandom(43);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

interface WeightedCase {
  readonly shape: readonly number[];
  readonly axis?: number;
  readonly labels: Ref;
  /** One a class. */
  readonly weights?: readonly number[];
  readonly ignoredClass?: number;
  readonly labelSmoothing?: number;
  readonly reduction?: "mean" | "sum" | "none";
}

/** Labels with the classes last: smoothed, weighted, and none where a number is ignored or no class. */
function targets({ shape, axis = -1, weights, ...rest }: WeightedCase, labels: Ref): Ref {
  const { ignoredClass, labelSmoothing = 0 } = rest;
  const classes = shape.at(axis)!;
  const numbers = labels.shape.length < shape.length;
  const plain = numbers
    ? losses.oneHot(
        map(labels, (label) => (label === ignoredClass ? -1 : label)),
        classes,
        labelSmoothing,
      )
    : map(losses.toLast(labels, axis), (t) => t * (1 - labelSmoothing) + labelSmoothing / classes);
  return { shape: plain.shape, data: plain.data.map((t, i) => t * (weights?.[i % classes] ?? 1)) };
}

/** What the mean divides by, as PyTorch's documentation writes it down; 1 in place of 0. */
function divisor({ shape, weights, ignoredClass, ...rest }: WeightedCase, labels: Ref): number {
  const { reduction = "mean" } = rest;
  if (reduction !== "mean") return 1;
  if (labels.shape.length === shape.length) return labels.data.length / shape.at(rest.axis ?? -1)!;
  const counted = [...labels.data].filter((label) => label !== ignoredClass);
  const each = counted.map((label) => (weights ? (weights[label] ?? 0) : 1));
  return each.reduce((a, b) => a + b, 0) || 1;
}

function weighted(name: string, given: WeightedCase): Case {
  const { shape, axis = -1, labels, weights, ignoredClass, labelSmoothing = 0 } = given;
  const { reduction = "mean" } = given;
  const numbers = labels.shape.length < shape.length;
  const over = divisor(given, labels);
  const reduced = (each: Ref): Ref =>
    reduction === "none" ? each : scalar(each.data.reduce((a, b) => a + b, 0) / over);
  return {
    name: `${name}, (${shape.join(", ")}), ${reduction}, smoothing ${labelSmoothing}`,
    inputs: [randomRef(shape, random, -6, 6), labels],
    ...(numbers ? { dtypes: ["f32", "i32"] as const } : {}),
    run(x, t) {
      const list = Float32Array.from(weights ?? []);
      const { device } = x!.array;
      return softmaxCrossEntropy(x!, t!, {
        axis,
        labelSmoothing,
        reduction,
        ...(weights ? { classWeights: new Tensor(device.upload(list, [list.length], "f32")) } : {}),
        ...(ignoredClass === undefined ? {} : { ignoredClass }),
      });
    },
    value(x, t) {
      const each = losses.crossEntropyRows(losses.toLast(x!, axis), targets(given, t!));
      return sumOf(reduced(each), reduced(abs(each)));
    },
    gradients(dy, x, t) {
      const rows = losses.toLast(x!, axis);
      const p = targets(given, t!);
      const flow = reduction === "none" ? dy : map(sum(rows, [-1]), () => dy.data[0]! / over);
      const dx = losses.crossEntropyRowsGrad(flow, rows, p);
      const totals = sumGrad(sum(abs(p), [-1]), rows.shape, [-1]);
      const flows = sumGrad(abs(flow), rows.shape, [-1]);
      const sizes = {
        shape: p.shape,
        data: p.data.map((v, i) => flows.data[i]! * (Math.abs(v) + 2 * totals.data[i]!)),
      };
      const back = (of: Ref): Ref => losses.fromLast(of, axis);
      const dlogits = sumOf(back(dx), back(sizes));
      if (numbers) return [dlogits];
      const logs = losses.logSoftmax(rows);
      const classes = shape.at(axis)!;
      const signed = sumGrad(flow, rows.shape, [-1]);
      const dt = logs.data.map(
        (log, i) => -(1 - labelSmoothing) * (weights?.[i % classes] ?? 1) * log * signed.data[i]!,
      );
      return [dlogits, close(back({ shape: logs.shape, data: dt }), 1e-37, 1e-6)];
    },
  };
}

const WEIGHTS = [0.5, 2, 0, 1.25, 3, 0.75, 1];
const classes = (shape: readonly number[]): Ref =>
  refOf(
    shape,
    Array.from({ length: sizeOf(shape) }, () => Math.floor(7 * random())),
  );
/** Of each class, of numbers that are none, and of PyTorch's number to ignore. */
const STRAY = refOf([11], [0, 1, 2, 3, -100, 4, 5, 6, 7, -1, -100]);

/** Cases that go with those of softmax-rows.ts, and what else is refused. */
export const weightedLossRow: Row = {
  cases: [
    weighted("weights", { shape: [9, 7], labels: classes([9]), weights: WEIGHTS }),
    weighted("weights", {
      shape: [9, 7],
      labels: classes([9]),
      weights: WEIGHTS,
      labelSmoothing: 0.25,
      reduction: "sum",
    }),
    weighted("weights of probabilities", {
      shape: [9, 7],
      labels: randomRef([9, 7], random, 0, 1),
      weights: WEIGHTS,
    }),
    weighted("weights of probabilities", {
      shape: [5, 7, 13],
      axis: 1,
      labels: randomRef([5, 7, 13], random, 0, 1),
      weights: WEIGHTS,
      labelSmoothing: 0.25,
      reduction: "none",
    }),
    weighted("one class ignored", { shape: [9, 7], labels: classes([9]), ignoredClass: 3 }),
    weighted("no class ignored", { shape: [11, 7], labels: STRAY, ignoredClass: -100 }),
    weighted("no class ignored", {
      shape: [11, 7],
      labels: STRAY,
      ignoredClass: -100,
      weights: WEIGHTS,
      labelSmoothing: 0.125,
    }),
    weighted("one class ignored", {
      shape: [7, 65, 33],
      axis: 0,
      labels: classes([65, 33]),
      ignoredClass: 4,
      weights: WEIGHTS,
    }),
    weighted("no row counts", { shape: [3, 7], labels: refOf([3], [5, 5, 5]), ignoredClass: 5 }),
    weighted("no row has weight", {
      shape: [3, 7],
      labels: refOf([3], [2, 2, -1]),
      weights: WEIGHTS,
      labelSmoothing: 0,
    }),
  ],
  refusals: [
    {
      name: "too few weights",
      kind: ShapeError,
      says: /^softmaxCrossEntropy: classWeights must have shape \(3\), one weight per class; got \(2\)$/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), empty(device, 4, 3), {
          classWeights: empty(device, 2),
        }),
    },
    {
      name: "weights of integers",
      kind: DTypeError,
      says: /^softmaxCrossEntropy: classWeights must be f32; got i32: write cast/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), empty(device, 4, 3), {
          classWeights: device.empty([3], "i32"),
        }),
    },
    {
      name: "weights as a list",
      kind: AttributeError,
      says: /^softmaxCrossEntropy: classWeights must be a tensor \(K\) with one weight per class; got \[1, 2, 3\]$/,
      run: (device) =>
        Reflect.apply(softmaxCrossEntropy, undefined, [
          empty(device, 4, 3),
          empty(device, 4, 3),
          { classWeights: [1, 2, 3] },
        ]),
    },
    {
      name: "half a class",
      kind: AttributeError,
      says: /^softmaxCrossEntropy: ignoredClass must be a 32-bit whole number; got 0.5$/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), new Tensor(device.empty([4], "i32")), {
          ignoredClass: 0.5,
        }),
    },
    {
      name: "a class to ignore among probabilities",
      kind: AttributeError,
      says: /^softmaxCrossEntropy: ignoredClass 1 has no meaning if labels are probabilities/,
      run: (device) =>
        softmaxCrossEntropy(empty(device, 4, 3), empty(device, 4, 3), { ignoredClass: 1 }),
    },
  ],
};
