// Wrong calls of the public API, as untyped callers would make them. Each is refused by a typed error, in one line that
// starts with the op's name, before anything is launched.
import { expect, test } from "vitest";
import * as longhand from "../../src/index.ts";
import { testDevice } from "../support/device.ts";
import { elementCalls } from "./element-calls.ts";
import { moreCalls } from "./more-calls.ts";

const device = await testDevice();
const rng = longhand.createRng(device, 0);

const f = (...shape: number[]): unknown => new longhand.Tensor(device.empty(shape));
const i = (...shape: number[]): unknown => new longhand.Tensor(device.empty(shape, "i32"));
const a = (...shape: number[]): unknown => device.empty(shape);

const group = longhand.parameterGroup(device, "group", {
  w: new longhand.Tensor(device.empty([3])),
});

/** Calls by the function's name; every one is wrong in one way. */
const CALLS: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  ...moreCalls(f, i, rng),
  conv2d: [
    [f(4, 4, 1), f(3, 3, 1, 1)],
    [f(1, 4, 4, 1), f(3, 3, 1)],
    [f(1, 4, 4, 2), f(3, 3, 1, 1)],
    [f(1, 2, 4, 1), f(3, 3, 1, 1)],
    [f(1, 0, 4, 1), f(3, 3, 1, 1)],
    [f(1, 4, 4, 1)],
    [f(1, 4, 4, 1), i(3, 3, 1, 1)],
    ...[
      null,
      3,
      { padding: "full" },
      { padding: "SAME" },
      { padding: [1, 1] },
      { padding: 1 },
      { padding: [-1, 0, 0, 0] },
      { strides: "2" },
      { strides: 0 },
      { strides: Infinity },
      { strides: [1, 1, 1] },
      { strides: null },
      { dilations: 0 },
      { dilations: 4 },
      { groups: 0 },
      { groups: 2 },
      { bias: f(1, 1) },
      { bias: f(2) },
      { bias: i(1) },
      { bias: 1 },
      { stride: 2 },
    ].map((attributes) => [f(1, 4, 4, 1), f(3, 3, 1, 1), attributes]),
  ],
  convTranspose2d: [
    [f(4, 4, 1), f(3, 3, 1, 1)],
    [f(1, 4, 4, 2), f(3, 3, 2, 1)],
    ...[
      { outputPadding: 1 },
      { outputPadding: [-1, 0] },
      { strides: 2, outputPadding: 2 },
      { strides: 2, outputPadding: [1] },
      { strides: 2, padding: "same", outputPadding: 1 },
      { padding: [3, 3, 0, 0] },
      { groups: 3 },
      { bias: f(2) },
    ].map((attributes) => [f(1, 2, 2, 1), f(3, 3, 1, 1), attributes]),
  ],
  matmul: [
    [f(2, 3), f(4, 5)],
    [f(2, 3), f(3, 5), { transposeA: true }],
    [f(2, 2, 3), f(3, 3, 4)],
    [f(), f(3)],
    [f(3), f(4)],
    [f(3), f(3, 2), { transposeA: true }],
    [f(3, 3), f(3, 3), { transposeB: 1 }],
    [f(3, 3)],
  ],
  dense: [
    [f(2, 3), f(2, 3)],
    [f(2, 3), f(3)],
    [f(2, 3), f(3, 2), { bias: f(3) }],
    [f(2, 3), f(3, 2), { bias: f(1, 2) }],
    [f(2, 3), i(3, 2)],
    [f(), f(1, 1)],
  ],
  batchNorm: [
    [f(2, 3), f(1, 3), f(3), { training: true }],
    [f(2, 3), f(3), f(2), { training: true }],
    [f(), f(1), f(1), { training: true }],
    [f(0, 3), f(3), f(3), { training: true }],
    [f(2, 3), f(3), f(3), {}],
    [f(2, 3), f(3), f(3)],
    ...[
      { training: false },
      { training: 1 },
      { training: true, epsilon: -1 },
      { training: true, epsilon: Number.NaN },
      { training: true, momentum: 1.5 },
      { training: true, runningVariance: "biased" },
      { training: false, running: a(3, 2) },
      { training: false, running: device.empty([2, 3], "i32") },
      { training: false, running: [0, 1] },
    ].map((attributes) => [f(2, 3), f(3), f(3), attributes]),
  ],
  ...elementCalls(device),
  sum: [
    { axes: [1] },
    { axes: [0, 0] },
    { axes: [0, -1] },
    { axes: 0.5 },
    { axes: [0.5] },
    { keepDims: 1 },
  ].map((at) => [f(3), at]),
  mean: [
    [f(0, 3), { axes: [0] }],
    [f(), { axes: [0] }],
  ],
  max: [[f(0)], [f(2, 0), { axes: [1] }]],
  min: [[f(0)], [i(3)]],
  argmax: [[f(3), { axes: [1] }], [f(0)], [i(3)], [f(3), { axis: 0 }]],
  reshape: [
    [f(3)],
    ...[[2], [-1, -1], [2, -1], [0.5, 6], "3", [-2]].map((shape) => [f(3), { shape }]),
    [f(0, 3), { shape: [-1, 0] }],
  ],
  transpose: [[0, 0], [0], [0, 2], [0, 0.5], 1].map((permutation) => [f(2, 3), { permutation }]),
  slice: [
    ...[
      { starts: [3], sizes: [2] },
      { starts: [5] },
      { starts: [-5] },
      { starts: [0, 0] },
      { starts: [0], sizes: [-2] },
      { starts: [0], steps: [0] },
      { starts: [0], sizes: [2], steps: [4] },
      { sizes: [1] },
      {},
      undefined,
    ].map((at) => [f(4), at]),
    [f(), { starts: [0] }],
  ],
  concat: [
    [[], { axis: 0 }],
    [[f(2, 3), f(3, 2)], { axis: 0 }],
    [[f(2, 3), f(2)], { axis: 0 }],
    [[f(2), i(2)], { axis: 0 }],
    [[f(2)], { axis: 1 }],
    [[f(2)], {}],
    [[f(), f()], { axis: 0 }],
    [f(2), { axis: 0 }],
    [[f(2), undefined], { axis: 0 }],
  ],
  tile: [[2], [2, -1], [2, 1.5], 2].map((repetitions) => [f(2, 3), { repetitions }]),
  broadcastTo: [[3], [2, 2], [-1, 3], 6, [3, 2]].map((shape) => [f(2, 3), { shape }]),
  pad: [
    ...[
      { padding: [] },
      { padding: [[1]] },
      { padding: [1, 1] },
      { padding: [[1, 1, 1]] },
      { padding: [[0.5, 1]] },
      { padding: [[1, 1]], mode: "mirror" },
      { padding: [[2, 0]], mode: "reflect" },
      { padding: [[3, 0]], mode: "symmetric" },
      { padding: [[-3, 0]] },
      { padding: [[-1, 0]], mode: "edge" },
      { padding: [[1, 0]], value: "x" },
      {},
    ].map((at) => [f(2), at]),
    [f(0), { padding: [[1, 1]], mode: "edge" }],
  ],
  gather: [
    [f(3), f(2)],
    [f(3), i(2), { axis: 1 }],
    [f(3), i(2), { axis: 0.5 }],
    [f(), i(2)],
    [f(2, 3), i(3, 1), { batchDims: 1 }],
    [f(2, 3), i(2, 1), { batchDims: 1, axis: 0 }],
    [f(3), i(2), { batchDims: 2 }],
    [f(0), i(2)],
    [f(3), [0, 1]],
  ],
  oneHot: [
    [f(3), { depth: 2 }],
    [i(3)],
    ...[
      { depth: -1 },
      { depth: 1.5 },
      { depth: 2, axis: 2 },
      { depth: 2, axis: -3 },
      { depth: 2, on: "1" },
    ].map((at) => [i(3), at]),
  ],
  maxPool: [
    [f(4, 4, 1), { size: 2 }],
    [f(1, 4, 4, 1)],
    ...[
      {},
      { size: 0 },
      { size: 5 },
      { size: [2, 2, 2] },
      { size: 2, strides: 0 },
      { size: 2, padding: "full" },
      { size: 2, padding: [2, 0, 0, 0] },
      { size: 2, dilations: 4 },
      { size: 2, ceil: "up" },
      { size: 2, countPadding: true },
    ].map((at) => [f(1, 4, 4, 1), at]),
  ],
  avgPool: [
    [f(1, 4, 4, 1), { size: 5 }],
    [f(1, 4, 4, 1), { size: 2, countPadding: 1 }],
    [f(1, 0, 4, 1), { size: 1 }],
  ],
  resize: [
    [f(4, 4, 1), { size: [2, 2] }],
    ...[
      {},
      { size: 2 },
      { size: [0, 2] },
      { size: [2.5, 2] },
      { size: [2, 2], mode: "area" },
      { size: [2, 2], coordinates: "half" },
      { size: [2, 2], rounding: "round" },
      { size: [2, 2], scales: [0, 1] },
      { size: [2, 2], scales: 2 },
      { size: [2, 2], mode: "bilinear", rounding: "floor" },
    ].map((at) => [f(1, 4, 4, 1), at]),
  ],
  upsample: [{}, { scale: 0 }, { scale: 1.5 }, { scale: [2] }, { scale: 2, mode: "area" }].map(
    (at) => [f(1, 4, 4, 1), at],
  ),
  softmax: [
    [f(), {}],
    [f(2, 3), { axis: 2 }],
    [f(2, 3), { axis: 0.5 }],
    [f(2, 3), { axes: [1] }],
    [i(2)],
  ],
  logSoftmax: [[f(2, 3), { axis: -3 }], [f()]],
  softmaxCrossEntropy: [
    [f(2, 3)],
    [f(2, 3), f(3)],
    [f(2, 3), i(2, 3)],
    [f(2, 3), i(3)],
    [f(2, 3), i(2), { axis: 2 }],
    [f(2, 3), i(2), { reduction: "batchmean" }],
    [f(2, 3), i(2), { labelSmoothing: 1.5 }],
    [f(), i()],
  ],
  sigmoidCrossEntropy: [
    [f(3)],
    [f(3), {}],
    [f(3), { labels: a(4) }],
    [f(3), { labels: f(4) }],
    [f(3), { labels: i(3) }],
    [f(3), { labels: 1.5 }],
    [f(3), { labels: "1" }],
  ],
  binaryCrossEntropy: [
    [f(3)],
    [f(3), f(4)],
    [f(3), i(3)],
    [f(3), 1.5],
    ...[
      { clip: 0.6 },
      { clip: -1 },
      { logClamp: 1 },
      { clip: 1e-7, logClamp: -100 },
      { reduction: "avg" },
    ].map((at) => [f(3), f(3), at]),
  ],
  meanSquaredError: [
    [f(3)],
    [f(3), f(4)],
    [f(3), f(1)],
    [f(3), i(3)],
    [f(3), f(3), { reduction: "avg" }],
  ],
  moments: [[f(3), { axes: [1] }], [f(0)], [i(3)], [f(3), { keepDims: "yes" }]],
  dropout: [
    [f(3), { rate: 0.5 }],
    [f(3), { rate: 0.5, rng: {} }],
    ...[1, -0.1, "a", Number.NaN, undefined].map((rate) => [f(3), { rate, rng }]),
  ],
  batches: [
    [device, { images: new Uint8Array(4), count: 1, height: 2, width: 3 }, { batch: 1, rng }],
    [device, { images: new Uint8Array(4), count: 1, height: 2, width: 2 }, { batch: 2, rng }],
    [device, { images: new Uint8Array(4), count: 1, height: 2, width: 2 }, { batch: 0, rng }],
  ],
  clipGradients: [[{ name: "n" }, { norm: 1 }]], // options: test/nn/schedules.test.ts
  createRng: [
    [device, -1],
    [device, 0.5],
    [device, 2 ** 53],
    [device, "0"],
    [device, 0, -1],
  ],
  uniform: [
    [rng, [-1]],
    [rng, 3],
    [rng, [1], 2, 1],
    [rng, [1], Number.NaN],
    [{}, [1]],
  ],
  normal: [
    [rng, [1], 0, -1],
    [rng, [1], Infinity],
    [rng, [0.5]],
    [undefined, [1]],
  ],
  bernoulli: [
    [rng, [1], 1.5],
    [rng, [1], -0.5],
    [rng, [1]],
    [rng, [-1], 0.5],
  ],
  parameterGroup: [
    [device, "group", { w: i(3) }],
    [device, "group", { w: 3 }],
    [device, "group", {}],
  ],
  adam: [{ learningRate: -1 }, { beta1: 1 }, { epsilon: 0 }, { convention: "tf" }, { rate: 1 }].map(
    (at) => [group, at],
  ),
  sgd: [
    { learningRate: -1 },
    { momentum: -1 },
    { dampening: 2 },
    { nesterov: true },
    { lr: 1 },
  ].map((at) => [group, at]),
  grad: [
    [f(3), [f(3)]],
    [f(1), f(1)],
    [undefined, []],
    [f(1), [f(1)]],
  ],
  vectorJacobian: [
    [f(3), i(3), []],
    [f(3), a(3), []],
    [f(3), f(4), []],
  ],
  variable: [[device.empty([3], "i32")], [[1]]],
  tensor: [
    [device, [1], [-1]],
    [device, [1, 2], [3]],
    [device, "12", [2]],
    [device, [1.5], [1], { dtype: "i32" }],
    [device, new Float64Array(2), [2]],
  ],
};

const api: ReadonlyMap<string, unknown> = new Map(Object.entries(longhand));
const calls = Object.entries(CALLS).flatMap(([name, list]) =>
  list.map((args, index) => [name, index, args] as const),
);

test.each(calls)("%s, wrong call %i", (name, _index, args) => {
  const called = api.get(name);
  if (typeof called !== "function") throw new Error(`no such function: ${name}`);
  let thrown: unknown;
  const { dispatches } = device.record("refused", () => {
    try {
      Reflect.apply(called, undefined, args);
    } catch (error) {
      thrown = error;
    }
  });
  if (!(thrown instanceof longhand.LonghandError)) throw thrown ?? new Error("was accepted");
  expect(thrown.message).toMatch(/^[\w ]+: \S.{10,}$/);
  expect(dispatches).toEqual([]);
});

test("every op is among them, but those whose only fault can be their shapes or types", () => {
  const others = "sub mul div maximum minimum tanh sigmoid softplus exp log sqrt square abs neg";
  const more = "sin cos erf floor ceil round trunc sign silu hardSwish";
  const engine = "reciprocal compile openDevice noGrad sequential tune workloadsOf kernelChoices";
  const words =
    `${others} ${more} ${engine} runSteps trainLoop defineOp checkGradients movingAverage kMeans`.split(
      " ",
    ); // their own tests
  const named = new Set([...Object.keys(CALLS), ...words]);
  const left = [...api]
    .filter(([name, value]) => typeof value === "function" && /^[a-z]/.test(name))
    .filter(([name]) => !named.has(name));
  expect(left).toEqual([]);
});
