// What counts from one step to the next: the counters, compared with float64, and several optimizers' updates counted
// in one launch.
import { describe, expect, test } from "vitest";
import { meanSquaredError } from "../../src/autograd/losses.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { advance } from "../../src/kernels/counters.ts";
import { createRng } from "../../src/kernels/random.ts";
import { adam } from "../../src/nn/adam.ts";
import * as layers from "../../src/nn/layers.ts";
import { sequential } from "../../src/nn/network.ts";
import { type Optimizer, updateAll } from "../../src/nn/optimizer.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { createRandom, randomRef } from "../../proof/reference/array.ts";
import { upload } from "../../proof/case.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

describe("counters", () => {
  test("are 1 − rateᵗ after t steps, and nothing beside them changes", async () => {
    const counters = [[0.9, 0.999], [0], [0.5, 0.25]].map((rates) => {
      const all = device.persistent([4]);
      all.write(Float32Array.of(0, 0, 7, 7));
      return { all, rates, values: device.viewAt(all, 0, [rates.length]) };
    });
    const generator = createRng(device, 5 * 2 ** 32 + 6, 40);
    for (let t = 1; t <= 30; t++) {
      advance(device, counters, generator);
      if (t > 3 && t < 30) continue;
      for (const { all, rates } of counters) {
        const found = await all.read();
        rates.forEach((rate, i) => {
          const exact = 1 - rate ** t;
          expect(Math.abs(found[i]! / exact - 1)).toBeLessThan(2e-6);
        });
        const rest = Array.from(found.subarray(rates.length));
        expect(rest).toEqual(rates.length === 2 ? [7, 7] : [0, 7, 7]);
      }
      expect([...(await generator.state.read("u32"))]).toEqual([6, 5, 40 + t]);
    }
  });

  test("take a launch for every two, the generator's step included; nothing takes none", () => {
    const counter = { values: device.persistent([2]), rates: [0.5, 0.5] };
    const generator = createRng(device, 1);
    const launches = (body: () => void): number => device.record("count", body).dispatches.length;
    const of = (count: number): readonly (typeof counter)[] =>
      Array.from({ length: count }, () => ({ ...counter, values: device.persistent([2]) }));
    expect([0, 1, 2, 3, 4].map((n) => launches(() => advance(device, of(n))))).toEqual([
      0, 1, 1, 2, 2,
    ]);
    expect([0, 2, 3].map((n) => launches(() => advance(device, of(n), generator)))).toEqual([
      1, 1, 2,
    ]);
  });
});

describe("optimizers together", () => {
  const random = createRandom(61);
  const [x, y] = [new Tensor(upload(device, randomRef([6, 5], random))), randomRef([6, 3], random)];
  const target = new Tensor(upload(device, y));

  const build = (): Optimizer[] =>
    [3, 4, 5].map((seed) => {
      const net = sequential(device, "net", [5], [layers.dense(3)], createRng(device, seed));
      return seed === 5 ? sgd(net, { momentum: 0.9 }) : adam(net, { learningRate: 0.01 * seed });
    });
  const differentiate = ({ network, differentiate: put }: Optimizer): void =>
    put(meanSquaredError(network.forward(x, { training: true }), target));

  test("give the bits that each gives alone, in fewer launches", async () => {
    const [alone, together] = [build(), build()];
    const generator = createRng(device, 1);
    for (let i = 0; i < 3; i++) {
      for (const optimizer of alone) {
        differentiate(optimizer);
        optimizer.update();
      }
      together.forEach(differentiate);
      updateAll(together, generator);
    }
    for (const [i, { network, state }] of alone.entries()) {
      const other = together[i]!;
      expect(await other.network.arena.read()).toEqual(await network.arena.read());
      for (const [name, array] of state) {
        expect(await other.state.get(name)!.read(), name).toEqual(await array.read());
      }
    }
    expect((await generator.state.read("u32"))[2]).toBe(3);
    const labels = (body: () => void): string[] =>
      device.record("labels", body).dispatches.map(({ label }) => label);
    expect(labels(() => alone.slice(0, 2).forEach(({ update }) => update()))).toEqual([
      "adam.update",
      "counters.advance",
      "adam.update",
      "counters.advance",
    ]);
    expect(labels(() => updateAll(together.slice(0, 2), generator))).toEqual([
      "adam.update",
      "adam.update",
      "counters.advance",
    ]);
  });
});
