// The training loop over epoch borders: short last batches, the shuffle, the ring of losses.
import { describe, expect, it } from "vitest";
import { createGan, planEpoch, type Gan, type Images } from "../../src/gan/gan.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import {
  compileSteps,
  train,
  type Progress,
  type TrainOptions,
} from "../../src/gan/train-steps.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const widths = { generatorWidths: [4, 4, 4], discriminatorWidths: [4, 4] } as const;
const tiny: Recipe = {
  ...dcgan,
  name: "tiny",
  latent: 4,
  batch: 4,
  ...widths,
};

function noise(count: number): Images {
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => (i * 2_654_435_761) >>> 24);
  return { images, count, height: 28, width: 28 };
}

async function collect(gan: Gan, options: TrainOptions): Promise<Progress[]> {
  const programs = await compileSteps(gan);
  const seen: Progress[] = [];
  for await (const progress of train(gan, programs, options)) seen.push(progress);
  return seen;
}

describe("planEpoch", () => {
  it("keeps or drops what is left over", () => {
    expect(planEpoch(10, 4, "keep")).toEqual({ batch: 4, steps: 3, last: 2, dropped: 0 });
    expect(planEpoch(10, 4, "drop")).toEqual({ batch: 4, steps: 2, last: 4, dropped: 2 });
    expect(planEpoch(8, 4, "keep")).toEqual({ batch: 4, steps: 2, last: 4, dropped: 0 });
    expect(planEpoch(60_000, 256, "keep")).toMatchObject({ steps: 235, last: 96 });
    expect(() => planEpoch(3, 4, "keep")).toThrow(UsageError);
  });
});

describe("train", () => {
  it("runs the short last batch of each epoch and reports every step once, in order", async () => {
    const gan = createGan(device, tiny, noise(10), { seed: 1 });
    const reports = await collect(gan, { from: 0, until: 7, reportEvery: [2], reportSeconds: 1e9 });
    expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 6, 7]);
    expect(reports.map(({ epochDone }) => epochDone)).toEqual([
      undefined,
      undefined,
      1,
      undefined,
      2,
      undefined,
    ]);
    const records = reports.flatMap((report) => report.records);
    expect(records.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(records.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 2, 2, 2, 3]);
    expect(records.every(({ lossD, lossG }) => lossD > 0 && lossG > 0)).toBe(true);
    expect(records.every(({ dReal, dFake }) => dReal > 0 && dReal < 1 && dFake < 1)).toBe(true);
    const [, , step] = await device.read(gan.rng.state, "u32");
    expect(step).toBe(7);
  });

  it("drains the ring before it wraps, and gives the same records however often it reports", async () => {
    const run = async (options: Omit<TrainOptions, "from" | "until">) => {
      const gan = createGan(device, tiny, noise(8), { seed: 3 });
      const small = { ...gan, ring: device.persistent([6, 4], "f32", "step_log") };
      const reports = await collect(small, { from: 0, until: 20, ...options });
      return reports.flatMap((report) => report.records);
    };
    const rare = await run({ reportSeconds: 1e9 });
    expect(rare.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(await run({ reportEvery: [1] })).toEqual(rare);
  });
});
