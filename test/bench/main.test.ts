// The benchmark's counts and bookkeeping; tests can't say how fast anything is.
import { kernelChoices } from "../../src/kernels/variant.ts";
import { expect, test } from "vitest";
import { timeKernels } from "../../bench/kernels.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test("kernels are timed in every variant that runs, one of them the default", async () => {
  const seen: string[] = [];
  const timings = await timeKernels(device, {
    batch: 2,
    rounds: 1,
    only: "conv2d 28",
    onResult: (each) => seen.push(each[0]!.name),
  });
  expect(seen).toEqual(
    ["forward", "data gradient", "filter gradient"].map((what) => `conv2d 28²×1 → 14²×64, ${what}`),
  );
  for (const name of seen) {
    const own = timings.filter((timing) => timing.name === name);
    expect(new Set(own.map(({ variant }) => variant)).size).toBe(own.length);
    expect(own.map(({ variant }) => variant)).toContain("direct");
    expect(own.filter(({ chosen }) => chosen)).toHaveLength(1);
    for (const { flop, milliseconds, gigaflops, range } of own) {
      expect(flop).toBe(2 * 2 * 14 * 14 * 25 * 64); // a multiply-add a tap, filter and output pixel
      expect(gigaflops).toBeCloseTo(flop / milliseconds / 1e6, 10);
      expect(range[0]).toBeLessThanOrEqual(milliseconds);
      expect(range[1]).toBeGreaterThanOrEqual(milliseconds);
    }
  }
  expect(kernelChoices(device).forced.size).toBe(0);
});
