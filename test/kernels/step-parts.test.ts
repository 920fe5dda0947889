// What a step does besides its networks, compared with float64: the moving average of weights, and the record of
// scalars.
import { describe, expect, test } from "vitest";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError, DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { advance } from "../../src/kernels/counters.ts";
import { movingAverage } from "../../src/kernels/moving-average.ts";
import { createRng } from "../../src/kernels/random.ts";
import { recordStep } from "../../src/kernels/step-log.ts";
import { messageOf } from "../support/message-of.ts";
import { createRandom, full, randomRef, type Ref, zip } from "../../proof/reference/array.ts";
import { compareToOracle } from "../../proof/reference/compare.ts";
import { averaged } from "../../proof/reference/moving-average.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";
import { guarded, SLACK, withSlack } from "../../proof/guard.ts";
import { sibling } from "./spoilt.ts";

const device = await testDevice();
const random = createRandom(52);
const rng = createRng(device, 1);

/** What `change` makes of an array, with slack around all arrays, to which it must not write. */
async function changed(of: Ref, change: (array: GpuArray) => void): Promise<Float32Array> {
  const { result, strays } = await withSlack(device, SLACK, () =>
    guarded(
      device,
      () => {
        const array = upload(device, of);
        change(array);
        return array;
      },
      async (array) => array.read(),
    ),
  );
  expect(strays).toEqual([]);
  return result;
}

describe("the moving average", () => {
  const tolerance = { type: "atol_rtol", atol: 2e-7, rtol: 2e-7 } as const;

  test.each([
    [1, 0, 0.999],
    [63, 1, 0.999],
    [64, 2, 0.5],
    [65, 8, 0.5], // (1 + 8) / (10 + 8) is one half
    [1000, 9, 0.5],
    [130, 8980, 0.999],
    [130, 9000, 0.999], // past the early steps
    [7, 2 ** 32 - 1, 0.9999],
    [100, 3, 0], // the values themselves
  ])("of %i values at step %i with a decay of %d", async (count, step, decay) => {
    const [average, values] = [randomRef([count], random), randomRef([count], random)];
    const at = createRng(device, 7, step);
    const found = await changed(average, (array) =>
      movingAverage(array, upload(device, values), at, decay),
    );
    const expected = averaged(average, values, step, decay);
    expect(compareToOracle(found, expected, tolerance).why).toBeUndefined();
    expect(found).not.toEqual(Float32Array.from(average.data));
  });

  test("follows the steps that are counted between", async () => {
    const counting = createRng(device, 7);
    const average = device.persistent([5, 14]);
    let expected = full([5, 14], 0);
    for (let step = 1; step <= 20; step += 1) {
      const values = randomRef([5, 14], random);
      advance(device, [], counting);
      movingAverage(average, upload(device, values), counting, 0.6);
      expected = averaged(expected, values, step, 0.6);
      if (step % 5 > 0) continue;
      const found = await average.read();
      expect(compareToOracle(found, expected, tolerance).why).toBeUndefined();
    }
  });

  test("stays where the values are the average, and keeps a NaN to its place", async () => {
    const same = randomRef([70], random);
    const move = (array: GpuArray): void => movingAverage(array, upload(device, same), rng, 0.9);
    expect(await changed(same, move)).toEqual(Float32Array.from(same.data));
    const spoilt = zip(same, same, (x) => (x === same.data[3] ? Number.NaN : x));
    const found = await changed(spoilt, move);
    expect([...found].flatMap((x, i) => (Number.isNaN(x) ? [i] : []))).toEqual([3]);
  });

  test("refuses other shapes, types, devices and decays", async () => {
    const refused = async (
      kind: Parameters<typeof messageOf>[0],
      average: GpuArray,
      values: GpuArray,
      decay = 0.9,
    ): Promise<string> => messageOf(kind, () => movingAverage(average, values, rng, decay));
    const of = (...shape: number[]): GpuArray => device.empty(shape);
    expect(await refused(ShapeError, of(2, 3), of(6))).toBe(
      "movingAverage: the average must have the values' shape (6); got (2, 3)",
    );
    const whole = device.empty([6], "i32");
    expect(await refused(DTypeError, of(6), whole)).toMatch(/^movingAverage: the values must be/);
    expect(await refused(DTypeError, whole, of(6))).toMatch(/^movingAverage: the average must be/);
    const strange = sibling(device).empty([6]);
    expect(await refused(AttributeError, of(6), strange)).toMatch(
      /^movingAverage: the values must be on the same device/,
    );
    for (const decay of [1, -0.1, Number.NaN, Infinity]) {
      expect(await refused(AttributeError, of(6), of(6), decay)).toBe(
        `movingAverage: the decay must be in [0, 1); got ${decay}`,
      );
    }
  });
});

describe("the record of a step", () => {
  test.each([
    [4, 8, 0],
    [4, 8, 7],
    [4, 8, 8],
    [1, 3, 2 ** 32 - 1],
    [7, 1, 5],
    [70, 2, 13],
  ])("of %i scalars in a ring of %i, at step %i", async (count, capacity, step) => {
    const scalars = randomRef([count], random);
    const ring = full([capacity, count], -9);
    const found = await changed(ring, (array) =>
      recordStep(upload(device, scalars), array, createRng(device, 3, step)),
    );
    ring.data.set(scalars.data, (step % capacity) * count);
    expect([...found]).toEqual([...ring.data]);
  });

  test("refuses other shapes, types and devices", async () => {
    const refused = async (
      kind: Parameters<typeof messageOf>[0],
      scalars: GpuArray,
      ring: GpuArray,
    ): Promise<string> => messageOf(kind, () => recordStep(scalars, ring, rng));
    const of = (...shape: number[]): GpuArray => device.empty(shape);
    for (const [scalars, ring] of [
      [of(4), of(8, 3)],
      [of(4), of(0, 4)],
      [of(4), of(4)],
      [of(2, 2), of(8, 4)],
      [of(), of(8, 1)],
    ] as const) {
      expect(await refused(ShapeError, scalars, ring)).toMatch(
        /^recordStep: scalars must have shape \(K\) and the ring \(steps, K\), .*; got \(.*\) and \(.*\)$/,
      );
    }
    expect(await refused(DTypeError, device.empty([4], "i32"), of(8, 4))).toMatch(/the scalars/);
    expect(await refused(DTypeError, of(4), device.empty([8, 4], "i32"))).toMatch(/the ring/);
    const strange = sibling(device).empty([8, 4]);
    expect(await refused(AttributeError, of(4), strange)).toMatch(
      /^recordStep: the ring must be on the same device/,
    );
  });
});
