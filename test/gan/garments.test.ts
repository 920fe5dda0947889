// The recipe `best` on images that aren't digits: garments, and figures that tell a collapsed generator from one that
// draws them all.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { withClusters } from "../../src/gan/clusters.ts";
import { createGan, type Images } from "../../src/gan/gan.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { drawSamples } from "../../src/gan/samples.ts";
import { compileSteps, train, type StepRecord } from "../../src/gan/train-steps.ts";
import { uniforms } from "../../src/kernels/host-draws.ts";
import { testDevice } from "../support/device.ts";
import { drawGarments, KINDS, SIZE } from "../support/garments.ts";
import { ROOT } from "../support/longhand.ts";
import { bytesOf, collapsesOf, spreadOf } from "../support/spread.ts";

const device = await testDevice();
const AREA = SIZE ** 2;
const COUNT = 500;
const garments = drawGarments(5000, 1);
const real = garments.images.data.slice(0, COUNT * AREA);
const unseen = await spreadOf(drawGarments(COUNT, 2).images.data, real);

/** Returns COUNT images: for each place, the real one that `from` names. */
function repeated(from: (place: number) => number): Uint8Array {
  const images = new Uint8Array(COUNT * AREA);
  for (let i = 0; i < COUNT; i += 1) {
    images.set(real.subarray(from(i) * AREA, (from(i) + 1) * AREA), i * AREA);
  }
  return images;
}

/** Returns images whose pixels differ by at most 8, so that no two are equal. */
function noisy(images: Uint8Array): Uint8Array {
  const draw = uniforms(5);
  return images.map((value) => Math.min(255, Math.max(0, value + Math.floor(draw() * 17) - 8)));
}

describe("garments", () => {
  test("a seed determines them, for any count; the kinds take turns", () => {
    const { images, labels } = drawGarments(30, 1);
    expect(images.data).toEqual(garments.images.data.slice(0, 30 * AREA));
    expect(images.data).not.toEqual(drawGarments(30, 2).images.data);
    expect([...labels.data].map((label) => KINDS[label])).toEqual([...KINDS, ...KINDS, ...KINDS]);
  });

  test("each is a bright shape on black that leaves most corners free, unlike any other", () => {
    const seen = new Set<string>();
    for (let i = 0; i < COUNT; i += 1) {
      const image = real.subarray(i * AREA, (i + 1) * AREA);
      const covered = image.filter((value) => value > 20).length / AREA;
      expect(covered, `garment ${i}`).toBeGreaterThan(0.06);
      expect(covered, `garment ${i}`).toBeLessThan(0.7);
      expect(Math.max(...image), `garment ${i}`).toBeGreaterThan(50);
      seen.add(image.toString());
    }
    expect(seen.size).toBe(COUNT);
  });
});

describe("npm run garments", () => {
  const folder = mkdtempSync(join(tmpdir(), "longhand-garments-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const garmentsCommand = (...words: string[]) =>
    spawnSync("npm", ["run", "-s", "garments", "--", ...words], { cwd: ROOT, encoding: "utf8" });

  test("write: a folder for --data, with a tenth as many to test", async () => {
    const { status, stdout } = garmentsCommand("write", folder, "50");
    expect(stdout).toBe(`${folder}: 50 garments to train on, 5 to test\n`);
    expect(status).toBe(0);
    const set = await loadImages(folder, "train");
    expect(set).toMatchObject({ count: 50, height: SIZE, width: SIZE, classes: 10, notes: [] });
    expect(set.images).toEqual(real.slice(0, 50 * AREA));
    expect((await loadImages(folder, "test")).count).toBe(5);
  });

  test("without its words it says what they are", () => {
    for (const words of [["write"], ["write", folder, "9"], ["sell", folder]]) {
      const { status, stderr } = garmentsCommand(...words);
      expect(stderr).toMatch(/^npm run garments -- write FOLDER/);
      expect(status).toBe(1);
    }
  });
});

describe("a generator that", () => {
  test("draws unseen garments is within every limit", () => {
    expect(collapsesOf(unseen, unseen)).toEqual([]);
  });

  test.each([
    [
      "draws one image",
      repeated(() => 3),
      ["distinct", "spacing", "recall", "coverage", "imbalance"],
    ],
    [
      "draws one image with a little noise",
      noisy(repeated(() => 3)),
      ["spacing", "recall", "coverage", "imbalance"],
    ],
    [
      "draws 100 images with a little noise, as if each cluster had one",
      noisy(repeated((place) => place % 100)),
      ["spacing", "recall"],
    ],
    [
      "draws two of the ten kinds, none twice",
      drawGarments(5 * COUNT, 3).images.data.filter((_, at) => Math.floor(at / AREA) % 10 < 2),
      ["recall", "coverage", "imbalance"],
    ],
    [
      "draws five of the ten kinds",
      drawGarments(2 * COUNT, 3).images.data.filter((_, at) => Math.floor(at / AREA) % 10 < 5),
      ["imbalance"],
    ],
  ])("%s is found out", async (_, images, broken) => {
    expect(images).toHaveLength(COUNT * AREA);
    expect(collapsesOf(await spreadOf(images, real), unseen)).toEqual(broken);
  });
});

/** More would take minutes: garments are recognised by then, but rough. */
const STEPS = 600;

test("best at a tenth of its width learns garments without collapsing", async () => {
  const recipe = scaled(recipeNamed("best"), 0.1);
  const { images, labels } = garments;
  const set: Images = {
    images: images.data,
    count: labels.data.length,
    height: SIZE,
    width: SIZE,
    labels: labels.data,
  };
  const data = await withClusters(recipe, set, { seed: 0, tell: () => undefined });
  const gan = createGan(device, recipe, data, { seed: 0 });
  const untrained = await spreadOf(bytesOf(await drawSamples(gan, 1, COUNT)), real);
  const records: StepRecord[] = [];
  const programs = await compileSteps(gan);
  for await (const progress of train(gan, programs, { from: 0, until: STEPS })) {
    records.push(...progress.records);
  }
  expect(records).toHaveLength(STEPS);
  for (const { step, lossD, lossG, dReal, dFake } of records) {
    for (const value of [lossD, lossG, dReal, dFake]) {
      expect(Number.isFinite(value), `step ${step}`).toBe(true);
    }
  }
  const samples = await drawSamples(gan, 1, COUNT);
  expect(samples.every((value) => value >= -1 && value <= 1)).toBe(true);
  const spread = await spreadOf(bytesOf(samples), real);
  // The limits of a long run are not for one this short. These are about half of what it reaches.
  expect(untrained.coverage).toBeLessThan(0.02);
  expect(spread.coverage).toBeGreaterThan(0.15);
  expect(spread.recall).toBeGreaterThan(0.2);
  expect(spread.precision).toBeGreaterThan(0.3);
  expect(spread.distinct).toBe(1);
  expect(spread.spacing).toBeGreaterThan(0.5);
  expect(spread.imbalance).toBeLessThan(0.38); // less than five of the ten kinds
}, 600_000);
