// Clusters in the place of labels: what is sorted and how, how samples draw theirs, and what is refused.
import { describe, expect, test } from "vitest";
import {
  clusterImages,
  clustersNearTo,
  described,
  sharesOf,
  withClusters as sortedImages,
} from "../../src/gan/clusters.ts";
import { createGan, type Images } from "../../src/gan/gan.ts";
import { generatorInputs } from "../../src/gan/samples.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { indexAt, uniforms } from "../../src/kernels/host-draws.ts";
import { testDevice } from "../support/device.ts";
import { messageOf } from "../support/message-of.ts";
import { narrowBest, strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const withClusters = (clusters: number): Recipe => ({ ...narrowBest, clusters });

/** Images of noise in one of `kinds` corners, whose labels say nothing. */
function corners(count: number, kinds: number, side: number): Images {
  const draw = uniforms(4);
  const images = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const [n, y, x] = [Math.floor(i / side ** 2), Math.floor((i % side ** 2) / side), i % side];
    const corner = 2 * Number(y >= side / 2) + Number(x >= side / 2);
    return corner === n % kinds ? 100 + Math.floor(draw() * 100) : 0;
  });
  return { images, count, height: side, width: side, labels: new Uint8Array(count) };
}

describe("sorting", () => {
  test("images are described by the means of four pixels, without an odd last row or column", () => {
    const images = Uint8Array.from({ length: 2 * 3 * 5 }, (_, i) => i);
    const mean = (at: number) => (at + (at + 1) + (at + 5) + (at + 6)) / (4 * 255);
    const expected = [0, 2, 15, 17].map(mean);
    expect([...described(images, 2, 3, 5)]).toEqual(expected);
  });

  test("pixels decide, labels don't; the same seed gives the same bits", async () => {
    const data = corners(400, 2, 28);
    const found = await clusterImages(withClusters(2), data, 1);
    expect(new Set(found!.assignments.subarray(0, 2)).size).toBe(2);
    found!.assignments.forEach((cluster, n) => expect(cluster).toBe(found!.assignments[n % 2]));
    const { labels: _, ...unlabelled } = data;
    expect(await clusterImages(withClusters(2), unlabelled, 1)).toEqual(found);
    const [nearest] = clustersNearTo(
      found!.centres,
      Float32Array.from(data.images.subarray(0, 784), (value) => value / 127.5 - 1),
      28,
      28,
    );
    expect(nearest).toBe(found!.assignments[0]);
  });

  test("large datasets are sorted by the centres of a part of them", async () => {
    const data = corners(41_003, 3, 4);
    const found = await clusterImages(withClusters(3), data, 0);
    expect(new Set(found!.assignments.subarray(0, 3)).size).toBe(3);
    found!.assignments.forEach((cluster, n) => {
      if (cluster !== found!.assignments[n % 3]) throw new Error(`image ${n} is in ${cluster}`);
    });
  });

  test("few images fill few clusters, and none of a recipe without", async () => {
    const found = await clusterImages(withClusters(9), corners(61, 4, 28), 0);
    expect(new Set(found!.assignments).size).toBe(3); // one per 30 images, or part of them
    expect(found!.centres).toHaveLength(9 * 196);
    expect(await clusterImages(withClusters(0), corners(61, 4, 28), 0)).toBeUndefined();
  });

  test.each([
    [
      5,
      "Sorting 5 images into 1 cluster, by their pixels alone (one per 30 images; best has up to 9) …",
    ],
    [
      61,
      "Sorting 61 images into 3 clusters, by their pixels alone (one per 30 images; best has up to 9) …",
    ],
    [300, "Sorting 300 images into 9 clusters, by their pixels alone …"],
  ])("%i images: says how many clusters they really fill", async (count, words) => {
    const said: string[] = [];
    const tell = (text: string) => said.push(text);
    const { clusters } = await sortedImages(withClusters(9), corners(count, 4, 28), {
      seed: 0,
      tell,
    });
    expect(said).toEqual([words]);
    const filled = new Set(clusters!.assignments).size;
    expect(words).toContain(`into ${filled} cluster`);
  });
});

describe("samples", () => {
  test("a number in [0, 1) draws a cluster with the chance of its share, an empty one never", () => {
    const shares = sharesOf(Uint8Array.of(3, 1, 3, 3, 1, 3, 3, 3), 5);
    expect([...shares]).toEqual([0, 0.25, 0, 0.75, 0]);
    expect([0, 0.2499, 0.25, 0.9999999].map((chance) => indexAt(shares, chance))).toEqual([
      1, 1, 3, 3,
    ]);
  });

  test("draw their clusters by the images' shares, the first ones the same for any count", async () => {
    const data = strokes(61);
    const recipe = withClusters(9);
    const assignments = Uint8Array.from({ length: 61 }, (_, n) => (n % 4 === 0 ? 2 : 7));
    const clusters = { ...data.clusters!, assignments };
    const gan = createGan(device, recipe, { ...data, clusters }, { seed: 0 });
    const count = 4000;
    const inputs = await generatorInputs(gan, 5, count);
    const width = recipe.latent + 9;
    const drawn = Array.from({ length: count }, (_, i) => {
      const told = [...inputs.subarray(i * width + recipe.latent, (i + 1) * width)];
      expect(told.filter((each) => each !== 0)).toEqual([1]);
      return told.indexOf(1);
    });
    const twos = drawn.filter((cluster) => cluster === 2).length;
    expect(twos + drawn.filter((cluster) => cluster === 7).length).toBe(count);
    const share = 16 / 61;
    const deviation = Math.sqrt((share * (1 - share)) / count);
    expect(Math.abs(twos / count - share)).toBeLessThan(5 * deviation);
    expect(await generatorInputs(gan, 5, 3)).toEqual(inputs.slice(0, 3 * width));
    expect(await generatorInputs(gan, 6, 3)).not.toEqual(inputs.slice(0, 3 * width));
  });

  test("can't be asked for a digit", async () => {
    const gan = createGan(device, narrowBest, strokes(61), { seed: 0 });
    expect(await messageOf(UsageError, () => generatorInputs(gan, 0, 1, 3))).toBe(
      "digit: recipe best can't draw a 3 on demand: nobody told it which of its clusters are which digits; recipe conditional can",
    );
  });
});

test.each([
  [
    "images that aren't sorted",
    narrowBest,
    { ...strokes(61), clusters: undefined },
    "data: recipe best takes images in 9 clusters, but they aren't sorted; call clusterImages first",
  ],
  [
    "clusters next to classes",
    { ...narrowBest, classes: 10 },
    strokes(61),
    "clusters: recipe best is told of the images' classes, and takes no clusters; got 9: set it to 0",
  ],
])("refuses %s", async (_, recipe, data, message) => {
  expect(await messageOf(UsageError, () => createGan(device, recipe, data, { seed: 0 }))).toBe(
    message,
  );
});
