// The parts of an evaluation: rows picked, samples ranked and chosen, nearest images and realism compared with plain
// loops, sets of known quality in their order, and the JSON read back.
import { describe, expect, it } from "vitest";
import {
  formatEvaluation,
  parseEvaluation,
  type Evaluation,
} from "../../src/runs/evaluation/evaluation-file.ts";
import { loadImages } from "../../src/data/files.ts";
import { CheckpointError, DataError, ShapeError } from "../../src/gpu/errors.ts";
import { chooseSamples, rankSamples } from "../../src/judge/choose.ts";
import { toFloats } from "../../src/data/pixels.ts";
import {
  evenly,
  figuresOf,
  judgeAll,
  pick,
  prepareComparison,
  type ImageStack,
} from "../../src/judge/comparison.ts";
import { copyingOf } from "../../src/judge/copying.ts";
import { designs } from "../../src/judge/designs.ts";
import { MEANINGS, REFERENCES, type SetFigures } from "../../src/judge/figures.ts";
import { createJudge, type Judge } from "../../src/judge/judge.ts";
import { keepJudge } from "../../src/judge/kept.ts";
import { resizeImages } from "../../src/gan/resize-images.ts";
import { nearestImages } from "../../src/judge/nearest-images.ts";
import { judgeReferences, referenceFigures } from "../../src/judge/references.ts";
import { trainJudge } from "../../src/judge/train-judge.ts";
import { ballRadii, realism, type Matrix } from "../../src/metrics/metrics.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const [train, test] = await Promise.all([
  loadImages(undefined, "train"),
  loadImages(undefined, "test"),
]);

const SIZE = 784;

function firstOf<T extends ImageStack & { labels: Uint8Array | undefined }>(set: T, count: number) {
  const images = set.images.slice(0, count * SIZE);
  return { ...set, count, images, labels: set.labels?.slice(0, count) };
}

/** A judge that has seen a few thousand digits. */
async function quickJudge(): Promise<Judge> {
  const design = designs.first;
  const lesson = trainJudge(device, {
    design,
    train: firstOf(train, 64 * design.batch),
    test: firstOf(test, 200),
    seed: 5,
    epochs: 1,
  });
  let accuracy = 0;
  for await (const progress of lesson.run()) accuracy = progress.accuracy ?? accuracy;
  expect(accuracy).toBeGreaterThan(0.75);
  const said = { which: "first", accuracy, seed: 5, epochs: 1, adapter: "this one" } as const;
  return createJudge(device, await keepJudge(lesson.networks, said));
}

function matrix(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]!.length;
  return { rows: rows.length, columns, values: Float64Array.from(rows.flat()) };
}

describe("rows", () => {
  it("are picked evenly, all of them where there are few", () => {
    expect(evenly(10, 4)).toEqual([0, 2, 5, 7]);
    expect(evenly(3, 4)).toEqual([0, 1, 2]);
    const judged = {
      count: 3,
      features: Float32Array.of(1, 2, 3, 4, 5, 6),
      probabilities: Float32Array.of(0.1, 0.2, 0.3),
    };
    expect(pick(judged, [2, 0])).toEqual({
      count: 2,
      features: Float32Array.of(5, 6, 1, 2),
      probabilities: Float32Array.of(0.3, 0.1).map(Math.fround),
    });
  });
});

describe("nearest training images", () => {
  it("are those that comparing all pixels finds, with their distances; copies lie at 0", async () => {
    const among = train.images.subarray(0, 7000 * SIZE); // more than the device takes at once
    const queries = new Float32Array(6 * SIZE);
    queries.set(toFloats(test.images.subarray(0, 4 * SIZE)));
    queries.set(toFloats(train.images.subarray(6500 * SIZE, 6501 * SIZE)), 4 * SIZE);
    queries.fill(-1, 5 * SIZE); // nothing but black
    const told: number[] = [];
    const found = await nearestImages(device, queries, 6, among, SIZE, (done) => told.push(done));
    expect(told).toEqual([6000, 7000]);
    for (let query = 0; query < 6; query += 1) {
      let [least, at] = [Infinity, -1];
      for (let row = 0; row < 7000; row += 1) {
        let sum = 0;
        for (let p = 0; p < SIZE && sum < least; p += 1) {
          sum += ((queries[query * SIZE + p]! + 1) / 2 - among[row * SIZE + p]! / 255) ** 2;
        }
        if (sum < least) [least, at] = [sum, row];
      }
      expect(found.indices[query]).toBe(at);
      expect(found.distances[query]).toBeCloseTo(Math.sqrt(least), 5);
    }
    expect(found.indices[4]).toBe(6500);
    expect(found.distances[4]).toBeLessThan(1e-5);
  });

  it("refuse images of other sizes", async () => {
    const message = await messageOf(ShapeError, async () =>
      nearestImages(device, new Float32Array(10), 1, train.images, SIZE),
    );
    expect(message).toContain("must have 784 values");
    await expect(nearestImages(device, new Float32Array(0), 0, train.images, SIZE)).rejects.toThrow(
      ShapeError,
    );
  });

  it("are looked for at the training images' size", async () => {
    const flat = new Float32Array(2 * 32 * 32).fill(0.25);
    const small = await resizeImages(device, flat, { count: 2, height: 32, width: 32 }, [28, 28]);
    expect(small.length).toBe(2 * SIZE);
    expect(new Set(small)).toEqual(new Set([0.25]));
    const same = await resizeImages(device, flat, { count: 2, height: 32, width: 32 }, [32, 32]);
    expect(same).toBe(flat);
  });
});

describe("realism", () => {
  const real = matrix([[0], [1], [2], [3], [50]]);

  it("is radius over distance at best, wide neighbourhoods left out", async () => {
    const radii = await ballRadii(real, 1);
    expect([...radii]).toEqual([1, 1, 1, 1, 47 ** 2]);
    const found = await realism(real, radii, matrix([[0.5], [2], [5], [49]]));
    expect(found[0]).toBe(2);
    expect(found[1]).toBe(Infinity);
    expect(found[2]).toBe(0.5);
    expect(found[3]).toBeCloseTo(1 / 46, 12); // the lone row's ball would have given 47
  });

  it("refuses radii of another set, and numbers that aren't finite", async () => {
    await expect(realism(real, new Float64Array(2), real)).rejects.toThrow(ShapeError);
    await expect(realism(real, await ballRadii(real, 1), matrix([[Number.NaN]]))).rejects.toThrow(
      DataError,
    );
  });
});

describe("samples to show", () => {
  it("are the best and the median of each digit that was drawn, and the worst of all", () => {
    const probabilities = matrix([
      [0.9, 0.1],
      [1, 0],
      [0.6, 0.4],
      [0.2, 0.8],
      [1, 0],
    ]);
    const ranked = rankSamples(probabilities, Float64Array.of(1, 1, 0.5, 0.1, 1));
    expect(ranked.map(({ digit }) => digit)).toEqual([0, 0, 0, 1, 0]);
    expect(ranked[2]).toMatchObject({ certainty: 0.6, realism: 0.5, rank: 0.3 });
    const { best, typical, worst } = chooseSamples(ranked, 2);
    expect(best.map(({ index }) => index)).toEqual([1, 3]); // of equal ones the first
    expect(typical.map(({ index }) => index)).toEqual([0, 3]);
    expect(worst.map(({ index }) => index)).toEqual([3, 2]);
  });

  it("tell of copying by how many are nearer than nearly all test images", () => {
    const far = Float64Array.from({ length: 200 }, (_, i) => 5 + i / 100);
    const same = copyingOf(far, far);
    expect(same).toMatchObject({ count: 200, guide: 5.01, nearer: 1 / 200 });
    expect(same.samples).toEqual({ least: 5, median: 5.99, most: 6.99 });
    const copies = copyingOf(Float64Array.of(0, 0.1, 5.5, 6), far);
    expect(copies.nearer).toBe(0.5);
  });
});

describe("sets of known quality", () => {
  it("stand in the order that each figure should give them", async () => {
    const judge = await quickJudge();
    const [few, fewer] = [firstOf(train, 1200), firstOf(test, 500)];
    const dataset = { train: await judgeAll(judge, few), test: await judgeAll(judge, fewer) };
    const options = { count: 300, neighbours: 5 };
    const comparison = await prepareComparison(dataset, few.labels, options);
    expect(comparison.expected.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    const sets = await judgeReferences(judge, dataset, fewer, 300);
    expect(REFERENCES.map((each) => sets[each].count)).toEqual([300, 300, 300, 300, 300]);
    const found = await referenceFigures(sets, dataset, comparison);
    const { real, repeated, single, noisy, noise } = found;
    for (const name of ["frechetTrain", "frechetTest", "kid"] as const) {
      expect(real.figures[name]).toBeLessThan(repeated.figures[name]);
      expect(repeated.figures[name]).toBeLessThan(single.figures[name]);
      expect(real.figures[name]).toBeLessThan(noise.figures[name]);
    }
    expect(real.figures.frechetTrain).toBeLessThan(noisy.figures.frechetTrain);
    expect(real.figures.precision).toBeGreaterThan(0.7);
    expect(real.figures.recall).toBeGreaterThan(0.7);
    expect(real.figures.coverage).toBeGreaterThan(0.7);
    expect(single.figures.recall).toBeLessThan(0.05);
    for (const bad of [single, noise]) expect(bad.figures.coverage).toBeLessThan(0.2);
    expect(single.figures.classBalance).toBeGreaterThan(0.8);
    expect(single.figures.score).toBeCloseTo(1, 6);
    expect(single.counts.filter((count) => count > 0)).toEqual([300]);
    expect(MEANINGS.map(({ name }) => name).toSorted()).toEqual(
      Object.keys(real.figures).toSorted(),
    );
    // A set of the training images themselves is as near as can be.
    const own = await figuresOf(dataset.train, comparison);
    expect(own.figures.frechetTrain).toBeLessThan(1e-9);

    const again = await judgeReferences(judge, dataset, fewer, 300);
    expect(again).toEqual(sets);
  });
});

describe("evaluation.json", () => {
  const set: SetFigures = {
    count: 300,
    figures: {
      frechetTrain: 4.5,
      frechetTest: 4.6,
      kid: -1e-6,
      precision: 0.5,
      recall: 0.4,
      density: 1.1,
      coverage: 0.7,
      classBalance: 0.1,
      score: 8.5,
    },
    counts: Array.from({ length: 10 }, () => 30),
  };
  const frechet = { frechetTrain: 1, frechetTest: 2 };
  const everything = <T>(value: T) => ({
    real: value,
    repeated: value,
    single: value,
    noisy: value,
    noise: value,
  });
  const judge = { name: "first", accuracy: 0.991, fingerprint: "0123456789abcdef" };
  const spread = { least: 1, median: 2, most: 3 };
  const evaluation: Evaluation = {
    format: 1,
    run: { recipe: "small", seed: 0, checkpoint: "best", step: 600 },
    adapter: "this one",
    data: {
      train: { images: 60_000, fingerprint: "a" },
      test: { images: 10_000, fingerprint: "b" },
    },
    count: 300,
    seed: 1,
    neighbours: 5,
    judge,
    samples: set,
    references: everything(set),
    expected: Array.from({ length: 10 }, () => 0.1),
    asked: null,
    copying: { count: 300, samples: spread, test: spread, guide: 1.5, nearer: 0.01 },
    second: { judge, samples: frechet, references: everything(frechet) },
  };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  it("reads back as it was written, with or without a second judge", () => {
    expect(parseEvaluation(bytes(formatEvaluation(evaluation)), "e.json")).toEqual(evaluation);
    const alone = { ...evaluation, second: null, asked: 0.97 };
    expect(parseEvaluation(bytes(formatEvaluation(alone)), "e.json")).toEqual(alone);
  });

  it("is refused by the name of what is wrong in it", () => {
    const damaged = formatEvaluation(evaluation).replace('"neighbours": 5', '"neighbours": "five"');
    expect(() => parseEvaluation(bytes(damaged), "e.json")).toThrow(CheckpointError);
    expect(() => parseEvaluation(bytes(damaged), "e.json")).toThrow(/^e\.json: neighbours: /);
  });
});
