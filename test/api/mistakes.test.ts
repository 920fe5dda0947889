// Every public function with each of its arguments wrong in every way: it works, or it throws one line of Longhand's,
// and the device stays usable. This runs on Dawn's null backend, which checks everything that a real adapter would.
import { compile } from "../../src/gpu/program.ts";
import { afterAll, describe, expect, it } from "vitest";
import * as longhand from "../../src/index.ts";
import { open } from "../../src/node.ts";
import { faultOf, mistaken, mistakenEntries, wrongValues } from "../support/mistakes.ts";

const { device, close } = await open("null");
const { device: other, close: closeOther } = await open("null");
afterAll(() => {
  closeOther();
  close();
});
const wrong = wrongValues(device, other);

const { Tensor, layers, initialisers, metrics } = longhand;
const f = (...shape: number[]): longhand.Tensor => longhand.variable(device.empty(shape));
const i = (...shape: number[]): longhand.Tensor => new Tensor(device.empty(shape, "i32"));
const rng = longhand.createRng(device, 0);
const line = longhand.sequential(device, "line", [2], [layers.dense(1)], rng);
const twin = longhand.sequential(device, "line", [2], [layers.dense(1)], rng);
const group = longhand.parameterGroup(device, "group", { w: f(3) });
const matrix = { rows: 4, columns: 2, values: Float32Array.from({ length: 8 }, (_, n) => n % 5) };
const chances = { rows: 2, columns: 2, values: Float32Array.of(0.5, 0.5, 0.25, 0.75) };
const image = f(1, 4, 4, 2);

const step = (): void => undefined;
const { signal } = new AbortController();
const loop = { steps: 1, step, from: 0, values: () => 1, reportEvery: [1], reportSeconds: 1 };

type Args = readonly unknown[];
/** A right call of each function. */
const CALLS: Readonly<Record<string, Args>> = {
  abs: [f(2, 2)],
  adam: [line, { learningRate: 0.1, beta1: 0.9, beta2: 0.9, epsilon: 1e-7 }],
  add: [f(2, 2), f(2, 2)],
  argmax: [f(2, 2), { axes: [1], keepDims: true }],
  argmin: [f(2, 2), { axes: [1], keepDims: true }],
  avgPool: [image, { size: 2, strides: 1, padding: "same", dilations: 1, countPadding: true }],
  batchNorm: [image, f(2), f(2), { training: true, epsilon: 1e-3, momentum: 0.9 }],
  batches: [
    device,
    { images: new Uint8Array(4), count: 1, height: 2, width: 2 },
    { batch: 1, rng, shuffle: true, dropLast: true },
  ],
  bernoulli: [rng, [2, 2], 0.5],
  binaryCrossEntropy: [f(2), f(2), { clip: 1e-7, reduction: "mean" }],
  broadcastTo: [f(1, 2), { shape: [2, 2] }],
  checkGradients: [(x: longhand.Tensor) => longhand.square(x), [f(2)], { step: 0.01, seed: 1 }],
  cast: [f(2, 2), { to: "i32" }],
  ceil: [f(2, 2)],
  clip: [f(2, 2), { min: 0, max: 1 }],
  clipGradients: [line, { norm: 1 }],
  compile: [device, "p", () => ({ out: longhand.add(f(2, 2), f(2, 2)) }), { share: true }],
  concat: [[f(2, 2), f(2, 2)], { axis: 0 }],
  conv2d: [
    image,
    f(3, 3, 2, 1),
    { strides: 1, padding: "same", dilations: 1, groups: 1, bias: f(1) },
  ],
  convTranspose2d: [image, f(3, 3, 1, 2), { strides: 2, padding: "same", bias: f(1) }],
  cos: [f(2, 2)],
  createRng: [device, 0, 0],
  cumsum: [f(2, 2), { axis: 1, exclusive: true, reverse: false }],
  defineOp: [{ name: "mine", wgsl: "", inputs: ["x"], forward: step, backward: step }],
  dense: [f(2, 2), f(2, 3), { bias: f(3) }],
  div: [f(2, 2), f(2, 2)],
  dropout: [f(2, 2), { rate: 0.5, rng }],
  elu: [f(2, 2), { alpha: 1 }],
  equal: [f(2, 2), f(2, 2)],
  erf: [f(2, 2)],
  exp: [f(2, 2)],
  floor: [f(2, 2)],
  gather: [f(2, 2), i(2), { axis: 0, batchDims: 0 }],
  groupNorm: [image, f(2), f(2), { groups: 2, epsilon: 1e-3 }],
  instanceNorm: [image, f(2), f(2), { epsilon: 1e-3 }],
  layerNorm: [image, f(2), f(2), { axes: [-1], epsilon: 1e-3 }],
  kernelChoices: [device],
  gelu: [f(2, 2), { approximation: "tanh" }],
  greater: [f(2, 2), f(2, 2)],
  greaterEqual: [f(2, 2), f(2, 2)],
  hardSigmoid: [f(2, 2), { alpha: 0.2, beta: 0.5 }],
  hardSwish: [f(2, 2)],
  kMeans: [f(2, 2), { clusters: 2, seed: 0, rounds: 1 }],
  leakyRelu: [f(2, 2), { alpha: 0.1 }],
  less: [f(2, 2), f(2, 2)],
  lessEqual: [f(2, 2), f(2, 2)],
  log: [f(2, 2)],
  logSoftmax: [f(2, 2), { axis: 1 }],
  logSumExp: [f(2, 2), { axis: 1, keepDims: true }],
  logicalAnd: [f(2, 2), i(2, 2)],
  logicalNot: [f(2, 2)],
  logicalOr: [f(2, 2), i(2, 2)],
  matmul: [f(2, 2), f(2, 2), { transposeA: false, transposeB: true }],
  max: [f(2, 2), { axes: [1], keepDims: false }],
  maxPool: [image, { size: 2, strides: 1, padding: "same", dilations: 1 }],
  maximum: [f(2, 2), f(2, 2)],
  mean: [f(2, 2), { axes: [1] }],
  meanSquaredError: [f(2, 2), f(2, 2), { reduction: "sum" }],
  minibatchStddev: [f(4, 2), { groupSize: 2, epsilon: 1e-8, batches: 2 }],
  min: [f(2, 2), { axes: [1] }],
  minimum: [f(2, 2), f(2, 2)],
  moments: [f(2, 2), { axes: [1], keepDims: true }],
  movingAverage: [twin, line, { decay: 0.9, rng }],
  mul: [f(2, 2), f(2, 2)],
  neg: [f(2, 2)],
  noisePenalty: [line, f(3, 2), { rng, deviation: 0.1 }],
  noGrad: [() => f(2, 2)],
  normal: [rng, [2, 2], 0, 1],
  notEqual: [f(2, 2), f(2, 2)],
  oneHot: [i(2), { classes: 3, axis: -1 }],
  pairedLoss: [f(2, 2), f(2, 2), { reduction: "none" }],
  pad: [
    f(2, 2),
    {
      padding: [
        [1, 1],
        [0, 0],
      ],
      mode: "constant",
      value: 0,
    },
  ],
  parameterGroup: [device, "group", { w: f(3) }],
  pow: [f(2, 2), f(2, 2)],
  prod: [f(2, 2), { axes: [1], keepDims: false }],
  reciprocal: [f(2, 2)],
  relu: [f(2, 2)],
  reshape: [f(2, 2), { shape: [4] }],
  resize: [image, { size: [8, 8], mode: "cubic", cubicCoefficient: -0.5, antialias: true }],
  runSteps: [loop],
  prelu: [f(2, 2), f(2)],
  round: [f(2, 2)],
  sequential: [device, "net", [2], [layers.dense(1)], rng],
  sgd: [group, { learningRate: 0.1, momentum: 0.9, dampening: 0, nesterov: true, weightDecay: 0 }],
  sigmoid: [f(2, 2)],
  sigmoidCrossEntropy: [f(2), f(2), { reduction: "mean" }],
  sign: [f(2, 2)],
  silu: [f(2, 2)],
  sin: [f(2, 2)],
  slice: [f(2, 2), { starts: [0, 0], sizes: [1, 1], steps: [1, 1] }],
  softmax: [f(2, 2), { axis: 1 }],
  softmaxCrossEntropy: [
    f(2, 2),
    i(2),
    { axis: -1, labelSmoothing: 0, classWeights: f(2), ignoredClass: 0, reduction: "mean" },
  ],
  softplus: [f(2, 2)],
  sqrt: [f(2, 2)],
  square: [f(2, 2)],
  sub: [f(2, 2), f(2, 2)],
  sum: [f(2, 2), { axes: [0] }],
  tanh: [f(2, 2)],
  tensor: [device, [1, 2, 3, 4], [2, 2], { dtype: "f32", tracked: true }],
  tile: [f(2, 2), { repetitions: [1, 2] }],
  topK: [f(2, 2), { k: 1, axis: 1 }],
  trainLoop: [{ ...loop, callbacks: [], checkpoint: { save: step, every: 1, seconds: 1 }, signal }],
  transpose: [f(2, 2), { permutation: [1, 0] }],
  trunc: [f(2, 2)],
  tune: [device, [], { budget: 1 }],
  uniform: [rng, [2, 2], 0, 1],
  upsample: [image, { scale: 2, mode: "nearest" }],
  variable: [device.empty([2])],
  where: [i(2, 2), f(2, 2), f(2, 2)],
  workloadsOf: [device, () => undefined],
};

/** Those whose right call takes a tensor that leads to another. */
const x = f(2, 2);
const LED: Readonly<Record<string, Args>> = {
  grad: [longhand.mean(longhand.square(x)), [x]],
  vectorJacobian: [longhand.square(x), f(2, 2), [x]],
};

const METRICS: Readonly<Record<string, Args>> = {
  ballRadii: [matrix, 1, () => undefined],
  classCounts: [chances],
  classifierScore: [chances],
  frechetDistance: [metrics.gaussianOf(matrix), metrics.gaussianOf(matrix)],
  gaussianOf: [matrix],
  kernelDistance: [matrix, matrix, () => undefined],
  neighbourhoods: [matrix, matrix, 1],
  realSet: [{ features: matrix, probabilities: { ...chances, rows: 2 } }],
  realism: [matrix, matrix, Float64Array.of(1, 1, 1, 1)],
  summarise: [{}, {}, {}],
  totalVariation: [
    [1, 2],
    [2, 1],
  ],
};

const LAYERS: Readonly<Record<string, Args>> = {
  apply: ["mine", longhand.square, { outputShape: [4] }],
  avgPool: [[2, 2], { strides: 1, padding: "same" }],
  block: [[layers.dense(2)]],
  batchNorm: [{ epsilon: 1e-3, momentum: 0.9 }],
  conv2d: [2, [3, 2], { strides: 1, padding: "same", dilations: 1, groups: 1, bias: true }],
  convTranspose2d: [2, 3, { strides: 2, padding: "same", bias: true }],
  dense: [2, { bias: true, initialiser: initialisers.glorotUniform() }],
  dropout: [0.5],
  elu: [1],
  flatten: [],
  groupNorm: [2, { epsilon: 1e-3 }],
  instanceNorm: [{ epsilon: 1e-3 }],
  layerNorm: [{ axes: [-1], epsilon: 1e-3 }],
  gelu: ["tanh"],
  hardSwish: [],
  leakyRelu: [0.1],
  maxPool: [2, { strides: 1, padding: "same" }],
  minibatchStddev: [{ groupSize: 2, epsilon: 1e-8 }],
  relu: [],
  reshape: [[2, 2]],
  residual: [[layers.dense(4)], { shortcut: [layers.dense(4)] }],
  sigmoid: [],
  spectral: [layers.dense(2)],
  silu: [],
  softmax: [],
  tanh: [],
  upsample: [2],
};

const INITIALISERS: Readonly<Record<string, Args>> = {
  constant: [1],
  fanInUniform: [[3, 3]],
  glorotUniform: [],
  normalInitialiser: [0.02],
};

type Library = Readonly<Record<string, unknown>>;
const functionsOf = (library: Library): string[] =>
  Object.keys(library).filter(
    (name) => typeof library[name] === "function" && !/^[A-Z]/.test(name),
  );

/** Faults of a function with every mistake in its arguments, and in the entries of those that are options. */
async function faultsOf(
  name: string,
  call: unknown,
  args: Args,
  then: (result: unknown) => unknown = (result) => result,
): Promise<string[]> {
  if (typeof call !== "function") return [`${name}: is no function`];
  const faults: string[] = [];
  const tryOut = async (what: string, given: Args): Promise<void> => {
    const fault = await faultOf(async () => then(await Reflect.apply(call, undefined, given)));
    if (fault !== undefined) faults.push(`${name} with ${what}: ${fault}`);
  };
  const right = await faultOf(async () => then(await Reflect.apply(call, undefined, args)));
  if (right !== undefined) faults.push(`${name}: ${right}`);
  for (const { what, args: given } of mistaken(args, wrong)) await tryOut(what, given);
  for (const [index, options] of args.entries()) {
    if (typeof options !== "object" || options === null) continue;
    if (Object.getPrototypeOf(options) !== Object.prototype) continue;
    for (const { what, options: changed } of mistakenEntries({ ...options }, wrong)) {
      await tryOut(what, args.with(index, changed));
    }
  }
  await device.idle();
  return faults;
}

describe("every public function", () => {
  it("has a call here", () => {
    const here = [...Object.keys(CALLS), ...Object.keys(LED), "openDevice"].toSorted();
    expect(functionsOf(longhand).toSorted()).toEqual(here);
    expect(functionsOf(metrics).toSorted()).toEqual(Object.keys(METRICS).toSorted());
    expect(functionsOf(layers).toSorted()).toEqual(Object.keys(LAYERS).toSorted());
    expect(functionsOf(initialisers).toSorted()).toEqual(Object.keys(INITIALISERS).toSorted());
  });

  it.each(Object.entries({ ...CALLS, ...LED }))("refuses mistakes with %s", async (name, args) => {
    expect(await faultsOf(name, Reflect.get(longhand, name), args)).toEqual([]);
  });

  it.each(Object.entries(METRICS))("refuses mistakes with metrics.%s", async (name, args) => {
    expect(await faultsOf(name, Reflect.get(metrics, name), args)).toEqual([]);
  });

  it.each(Object.entries(LAYERS))("refuses mistakes with layers.%s", async (name, args) => {
    const inputs: Library = {
      avgPool: [4, 4, 2],
      batchNorm: [4, 4, 2],
      conv2d: [4, 4, 2],
      convTranspose2d: [4, 4, 2],
      groupNorm: [4, 4, 2],
      instanceNorm: [4, 4, 2],
      layerNorm: [4, 4, 2],
      maxPool: [4, 4, 2],
      upsample: [4, 4, 2],
    };
    const input = inputs[name] ?? [4];
    // A layer's numbers are looked at when it is made, or when it is built into a network.
    const build = (layer: unknown): unknown =>
      Reflect.apply(longhand.sequential, undefined, [device, "n", input, [layer], rng]);
    expect(await faultsOf(name, Reflect.get(layers, name), args, build)).toEqual([]);
  });

  it.each(Object.entries(INITIALISERS))(
    "refuses mistakes with initialisers.%s",
    async (name, args) => {
      const draw = (initialiser: unknown): unknown =>
        typeof initialiser === "function" ? initialiser(rng, [3, 2]) : initialiser;
      expect(await faultsOf(name, Reflect.get(initialisers, name), args, draw)).toEqual([]);
    },
  );
});

describe("every method", () => {
  const optimizer = longhand.adam(line);
  const inputs = f(3, 2);
  const loss = (): longhand.Tensor =>
    longhand.mean(longhand.square(line.forward(inputs, { training: true })));
  const tensor = f(2, 2);
  const array = device.empty([2, 2]);
  const methods: readonly [string, object, string, Args][] = [
    [
      "a network",
      line,
      "forward",
      [inputs, { training: true, rng, track: true, batches: 3, fuse: true, activationType: "f32" }],
    ],
    ["an optimizer", optimizer, "differentiate", [loss()]],
    ["an optimizer", optimizer, "update", []],
    ["an optimizer", optimizer, "updateUncounted", [0.5]],
    ["a tensor", tensor, "read", ["f32"]],
    ["a tensor", tensor, "detach", []],
    ["an array", array, "read", ["f32"]],
    ["an array", array, "write", [Float32Array.of(1, 2, 3, 4)]],
    ["an array", array, "view", [[4]]],
    ["an array", array, "rows", [0, 1]],
    ["a device", device, "empty", [[2, 2], "f32", "a"]],
    ["a device", device, "persistent", [[2, 2], "f32", "a"]],
    ["a device", device, "upload", [Float32Array.of(1, 2), [2], "f32", "a"]],
    ["a device", device, "viewAt", [array, 0, [2], "f32"]],
    ["a device", device, "place", [device.empty([4]), device.persistent([4])]],
    ["a device", device, "scope", [() => device.empty([2])]],
    ["a device", device, "read", [array, "f32"]],
    ["a device", device, "write", [array, Float32Array.of(1, 2, 3, 4)]],
  ];

  it.each(methods)("of %s refuses mistakes", async (_, of, name, args) => {
    const method: unknown = Reflect.get(of, name);
    const bound = (...given: unknown[]): unknown =>
      typeof method === "function" ? Reflect.apply(method, of, given) : undefined;
    expect(await faultsOf(name, bound, args)).toEqual([]);
  });

  it("of a program refuses mistakes", async () => {
    const program = await compile(device, "p", () => ({ out: device.empty([2]) }));
    const run = (options: unknown): unknown => Reflect.apply(program.run, program, [options]);
    expect(await faultsOf("run", run, [{ poison: false }])).toEqual([]);
  });

  it("of a class refuses mistakes", async () => {
    const make = (...args: unknown[]): unknown => Reflect.construct(Tensor, args);
    expect(await faultsOf("Tensor", make, [array])).toEqual([]);
    expect(await faultsOf("openDevice", longhand.openDevice, [null])).toEqual([]);
  });
});
