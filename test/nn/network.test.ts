// Layers fused with the activation and dropout after them, and gradients that flow only from some rows: the same bits
// as launch by launch, and as those rows by themselves.
import { describe, expect, test } from "vitest";
import { dcgan, dcganDiscriminator, dcganGenerator } from "../../src/gan/recipes/dcgan.ts";
import { add, batchNorm, conv2d as convolve, reshape } from "../../src/autograd/ops.ts";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { onRows, Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { createRng, uniform } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { conv2d, dense, dropout, flatten, leakyRelu, relu, sigmoid } from "../../src/nn/layers.ts";
import { sequential, type Network } from "../../src/nn/network.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const constants = {
  ...dcgan,
  ...({ generatorWidths: [8, 4, 3], discriminatorWidths: [4, 5] } as const),
};
const noise = (...shape: number[]): GpuArray => uniform(createRng(device, 4), shape, -1, 1);

const build = (input: readonly number[], layers: readonly Layer[]): Network =>
  sequential(device, "net", input, layers, createRng(device, 1));

/** The output, and the gradients of the input and of every parameter. */
function run(net: Network, x: GpuArray, fuse: boolean): GpuArray[] {
  const input = variable(x);
  const rng = createRng(device, 3);
  const y = net.forward(input, { training: true, rng, track: false, fuse });
  const tensors = [input, ...net.parameters.map(({ tensor }) => tensor)];
  return [y.array, ...vectorJacobianArrays(y, noise(...y.shape), tensors)];
}

const words = async (arrays: readonly GpuArray[]): Promise<Uint32Array[]> =>
  Promise.all(arrays.map(async (array) => new Uint32Array((await array.read()).buffer)));

describe("fused layers give the bits of separate launches", () => {
  test.each([
    ["the generator", [10], dcganGenerator(constants), [3, 10]],
    ["the discriminator", [28, 28, 1], dcganDiscriminator(constants), [3, 28, 28, 1]],
    [
      "layers with more behind them than one launch takes",
      [6, 5, 3],
      [
        conv2d(8, 3),
        dropout(0.2),
        relu(),
        conv2d(4, 3, { strides: 2 }),
        leakyRelu(-0.1),
        flatten(),
        dense(7),
        sigmoid(),
        dropout(0.4),
        leakyRelu(0.2),
        leakyRelu(0.2),
      ],
      [2, 6, 5, 3],
    ],
  ] as const)("%s", async (_name, input, layers, shape) => {
    const net = build(input, layers);
    const x = noise(...shape);
    const fused = await words(run(net, x, true));
    const apart = await words(run(net, x, false));
    expect(fused.length).toBeGreaterThan(3);
    fused.forEach((bits, i) => expect(bits).toEqual(apart[i]));
    const launches = (fuse: boolean): number =>
      device.record("net", () => void run(net, x, fuse)).dispatches.length;
    expect(launches(true)).toBeLessThan(launches(false));
  });
});

describe("gradients from some rows", () => {
  const net = build([28, 28, 1], dcganDiscriminator(constants));
  const images = noise(5, 28, 28, 1);

  test("are those of the rows by themselves, with nothing computed again", async () => {
    const all = new Tensor(images);
    const mode = { training: false } as const;
    const logits = net.forward(all, mode);
    const wrt = net.parameters.map(({ tensor }) => tensor);
    const flow = noise(3, 1);
    const part = variable(images.rows(2, 3));
    const { dispatches } = device.record("rows", () => void onRows(logits, all, part, 2));
    expect(dispatches).toEqual([]);
    const rows = onRows(logits, all, part, 2);
    const alone = variable(images.rows(2, 3));
    const expected = vectorJacobianArrays(net.forward(alone, mode), flow, [alone, ...wrt]);
    const found = vectorJacobianArrays(rows, flow, [part, ...wrt]);
    expect(await words(found)).toEqual(await words(expected));
    expect(await words([rows.array])).toEqual(await words([logits.array.rows(2, 3)]));
  });

  test("go through the masks of those rows", async () => {
    const all = new Tensor(images);
    const rng = createRng(device, 3);
    const logits = net.forward(all, { training: true, rng });
    const part = variable(images.rows(2, 3));
    const [found] = vectorJacobianArrays(onRows(logits, all, part, 2), noise(3, 1), [part]);
    // The same through the whole batch, of which the other rows get nothing.
    const whole = variable(images);
    rng.nextStream = 0;
    const again = net.forward(whole, { training: true, rng });
    const flow = new Float32Array(5);
    flow.set(await noise(3, 1).read(), 2);
    const dout = device.upload(flow, [5, 1], "f32");
    const [expected] = vectorJacobianArrays(again, dout, [whole]);
    expect(await words([found!])).toEqual(await words([expected!.rows(2, 3)]));
  });

  test("are refused where rows mix", async () => {
    const x = new Tensor(images);
    const part = variable(images.rows(0, 2));
    const gamma = variable(device.upload(Float32Array.of(1), [1], "f32"));
    const mixed = batchNorm(x, gamma, gamma, { training: true });
    expect(await messageOf(AttributeError, () => onRows(mixed, x, part, 0))).toMatch(
      /^onRows: batchNorm mixes rows/,
    );
    const filters = new Tensor(noise(5, 28, 1, 2));
    const product = convolve(variable(noise(1, 28, 28, 1)), filters, {});
    const some = variable(filters.array.rows(0, 2)); // rows of a filter are no rows of the result
    expect(await messageOf(AttributeError, () => onRows(product, filters, some, 0))).toMatch(
      /^onRows: conv2d mixes rows/,
    );
    const other = reshape(add(x, gamma), { shape: [-1] });
    expect(await messageOf(AttributeError, () => onRows(other, x, part, 0))).toMatch(
      /^onRows: add/,
    );
  });
});
