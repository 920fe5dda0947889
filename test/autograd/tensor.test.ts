// The tape: how gradients meet, where they stop, and what is refused. Ops are tested in test/kernels.
import { expect, test } from "vitest";
import { add, batchNorm, matmul, mul, relu, square, sum } from "../../src/autograd/ops.ts";
import { gradArrays, vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { noGrad, Tensor, variable } from "../../src/autograd/tensor.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { createRng } from "../../src/kernels/random.ts";
import { adam } from "../../src/nn/adam.ts";
import { constant } from "../../src/nn/initialisers.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { sequential } from "../../src/nn/network.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { openAdapter, shaderText } from "../../src/gpu/node/adapter.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const vector = (...values: number[]): Tensor =>
  variable(device.upload(Float32Array.from(values), [values.length], "f32"));
const read = async (arrays: readonly { read(): Promise<Float32Array> }[]): Promise<number[][]> =>
  Promise.all(arrays.map(async (array) => [...(await array.read())]));

test("a tensor that is used twice gets the sum of both gradients", async () => {
  const x = vector(1, -2, 3);
  const loss = sum(add(square(x), mul(x, x))); // 2x²
  expect(await read(gradArrays(loss, [x]))).toEqual([[4, -8, 12]]);
  expect(await read(gradArrays(loss, [x]))).toEqual([[4, -8, 12]]); // and again
});

test("gradients flow to what asks for them, and no launch serves another", async () => {
  const [a, b] = [vector(1, 2), vector(3, 4)];
  const loss = sum(mul(a, b));
  expect(await read(gradArrays(loss, [b]))).toEqual([[1, 2]]);
  const one = device.record("one", () => void gradArrays(loss, [b])).dispatches.length;
  const both = device.record("both", () => void gradArrays(loss, [a, b])).dispatches.length;
  expect(both).toBeGreaterThan(one);
});

test.each([
  { training: true, rows: 5, input: ["input"] },
  { training: true, rows: 500, input: ["partial_sums", "input"] },
  { training: false, rows: 500, input: ["inference_input"] },
])("batch norm sums for no gradient that isn't asked for: %o", ({ training, rows, input }) => {
  const [x, gamma, beta] = [[rows, 3], [3], [3]].map((shape) => variable(device.empty(shape)));
  const running = device.empty([2, 3]);
  const y = batchNorm(x!, gamma!, beta!, { training, running });
  const launches = (...wrt: Tensor[]): string[] =>
    device
      .record("gradients", () => void vectorJacobianArrays(y, y.array, wrt))
      .dispatches.map(({ label }) => label.replace("batch-norm-backward.", ""));
  const sums = ["partial_sums", "affine"];
  expect(launches(x!)).toEqual(input);
  expect(launches(gamma!)).toEqual(sums);
  expect(launches(beta!)).toEqual(sums);
  expect(launches(x!, gamma!, beta!)).toEqual(training ? input : [...input, ...sums]);
});

test("detach and noGrad cut the tape", async () => {
  const x = vector(2, 3);
  const [constantPart] = await read(gradArrays(sum(mul(x, square(x).detach())), [x]));
  expect(constantPart).toEqual([4, 9]);
  expect(noGrad(() => relu(x)).tracked).toBe(false);
  expect(relu(x).tracked).toBe(true);
});

test("a loss of several elements, or a stranger to it, is refused", async () => {
  const x = vector(1, 2);
  expect(await messageOf(ShapeError, () => gradArrays(square(x), [x]))).toMatch(
    /^grad: the loss must be a scalar; got \(2\)/,
  );
  expect(await messageOf(AttributeError, () => gradArrays(sum(x), [vector(1)]))).toMatch(
    /^grad: tensor 0 of shape \(1\) does not lead to the loss/,
  );
  expect(
    await messageOf(ShapeError, () => vectorJacobianArrays(square(x), vector(1, 2, 3).array, [x])),
  ).toBe("grad: the gradient that flows in must have the output's shape (2); got (3)");
});

test("integers and arrays of two devices are refused before any launch", async () => {
  const opened = await openAdapter();
  const other = await openDevice({ adapter: opened.adapter, shaderText, software: true });
  const here = variable(device.empty([4, 4]));
  const there = variable(other.empty([4, 4]));
  const integers = new Tensor(device.empty([4, 4], "i32"));
  expect(() => variable(integers.array)).toThrow(DTypeError);
  const errors: unknown[] = [];
  const { dispatches } = device.record("refused", () => {
    for (const stranger of [there, integers]) {
      try {
        matmul(here, stranger);
      } catch (error) {
        errors.push(error);
      }
    }
  });
  expect(errors).toEqual([
    new AttributeError(
      "matmul: input 1 must be on the same device as input 0; copy with read and upload",
    ),
    new DTypeError('matmul: input 1 must be f32; got i32: write cast(x, { to: "f32" })'),
  ]);
  expect(dispatches).toEqual([]);
  other.destroy();
  opened.release();
});

/** y = x + a + b: both parameters have one and the same gradient. */
const twins: Layer = {
  kind: "Twins",
  detail: "",
  outputShape: (input) => input,
  parameters: (input) => ({
    a: { shape: input, initialiser: constant(1) },
    b: { shape: input, initialiser: constant(2) },
  }),
  buffers: () => ({}),
  forward: (x, { a, b }) => add(x, add(a!, b!)),
};

test("parameters that share a gradient each get it, eagerly and in a program", async () => {
  const network = sequential(device, "twins", [3], [twins], createRng(device, 0));
  const optimizer = adam(network);
  const x = vector(5, 6, 7);
  const differentiate = (): void => {
    const y = network.forward(variable(x.array.view([1, 3])), { training: true });
    optimizer.differentiate(sum(square(y)));
  };
  const expected = [
    [16, 18, 20],
    [16, 18, 20],
  ];
  const gradients = network.parameters.map(({ gradient }) => gradient);
  differentiate();
  expect(await read(gradients)).toEqual(expected);
  network.gradients.write(new Float32Array(network.gradients.size));
  const program = await compile(device, "twins", () => {
    differentiate();
    return {};
  });
  await program.run({ poison: true });
  expect(await read(gradients)).toEqual(expected);
});
