// Layer, group and instance norm as layers: their parameters, what they refuse, and that training moves them.
import { expect, test } from "vitest";
import { groupNorm, instanceNorm, layerNorm, mean, square } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { createRng, uniform } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import * as layers from "../../src/nn/layers.ts";
import { type Network, sequential } from "../../src/nn/network.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();
const build = (input: readonly number[], list: readonly Layer[]): Network =>
  sequential(device, "net", input, list, createRng(device, 1));
const noise = (...shape: number[]): Tensor =>
  new Tensor(uniform(createRng(device, 4), shape, -1, 1));

test("a network keeps their gammas and betas by name, and counts them", async () => {
  const net = build(
    [4, 4, 6],
    [
      layers.groupNorm(3),
      layers.instanceNorm(),
      layers.layerNorm({ axes: [-2, -1] }),
      layers.layerNorm(),
    ],
  );
  expect([...net.state].map(([name, { shape }]) => [name, shape])).toEqual([
    ["group_norm.gamma", [6]],
    ["group_norm.beta", [6]],
    ["instance_norm.gamma", [6]],
    ["instance_norm.beta", [6]],
    ["layer_norm.gamma", [4, 6]],
    ["layer_norm.beta", [4, 6]],
    ["layer_norm_1.gamma", [6]],
    ["layer_norm_1.beta", [6]],
  ]);
  expect(net.outputShape).toEqual([4, 4, 6]);
  expect(net.summary()).toMatch(/group_norm +3 groups +\(N, 4, 4, 6\) +12\n/);
  expect(net.summary()).toMatch(/84 parameters$/);
  expect([...(await net.state.get("layer_norm.gamma")!.read())]).toEqual(
    Array.from({ length: 24 }, () => 1),
  );
});

test.each([
  ["layerNorm", [5], layers.layerNorm({ epsilon: 1e-5 })],
  ["groupNorm", [3, 3, 4], layers.groupNorm(2, { epsilon: 1e-5 })],
  ["instanceNorm", [3, 3, 4], layers.instanceNorm({ epsilon: 1e-5 })],
] as const)("%s is the op, in training and after it", async (name, input, layer) => {
  const net = build(input, [layer]);
  const x = noise(2, ...input);
  const optimizer = sgd(net, { learningRate: 0.5 });
  optimizer.step(mean(square(net.forward(x, { training: true }))));
  const [gamma, beta] = net.parameters.map(({ tensor }) => tensor);
  expect([...(await gamma!.read())].some((value) => value !== 1)).toBe(true);
  const options = { epsilon: 1e-5 };
  const made = {
    layerNorm: () => layerNorm(x, gamma!, beta!, options),
    groupNorm: () => groupNorm(x, gamma!, beta!, { groups: 2, ...options }),
    instanceNorm: () => instanceNorm(x, gamma!, beta!, options),
  }[name]();
  for (const training of [true, false]) {
    expect(await net.forward(x, { training }).read()).toEqual(await made.read());
  }
});

test("what doesn't fit the layer before is refused when the network is built", async () => {
  const told = (input: readonly number[], layer: Layer): Promise<string> =>
    messageOf(AttributeError, () => build(input, [layer]));
  expect(await told([4, 4, 6], layers.groupNorm(4))).toMatch(
    /^GroupNorm: groups must divide the 6 channels of \(4, 4, 6\); got 4$/,
  );
  expect(await told([4, 6], layers.layerNorm({ axes: [0] }))).toMatch(
    /^LayerNorm: axes must be one or more of the last axes of \(4, 6\); got \[0\]/,
  );
});
