// Layers made of layers, layers with sizes per axis, and pooling: values, names, gradients, refusals.
import { expect, test } from "vitest";
import {
  add,
  AttributeError,
  avgPool,
  checkGradients,
  conv2d,
  createRng,
  elu,
  layers,
  maxPool,
  relu,
  sequential,
  ShapeError,
  softmax,
  tensor,
  uniform,
  type Tensor,
} from "../../src/index.ts";
import type { Layer } from "../../src/index.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();
const build = (input: readonly number[], parts: readonly Layer[]) =>
  sequential(device, "net", input, parts, createRng(device, 3));
const images = uniform(createRng(device, 1), [2, 6, 8, 4], -1, 1);
const same = async (a: Tensor, b: Tensor): Promise<void> => {
  expect(a.shape).toEqual(b.shape);
  expect(await a.read()).toEqual(await b.read());
};

test("a block gives the bits of its layers in a network, and has their arrays under its name", async () => {
  const parts = (): Layer[] => [
    layers.conv2d(8, 3, { strides: 2 }),
    layers.batchNorm(),
    layers.relu(),
  ];
  const flat = build([6, 8, 4], [...parts(), layers.conv2d(2, 1)]);
  const nested = build([6, 8, 4], [layers.block(parts()), layers.conv2d(2, 1)]);
  const names = [...nested.state.keys()];
  expect(names).toEqual([
    "block.conv2d.filter",
    "block.conv2d.bias",
    "block.batch_norm.gamma",
    "block.batch_norm.beta",
    "block.batch_norm.running",
    "conv2d.filter",
    "conv2d.bias",
  ]);
  for (const training of [true, false]) {
    await same(nested.forward(images, { training }), flat.forward(images, { training }));
  }
  expect(nested.summary()).toMatch(/block +Conv2d, BatchNorm, ReLU +\(N, 3, 4, 8\)/);
});

test("a residual block adds its input, or what a shortcut makes of it", async () => {
  const network = build([6, 8, 4], [layers.residual([layers.conv2d(4, 3), layers.relu()])]);
  const [filter, bias] = network.parameters.map(({ tensor: each }) => each);
  const by = add(images, relu(conv2d(images, filter!, { padding: "same", bias: bias! })));
  await same(network.forward(images, { training: true }), by);

  const wider = layers.residual([layers.conv2d(8, 3, { strides: 2 })], {
    shortcut: [layers.conv2d(8, 1, { strides: 2, bias: false })],
  });
  const other = build([6, 8, 4], [wider]);
  expect([...other.state.keys()]).toEqual([
    "residual.conv2d.filter",
    "residual.conv2d.bias",
    "residual.shortcut.conv2d.filter",
  ]);
  const [main, offset, direct] = other.parameters.map(({ tensor: each }) => each);
  const at = { strides: 2, padding: "same" } as const;
  await same(
    other.forward(images, { training: true }),
    add(conv2d(images, direct!, at), conv2d(images, main!, { ...at, bias: offset! })),
  );
  const found = await checkGradients((x) => other.forward(x, { training: true }), [images]);
  expect(found[0]!.error).toBeLessThan(1e-3);
  const narrow = (): unknown => build([6, 8, 4], [layers.residual([layers.conv2d(8, 3)])]);
  expect(await messageOf(ShapeError, narrow)).toMatch(
    /^Residual: .* must have the shape that it is added to; got \(6, 8, 8\) from \(6, 8, 4\), and \(6, 8, 4\): give a shortcut/,
  );
  expect(await messageOf(AttributeError, () => layers.block([]))).toMatch(
    /^Block: layers must be a list/,
  );
});

test("convolutions of unequal sides, dilated and in groups, are those of the ops", async () => {
  const options = { strides: [2, 1], dilations: [1, 2], groups: 2, padding: "valid" } as const;
  const network = build([6, 8, 4], [layers.conv2d(6, [3, 2], options)]);
  const [filter, bias] = network.parameters.map(({ tensor: each }) => each);
  expect(filter!.shape).toEqual([3, 2, 2, 6]);
  await same(
    network.forward(images, { training: true }),
    conv2d(images, filter!, { ...options, bias: bias! }),
  );
  expect(network.layers[0]!.layer.detail).toBe("6, 3×2, stride 2×1, dilation 1×2, 2 groups");
  const up = build([6, 8, 4], [layers.convTranspose2d(6, [2, 3], { strides: [1, 2], groups: 2 })]);
  expect(up.parameters[0]!.tensor.shape).toEqual([2, 3, 3, 4]);
  expect(up.forward(images, { training: true }).shape).toEqual([2, 6, 16, 6]);
  expect(layers.conv2d(64, 5, { strides: 2 }).detail).toBe("64, 5×5, stride 2");
  const odd = (): unknown => build([6, 8, 4], [layers.conv2d(6, 3, { groups: 3 })]);
  expect(await messageOf(AttributeError, odd)).toMatch(/groups must divide 4 input/);
  const uneven = (): unknown => layers.convTranspose2d(5, 3, { groups: 2 });
  expect(await messageOf(AttributeError, uneven)).toMatch(
    /groups must divide its 5 filters; got 2/,
  );
});

test("pooling and activations are those of the ops", async () => {
  const run = (layer: Layer): Tensor =>
    build([6, 8, 4], [layer]).forward(images, { training: true });
  await same(run(layers.maxPool(2)), maxPool(images, { size: 2 }));
  const options = { strides: 1, padding: "same" } as const;
  await same(run(layers.avgPool([3, 2], options)), avgPool(images, { size: [3, 2], ...options }));
  await same(run(layers.elu(0.5)), elu(images, { alpha: 0.5 }));
  await same(run(layers.softmax()), softmax(images));
  expect(layers.avgPool([3, 2], options).detail).toBe("3×2, stride 1×1");
  expect(layers.maxPool(2).detail).toBe("2×2");
  const large = (): unknown => run(layers.maxPool(7));
  expect(await messageOf(ShapeError, large)).toMatch(/^MaxPool: windows of size/);
  const flat = (): unknown => build([6], [layers.avgPool(2)]);
  expect(await messageOf(ShapeError, flat)).toMatch(
    /^AvgPool: takes images \(H, W, C\); got \(6\)/,
  );
  expect(tensor(device, [1]).shape).toEqual([1]);
});
