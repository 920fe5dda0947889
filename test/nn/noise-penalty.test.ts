// The noise penalty as a function: its value and gradients by hand, and what its two forwards share.
import { expect, test } from "vitest";
import { grad } from "../../src/autograd/grad.ts";
import { matmul } from "../../src/autograd/ops.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import { DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/autograd/compile.ts";
import { createRng, normal, uniform } from "../../src/kernels/random.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequential } from "../../src/nn/network.ts";
import { noisePenalty } from "../../src/nn/noise-penalty.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();
const draws = createRng(device, 4);
const images = uniform(draws, [5, 3], -1, 1);
const weights = uniform(draws, [3, 1], -1, 1);

/** The largest difference, as a share of the largest value. */
const apart = (actual: ArrayLike<number>, expected: readonly number[]): number =>
  Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!))) /
  Math.max(...expected.map(Math.abs));

test("a linear function changes by what it makes of the noise", async () => {
  const [x, w] = [variable(images), variable(weights)];
  const penalty = noisePenalty((at) => matmul(at, w), x, {
    rng: createRng(device, 7),
    deviation: 0.25,
  });
  const [dw, dx] = grad(penalty, [w, x]);
  const noise = [...(await normal(createRng(device, 7), [5, 3], 0, 0.25).read())];
  const slopes = [...(await weights.read())];
  const rows = Array.from({ length: 5 }, (_, i) => noise.slice(3 * i, 3 * i + 3));
  const changes = rows.map((row) => row.reduce((sum, e, j) => sum + e * slopes[j]!, 0));
  const value = changes.reduce((sum, change) => sum + change ** 2, 0) / 5;
  expect(apart(await penalty.read(), [value])).toBeLessThan(1e-5);
  const expected = slopes.map(
    (_, j) => changes.reduce((sum, change, i) => sum + 2 * change * rows[i]![j]!, 0) / 5,
  );
  expect(apart(await dw.read(), expected)).toBeLessThan(1e-5);
  // Both forwards pull at an image with the same slopes, in opposite directions.
  expect(Math.max(...[...(await dx.read())].map(Math.abs))).toBeLessThan(1e-7);
});

test("gradients are those of finite differences, through both forwards of a network", async () => {
  const net = sequential(
    device,
    "net",
    [3],
    [layers.dense(7), layers.tanh(), layers.dense(1)],
    createRng(device, 1),
  );
  const kernel = net.parameters[0]!.tensor;
  const at = (): Tensor =>
    noisePenalty(net, new Tensor(images), { rng: createRng(device, 7), deviation: 0.5 });
  const [slope] = grad(at(), [kernel]);
  const start = await kernel.array.read("f32");
  const direction = Float32Array.from(start, (_, i) => Math.sin(3 * i + 1));
  const along = async (step: number): Promise<number> => {
    kernel.array.write(start.map((value, i) => value + step * direction[i]!));
    const value = await at().item();
    kernel.array.write(start);
    return value;
  };
  const h = 1e-2;
  const difference = ((await along(h)) - (await along(-h))) / (2 * h);
  const expected = (await slope.read("f32")).reduce(
    (sum, value, i) => sum + value * direction[i]!,
    0,
  );
  expect(Math.abs(difference - expected) / Math.abs(expected)).toBeLessThan(2e-3);
});

test("both forwards have the same masks, and only the first one moves running statistics", async () => {
  const net = sequential(
    device,
    "net",
    [3],
    [layers.dense(16), layers.batchNorm({ momentum: 0.5 }), layers.dropout(0.5), layers.dense(1)],
    createRng(device, 1),
  );
  const rng = createRng(device, 7);
  const running = net.state.get("batch_norm.running")!;
  const small = await noisePenalty(net, new Tensor(images), { rng, deviation: 1e-4 }).item();
  const moved = await running.read();
  expect(small).toBeGreaterThan(0);
  expect(small).toBeLessThan(1e-5); // other masks would change outputs by about 1
  const twin = sequential(
    device,
    "net",
    [3],
    net.layers.map(({ layer }) => layer),
    createRng(device, 1),
  );
  twin.forward(new Tensor(images), { training: true, rng });
  expect(await twin.state.get("batch_norm.running")!.read()).toEqual(moved);
});

test("a program draws anew in each run, and the same again from the same step", async () => {
  const x = new Tensor(images);
  const w = variable(weights);
  const run = async (step: number, times: number): Promise<number[]> => {
    const rng = createRng(device, 7, step);
    const program = await compile(device, "penalty", () => ({
      penalty: noisePenalty((at) => matmul(at, w), x, { rng }),
    }));
    const found: number[] = [];
    for (let i = 0; i < times; i += 1) found.push(await (await program.run()).penalty.item());
    return found;
  };
  const all = await run(0, 4);
  expect(new Set(all).size).toBe(4);
  expect(await run(2, 2)).toEqual(all.slice(2));
});

test("no images, and functions of no tensor, are refused", async () => {
  const rng = createRng(device, 1);
  const none = new Tensor(device.empty([0, 3]));
  expect(await messageOf(ShapeError, () => noisePenalty((x) => x, none, { rng }))).toBe(
    "noisePenalty: needs at least one image; got (0, 3)",
  );
  const wrong = (): unknown =>
    Reflect.apply(noisePenalty, undefined, [() => 3, new Tensor(images), { rng }]);
  expect(await messageOf(DTypeError, wrong)).toBe(
    "noisePenalty: the function must return a Tensor; got 3",
  );
});
