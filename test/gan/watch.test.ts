// The watch over a run: real runs that go well or diverge, and made-up records for each problem.
import { describe, expect, it } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { createGan } from "../../src/gan/gan.ts";
import { small } from "../../src/gan/recipes/small.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { compileSteps, train, type StepRecord } from "../../src/gan/train-steps.ts";
import {
  createWatch,
  EARLY,
  STRETCH,
  varianceAcross,
  type WatchedEvaluation,
} from "../../src/gan/watch.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const mnist = await loadImages(undefined, "train");

const narrow: Recipe = {
  ...small,
  name: "narrow",
  clusters: 0,
  latent: 8,
  batch: 8,
  generatorWidths: [4, 4, 4],
  discriminatorWidths: [4, 4],
};

async function recordsOf(recipe: Recipe, steps: number): Promise<StepRecord[]> {
  const gan = createGan(device, recipe, mnist, { seed: 0 });
  const records: StepRecord[] = [];
  for await (const progress of train(gan, await compileSteps(gan), { from: 0, until: steps })) {
    records.push(...progress.records);
  }
  return records;
}

const GOOD: Omit<StepRecord, "step"> = { epoch: 1, lossD: 1.1, lossG: 1, dReal: 0.6, dFake: 0.4 };
const repeat = (from: number, count: number, row: Omit<StepRecord, "step">): StepRecord[] =>
  Array.from({ length: count }, (_, i) => ({ ...row, step: from + i }));
const evenly = Array.from({ length: 10 }, () => 200);

const seen = (
  step: number,
  precision: number,
  recall: number,
  classBalance = 0.05,
  counts: readonly number[] = evenly,
): WatchedEvaluation => ({ step, precision, recall, classBalance, counts });

/** MNIST's digits by their place in the training set, as the generator would give them. */
function digits(places: readonly number[]): Float32Array {
  const images = new Float32Array(places.length * 784);
  places.forEach((place, row) => {
    const pixels = mnist.images.subarray(place * 784, (place + 1) * 784);
    images.set(
      Float32Array.from(pixels, (value) => value / 127.5 - 1),
      row * 784,
    );
  });
  return images;
}

describe("records", () => {
  it("of a run that goes well say nothing, of one whose discriminator wins say so", async () => {
    const records = await recordsOf(narrow, 40);
    expect(records.length).toBe(40);
    expect(createWatch({}, 20).records(records)).toEqual([]);

    const unfair: Recipe = {
      ...narrow,
      generatorAdam: { ...narrow.generatorAdam, learningRate: 1e-9 },
      discriminatorAdam: { ...narrow.discriminatorAdam, learningRate: 2e-2 },
    };
    const warnings = createWatch({}, 20).records(await recordsOf(unfair, 60));
    expect(warnings.map(({ trouble }) => trouble)).toEqual(["discriminator won"]);
    expect(warnings[0]!.step).toBeGreaterThanOrEqual(20);
  });

  it("of a run that diverges say so once, at its first loss that is no number", async () => {
    const absurd: Recipe = {
      ...narrow,
      generatorAdam: { ...narrow.generatorAdam, learningRate: 1e38 },
      discriminatorAdam: { ...narrow.discriminatorAdam, learningRate: 1e38 },
    };
    const records = await recordsOf(absurd, 12);
    const first = records.find(({ lossD, lossG }) => !Number.isFinite(lossD + lossG));
    expect(first!.step).toBeLessThan(12);
    const watch = createWatch();
    const warnings = [
      ...watch.records(records.slice(0, first!.step)),
      ...watch.records(records.slice(first!.step)),
    ];
    expect(warnings.map(({ step, trouble }) => [step, trouble])).toEqual([
      [first!.step, "not a number"],
    ]);
    expect(warnings[0]!.words).toMatch(/^Step \d+: a loss is not a number.*lower learning rates/);
  });

  it("of a discriminator that has won are noticed after a stretch, not before", () => {
    const won = { ...GOOD, lossD: 0.01, dReal: 0.995, dFake: 0.004 };
    const watch = createWatch();
    expect(watch.records(repeat(1, STRETCH, GOOD))).toEqual([]);
    expect(watch.records(repeat(STRETCH + 1, STRETCH / 2, won))).toEqual([]);
    const warnings = watch.records(repeat(1.5 * STRETCH + 1, STRETCH, won));
    expect(warnings.length).toBe(1);
    expect(warnings[0]!.step).toBeGreaterThan(1.5 * STRETCH);
    expect(warnings[0]!.words).toContain("lower learning rate for the discriminator");
  });

  it("with smoothed labels, whose loss is never 0, are noticed by the verdicts", () => {
    const won = { ...GOOD, lossD: 0.33, dReal: 0.9, dFake: 0.005 };
    expect(createWatch().records(repeat(1, STRETCH, won)).length).toBe(1);
    const early = { ...GOOD, lossD: 0.61, dReal: 0.85, dFake: 0.3 }; // small's first 50 steps
    expect(createWatch().records(repeat(1, STRETCH, early))).toEqual([]);
  });

  it("that a resumed run has in its log are taken as said", () => {
    const bad = { ...GOOD, lossD: Number.NaN };
    const watch = createWatch({ records: repeat(1, 3, bad) });
    expect(watch.records(repeat(4, 3, bad))).toEqual([]);
  });
});

describe("evaluations", () => {
  it("of a run that learns say nothing, though its generator began with no recall", () => {
    const watch = createWatch();
    const run = [
      seen(50, 1, 0, 0.9), // one gray image for all latents, in a lone digit's wide neighbourhood
      seen(100, 1, 0, 0.9),
      seen(200, 0.02, 0, 0.7),
      seen(300, 0.1, 0.05, 0.3),
      seen(600, 0.5, 0.4),
      seen(900, 0.7, 0.6),
    ];
    expect(run.flatMap((each) => watch.evaluation(each))).toEqual([]);
  });

  it("whose recall falls to nothing, or never comes, tell of collapse once", () => {
    const fallen = createWatch();
    expect(fallen.evaluation(seen(600, 0.5, 0.4))).toEqual([]);
    const [warning] = fallen.evaluation(seen(900, 0.1, 0.001));
    expect(warning).toMatchObject({ step: 900, trouble: "low recall" });
    expect(warning!.words).toContain("recall is 0.001 at precision 0.10");
    expect(fallen.evaluation(seen(1200, 0.1, 0.001))).toEqual([]);

    const stuck = createWatch();
    expect(stuck.evaluation(seen(600, 0.9, 0))).toEqual([]);
    expect(stuck.evaluation(seen(900, 0.9, 0)).map(({ trouble }) => trouble)).toEqual([
      "low recall",
    ]);
  });

  it("out of balance twice in a row name the digits that are drawn", () => {
    const counts = [0, 1200, 0, 0, 0, 0, 0, 700, 100, 0];
    const watch = createWatch({ evaluations: [seen(EARLY, 0.6, 0.3, 0.7, counts)] });
    const [warning, ...more] = watch.evaluation(seen(2 * EARLY, 0.6, 0.3, 0.7, counts));
    expect(more).toEqual([]);
    expect(warning!.words).toContain("60 % are taken for 1, 35 % for 7");
  });
});

describe("samples", () => {
  it("that are nearly all alike are told of, real digits even of one class are not", () => {
    const places = [...mnist.labels!.keys()];
    const ones = places.filter((place) => mnist.labels![place] === 1).slice(0, 16);
    for (const various of [ones, places.slice(0, 16)]) {
      expect(createWatch().samples(EARLY, digits(various), 16)).toEqual([]);
    }
    const same = digits(places.slice(0, 16).fill(7));
    same.forEach((value, i) => (same[i] = value + 0.1 * Math.sin(i))); // varies by 0.005
    expect(createWatch().samples(EARLY - 1, same, 16)).toEqual([]);
    const watch = createWatch();
    const [warning] = watch.samples(EARLY, same, 16);
    expect(warning!.words).toMatch(/nearly all alike \(their pixels vary by 0\.00\d+/);
    expect(watch.samples(2 * EARLY, same, 16)).toEqual([]);
  });

  it("vary as the variance across images says", () => {
    expect(varianceAcross(Float32Array.of(1, 5, 3, 5), 2)).toBe(0.5);
    expect(varianceAcross(digits([0, 1, 2, 3]), 4)).toBeGreaterThan(0.1);
  });
});
