// The most common mistakes, each with the words that say what to write; and calls that look wrong but work.
import { describe, expect, it } from "vitest";
import {
  adam,
  add,
  argmax,
  compile,
  conv2d,
  createRng,
  equal,
  grad,
  layers,
  matmul,
  mean,
  movingAverage,
  noGrad,
  parameterGroup,
  sequential,
  sgd,
  square,
  sum,
  Tensor,
  tensor,
  variable,
  vectorJacobian,
} from "../../src/index.ts";
import { LonghandError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const rng = createRng(device, 0);
const x = tensor(device, [1, 2, 3, 4], [2, 2], { tracked: true });
const line = sequential(device, "line", [2], [layers.dense(1)], rng);

/** Calls as without types. */
const untyped = (f: (...args: never[]) => unknown, ...args: unknown[]): unknown =>
  Reflect.apply(f, undefined, args);

const later = async (): Promise<object> => ({});

/** Written so, and told so. */
const TOLD: readonly [written: string, call: () => unknown, told: string][] = [
  [
    "tensor([1, 2])",
    () => untyped(tensor, [1, 2]),
    "tensor: the first argument must be a device, from openDevice or from open of longhand/node; got [1, 2]",
  ],
  [
    'tensor(device, ["1", "2"])',
    () => untyped(tensor, device, ["1", "2"]),
    'tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got "1"',
  ],
  [
    "tensor(device, [1, undefined])",
    () => untyped(tensor, device, [1, undefined]),
    "tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got undefined after 1 number",
  ],
  [
    "tensor(device, [1, , 3])",
    () => untyped(tensor, device, Object.assign([1], { 2: 3 })),
    "tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got undefined after 1 number",
  ],
  [
    "tensor(device, [[1, 2], [3]])",
    () => untyped(tensor, device, [[1, 2], [3]]),
    "tensor: lists at the same depth must have the same length; got 2 and 1",
  ],
  [
    "tensor(device, [[1, 2], 3])",
    () => untyped(tensor, device, [[1, 2], 3]),
    "tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got 3 after 2 numbers",
  ],
  [
    "tensor(device, [1, [2]])",
    () => untyped(tensor, device, [1, [2]]),
    "tensor: takes numbers, lists of them, a Float32Array or an Int32Array; got [2] after 1 number",
  ],
  [
    "tensor(device, [1], [1], { track: true })",
    () => untyped(tensor, device, [1], [1], { track: true }),
    "tensor: got an unknown attribute track; it takes dtype, tracked",
  ],
  [
    'add(x, "1")',
    () => untyped(add, x, "1"),
    'add: input 1 must be a Tensor; got "1": make one of values with tensor(device, values)',
  ],
  [
    "mean(x * 2)",
    () => untyped(mean, Number(x) * 2),
    "mean: input 0 must be a Tensor; got NaN: write mul(x, 2) and add(x, 1) for x * 2 and x + 1, and tensor(device, 2) for a number",
  ],
  [
    "matmul(x, group.w)",
    () => untyped(matmul, x, Reflect.get(parameterGroup(device, "mine", { w: x }), "w")),
    "matmul: input 1 must be a Tensor; got undefined: check its name; those of a parameterGroup are group.tensors.NAME",
  ],
  [
    "mean(equal(x, y))",
    () => mean(equal(x, x)),
    'mean: input 0 must be f32; got u32: write cast(x, { to: "f32" })',
  ],
  [
    "sum(x, { dim: 1, keepdim: true })",
    () => untyped(sum, x, { dim: 1, keepdim: true }),
    "sum: got an unknown attribute dim: write axes; it takes axes, keepDims",
  ],
  [
    "dropout in training without an Rng",
    () =>
      sequential(device, "drop", [2], [layers.dropout(0.5)], rng).forward(x, { training: true }),
    "Dropout: training needs an Rng in the mode; got none: pass { training: true, rng }",
  ],
  [
    "movingAverage(average, line, { decay: 0.9 })",
    () => untyped(movingAverage, line, line, { decay: 0.9 }),
    "movingAverage: rng must be the Rng of the step, which counts steps: early ones lower the decay. See createRng; got undefined",
  ],
  [
    "variable(indices)",
    () => variable(argmax(x)),
    "variable: takes a tensor of f32, the only type with gradients; got i32",
  ],
  [
    "vectorJacobian(y, array, [x])",
    () => untyped(vectorJacobian, square(x), x.array, [x]),
    "vectorJacobian: the gradient that flows in must be a Tensor; got GpuArray: make it with tensor(device, values, shape)",
  ],
  [
    "line.forward(x)",
    () => untyped(line.forward, x),
    "line: forward takes a mode after its input, such as { training: false }; got none",
  ],
  [
    "line.forward(x, {})",
    () => untyped(line.forward, x, {}),
    "line: training must be true or false; got undefined",
  ],
  [
    "line.forward(x, { train: true })",
    () => untyped(line.forward, x, { train: true }),
    "line: got an unknown attribute train: write training; it takes training, rng, track, fuse, logits, batches, activationType, ranks",
  ],
  [
    "line.forward(array, mode)",
    () => untyped(line.forward, x.array, { training: true }),
    "line: input 0 must be a Tensor; got GpuArray: wrap it in new Tensor",
  ],
  [
    "adam(line).update()",
    () => adam(line).update(),
    "adam: line has no gradients yet; call step(loss), or differentiate(loss) before update()",
  ],
  [
    "sgd(group).update()",
    () => sgd(parameterGroup(device, "mine", { w: x })).update(),
    "sgd: mine has no gradients yet; call step(loss), or differentiate(loss) before update()",
  ],
  [
    "adam([x])",
    () => untyped(adam, [x]),
    "adam: takes a network or a parameterGroup; got [Tensor]: put tensors into parameterGroup(device, name, { … })",
  ],
  [
    "adam([line, other])",
    () => untyped(adam, [line, line]),
    "adam: takes a network or a parameterGroup; got [{ name, inputShape, outputShape, layers, parameters, arena, gradients, state, … 10 in all }, { name, inputShape, outputShape, layers, parameters, arena, gradients, state, … 10 in all }]: make an optimizer for each; call differentiate(loss) of all, then update() of all",
  ],
  [
    "layers.dense(-3)",
    () => layers.dense(-3),
    "Dense: units must be a whole number ≥ 1, below 2^31; got -3",
  ],
  [
    'layers.conv2d("32", 3)',
    () => untyped(layers.conv2d, "32", 3),
    'Conv2d: filters must be a whole number ≥ 1, below 2^31; got "32"',
  ],
  [
    "layers.conv2d(32, [3, 3, 32])",
    () => untyped(layers.conv2d, 32, [3, 3, 32]),
    "Conv2d: kernel must be a whole number ≥ 1, or two of them, below 2^31; got [3, 3, 32]",
  ],
  ["layers.dropout(1)", () => layers.dropout(1), "Dropout: rate must be a number in [0, 1); got 1"],
  [
    "sequential([layers])",
    () => untyped(sequential, [layers.dense(1)]),
    "sequential: the first argument must be a device, from openDevice or from open of longhand/node; got [{ kind, detail, outputShape, parameters, buffers, takesEpilogue, takesF16, form, … 9 in all }]",
  ],
  [
    "sequential(…, [layers.relu])",
    () => untyped(sequential, device, "net", [2], [layers.relu], rng),
    'net: the layers must be a list of layers, such as [layers.dense(1), layers.apply("mine", f)]; got [a function relu]',
  ],
  [
    "sequential(device, name, shape, layers)",
    () => untyped(sequential, device, "net", [2], [layers.dense(1)]),
    "net: the Rng of its initial parameters must be an Rng: see createRng; got undefined",
  ],
  [
    "conv2d(x, w, { stride: 2 })",
    () =>
      untyped(conv2d, tensor(device, [1], [1, 1, 1, 1]), tensor(device, [1], [1, 1, 1, 1]), {
        stride: 2,
      }),
    "conv2d: got an unknown attribute stride: write strides; it takes strides, padding, dilations, groups, epilogue, activationType",
  ],
  [
    "createRng(0)",
    () => untyped(createRng, 0),
    "createRng: the first argument must be a device, from openDevice or from open of longhand/node; got 0",
  ],
  [
    "compile(device, body)",
    () => untyped(compile, device, () => ({})),
    "compile: the name must be a string; got a function",
  ],
  [
    "compile(device, name, async () => …)",
    () => untyped(compile, device, "step", later),
    "step: its function must not be async, because work after an await isn't recorded; await first, and pass the result in",
  ],
  [
    "compile(device, name, () => x)",
    () => untyped(compile, device, "step", () => square(x)),
    "step: the traced function returned Tensor; return an object of named arrays, such as ({ loss })",
  ],
  [
    "compile(device, name, () => undefined)",
    () => untyped(compile, device, "step", () => undefined),
    "step: the traced function returned nothing; return an object of named arrays, such as ({ loss })",
  ],
  [
    "compile(device, name, () => ({ loss: 1 }))",
    () => untyped(compile, device, "step", () => ({ loss: 1 })),
    "step: output loss must be an array or a tensor; got 1",
  ],
  [
    "compile(…, { shared: false })",
    () => untyped(compile, device, "step", () => ({}), { shared: false }),
    "step: options must be an object of share, onCompile; got { shared }",
  ],
  [
    "device.scope(async () => …)",
    () => device.scope(later),
    "scope: its function must not be async, because work after an await isn't recorded; await first, and pass the result in",
  ],
  [
    "noGrad(async () => …)",
    () => noGrad(later),
    "noGrad: its function must not be async, because work after an await isn't recorded; await first, and pass the result in",
  ],
  [
    "x.array.write([1, 2, 3, 4])",
    () => untyped((data: Float32Array) => x.array.write(data), [1, 2, 3, 4]),
    "write: f32 data must be a Float32Array; got [1, 2, 3, 4]",
  ],
  [
    "device.empty([2, -1])",
    () => device.empty([2, -1]),
    "array: shape must be a list of whole numbers ≥ 0; got [2, -1]",
  ],
  [
    'device.empty([2], "float32")',
    () => untyped((dtype: "f32") => device.empty([2], dtype), "float32"),
    'array: dtype must be f32, i32, u32, u8 or f16; got "float32"',
  ],
  [
    "grad(x, [y]) of nothing that leads there",
    () => grad(sum(square(x)), [tensor(device, [1], [1], { tracked: true })]),
    "grad: tensor 0 of shape (1) does not lead to the loss; a parameterGroup copies the tensors that it is given, so compute with group.tensors.NAME; noGrad, detach and ops without a gradient also cut the way",
  ],
  [
    "grad(x, [y]) of what isn't tracked",
    () => grad(sum(square(x)), [tensor(device, [1])]),
    "grad: tensor 0 of shape (1) does not lead to the loss; it isn't tracked: make it with tensor(device, values, shape, { tracked: true }), or use group.tensors.NAME of a parameterGroup, which copies the tensors that it is given",
  ],
  [
    "optimizer.step(loss of the tensors that a group was made of)",
    () => sgd(parameterGroup(device, "mine", { w: x })).step(sum(square(x))),
    "grad: w of shape (2, 2) does not lead to the loss; a parameterGroup copies the tensors that it is given, so compute with group.tensors.NAME; noGrad, detach and ops without a gradient also cut the way",
  ],
];

describe("a mistake", () => {
  it.each(TOLD)("such as %s is told", async (_, call, told) => {
    expect(await messageOf(LonghandError, call)).toBe(told);
  });

  it("in an async body is no unhandled rejection later, nor does it leave a trace open", async () => {
    const failing = async (): Promise<object> => {
      await Promise.resolve();
      throw new Error("later");
    };
    await expect(untyped(compile, device, "step", failing)).rejects.toThrow(LonghandError);
    expect(() => device.scope(failing)).toThrow(LonghandError);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(device.tracing).toBe(false);
    expect([...(await square(x).read())]).toEqual([1, 4, 9, 16]);
  });
});

describe("what works", () => {
  it("nested lists of numbers, whose shape is theirs unless another is given", async () => {
    const nested = tensor(device, [
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect([nested.shape, [...(await nested.read())]]).toEqual([
      [2, 3],
      [1, 2, 3, 4, 5, 6],
    ]);
    expect(tensor(device, [[[1], [2]]]).shape).toEqual([1, 2, 1]);
    expect(
      tensor(
        device,
        [
          [1, 2],
          [3, 4],
        ],
        [4],
      ).shape,
    ).toEqual([4]);
    expect(tensor(device, 7).shape).toEqual([]);
    expect([tensor(device, []).shape, tensor(device, [[], []]).shape]).toEqual([[0], [2, 0]]);
    const whole = tensor(device, [[1], [-2]], undefined, { dtype: "i32" });
    expect([...(await whole.read("i32"))]).toEqual([1, -2]);
  });

  it("tensors as a program's outputs", async () => {
    const optimizer = adam(line);
    const program = await compile(device, "step", () => {
      const loss = mean(square(line.forward(x, { training: true })));
      optimizer.step(loss);
      return { loss, squares: square(x) };
    });
    const { loss, squares } = await program.run();
    expect(loss).toBe(program.outputs.loss);
    expect((await loss.read())[0]!).toBeGreaterThanOrEqual(0);
    expect([...(await squares.read())]).toEqual([1, 4, 9, 16]);
  });

  it("an update after differentiate, and again", () => {
    const group = parameterGroup(device, "group", { w: tensor(device, [1, 2]) });
    const optimizer = sgd(group);
    optimizer.differentiate(sum(square(group.tensors.w)));
    optimizer.update();
    optimizer.update();
    expect(group.tensors.w).toBeInstanceOf(Tensor);
  });

  it("a variable of a tensor's values", async () => {
    const w = variable(add(x, 1).detach());
    const [dw] = grad(sum(square(w)), [w]);
    expect([...(await dw.read())]).toEqual([4, 6, 8, 10]);
  });

  it("a scope that keeps the end of a long tape", () => {
    const kept = device.scope(() => {
      let y = variable(device.empty([1]));
      for (let i = 0; i < 20_000; i += 1) y = y.detach();
      return { y };
    });
    expect(kept.y.shape).toEqual([1]);
  });
});
