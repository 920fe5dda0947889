// Sums over ranks in 16 bits: how exact they are, whatever the size of values, and equal on every rank.
import { expect, it } from "vitest";
import { halfSums } from "../../src/mpi/half-sums.ts";
import { ranksInProcess } from "../support/ranks-in-process.ts";

/** Returns the sums as each rank has them. */
async function summed(parts: readonly Float32Array[]): Promise<readonly Float32Array[]> {
  const ranks = ranksInProcess(parts.length);
  return Promise.all(
    parts.map(async (part, rank) => {
      const values = part.slice() as Float32Array<ArrayBuffer>;
      await halfSums(ranks[rank]!, values.length)(values);
      return values;
    }),
  );
}

/** Values like gradients: of both signs, in layers whose sizes differ by many powers of ten. */
function gradientLike(length: number, rank: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    const unit = Math.sin(12.9898 * (i + 1) + 78.233 * rank) * 43_758.5453;
    return (unit - Math.floor(unit) - 0.5) * 10 ** -(Math.floor(i / 512) * 3);
  });
}

for (const [ranks, length] of [
  [1, 5],
  [2, 256],
  [2, 4099],
  [3, 1000],
  [4, 4099],
] as const) {
  it(`adds up ${length} values of ${ranks} ranks`, async () => {
    const parts = Array.from({ length: ranks }, (_, rank) => gradientLike(length, rank));
    const [first, ...others] = await summed(parts);
    for (const other of others) expect(other).toEqual(first);
    for (let i = 0; i < length; i += 1) {
      const exact = parts.reduce((total, part) => total + part[i]!, 0);
      const size = parts.reduce((total, part) => total + Math.abs(part[i]!), 0);
      const block = 0.5 * 10 ** -(Math.floor(i / 512) * 3); // no value is larger there
      const bound = size * 2.001 * 2 ** -11 + (ranks + 1) * block * 2 ** -25;
      expect(Math.abs(first![i]! - exact)).toBeLessThanOrEqual(bound);
    }
  });
}

it("keeps what is exact in 16 bits, the smallest and the largest floats, and zeros", async () => {
  const values = Float32Array.of(0, 1, -2.5, 1024);
  expect((await summed([values, values]))[1]).toEqual(Float32Array.of(0, 2, -5, 2048));
  for (const value of [2 ** -149, 2 ** -126, 1e-30, 1e30, 1.5 * 2 ** 126]) {
    const [sum] = await summed([Float32Array.of(value, 0), Float32Array.of(0, -value)]);
    expect(sum![0]! / Math.fround(value)).toBeCloseTo(1, 3);
    expect(sum![1]).toBe(-sum![0]!);
  }
});

it("has a sum that isn't finite where a value isn't, on every rank", async () => {
  const sound = Float32Array.of(1e-6, 1e-6, 1e-6);
  for (const bad of [Infinity, -Infinity, Number.NaN]) {
    for (const sum of await summed([sound, Float32Array.of(1e-6, bad, 1e-6)])) {
      expect(sum[1]).toBe(bad);
      expect(Number.isFinite(sum[0])).toBe(true);
    }
  }
  const huge = Float32Array.of(3e38);
  expect((await summed([huge, huge]))[0]![0]).toBe(Infinity);
});
