// Stochastic gradient descent: the kernel compared with float64 over several steps, and the optimizer on a network,
// eagerly and as a program.
import { describe, expect, test } from "vitest";
import { meanSquaredError } from "../../src/autograd/losses.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { advance } from "../../src/kernels/counters.ts";
import { createRng } from "../../src/kernels/random.ts";
import { sgdCounter, type SgdOptions, sgdUpdate } from "../../src/kernels/sgd.ts";
import { adam } from "../../src/nn/adam.ts";
import * as layers from "../../src/nn/layers.ts";
import { type Network, sequential } from "../../src/nn/network.ts";
import type { Optimizer } from "../../src/nn/optimizer.ts";
import { sgd } from "../../src/nn/sgd.ts";
import { messageOf } from "../support/message-of.ts";
import { createRandom, full, randomRef, toF32 } from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { sgdStep, type SgdSlot } from "../../proof/reference/sgd.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const PLAIN = { learningRate: 0.1, momentum: 0, dampening: 0, nesterov: false, weightDecay: 0 };

const kinds: Readonly<Record<string, SgdOptions>> = {
  plain: PLAIN,
  "weight decay": { ...PLAIN, weightDecay: 0.05 },
  momentum: { ...PLAIN, momentum: 0.9 },
  "dampened momentum": { ...PLAIN, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 },
  nesterov: { ...PLAIN, momentum: 0.8, nesterov: true, weightDecay: 0.01 },
};

test("the reference does what can be done by hand", () => {
  const options = { ...PLAIN, learningRate: 1, momentum: 0.5, dampening: 0.5 };
  let slot: SgdSlot = { x: full([1], 10) };
  const path = [1, 2, 3].map(() => (slot = sgdStep(slot, full([1], 4), options)).x.data[0]);
  expect(path).toEqual([6, 2, -2]); // v = 4, then 2 + 2 for ever
  const ahead = sgdStep({ x: full([1], 10) }, full([1], 4), { ...options, nesterov: true });
  expect(ahead.x.data[0]).toBe(4); // 10 − (4 + 0.5 · 4)
});

describe("five updates agree with float64", () => {
  test.each(Object.entries(kinds))("%s", async (_name, options) => {
    const random = createRandom(41);
    let slot: SgdSlot = { x: randomRef([231], random) };
    const parameters = device.persistent([231]);
    parameters.write(toF32(slot.x));
    const gradients = device.persistent([231]);
    const momentum = { velocities: device.persistent([231]), started: device.persistent([1]) };
    // The first step takes nothing of what lies there.
    momentum.velocities.write(new Float32Array(231).fill(Number.NaN));
    const rolling = options.momentum > 0;
    for (let step = 0; step < 5; step++) {
      const g = randomRef([231], random);
      slot = sgdStep(slot, g, options);
      gradients.write(toF32(g));
      sgdUpdate({ parameters, gradients, ...(rolling ? { momentum } : {}) }, options);
      if (rolling) advance(device, [sgdCounter(momentum)]);
      const tolerance = { type: "atol_rtol", atol: 5e-7, rtol: 5e-7 } as const;
      expect(compareToOracle(await parameters.read(), slot.x, tolerance).why).toBeUndefined();
      if (!rolling) continue;
      const velocities = await momentum.velocities.read();
      expect(compareToOracle(velocities, slot.v!, tolerance).why).toBeUndefined();
      expect([...(await momentum.started.read())]).toEqual([1]);
    }
  });
});

const build = (): Network =>
  sequential(device, "net", [5], [layers.dense(7), layers.dense(3)], createRng(device, 4));

describe("the optimizer", () => {
  test.each(Object.entries(kinds))("gives the same bits as a program: %s", async (_name, kind) => {
    const random = createRandom(42);
    const [x, y] = [[6, 5] as const, [6, 3] as const].map((shape) => {
      const array = device.persistent(shape);
      array.write(toF32(randomRef(shape, random)));
      return new Tensor(array);
    });
    const step = (optimizer: Optimizer): Tensor => {
      const loss = meanSquaredError(optimizer.network.forward(x!, { training: true }), y!);
      optimizer.differentiate(loss);
      optimizer.update();
      return loss;
    };
    const [one, other] = [sgd(build(), kind), sgd(build(), kind)];
    const losses: number[] = [];
    for (let i = 0; i < 4; i++) losses.push((await step(one).read())[0]!);
    const program = await compile(device, "step", () => ({ loss: step(other).array }));
    const replayed: number[] = [];
    for (let i = 0; i < 4; i++) {
      await program.run({ poison: true });
      replayed.push((await program.outputs.loss.read())[0]!);
    }
    expect(replayed).toEqual(losses);
    expect(losses[3]).toBeLessThan(losses[0]!);
    expect(await other.network.arena.read()).toEqual(await one.network.arena.read());
    for (const [name, array] of one.state) {
      expect(await other.state.get(name)!.read(), name).toEqual(await array.read());
    }
  });

  test("keeps a velocity for each parameter, and nothing without momentum", () => {
    const network = build();
    const names = network.parameters.map(({ name }) => `${name}.velocity`);
    expect([...sgd(network, { momentum: 0.9 }).state.keys()]).toEqual([...names, "started"]);
    expect([...sgd(network).state.keys()]).toEqual([]);
    for (const [name, { shape }] of sgd(network, { momentum: 0.9 }).state) {
      if (name === "started") continue;
      expect(network.state.get(name.replace(/\.velocity$/, ""))!.shape).toEqual(shape);
    }
  });

  test.each([
    [
      { learningRate: -1 },
      "sgd: learningRate must be a finite number ≥ 0, or a scalar tensor of f32; got -1",
    ],
    [
      { learningRate: Infinity },
      "sgd: learningRate must be a finite number ≥ 0, or a scalar tensor of f32; got Infinity",
    ],
    [{ momentum: Number.NaN }, "sgd: momentum must be a finite number ≥ 0; got NaN"],
    [{ dampening: 2, momentum: 0.9 }, "sgd: dampening must be a number in [0, 1]; got 2"],
    [{ weightDecay: -0.1 }, "sgd: weightDecay must be a finite number ≥ 0; got -0.1"],
    [{ nesterov: true }, "sgd: nesterov takes a momentum above 0 and no dampening; got momentum 0"],
    [{ nesterov: true, momentum: 0.9, dampening: 0.1 }, "and dampening 0.1"],
    [
      { lr: 0.1 },
      "sgd: got an unknown attribute lr: write learningRate; it takes learningRate, mom",
    ],
  ])("refuses %o", async (options, says) => {
    const network = build();
    expect(
      await messageOf(AttributeError, () => Reflect.apply(sgd, undefined, [network, options])),
    ).toContain(says);
  });
});

test.each([
  [
    { learningRate: Number.NaN },
    "adam: learningRate must be a finite number ≥ 0, or a scalar tensor of f32; got NaN",
  ],
  [{ beta1: 1 }, "adam: beta1 must be a number in [0, 1); got 1"],
  [{ epsilon: 0 }, "adam: epsilon must be a finite number > 0; got 0"],
  [{ lr: 0.1 }, "adam: got an unknown attribute lr: write learningRate; it takes"],
  [{ betas: [0.9, 0.99] }, "adam: got an unknown attribute betas: write beta1 and beta2; it takes"],
])("Adam refuses %o", async (options, says) => {
  const network = build();
  expect(
    await messageOf(AttributeError, () => Reflect.apply(adam, undefined, [network, options])),
  ).toContain(says);
});
