// Initial values: the range that each initialiser promises, for kernels and biases as layers create them.
import { expect, test } from "vitest";
import { createRng } from "../../src/kernels/random.ts";
import { fanInUniform, glorotUniform } from "../../src/nn/initialisers.ts";
import { batchNorm, conv2d, convTranspose2d, dense } from "../../src/nn/layers.ts";
import type { Layer, ParameterSpec } from "../../src/nn/layer.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

/** The ends and the mean square of a parameter's first values, as shares of `limit`. */
async function spread({ initialiser, shape }: ParameterSpec, limit: number) {
  const values = [...(await initialiser(createRng(device, 7), shape).read())];
  const [low, high] = [Math.min(...values) / limit, Math.max(...values) / limit];
  const square = values.reduce((sum, value) => sum + value * value, 0) / values.length / limit ** 2;
  return { low, high, square, within: low >= -1.000001 && high <= 1.000001 };
}

/** Values that fill their range evenly: a third of the limit's square is their mean. */
const even = {
  low: expect.closeTo(-1, 1),
  high: expect.closeTo(1, 1),
  square: expect.closeTo(1 / 3, 1),
  within: true,
};

const pytorch = { initialiser: fanInUniform(), biasInitialiser: fanInUniform };
const cases: { name: string; layer: Layer; input: number[]; fan: number }[] = [
  { name: "dense", layer: dense(300, pytorch), input: [49], fan: 49 },
  { name: "conv2d", layer: conv2d(300, 3, pytorch), input: [8, 8, 4], fan: 36 },
  // A transposed convolution's weight is the convolution's that it turns round: PyTorch counts that one's inputs.
  {
    name: "convTranspose2d",
    layer: convTranspose2d(300, 3, pytorch),
    input: [8, 8, 4],
    fan: 9 * 300,
  },
];

test.each(cases)(
  "$name starts as PyTorch's when asked: kernel and bias in ±1/sqrt(fan in)",
  async ({ layer, input, fan }) => {
    for (const spec of Object.values(layer.parameters(input))) {
      expect(await spread(spec, 1 / Math.sqrt(fan))).toEqual(even);
    }
  },
);

test("a layer starts as Keras's by itself: Glorot's kernel, a bias of 0", async () => {
  const { kernel, bias } = dense(300).parameters([49]);
  expect(await spread(kernel!, Math.sqrt(6 / 349))).toEqual(even);
  const filter = { shape: [3, 3, 20, 30], initialiser: glorotUniform() };
  expect(await spread(filter, Math.sqrt(6 / 450))).toEqual(even);
  expect(await spread(bias!, 1)).toEqual({ low: 0, high: 0, square: 0, within: true });
});

test("batch norm starts as Keras's: γ 1, β 0, a running mean of 0 and variance of 1", async () => {
  const norm = batchNorm();
  const { gamma, beta } = norm.parameters([2]);
  const { running } = norm.buffers([2]);
  const first = async ({ initialiser, shape }: ParameterSpec): Promise<number[]> => [
    ...(await initialiser(createRng(device, 7), shape).read()),
  ];
  expect(await first(gamma!)).toEqual([1, 1]);
  expect(await first(beta!)).toEqual([0, 0]);
  expect(await first(running!)).toEqual([0, 0, 1, 1]);
});
