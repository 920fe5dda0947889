// Neighbourhoods and nearest rows, compared with brute force, on rows with many ties and duplicates, at sizes on either
// side of a tile; their laws; and summaries of them.

import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { metrics, ShapeError } from "../../src/index.ts";
import { messageOf } from "../support/message-of.ts";
import {
  matrixOf,
  moved,
  normalRows,
  rotated,
  sets,
  shuffled,
  tiedRows,
} from "../support/matrices.ts";

type Rows = readonly (readonly number[])[];

const square = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, value, c) => sum + (value - y[c]!) ** 2, 0);

/** Each row's squared distance to its k-th nearest other row. */
function radiiOf(rows: Rows, k: number): number[] {
  return rows.map((x, i) => {
    const others = rows.filter((_, j) => j !== i).map((y) => square(x, y));
    return others.toSorted((a, b) => a - b)[k - 1]!;
  });
}

const share = (flags: readonly boolean[]): number => flags.filter(Boolean).length / flags.length;

function byDefinition(real: Rows, fake: Rows, k: number): metrics.Neighbourhoods {
  const [realRadii, fakeRadii] = [radiiOf(real, k), radiiOf(fake, k)];
  const inReal = (y: readonly number[]): boolean[] =>
    real.map((x, i) => square(x, y) <= realRadii[i]!);
  const balls = fake.map((y) => inReal(y).filter(Boolean).length);
  return {
    precision: share(balls.map((count) => count > 0)),
    recall: share(real.map((x) => fake.some((y, j) => square(x, y) <= fakeRadii[j]!))),
    density: balls.reduce((sum, count) => sum + count, 0) / (k * fake.length),
    coverage: share(real.map((x, i) => fake.some((y) => square(x, y) <= realRadii[i]!))),
  };
}

const figures = (real: Rows, fake: Rows, k: number): Promise<metrics.Neighbourhoods> =>
  metrics.neighbourhoods(matrixOf(real), matrixOf(fake), k);

describe("neighbourhoods", () => {
  test("agree with their definition, ties and duplicates included", async () => {
    const k = fc.integer({ min: 1, max: 3 });
    await fc.assert(
      fc.asyncProperty(sets, k, async ({ seed, n, m, columns }, neighbours) => {
        const [a, b] = [tiedRows(seed, n, columns), tiedRows(seed + 1, m, columns)];
        expect(await figures(a, b, neighbours)).toEqual(byDefinition(a, b, neighbours));
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    [63, 64, 65],
    [64, 128, 3],
    [129, 130, 7],
  ])("agree with it in tiles of %i by %i rows and %i columns", async (n, m, columns) => {
    const [a, b] = [normalRows(n, n, columns), normalRows(m, m, columns)];
    // the same rows in both: distances of 0, and rims that pairs lie exactly on
    const both = [...b.slice(9), ...a.slice(0, 9)];
    expect(await figures(a, both, 5)).toEqual(byDefinition(a, both, 5));
  });

  test("change sides with the sets, and not with order, scale or place", async () => {
    await fc.assert(
      fc.asyncProperty(sets, async ({ seed, n, m, columns }) => {
        const [a, b] = [normalRows(seed, n, columns), normalRows(seed + 1, m, columns)];
        const found = await figures(a, b, 3);
        const swapped = await figures(b, a, 3);
        expect(swapped.precision).toBe(found.recall);
        expect(swapped.recall).toBe(found.precision);
        expect(await figures(shuffled(a, 1), shuffled(b, 2), 3)).toEqual(found);
        const by = normalRows(seed + 2, 1, columns)[0]!;
        expect(await figures(moved(a, by, 8), moved(b, by, 8), 3)).toEqual(found);
        expect(await figures(rotated(a, seed), rotated(b, seed), 3)).toEqual(found);
      }),
      { numRuns: 40 },
    );
  });

  test("of a set against itself are all 1, density (k + 1) / k", async () => {
    const a = normalRows(3, 200, 5).map((row) => row.map((x) => x + 1e6)); // near in spite of the offset
    expect(await figures(a, shuffled(a, 1), 4)).toEqual({
      precision: 1,
      recall: 1,
      density: 5 / 4,
      coverage: 1,
    });
  });

  test("tell noise, a collapsed set and dropped modes apart", async () => {
    const two = (seed: number): number[][] =>
      normalRows(seed, 150, 4).map((row, i) => row.map((x) => x + (i % 2) * 50));
    const real = two(1);
    const far = await figures(real, moved(normalRows(2, 150, 4), [1e3, 0, 0, 0]), 3);
    expect(far).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 });
    const oneMode = await figures(real, normalRows(2, 150, 4), 3);
    expect(oneMode.precision).toBeGreaterThan(0.8);
    expect(oneMode.recall).toBeLessThanOrEqual(0.5);
    expect(oneMode.coverage).toBeLessThanOrEqual(0.5);
    const collapsed = await figures(
      real,
      Array.from({ length: 150 }, () => real[0]!),
      3,
    );
    expect(collapsed.precision).toBe(1);
    expect(collapsed.recall).toBe(1 / 150);
  });

  test("take float32 as it is, and known radii", async () => {
    const [a, b] = [matrixOf(normalRows(1, 90, 6)), matrixOf(normalRows(2, 80, 6))];
    const single = { ...a, values: Float32Array.from(a.values) };
    const double = { ...a, values: Float64Array.from(single.values) };
    const found = await metrics.neighbourhoods(single, b, 3);
    expect(await metrics.neighbourhoods(double, b, 3)).toEqual(found);
    const radii = await metrics.ballRadii(double, 3);
    expect(await metrics.neighbourhoods(double, b, 3, undefined, radii)).toEqual(found);
  });

  test("say how far they are, up to the whole", async () => {
    const heard: [number, number][] = [];
    const [a, b] = [matrixOf(normalRows(1, 130, 6)), matrixOf(normalRows(2, 70, 6))];
    await metrics.neighbourhoods(a, b, 3, (done, total) => heard.push([done, total]));
    expect(heard.at(-1)![0]).toBe(heard.at(-1)![1]);
    expect(heard.map(([done]) => done)).toEqual(
      heard.map(([done]) => done).toSorted((p, q) => p - q),
    );
  });
});

describe("summarise", () => {
  const verdicts = (seed: number, rows: number): number[][] =>
    normalRows(seed, rows, 3).map((row) => {
      const powers = row.map(Math.exp);
      return powers.map((x) => x / powers.reduce((sum, y) => sum + y, 0));
    });

  test("gives each metric's own figure", async () => {
    const [features, probabilities] = [matrixOf(normalRows(2, 90, 5)), matrixOf(verdicts(3, 90))];
    const real = matrixOf(normalRows(1, 100, 5));
    const summary = await metrics.summarise(await metrics.realSet(real, [40, 30, 30]), {
      features,
      probabilities,
    });
    expect(summary).toEqual({
      frechet: metrics.frechetDistance(metrics.gaussianOf(real), metrics.gaussianOf(features)),
      kid: await metrics.kernelDistance(real, features),
      ...(await metrics.neighbourhoods(real, features, 3)),
      classBalance: metrics.totalVariation(metrics.classCounts(probabilities), [40, 30, 30]),
      score: metrics.classifierScore(probabilities),
    });
  });

  test("looks for neighbours among evenly spaced rows", async () => {
    const [real, fake] = [normalRows(1, 100, 5), normalRows(2, 60, 5)];
    const set = await metrics.realSet(matrixOf(real), [1, 1, 1], { most: 50, neighbours: 4 });
    const stages = new Set<string>();
    const judged = { features: matrixOf(fake), probabilities: matrixOf(verdicts(3, 60)) };
    const summary = await metrics.summarise(set, judged, (stage) => stages.add(stage));
    const half = real.filter((_, row) => row % 2 === 0);
    const most = fake.filter((_, row) => row % 6 !== 5); // ⌊row · 60 / 50⌋
    expect(summary).toMatchObject(byDefinition(half, most, 4));
    expect(summary.frechet).toBe(
      metrics.frechetDistance(
        metrics.gaussianOf(matrixOf(real)),
        metrics.gaussianOf(judged.features),
      ),
    );
    expect([...stages]).toEqual(["kernel distance", "neighbourhoods"]);
  });

  test("refuses features and probabilities of different sets, or of other classes", async () => {
    const real = await metrics.realSet(matrixOf(normalRows(1, 20, 5)), [1, 1, 1]);
    const features = matrixOf(normalRows(2, 20, 5));
    const judged = (probabilities: metrics.Matrix) => () =>
      metrics.summarise(real, { features, probabilities });
    expect(await messageOf(ShapeError, judged(matrixOf(verdicts(3, 19))))).toContain(
      "of 19, expected the same number",
    );
    const two = matrixOf(Array.from({ length: 20 }, () => [0.5, 0.5]));
    expect(await messageOf(ShapeError, judged(two))).toContain("got 2 and 3: give one per class");
  });
});
