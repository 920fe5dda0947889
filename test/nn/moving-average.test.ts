// The moving average of a network: in a compiled step, with its running statistics.
import { expect, test } from "vitest";
import {
  AttributeError,
  compile,
  createRng,
  layers,
  movingAverage,
  sequential,
  tensor,
} from "../../src/index.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";

const device = await testDevice();
const build = (seed: number, units = 1) =>
  sequential(
    device,
    "net",
    [2],
    [layers.dense(units), layers.batchNorm()],
    createRng(device, seed),
  );

test("follows parameters and running statistics, slowly once there is much to average", async () => {
  const [network, average] = [build(1), build(2)];
  const rng = createRng(device, 0);
  const [first] = [...average.state.keys()];
  const expected = new Map<string, number[]>();
  for (const [name, array] of average.state) expected.set(name, [...(await array.read())]);
  const x = tensor(device, [
    [1, 2],
    [3, 5],
  ]);
  const step = await compile(device, "average", () => {
    const out = network.forward(x, { training: true, rng });
    movingAverage(average, network, { decay: 0.5, rng });
    return { out };
  });
  for (let taken = 0; taken < 12; taken += 1) {
    await step.run();
    const decay = Math.min(0.5, (1 + taken) / (10 + taken));
    for (const [name, array] of network.state) {
      const values = await array.read();
      const before = expected.get(name)!;
      const next = before.map((each, i) => each + (1 - decay) * (values[i]! - each));
      expected.set(name, next);
    }
  }
  expect(first).toBe("dense.kernel");
  for (const [name, array] of average.state) {
    (await array.read()).forEach((value, i) => {
      expect(value, name).toBeCloseTo(expected.get(name)![i]!, 5);
    });
  }
});

test("is of another network of the same layers", async () => {
  const rng = createRng(device, 0);
  const network = build(1);
  const average =
    (to: typeof network, decay = 0.9) =>
    () =>
      movingAverage(to, network, { decay, rng });
  expect(await messageOf(AttributeError, average(network))).toMatch(/must be another network/);
  const deeper = sequential(device, "net", [2], [layers.dense(1)], rng);
  expect(await messageOf(AttributeError, average(deeper))).toMatch(/of the same layers as "net"/);
  expect(await messageOf(AttributeError, average(build(2), 1))).toMatch(/decay must be a number/);
});
