// Rows of the losses of elements, and of moments.
import { moments } from "../../src/autograd/compositions.ts";
import { binaryCrossEntropy, meanSquaredError, pairedLoss } from "../../src/autograd/losses.ts";
import { add } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf, zip } from "../reference/array.ts";
import * as losses from "../reference/losses.ts";
import { mean, meanGrad, sumGrad } from "../reference/reduce.ts";
import { softplus } from "../reference/unary.ts";
import { type Answer, type Case, close, type Refusal, type Row, sumOf } from "../case.ts";

type Name = "binaryCrossEntropy" | "meanSquaredError" | "moments" | "pairedLoss";
type Shape = readonly number[];
type Reduction = losses.Reduction | "none";

const random = createRandom(32);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));
const product = (a: Ref, b: Ref): Ref => zip(a, b, (u, v) => u * v);
const exactly32 = (...values: number[]): Ref => refOf([values.length], values.map(Math.fround));

// Binary cross-entropy

interface BinaryCase {
  readonly name: string;
  readonly p: Ref;
  readonly labels: Ref | number;
  readonly reduction?: Reduction;
  readonly bounds?: losses.Bounds;
  readonly smooth?: boolean;
}

function binary({ name, p, labels, smooth = true, ...rest }: BinaryCase): Case {
  const { reduction = "mean", bounds = { clip: 1e-7 } } = rest;
  const constant = typeof labels === "number";
  const target = (t: Ref | undefined): Ref => t ?? map(p, () => Number(labels));
  const given = bounds.clip === 1e-7 ? {} : bounds;
  return {
    name: `${name}, ${reduction}, ${bounds.logClamp === undefined ? `clip ${bounds.clip}` : `logClamp ${bounds.logClamp}`}`,
    inputs: constant ? [p] : [p, labels],
    run: (at, t) => binaryCrossEntropy(at!, constant ? (t ?? labels) : t!, { reduction, ...given }),
    value(at, t) {
      const each = losses.binaryCrossEntropy(at!, target(t), bounds);
      return sumOf(losses.reduced(each, reduction), losses.reduced(abs(each), reduction));
    },
    gradients(dy, at, t) {
      const flow = losses.reducedGrad(dy, at!.shape, reduction);
      const slope = losses.binaryCrossEntropySlope(at!, target(t), bounds);
      // A difference, two products and a quotient: four or five roundings.
      const dp = close(product(flow, slope), 1e-37, 5e-7);
      if (constant) return [dp];
      const other = losses.binaryCrossEntropyLabelSlope(at!, bounds);
      // log(1 − p) − log p cancels near one half.
      return [dp, close(product(flow, other), 2e-7, 5e-7)];
    },
    smooth,
  };
}

const probabilities = (): Ref => randomRef([3, 7, 11], random, 0.01, 0.99);
/** Ends, what lies beyond them, both sides of the clip, and NaN. */
const EDGES = exactly32(0, 1, 1e-7, 1 - 1e-7, 1e-8, 1 - 6e-8, 0.5, 1e-30, Number.NaN, 0.25);
const edges = EDGES.shape[0]!;

const binaryCrossEntropyRow: Row = {
  cases: [
    binary({
      name: "a label each",
      p: probabilities(),
      labels: randomRef([3, 7, 11], random, 0, 1),
    }),
    binary({ name: "label 1", p: probabilities(), labels: 1, reduction: "sum" }),
    binary({
      name: "label 0.9",
      p: probabilities(),
      labels: Math.fround(0.9),
      reduction: "none",
      bounds: { logClamp: -100 },
    }),
    binary({
      name: "a label each",
      p: probabilities(),
      labels: randomRef([3, 7, 11], random, 0, 1),
      reduction: "none",
      bounds: { logClamp: -100 },
    }),
    ...([{ clip: 1e-7 }, { logClamp: -100 }] as const).flatMap((bounds) =>
      [0, 1].map((label) =>
        binary({
          name: `edges, label ${label}`,
          p: EDGES,
          labels: refOf(
            [edges],
            Array.from({ length: edges }, () => label),
          ),
          reduction: "none",
          bounds,
          smooth: false,
        }),
      ),
    ),
    binary({
      name: "beyond the ends",
      p: exactly32(-0.5, 1.5, 0.1, 0.9),
      labels: exactly32(0.25, 0.75, 1, 0),
      reduction: "none",
      bounds: { clip: 0.125 },
      smooth: false,
    }),
    binary({
      name: "certain and right, without a clip",
      p: exactly32(0, 1, 0.5, 0.75),
      labels: exactly32(0, 1, 0, 1),
      reduction: "none",
      bounds: { clip: 0 },
      // The slopes of the first two are 0 / 0, in float64 as well.
      smooth: false,
    }),
    binary({ name: "a scalar", p: refOf([], [0.25]), labels: 0 }),
    binary({ name: "nothing", p: refOf([0, 2], []), labels: 0, reduction: "sum" }),
  ],
  refusals: [
    {
      name: "clip and logClamp",
      kind: AttributeError,
      says: /^binaryCrossEntropy: only one of clip and logClamp may be given; got clip 0.01 and logClamp -100$/,
      run: (device) => binaryCrossEntropy(empty(device, 4), 1, { clip: 0.01, logClamp: -100 }),
    },
    {
      name: "a clip above one half",
      kind: AttributeError,
      says: /^binaryCrossEntropy: clip must be a number in \[0, 0.5\]; got 0.6$/,
      run: (device) => binaryCrossEntropy(empty(device, 4), 1, { clip: 0.6 }),
    },
    {
      name: "a logClamp above 0",
      kind: AttributeError,
      says: /^binaryCrossEntropy: logClamp must be a finite number ≤ 0; got 1$/,
      run: (device) => binaryCrossEntropy(empty(device, 4), 1, { logClamp: 1 }),
    },
    {
      name: "a label above 1",
      kind: AttributeError,
      says: /^binaryCrossEntropy: labels must be a Tensor or a number in \[0, 1\]; got 1.1$/,
      run: (device) => binaryCrossEntropy(empty(device, 4), 1.1),
    },
    {
      name: "labels of another shape",
      kind: ShapeError,
      says: /^binaryCrossEntropy: labels must have the probabilities' shape \(4, 1\); got \(4\)$/,
      run: (device) => binaryCrossEntropy(empty(device, 4, 1), empty(device, 4)),
    },
    {
      name: "a label among the attributes",
      kind: AttributeError,
      says: /^binaryCrossEntropy: got an unknown attribute label; it takes clip, logClamp, reduction$/,
      run: (device) =>
        Reflect.apply(binaryCrossEntropy, undefined, [empty(device, 4), 1, { label: 1 }]),
    },
    {
      name: "the mean of nothing",
      kind: ShapeError,
      says: /^binaryCrossEntropy: a loss of shape \(0\) has no mean/,
      run: (device) => binaryCrossEntropy(empty(device, 0), 1),
    },
  ],
};

// Mean squared error

function squared(shape: Shape, reduction: Reduction): Case {
  return {
    name: `(${shape.join(", ")}), ${reduction}`,
    inputs: [randomRef(shape, random), randomRef(shape, random)],
    run: (a, b) => meanSquaredError(a!, b!, { reduction }),
    value(a, b) {
      const value = losses.reduced(
        zip(a!, b!, (p, q) => (p - q) ** 2),
        reduction,
      );
      return sumOf(value, value);
    },
    gradients(dy, a, b) {
      const flow = losses.reducedGrad(dy, shape, reduction);
      const da = product(
        flow,
        zip(a!, b!, (p, q) => 2 * (p - q)),
      );
      const answer = (value: Ref): Answer => sumOf(value, abs(value));
      return [answer(da), answer(map(da, (v) => -v))];
    },
  };
}

const meanSquaredErrorRow: Row = {
  cases: [
    squared([3, 7, 11], "mean"),
    squared([3, 7, 11], "none"),
    squared([65], "sum"),
    squared([], "mean"),
    squared([0, 3], "sum"),
  ],
  refusals: [
    {
      name: "shapes that would broadcast",
      kind: ShapeError,
      says: /^meanSquaredError: a and b must have the same shape; got \(4, 3\) and \(3\)$/,
      run: (device) => meanSquaredError(empty(device, 4, 3), empty(device, 3)),
    },
    {
      name: "the mean of nothing",
      kind: ShapeError,
      says: /^meanSquaredError: a loss of shape \(0, 3\) has no mean/,
      run: (device) => meanSquaredError(empty(device, 0, 3), empty(device, 0, 3)),
    },
  ],
};

// Paired loss

/** Pairs with differences that are exact in float32, so that each tail keeps its digits. */
function paired(upper: Ref, lower: Ref, reduction: Reduction): Case {
  const gaps = (a: Ref, b: Ref): Ref => zip(a, b, (p, q) => q - p);
  return {
    name: `(${upper.shape.join(", ")}), ${reduction}`,
    inputs: [upper, lower],
    run: (a, b) => pairedLoss(a!, b!, { reduction }),
    value: (a, b) =>
      close(losses.reduced(map(gaps(a!, b!), softplus.value), reduction), 1e-37, 1e-6),
    gradients(dy, a, b) {
      const flow = losses.reducedGrad(dy, a!.shape, reduction);
      const toLower = product(flow, map(gaps(a!, b!), softplus.slope));
      return [map(toLower, (v) => -v), toLower].map((value) => close(value, 1e-37, 1e-6));
    },
  };
}

/** Multiples of 2⁻¹⁰. */
const rounded = (shape: Shape): Ref =>
  map(randomRef(shape, random, -9, 9), (v) => Math.round(v * 1024) / 1024);

const pairedLossRow: Row = {
  cases: [
    paired(rounded([3, 7, 11]), rounded([3, 7, 11]), "mean"),
    paired(rounded([3, 7, 11]), rounded([3, 7, 11]), "none"),
    paired(rounded([65]), rounded([65]), "sum"),
    paired(refOf([], [0.5]), refOf([], [-0.25]), "mean"),
    paired(
      refOf([8], [1e4, -1e4, 44, -44, 10, 0, -40, 20]),
      refOf([8], [-1e4, 1e4, -44, 44, -10, 0, 40, 20]),
      "none",
    ),
    paired(refOf([0, 3], []), refOf([0, 3], []), "sum"),
  ],
  refusals: [
    {
      name: "shapes that would broadcast",
      kind: ShapeError,
      says: /^pairedLoss: upper and lower must have the same shape; got \(4, 1\) and \(4\)$/,
      run: (device) => pairedLoss(empty(device, 4, 1), empty(device, 4)),
    },
    {
      name: "the mean of nothing",
      kind: ShapeError,
      says: /^pairedLoss: a loss of shape \(0\) has no mean/,
      run: (device) => pairedLoss(empty(device, 0), empty(device, 0)),
    },
  ],
};

// Moments

interface MomentsCase {
  readonly shape: Shape;
  readonly axes?: number | readonly number[];
  readonly keepDims?: boolean;
  readonly of: "mean" | "variance" | "both";
  readonly about?: number;
}

function momentsOf({ shape, axes, keepDims = false, of, about = 0 }: MomentsCase): Case {
  const over = [axes ?? shape.map((_, axis) => axis)].flat();
  const x = map(randomRef(shape, random, -Math.sqrt(3), Math.sqrt(3)), (v) =>
    Math.fround(v + about),
  );
  const deviations = (at: Ref): Ref =>
    zip(at, sumGrad(mean(at, over), at.shape, over), (v, m) => v - m);
  const variance = (at: Ref): Ref =>
    mean(
      map(deviations(at), (v) => v * v),
      over,
      keepDims,
    );
  const has = (part: "mean" | "variance"): number => Number(of === part || of === "both");
  // What the mean's rounding leaves in the variance: it enters squared. sumOf allows 2⁻²⁰ of its terms.
  const spare = (about * 2 ** -20) ** 2;
  return {
    name: `${of} of (${shape.join(", ")}), ${axes !== undefined ? `axes ${over.join(", ")}` : "all axes"}, about ${about}${keepDims ? ", kept" : ""}`,
    inputs: [x],
    run(at) {
      const attributes = axes !== undefined ? { axes, keepDims } : { keepDims };
      const found = moments(at!, attributes);
      return of === "both" ? add(found.mean, found.variance) : found[of];
    },
    value(at) {
      const combine = (m: Ref, v: Ref): Ref =>
        zip(m, v, (p, q) => has("mean") * p + has("variance") * q);
      const terms = combine(mean(abs(at!), over, keepDims), variance(at!));
      return sumOf(
        combine(mean(at!, over, keepDims), variance(at!)),
        map(terms, (v) => v + spare * 2 ** 20),
      );
    },
    gradients(dy, at) {
      const flow = meanGrad(dy, at!.shape, over);
      const slopes = map(deviations(at!), (v) => has("mean") + 2 * has("variance") * v);
      const sizes = map(at!, (v) => has("mean") + 2 * has("variance") * (Math.abs(v) + 1));
      return [sumOf(product(flow, slopes), product(abs(flow), sizes))];
    },
    smooth: about === 0,
  };
}

const nothing: Refusal = {
  name: "nothing to reduce",
  kind: ShapeError,
  says: /^moments: nothing to reduce in \(2, 0\)$/,
  run: (device) => moments(empty(device, 2, 0)),
};

const momentsRow: Row = {
  cases: [
    momentsOf({ shape: [3, 7, 11], of: "mean" }),
    momentsOf({ shape: [3, 7, 11], of: "variance" }),
    momentsOf({ shape: [5, 4, 3, 7], axes: [-1, 1], keepDims: true, of: "both" }),
    momentsOf({ shape: [65, 5], axes: [0], of: "variance", about: 1000 }),
    momentsOf({ shape: [2, 3], axes: [], of: "variance" }),
    momentsOf({ shape: [], of: "both" }),
    momentsOf({ shape: [0, 3], axes: [1], of: "variance" }),
    momentsOf({ shape: [5, 3, 4], axes: -2, of: "both" }),
  ],
  refusals: [
    nothing,
    {
      name: "an axis that isn't there",
      kind: AttributeError,
      says: /^moments: axes must be distinct and in \[-2, 1\] for rank 2; got \[2\]$/,
      run: (device) => moments(empty(device, 2, 3), { axes: [2] }),
    },
  ],
};

/** Rows by the name of their op. */
export const lossRows: Readonly<Record<Name, Row>> = {
  binaryCrossEntropy: binaryCrossEntropyRow,
  meanSquaredError: meanSquaredErrorRow,
  moments: momentsRow,
  pairedLoss: pairedLossRow,
};
