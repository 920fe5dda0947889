// The kernels that measure an adapter's parts do what is counted, and the figures are numbers.
import { expect, test } from "vitest";
import {
  barriers,
  halfMultiplyAdds,
  measureHardware,
  sharedReads,
} from "../../src/kernels/hardware.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const rates = (a: number, b: number) => device.upload(Float32Array.of(a, b), [2], "f32");

test("shared_reads sums eight vectors per round, which alternate between both rates", async () => {
  const sums = device.persistent([70]);
  sharedReads(rates(1, 3), sums, 3);
  // 4 · 8 · (1 + 3 + 1) in even lanes, 4 · 8 · (3 + 1 + 3) in odd ones.
  expect(await sums.read()).toEqual(
    Float32Array.from({ length: 70 }, (_, i) => (i % 2 ? 224 : 160)),
  );
});

test("barriers pass each number on by one invocation per round", async () => {
  const sums = device.persistent([70]);
  barriers(rates(1, 3), sums, 3);
  expect(await sums.read()).toEqual(Float32Array.from({ length: 70 }, (_, i) => (i % 2 ? 1 : 3)));
});

test.runIf(device.gpu.features.has("shader-f16"))(
  "the 16-bit sequences end where they must", // else the adapter has no 16-bit floats to time
  async () => {
    const sums = device.persistent([70]);
    halfMultiplyAdds(rates(0.5, 1), sums, 8);
    // x ← x / 2 + 1 comes to 2 within 64 steps: eight sequences of two make 32.
    expect(await sums.read()).toEqual(new Float32Array(70).fill(32));
    halfMultiplyAdds(rates(1, 0.25), sums, 1);
    // From i / 64 and 0.5, each plus 0, 0.1, … 0.7, in eight steps of 1/4; f16 keeps three digits.
    const exact = (i: number): number => 8 * (i / 64 + 0.5) + 5.6 + 32;
    (await sums.read()).forEach((sum, i) => {
      expect(Math.abs(sum - exact(i % 64))).toBeLessThan(0.1);
    });
  },
);

test("every part has a figure", async () => {
  const found = await measureHardware(device);
  const { halfFlops, launch, ...others } = found;
  expect(halfFlops !== undefined).toBe(device.gpu.features.has("shader-f16"));
  for (const figure of [...Object.values(others), ...Object.values(launch)]) {
    expect(figure).toBeGreaterThan(0);
    expect(figure).toBeLessThan(1e15);
  }
});
