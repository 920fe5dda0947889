// Learning rates that change without another program, weight decay, and gradient clipping.
import { expect, test } from "vitest";
import { mean, square, sum } from "../../src/autograd/ops.ts";
import { tensor } from "../../src/autograd/from-host.ts";
import { compile } from "../../src/autograd/compile.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { adam, type AdamOptimizerOptions } from "../../src/nn/adam.ts";
import { clipGradients } from "../../src/nn/clip-gradients.ts";
import { parameterGroup } from "../../src/nn/parameters.ts";
import * as schedules from "../../src/nn/schedules.ts";
import { sgd, type SgdOptimizerOptions } from "../../src/nn/sgd.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const W = [0.5, -2, 3, 0];

test.each([
  ["constant", schedules.constant(0.1), [0.1, 0.1, 0.1, 0.1, 0.1]],
  ["linear", schedules.linear(1, 0, 4), [0.75, 0.5, 0.25, 0, 0]],
  [
    "cosine",
    schedules.cosine(1, 0, 4),
    [(1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2, 0, 0],
  ],
  ["stepwise", schedules.stepwise(8, 0.5, 2), [8, 4, 4, 2, 2]],
  ["warmUp", schedules.warmUp(4, schedules.constant(1)), [0.25, 0.5, 0.75, 1, 1]],
])("%s gives its rates", (_name, schedule, rates) => {
  rates.forEach((rate, i) => expect(schedule(i + 1)).toBeCloseTo(rate, 12));
});

test("schedules refuse what are no rates", async () => {
  expect(await messageOf(AttributeError, () => schedules.cosine(1, Number.NaN, 4))).toBe(
    "cosine: to must be a finite number ≥ 0; got NaN",
  );
  expect(await messageOf(AttributeError, () => schedules.stepwise(1, 0.5, 0))).toBe(
    "stepwise: every must be a finite number > 0; got 0", // or the rate would be 0 at once
  );
  expect(
    await messageOf(AttributeError, () => Reflect.apply(schedules.warmUp, null, [3, 0.1])),
  ).toBe("warmUp: takes a schedule to continue with; got 0.1");
});

const optimizers = { adam, sgd, momentum: sgd } as const;

/** Where six steps down Σ w² lead, by one program whose rate is written each step, or by a program each. */
async function led(name: keyof typeof optimizers, onDevice: boolean): Promise<Float32Array> {
  const group = parameterGroup(device, "group", { w: tensor(device, W) });
  const rates = Array.from({ length: 6 }, (_, i) => schedules.linear(0.3, 0.02, 6)(i + 1));
  const rate = tensor(device, 1);
  const options: AdamOptimizerOptions & SgdOptimizerOptions = {
    learningRate: onDevice ? rate : 1,
    ...(name === "momentum" ? { momentum: 0.9 } : {}),
  };
  const optimizer = optimizers[name](group, options);
  const step = async (scale: number) =>
    compile(device, "step", () => {
      optimizer.differentiate(sum(square(group.tensors.w)));
      optimizer.updateUncounted(scale);
      return { loss: sum(square(group.tensors.w)) };
    });
  const shared = await step(1);
  for (const value of rates) {
    rate.write(Float32Array.of(value));
    await (onDevice ? shared : await step(value)).run();
  }
  return group.tensors.w.read("f32");
}

test.each(["adam", "sgd", "momentum"] as const)(
  "%s goes by a rate on the device as by a constant",
  async (name) => {
    const [found, expected] = [await led(name, true), await led(name, false)];
    expect(found.every((value, i) => i === 3 || value !== W[i])).toBe(true);
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
  },
);

test("weight decay takes its share of a parameter before the update, as AdamW does", async () => {
  for (const convention of ["keras", "pytorch"] as const) {
    const group = parameterGroup(device, "group", { w: tensor(device, W) });
    const [learningRate, weightDecay] = [0.1, 0.5];
    const optimizer = adam(group, { convention, learningRate, weightDecay, epsilon: 1e-12 });
    group.parameters[0]!.gradient.write(Float32Array.of(3, -2, 0, 1));
    optimizer.update();
    // A first update moves each parameter by the rate, against its gradient's sign.
    const expected = W.map(
      (w, i) => w * (1 - learningRate * weightDecay) - learningRate * [1, -1, 0, 1][i]!,
    );
    (await group.tensors.w.read()).forEach((w, i) => expect(w).toBeCloseTo(expected[i]!, 5));
  }
});

async function clipped(by: object, gradients: readonly number[]): Promise<number[]> {
  const group = parameterGroup(device, "group", {
    w: tensor(device, W),
    b: tensor(device, [1, 1]),
  });
  group.parameters[0]!.gradient.write(Float32Array.from(gradients.slice(0, 4)));
  group.parameters[1]!.gradient.write(Float32Array.from(gradients.slice(4)));
  Reflect.apply(clipGradients, null, [group, by]);
  return [
    ...(await group.parameters[0]!.gradient.read()),
    ...(await group.parameters[1]!.gradient.read()),
  ];
}

test("gradients are scaled by the norm of all of them, and clipped by value", async () => {
  const gradients = [3, 0, -4, 0, 12, 0]; // of norm 13
  (await clipped({ norm: 6.5 }, gradients)).forEach((g, i) =>
    expect(g).toBeCloseTo(gradients[i]! / 2, 5),
  );
  expect(await clipped({ norm: 14 }, gradients)).toEqual(gradients);
  expect(await clipped({ norm: 1 }, [0, 0, 0, 0, 0, 0])).toEqual([0, 0, 0, 0, 0, 0]);
  expect(await clipped({ value: 3.5 }, gradients)).toEqual([3, 0, -3.5, 0, 3.5, 0]);
  for (const by of [{}, { norm: 1, value: 1 }, { norm: -1 }, { most: 1 }]) {
    await expect(clipped(by, gradients)).rejects.toThrow(AttributeError);
  }
});

test("clipping what was never differentiated is refused, as its update is", async () => {
  const group = parameterGroup(device, "group", { w: tensor(device, W) });
  expect(await messageOf(AttributeError, () => clipGradients(group, { norm: 1 }))).toMatch(
    /^clipGradients: group has no gradients yet; call step\(loss\)/,
  );
});

test("clipping is part of a compiled step", async () => {
  const group = parameterGroup(device, "group", { w: tensor(device, W) });
  const optimizer = sgd(group, { learningRate: 1 });
  const step = await compile(device, "clipped", () => {
    const loss = mean(square(group.tensors.w));
    optimizer.differentiate(loss);
    clipGradients(group, { value: 0.25 });
    optimizer.update();
    return { loss };
  });
  await step.run();
  expect([...(await group.tensors.w.read())]).toEqual([0.25, -1.75, 2.75, 0]);
});
