// Rows of batch normalisation, dropout, reshape and the sigmoid cross-entropy.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import type { EpilogueAttributes, ActivationType } from "../../src/kernels/epilogue-attributes.ts";
import { createRng } from "../../src/kernels/random.ts";
import { createRandom, map, randomRef, type Ref, refOf, reshape, zip } from "../reference/array.ts";
import {
  batchNormInference,
  batchNormInferenceGrad,
  batchNormTraining,
  batchNormTrainingGrad,
} from "../reference/batch-norm.ts";
import { dropout, dropoutGrad } from "../reference/dropout.ts";
import { keepMask } from "../reference/philox.ts";
import { sigmoid, softplus } from "../reference/unary.ts";
import { type Answer, type Case, close, exactly, type Row, upload, withinUlp } from "../case.ts";

type Name = "batchNorm" | "dropout" | "reshape" | "sigmoidCrossEntropy";

const random = createRandom(16);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));

// Batch normalisation

interface NormCase {
  readonly shape: readonly number[];
  readonly training: boolean;
  readonly mean?: number;
  readonly atol?: number;
  readonly smooth?: boolean;
  /** An epilogue's slope below 0: relu, or leaky relu. */
  readonly alpha?: number;
  readonly activationType?: ActivationType;
}

const rectified = (alpha: number): EpilogueAttributes =>
  alpha === 0 ? { activation: "relu" } : { activation: "leakyRelu", alpha };

/** batchNorm of random rows. */
export function norm(given: NormCase): Case {
  const {
    shape,
    training,
    mean = 0,
    atol = 1e-5,
    smooth = true,
    alpha,
    activationType = "f32",
  } = given;
  const channels = shape.at(-1)!;
  const epsilon = 1e-3;
  const x = map(randomRef(shape, random, -Math.sqrt(3), Math.sqrt(3)), (v) =>
    Math.fround(v + mean),
  );
  const gamma = randomRef([channels], random, 0.5, 1.5);
  const beta = randomRef([channels], random);
  const running = {
    mean: randomRef([channels], random, mean - 1, mean + 1),
    variance: randomRef([channels], random, 0.5, 2),
  };
  const both = refOf([2, channels], [...running.mean.data, ...running.variance.data]);
  const near = (value: Ref): Answer => close(value, atol, atol);
  // Sums of dy and dy·x̂ over every row: their rounding grows with the number of rows.
  const summed = (value: Ref): Answer => close(value, atol * Math.sqrt(x.data.length), atol);
  const before = (at: Ref, g: Ref, b: Ref): Ref =>
    training
      ? batchNormTraining(at, g, b, running, { epsilon, momentum: 0.99 }).y
      : batchNormInference(at, g, b, running, epsilon);
  const slope = (z: number): number => (z > 0 ? 1 : (alpha ?? 1));
  const behind = alpha === undefined ? "" : `, leaky relu of ${alpha}`;
  return {
    name: `(${shape.join(", ")}), ${training ? "training" : "inference"}, mean ${mean}${behind}`,
    inputs: [x, gamma, beta],
    run(at, g, b) {
      const { device } = at!.array;
      const attributes = {
        ...(training ? {} : { running: upload(device, both) }),
        ...(alpha === undefined ? {} : { epilogue: rectified(alpha) }),
      };
      return ops.batchNorm(at!, g!, b!, {
        training,
        epsilon,
        activationType,
        ...attributes,
      });
    },
    value: (at, g, b) =>
      close(
        map(before(at!, g!, b!), (z) => slope(z) * z),
        atol,
        0,
      ),
    gradients(dy, at, g, b) {
      const dz = zip(dy, before(at!, g!, b!), (flow, z) => slope(z) * flow);
      const { dx, dgamma, dbeta } = training
        ? batchNormTrainingGrad(dz, at!, g!, epsilon)
        : batchNormInferenceGrad(dz, at!, g!, running, epsilon);
      return [near(dx), summed(dgamma), summed(dbeta)];
    },
    smooth,
    ...(training ? { split: ["batch-norm", "batch-norm-backward"] } : {}),
  };
}

const batchNormRow: Row = {
  cases: [
    norm({ shape: [5, 1], training: true }),
    norm({ shape: [1, 7], training: true }),
    norm({ shape: [2, 7, 7, 3], training: true }),
    norm({ shape: [3, 9, 11, 5], training: true }),
    norm({ shape: [65, 8], training: true }),
    norm({ shape: [2, 231], training: true }),
    norm({ shape: [2, 7, 7, 64], training: true }),
    norm({ shape: [3, 27, 27, 5], training: true, mean: 100, smooth: false }),
    norm({ shape: [8, 8, 8, 2], training: true, mean: 1000, smooth: false }),
    norm({ shape: [2, 5, 3, 3], training: false }),
    norm({ shape: [2, 231], training: false }),
    norm({ shape: [9, 9, 8], training: false }),
    norm({ shape: [2, 7, 7, 4], training: true, alpha: 0.3 }),
    norm({ shape: [11, 5], training: true, alpha: 0 }),
    norm({ shape: [2, 5, 3, 4], training: false, alpha: 1.5 }),
  ],
  refusals: [
    {
      name: "a gamma of another size",
      kind: ShapeError,
      says: /^batchNorm: gamma and beta must have shape \(3\) for input \(4, 3\); got \(2\) and \(3\)$/,
      run: (device) =>
        ops.batchNorm(empty(device, 4, 3), empty(device, 2), empty(device, 3), { training: true }),
    },
    {
      name: "inference without running statistics",
      kind: AttributeError,
      says: /^batchNorm: inference needs running statistics/,
      run: (device) =>
        ops.batchNorm(empty(device, 4, 3), empty(device, 3), empty(device, 3), { training: false }),
    },
    {
      name: "running statistics of another shape",
      kind: ShapeError,
      says: /^batchNorm: running statistics must have shape \(2, 3\), mean then variance; got \(3, 2\)$/,
      run: (device) =>
        ops.batchNorm(empty(device, 4, 3), empty(device, 3), empty(device, 3), {
          training: true,
          running: device.empty([3, 2]),
        }),
    },
    {
      name: "a momentum above 1",
      kind: AttributeError,
      says: /^batchNorm: momentum must be a number in \[0, 1\]; got 1.5$/,
      run: (device) =>
        ops.batchNorm(empty(device, 4, 3), empty(device, 3), empty(device, 3), {
          training: true,
          momentum: 1.5,
        }),
    },
    {
      name: "a scalar",
      kind: ShapeError,
      says: /^batchNorm: gamma and beta must have shape \(the input's last axis\) for input \(\)/,
      run: (device) =>
        ops.batchNorm(empty(device), empty(device, 1), empty(device, 1), { training: true }),
    },
  ],
};

// Dropout

function dropped(shape: readonly number[], rate: number): Case {
  const seed = 7 * 2 ** 32 + 9;
  const step = 3;
  const x = randomRef(shape, random);
  const draw = { seed: [9, 7] as const, step, stream: 0, domain: 0 };
  const mask = refOf(shape, keepMask(x.data.length, rate, draw));
  return {
    name: `(${shape.join(", ")}), rate ${rate}`,
    inputs: [x],
    run: (at) => {
      const rng = createRng(at!.array.device, seed, step);
      return ops.dropout(at!, { rate, rng });
    },
    value: (at) => withinUlp(dropout(at!, mask, rate), 2),
    gradients: (dy) => [withinUlp(dropoutGrad(dy, mask, rate), 2)],
  };
}

const dropoutRow: Row = {
  cases: [dropped([1], 0.5), dropped([1001], 0.3), dropped([3, 5, 7], 0)],
  refusals: [1, -0.1, Number.NaN].map((rate) => ({
    name: `a rate of ${rate}`,
    kind: AttributeError,
    says: /^dropout: rate must be a number in \[0, 1\)/,
    run: (device) => ops.dropout(empty(device, 4), { rate, rng: createRng(device, 0) }),
  })),
};

// Reshape

function reshaped(from: readonly number[], to: readonly number[], told: readonly number[]): Case {
  return {
    name: `(${from.join(", ")}) to (${told.join(", ")})`,
    inputs: [randomRef(from, random)],
    run: (x) => ops.reshape(x!, { shape: told }),
    value: (x) => exactly(reshape(x!, to)),
    gradients: (dy) => [exactly(reshape(dy, from))],
  };
}

const reshapeRow: Row = {
  cases: [
    reshaped([2, 3, 4], [4, 6], [4, 6]),
    reshaped([2, 3, 4], [2, 12], [2, -1]),
    reshaped([1], [], []),
    ...(["i32", "u32"] as const).map((dtype): Case => ({
      ...reshaped([2, 3], [3, 2], [-1, 2]),
      name: `${dtype} (2, 3) to (-1, 2)`,
      inputs: [refOf([2, 3], [1, 2, 3, 4, 5, 2 ** 24])],
      dtypes: [dtype],
      gradients: () => [],
    })),
  ],
  refuses: "u8",
  refusals: [
    ...[[5], [-1, 4], [-1, -1]].map((shape) => ({
      name: `6 elements as (${shape.join(", ")})`,
      kind: ShapeError,
      says: /^reshape: \(2, 3\) has 6 elements and can't become/,
      run: (device: Device) => ops.reshape(empty(device, 2, 3), { shape }),
    })),
    ...[
      [1.5, 4],
      [-2, -3],
    ].map((shape) => ({
      name: `a shape (${shape.join(", ")})`,
      kind: AttributeError,
      says: /^reshape: shape must be a list of whole numbers ≥ -1; got \[/,
      run: (device: Device) => ops.reshape(empty(device, 2, 3), { shape }),
    })),
  ],
};

// Sigmoid cross-entropy: t·softplus(−x) + (1 − t)·softplus(x), in float64 without cancellation.

function entropy(name: string, logits: Ref, labels: Ref | number, smooth = true): Case {
  const targets = typeof labels === "number" ? map(logits, () => labels) : labels;
  const value = (x: number, t: number): number =>
    t * softplus.value(-x) + (1 - t) * softplus.value(x);
  const slope = (x: number, t: number): number =>
    (1 - t) * sigmoid.value(x) - t * sigmoid.value(-x);
  return {
    name,
    inputs: [logits],
    run: (x) => {
      const { device } = x!.array;
      return ops.sigmoidCrossEntropy(x!, {
        labels: typeof labels === "number" ? labels : upload(device, labels),
      });
    },
    value: (x) => close(zip(x!, targets, value), 1e-7, 7e-7),
    gradients: (dy, x) => [
      close(
        zip(dy, zip(x!, targets, slope), (g, s) => g * s),
        1e-7,
        7e-7,
      ),
    ],
    smooth,
  };
}

const logits = (): Ref => randomRef([3, 7, 11], random, -8, 8);
const softLabels = randomRef([3, 7, 11], random, 0, 1);
const EXTREME = refOf([8], [1e4, -1e4, 88, -88, 20, -20, 1e-8, 0]);

const sigmoidCrossEntropyRow: Row = {
  cases: [
    entropy("label 1", logits(), 1),
    entropy("label 0", logits(), 0),
    entropy("label 0.9", logits(), Math.fround(0.9)),
    entropy("a label each", logits(), randomRef([3, 7, 11], random, 0, 1)),
    {
      ...entropy("a label each, as a Tensor", logits(), softLabels),
      run: (x) => {
        const labels = new Tensor(upload(x!.array.device, softLabels));
        return ops.sigmoidCrossEntropy(x!, { labels });
      },
    },
    entropy("label 1, extreme logits", EXTREME, 1, false),
    entropy("label 0, extreme logits", EXTREME, 0, false),
    entropy("a label each, extreme logits", EXTREME, refOf([8], [0, 1, 0, 1, 1, 0, 0.5, 1]), false),
  ],
  refusals: [
    {
      name: "a label above 1",
      kind: AttributeError,
      says: /^sigmoidCrossEntropy: labels must be a number in \[0, 1\], or an array of .*; got 1.1$/,
      run: (device) => ops.sigmoidCrossEntropy(empty(device, 4), { labels: 1.1 }),
    },
    {
      name: "no labels",
      kind: AttributeError,
      says: /^sigmoidCrossEntropy: labels must be a number in \[0, 1\], or an array of .*; got undefined$/,
      run: (device) => Reflect.apply(ops.sigmoidCrossEntropy, undefined, [empty(device, 4)]),
    },
    {
      name: "labels of integers",
      kind: DTypeError,
      says: /^sigmoidCrossEntropy: labels must be f32; got i32: write cast/,
      run: (device) =>
        ops.sigmoidCrossEntropy(empty(device, 4), { labels: device.empty([4], "i32") }),
    },
    {
      name: "labels of another shape",
      kind: ShapeError,
      says: /^sigmoidCrossEntropy: labels must have the logits' shape \(4, 1\); got \(4\)$/,
      run: (device) => ops.sigmoidCrossEntropy(empty(device, 4, 1), { labels: device.empty([4]) }),
    },
  ],
};

/** Rows by the name of their op. */
export const layerRows: Readonly<Record<Name, Row>> = {
  batchNorm: batchNormRow,
  dropout: dropoutRow,
  reshape: reshapeRow,
  sigmoidCrossEntropy: sigmoidCrossEntropyRow,
};
