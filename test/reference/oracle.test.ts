// The float64 reference, compared with PyTorch's float64 answers: within each file's tolerance and, because both are
// float64, to nearly all of the nine digits in the files.
import { describe, expect, test } from "vitest";
import { adamStep } from "../../proof/reference/adam.ts";
import { type Ref, zeros } from "../../proof/reference/array.ts";
import { batchNormTraining, batchNormTrainingGrad } from "../../proof/reference/batch-norm.ts";
import { compareToOracle, type Tolerance } from "../../proof/reference/compare.ts";
import {
  conv2d,
  conv2dFilterGrad,
  conv2dInputGrad,
  type ConvGeometry,
  convTranspose2d,
  convTranspose2dFilterGrad,
  convTranspose2dInputGrad,
  convTransposeOutputSize,
} from "../../proof/reference/conv.ts";
import {
  type Reduction,
  sigmoidCrossEntropy,
  sigmoidCrossEntropyGrad,
  softmaxCrossEntropy,
  softmaxCrossEntropyGrad,
} from "../../proof/reference/losses.ts";
import { addBias, biasGrad, matmul, matmulGrad } from "../../proof/reference/matmul.ts";
import {
  adamAttr,
  expectedOf,
  inputOf,
  loadCases,
  numberAttr,
  type OracleCase,
  pairAttr,
  paddingAttr,
  resampleAttr,
} from "./oracle.ts";
import { trainOracleDcgan } from "./oracle-dcgan.ts";
import { resize, resizeGrad } from "../../proof/reference/resize.ts";
import * as unaries from "../../proof/reference/unary.ts";
import { type Unary, unary, unaryGrad } from "../../proof/reference/unary.ts";

/** What nine digits can tell, relative to the largest value of an array. */
const DIGITS = 1e-8;

/** One row a file: what the reference answers for each output that a case names. */
const answers: Record<string, (c: OracleCase) => Record<string, Ref>> = {
  conv2d: (c) => ({ y: withBias(c, conv2d(inputOf(c, "x"), inputOf(c, "filter"), geometryOf(c))) }),
  conv2d_grad: (c) => {
    const [x, filter, dy] = [inputOf(c, "x"), inputOf(c, "filter"), inputOf(c, "dy")];
    return {
      dx: conv2dInputGrad(dy, filter, x.shape, geometryOf(c)),
      dfilter: conv2dFilterGrad(dy, x, filter.shape, geometryOf(c)),
      dbias: biasGrad(dy),
    };
  },
  conv_transpose2d: (c) => {
    const [x, filter] = [inputOf(c, "x"), inputOf(c, "filter")];
    return {
      y: withBias(c, convTranspose2d(x, filter, geometryOf(c), pairAttr(c, "outputShape"))),
    };
  },
  conv_transpose2d_grad: (c) => {
    const [x, filter, dy] = [inputOf(c, "x"), inputOf(c, "filter"), inputOf(c, "dy")];
    return {
      dx: convTranspose2dInputGrad(dy, filter, x.shape, geometryOf(c)),
      dfilter: convTranspose2dFilterGrad(dy, x, filter.shape, geometryOf(c)),
      dbias: biasGrad(dy),
    };
  },
  batch_normalization_training: (c) => {
    const old = { mean: inputOf(c, "runningMean"), variance: inputOf(c, "runningVariance") };
    const options = { epsilon: numberAttr(c, "epsilon"), momentum: numberAttr(c, "momentum") };
    const { y, running } = batchNormTraining(
      inputOf(c, "x"),
      inputOf(c, "scale"),
      inputOf(c, "bias"),
      old,
      options,
    );
    return { y, newRunningMean: running.mean, newRunningVariance: running.variance };
  },
  batch_normalization_training_grad: (c) => {
    const [dy, x, scale] = [inputOf(c, "dy"), inputOf(c, "x"), inputOf(c, "scale")];
    const grads = batchNormTrainingGrad(dy, x, scale, numberAttr(c, "epsilon"));
    return { dx: grads.dx, dscale: grads.dgamma, dbias: grads.dbeta };
  },
  resample2d: (c) => ({
    y: resize(inputOf(c, "x"), { ...resampleAttr(c), rounding: "floor" }),
  }),
  resample2d_grad: (c) => {
    const options = { ...resampleAttr(c), rounding: "floor" } as const;
    return { dx: resizeGrad(inputOf(c, "dy"), inputOf(c, "x").shape, options) };
  },
  dense: (c) => ({ y: withBias(c, matmul(inputOf(c, "x"), inputOf(c, "kernel"))) }),
  dense_grad: (c) => {
    const dy = inputOf(c, "dy");
    const { da, db } = matmulGrad(dy, inputOf(c, "x"), inputOf(c, "kernel"));
    return { dx: da, dkernel: db, dbias: biasGrad(dy) };
  },
  relu: forward(() => unaries.relu),
  relu_grad: backward(() => unaries.relu),
  leaky_relu: forward((c) => unaries.leakyRelu(numberAttr(c, "alpha"))),
  leaky_relu_grad: backward((c) => unaries.leakyRelu(numberAttr(c, "alpha"))),
  tanh: forward(() => unaries.tanh),
  tanh_grad: backward(() => unaries.tanh),
  sigmoid: forward(() => unaries.sigmoid),
  sigmoid_grad: backward(() => unaries.sigmoid),
  softplus: forward(() => unaries.softplus),
  softplus_grad: backward(() => unaries.softplus),
  sigmoid_bce_with_logits: (c) => ({
    y: sigmoidCrossEntropy(inputOf(c, "logits"), inputOf(c, "labels"), reductionOf(c)),
  }),
  sigmoid_bce_with_logits_grad: (c) => {
    const [dy, logits, labels] = [inputOf(c, "dy"), inputOf(c, "logits"), inputOf(c, "labels")];
    return { dlogits: sigmoidCrossEntropyGrad(dy, logits, labels, reductionOf(c)) };
  },
  softmax_cross_entropy: (c) => ({
    loss: softmaxCrossEntropy(inputOf(c, "logits"), inputOf(c, "labels"), reductionOf(c)),
  }),
  softmax_cross_entropy_grad: (c) => {
    const one = { shape: [], data: Float64Array.of(1) };
    const [logits, labels] = [inputOf(c, "logits"), inputOf(c, "labels")];
    return { dlogits: softmaxCrossEntropyGrad(one, logits, labels, reductionOf(c)) };
  },
  adam: (c) => {
    const x0 = inputOf(c, "x0");
    let slot = { x: x0, m: zeros(x0.shape), v: zeros(x0.shape) };
    const results: Record<string, Ref> = {};
    for (let t = 1; c.inputs.has(`g${t}`); t++) {
      slot = adamStep(slot, inputOf(c, `g${t}`), t, adamAttr(c.attrs));
      results[`x${t}`] = slot.x;
    }
    return { ...results, m: slot.m, v: slot.v };
  },
  dcgan_train_steps: (c) => Object.fromEntries(trainOracleDcgan(c, adamAttr(c.attrs["adam"]))),
};

describe.each(Object.entries(answers))("%s", (name, answer) => {
  test.each(loadCases(`${name}.json`))("$name", (c) => {
    const results = answer(c);
    const problems = Array.from(c.expected.keys(), (output) =>
      problemOf(output, results[output], expectedOf(c, output), c.tolerance),
    );
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });
});

/** What is wrong with an output, if anything. */
function problemOf(
  output: string,
  got: Ref | undefined,
  want: Ref,
  tolerance: Tolerance,
): string | undefined {
  if (got === undefined) return `${output} has no answer`;
  if (got.shape.join() !== want.shape.join()) return `${output} has the shape [${got.shape}]`;
  const { why } = compareToOracle(got.data, want, tolerance);
  if (why !== undefined) return `${output} ${why}`;
  const scale = want.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const off = want.data.findIndex((x, i) => Math.abs(got.data[i]! - x) > DIGITS * scale);
  return off < 0 ? undefined : `${output}[${off}] ${got.data[off]} loses digits`;
}

function forward(f: (c: OracleCase) => Unary): (c: OracleCase) => Record<string, Ref> {
  return (c) => ({ y: unary(f(c), inputOf(c, "x")) });
}

function backward(f: (c: OracleCase) => Unary): (c: OracleCase) => Record<string, Ref> {
  return (c) => ({ dx: unaryGrad(f(c), inputOf(c, "dy"), inputOf(c, "x")) });
}

function geometryOf(c: OracleCase): ConvGeometry {
  return {
    strides: pairAttr(c, "strides"),
    padding: paddingAttr(c),
    dilations: pairAttr(c, "dilations"),
    groups: numberAttr(c, "groups"),
  };
}

function withBias(c: OracleCase, y: Ref): Ref {
  return c.inputs.has("bias") ? addBias(y, inputOf(c, "bias")) : y;
}

function reductionOf(c: OracleCase): Reduction {
  return c.attrs["reduction"] === "sum" ? "sum" : "mean";
}

test.each(loadCases("conv_transpose2d.json"))(
  "the output's size from output padding: $name",
  (c) => {
    const [, height, width] = inputOf(c, "x").shape;
    const [kernelHeight, kernelWidth] = inputOf(c, "filter").shape;
    const size = convTransposeOutputSize(
      [height!, width!],
      [kernelHeight!, kernelWidth!],
      geometryOf(c),
      pairAttr(c, "outputPadding"),
    );
    expect(size).toEqual(pairAttr(c, "outputShape"));
  },
);
