// PyTorch's float64 answers (test/fixtures/oracle) reproduced on the device by the engine's ops, gradients and Adam,
// within each file's tolerance.
import { describe, expect, test } from "vitest";
import { softmaxCrossEntropy } from "../../src/autograd/losses.ts";
import * as ops from "../../src/autograd/ops.ts";
import { gradArrays, vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { adamCounter, adamUpdate } from "../../src/kernels/adam.ts";
import { advance } from "../../src/kernels/counters.ts";
import { refOf, toF32 } from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import {
  adamAttr,
  expectedOf,
  inputOf,
  loadCases,
  numberAttr,
  type OracleCase,
  paddingAttr,
  pairAttr,
  resampleAttr,
} from "../reference/oracle.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";
import { SOAK, withVariant } from "../../proof/variants.ts";

type Answers = Readonly<Record<string, ArrayLike<number>>>;
type Values = Readonly<Record<string, GpuArray>>;

const device = await testDevice();

const given = (c: OracleCase, name: string): Tensor => variable(upload(device, inputOf(c, name)));

/** An op's value for a case, and the tensors that its file takes gradients by. */
type Forward = (c: OracleCase) => { y: Tensor; by: Readonly<Record<string, Tensor>> };

function withBias(
  c: OracleCase,
  y: Tensor,
  by: Readonly<Record<string, Tensor>>,
): ReturnType<Forward> {
  if (!c.inputs.has("bias")) return { y, by };
  const bias = given(c, "bias");
  return { y: ops.add(y, bias), by: { ...by, bias } };
}

const geometryOf = (c: OracleCase) => ({
  strides: pairAttr(c, "strides"),
  padding: paddingAttr(c),
  dilations: pairAttr(c, "dilations"),
  groups: numberAttr(c, "groups"),
});

function pointwise(f: (x: Tensor, c: OracleCase) => Tensor): Forward {
  return (c) => {
    const x = given(c, "x");
    return { y: f(x, c), by: { x } };
  };
}

/** Files whose op is one of the table's, or that with a bias or a mean. */
const forwards: Readonly<Record<string, Forward>> = {
  conv2d: (c) => {
    const [x, filter] = [given(c, "x"), given(c, "filter")];
    return withBias(c, ops.conv2d(x, filter, geometryOf(c)), { x, filter });
  },
  conv_transpose2d: (c) => {
    const [x, filter] = [given(c, "x"), given(c, "filter")];
    const attributes = { ...geometryOf(c), outputPadding: pairAttr(c, "outputPadding") };
    return withBias(c, ops.convTranspose2d(x, filter, attributes), { x, filter });
  },
  resample2d: pointwise((x, c) => {
    const { bilinear, ...attributes } = resampleAttr(c);
    return ops.resize(
      x,
      bilinear ? { ...attributes, mode: "bilinear" } : { ...attributes, rounding: "floor" },
    );
  }),
  dense: (c) => {
    const [x, kernel] = [given(c, "x"), given(c, "kernel")];
    return withBias(c, ops.matmul(x, kernel), { x, kernel });
  },
  batch_normalization_training: (c) => {
    const [x, scale, bias] = [given(c, "x"), given(c, "scale"), given(c, "bias")];
    const epsilon = numberAttr(c, "epsilon");
    return {
      y: ops.batchNorm(x, scale, bias, { training: true, epsilon }),
      by: { x, scale, bias },
    };
  },
  relu: pointwise((x) => ops.relu(x)),
  leaky_relu: pointwise((x, c) => ops.leakyRelu(x, { alpha: numberAttr(c, "alpha") })),
  tanh: pointwise((x) => ops.tanh(x)),
  sigmoid: pointwise((x) => ops.sigmoid(x)),
  softplus: pointwise((x) => ops.softplus(x)),
  sigmoid_bce_with_logits: (c) => {
    const logits = given(c, "logits");
    const each = ops.sigmoidCrossEntropy(logits, { labels: given(c, "labels").array });
    const y = c.attrs["reduction"] === "sum" ? ops.sum(each) : ops.mean(each);
    return { y, by: { logits } };
  },
};

/** A case of integer labels, whose files name no gradient that flows in. */
const entropyOf = (c: OracleCase): { loss: Tensor; logits: Tensor } => {
  const logits = given(c, "logits");
  const labels = new Tensor(upload(device, inputOf(c, "labels"), "i32"));
  const reduction = c.attrs["reduction"] === "sum" ? "sum" : "mean";
  return { loss: softmaxCrossEntropy(logits, labels, { reduction }), logits };
};

function forward(f: Forward): (c: OracleCase) => Promise<Answers> {
  return (c) => read({ y: f(c).y.array });
}

function backward(f: Forward): (c: OracleCase) => Promise<Answers> {
  return (c) => {
    const { y, by } = f(c);
    const gradients = vectorJacobianArrays(y, upload(device, inputOf(c, "dy")), Object.values(by));
    return read(Object.fromEntries(Object.keys(by).map((name, i) => [`d${name}`, gradients[i]!])));
  };
}

async function read(values: Values): Promise<Answers> {
  const entries = Object.entries(values).map(async ([name, array]) => [name, await array.read()]);
  return Object.fromEntries(await Promise.all(entries));
}

async function normalised(c: OracleCase): Promise<Answers> {
  const [mean, variance] = [inputOf(c, "runningMean"), inputOf(c, "runningVariance")];
  const channels = mean.data.length;
  const running = upload(device, refOf([2, channels], [...mean.data, ...variance.data]));
  const y = ops.batchNorm(given(c, "x"), given(c, "scale"), given(c, "bias"), {
    training: true,
    epsilon: numberAttr(c, "epsilon"),
    momentum: numberAttr(c, "momentum"),
    runningVariance: c.attrs["runningVariance"] === "population" ? "population" : "sample",
    running,
  });
  const updated = await running.read();
  return {
    y: await y.read(),
    newRunningMean: updated.subarray(0, channels),
    newRunningVariance: updated.subarray(channels),
  };
}

async function adam(c: OracleCase): Promise<Answers> {
  const start = toF32(inputOf(c, "x0"));
  const length = Math.ceil(start.length / 4) * 4; // whole fours
  const padded = (values: Float32Array): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, (_, i) => values[i] ?? 0);
  const arena = (): GpuArray => device.persistent([length]);
  const result = async (array: GpuArray): Promise<Float32Array> =>
    (await array.read()).subarray(0, start.length);
  const [parameters, gradients, first, second] = [arena(), arena(), arena(), arena()];
  parameters.write(padded(start));
  const state = { parameters, gradients, first, second, corrections: device.persistent([2]) };
  const options = adamAttr(c.attrs);
  const results: Record<string, Float32Array> = {};
  for (let t = 1; c.inputs.has(`g${t}`); t++) {
    gradients.write(padded(toF32(inputOf(c, `g${t}`))));
    adamUpdate(state, options);
    advance(device, [adamCounter(state, options)]);
    if (c.expected.has(`x${t}`)) results[`x${t}`] = await result(parameters);
  }
  return { ...results, m: await result(first), v: await result(second) };
}

const files: Readonly<Record<string, (c: OracleCase) => Promise<Answers>>> = {
  ...Object.fromEntries(Object.entries(forwards).map(([name, f]) => [name, forward(f)])),
  ...Object.fromEntries(Object.entries(forwards).map(([name, f]) => [`${name}_grad`, backward(f)])),
  batch_normalization_training: normalised,
  adam,
  softmax_cross_entropy: (c) => read({ loss: entropyOf(c).loss.array }),
  softmax_cross_entropy_grad: (c) => {
    const { loss, logits } = entropyOf(c);
    return read({ dlogits: gradArrays(loss, [logits])[0]! });
  },
};

describe.each(Object.entries(files))("%s", (name, answer) => {
  const cases = loadCases(`${name}.json`).map((c, index) => [c.name, index, c] as const);

  test.each(cases)("%s", async (_name, index, c) => {
    // A file's first case runs as anyone gets it; tiles for all would take lavapipe minutes to compile.
    const answers =
      index === 0 || SOAK ? answer(c) : withVariant(device, "direct", () => answer(c));
    const got = await answers;
    const problems = Array.from(c.expected.keys(), (output) => {
      const { why } = compareToOracle(got[output] ?? [], expectedOf(c, output), c.tolerance);
      return why === undefined ? undefined : `${output}${why}`;
    });
    expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
  });
});
