// The standard deviation of a minibatch as a layer: what it appends, which examples it compares, and how gradients flow
// through the groups of one half of a batch.
import { describe, expect, test } from "vitest";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { minibatchStddev } from "../../src/autograd/ops.ts";
import { onRows, Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { createRng, uniform } from "../../src/kernels/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { type Network, sequential } from "../../src/nn/network.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();
const noise = (...shape: number[]): GpuArray => uniform(createRng(device, 4), shape, -1, 1);
const words = async (arrays: readonly GpuArray[]): Promise<Uint32Array[]> =>
  Promise.all(arrays.map(async (array) => new Uint32Array((await array.read()).buffer)));

/** A discriminator that compares images between its layers. */
const discriminator = (): Network =>
  sequential(
    device,
    "net",
    [6, 6, 2],
    [
      layers.conv2d(3, 3, { strides: 2 }),
      layers.leakyRelu(0.2),
      layers.minibatchStddev(),
      layers.conv2d(4, 3),
      layers.leakyRelu(0.2),
      layers.flatten(),
      layers.dense(1),
    ],
    createRng(device, 1),
  );

test("a network gives its op one more channel, and nothing to learn", async () => {
  const net = sequential(
    device,
    "net",
    [3, 3, 2],
    [layers.minibatchStddev({ groupSize: 2, epsilon: 1e-4 })],
    createRng(device, 1),
  );
  expect(net.outputShape).toEqual([3, 3, 3]);
  expect(net.summary()).toMatch(/minibatch_stddev +groups of 2 +\(N, 3, 3, 3\) +0?\n/);
  const x = new Tensor(noise(6, 3, 3, 2));
  const made = minibatchStddev(x, { groupSize: 2, epsilon: 1e-4 });
  for (const training of [true, false]) {
    expect(await net.forward(x, { training }).read()).toEqual(await made.read());
  }
  const apart = minibatchStddev(x, { groupSize: 2, epsilon: 1e-4, batches: 2 });
  const mode = { training: true, batches: 2 };
  expect(await net.forward(x, mode).read()).toEqual(await apart.read());
  expect(await apart.read()).not.toEqual(await made.read()); // three examples have no groups of two
});

test("by hand: equal examples differ by nothing, opposite ones by what lies between", async () => {
  const x = new Tensor(device.upload(Float32Array.of(1, 5, 1, 5, -3, 0, 3, 8), [4, 2], "f32"));
  const values = [...(await minibatchStddev(x, { groupSize: 2, epsilon: 1e-12 }).read())];
  const near = (value: number): unknown => expect.closeTo(value, 5);
  // The deviations of −3 and 3, and of 0 and 8: 3 and 4.
  expect(values).toEqual([1, 5, near(1e-6), 1, 5, near(1e-6), -3, 0, near(3.5), 3, 8, near(3.5)]);
});

test("what the layer can't take is refused when the network is built", async () => {
  const build = (): unknown =>
    sequential(device, "net", [3, 0], [layers.minibatchStddev()], createRng(device, 1));
  expect(await messageOf(ShapeError, build)).toBe(
    "MinibatchStddev: takes examples (…, C) with at least one feature; got (3, 0)",
  );
});

describe("gradients from one half of a batch", () => {
  const net = discriminator();
  const wrt = net.parameters.map(({ tensor }) => tensor);
  const mode = { training: true, batches: 2 };

  test.each([4, 3])("of %i are those of the half by itself", async (count) => {
    const images = noise(2 * count, 6, 6, 2);
    const all = new Tensor(images);
    const outputs = net.forward(all, mode);
    const part = variable(images.rows(count, count));
    const { dispatches } = device.record("rows", () => void onRows(outputs, all, part, count));
    expect(dispatches).toEqual([]);
    const flow = noise(count, 1);
    const half = onRows(outputs, all, part, count);
    const alone = variable(images.rows(count, count));
    const expected = vectorJacobianArrays(net.forward(alone, { training: true }), flow, [
      alone,
      ...wrt,
    ]);
    expect(await words(vectorJacobianArrays(half, flow, [part, ...wrt]))).toEqual(
      await words(expected),
    );
  });

  test("are refused if a group has examples of both halves", async () => {
    const images = noise(12, 6, 6, 2);
    const all = new Tensor(images);
    const outputs = net.forward(all, { training: true });
    const part = variable(images.rows(6, 6));
    expect(await messageOf(AttributeError, () => onRows(outputs, all, part, 6))).toBe(
      "minibatchStddev: rows 6 to 11 cut through a group of 4; take whole groups, or say how many batches the input holds",
    );
  });
});
