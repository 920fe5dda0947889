// dcgan32's images, as scikit-image's resize makes them: order 1, mode 'reflect', which mirrors in the outermost
// pixels. Tested by hand, and over MNIST: 7,212 of the 60,000 training images have ink at or next to an edge, and
// differ from images that repeat the outermost pixels.
import { expect, test } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { fromBytes } from "../../src/data/pixels.ts";
import { createGan, type Images } from "../../src/gan/gan.ts";
import { asImage } from "../../src/gan/projection.ts";
import { dcgan32 } from "../../src/gan/recipes/dcgan32.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { resizeImages } from "../../src/gan/resize-images.ts";
import { realImages } from "../../src/gan/steps/parts.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

/** One image: white at the given places, black elsewhere, as bytes. */
function image(...white: readonly (readonly [row: number, column: number])[]): Images {
  const images = new Uint8Array(784);
  for (const [row, column] of white) images[row * 28 + column] = 255;
  return { images, count: 1, height: 28, width: 28 };
}

/** What a recipe's step sees of one image, (32, 32), as the share of white. */
async function seen(
  recipe: Recipe,
  data: Images,
): Promise<(row: number, column: number) => number> {
  const gan = createGan(device, { ...scaled(recipe, 0.01), batch: 1 }, data, { seed: 1 });
  const out = device.empty([1, 32, 32, 1]);
  realImages(gan, 1, out);
  const values = await out.read();
  return (row, column) => (values[row * 32 + column]! + 1) / 2;
}

// Output pixel i lies at (i + ½) · 28/32 − ½: the first at −1/16, the second at 13/16, the last at 27 + 1/16.
test("a pixel beside the edge shows in the outermost output pixel, by a sixteenth", async () => {
  const at = await seen(dcgan32, image([10, 1], [20, 26]));
  expect(at(11, 1)).toBeCloseTo((9 / 16) * (13 / 16), 6); // row 11 lies at 9 9/16
  expect(at(11, 0)).toBeCloseTo((9 / 16) * (1 / 16), 6);
  expect(at(23, 31)).toBeCloseTo((15 / 16) * (1 / 16), 6); // row 23 lies at 20 1/16
});

test("the corners, by hand", async () => {
  const at = await seen(dcgan32, image([0, 0], [1, 1], [27, 27]));
  expect(at(0, 0)).toBeCloseTo((15 / 16) ** 2 + (1 / 16) ** 2, 6);
  expect(at(0, 1)).toBeCloseTo((15 / 16) * (3 / 16) + (1 / 16) * (13 / 16), 6);
  expect(at(31, 31)).toBeCloseTo((15 / 16) ** 2, 6);
  const before = await seen({ ...dcgan32, edges: "clamp" }, image([0, 0], [1, 1], [27, 27]));
  expect(before(0, 0)).toBeCloseTo(1, 6);
  expect(before(31, 31)).toBeCloseTo(1, 6);
});

test("a picture to project is enlarged as the run's images were", async () => {
  const data = image([0, 1]);
  const pixels = Float32Array.from(data.images, (byte) => byte / 127.5 - 1);
  for (const recipe of [dcgan32, { ...dcgan32, edges: "clamp" }] as const) {
    const gan = createGan(device, { ...scaled(recipe, 0.01), batch: 1 }, data, { seed: 1 });
    const out = device.empty([1, 32, 32, 1]);
    realImages(gan, 1, out);
    expect(await asImage(gan, pixels, 28, 28)).toEqual(await out.read());
  }
});

/** The images with ink in their two outermost rows or columns: no other can differ by what lies past the edges. */
function inkedAtTheEdge({ images, count }: Images): Uint8Array {
  const ring = Array.from({ length: 784 }, (_, i) => i).filter((i) =>
    [Math.floor(i / 28), i % 28].some((at) => at < 2 || at > 25),
  );
  const found = Array.from({ length: count }, (_, n) => images.subarray(n * 784, (n + 1) * 784));
  const inked = found.filter((pixels) => ring.some((i) => pixels[i]! > 0));
  return Uint8Array.from(inked.flatMap((pixels) => [...pixels]));
}

test("of MNIST's training images 7,212 differ from those with repeated edges, by 0.125 at most", async () => {
  const pixels = fromBytes(inkedAtTheEdge(await loadImages(undefined, "train")));
  const count = pixels.length / 784;
  const shape = { count, height: 28, width: 28 };
  const [mirrored, clamped] = await Promise.all(
    (["mirror", "clamp"] as const).map((edges) =>
      resizeImages(device, pixels, shape, [32, 32], edges),
    ),
  );
  const apart = new Float32Array(count);
  mirrored!.forEach((x, i) => {
    const n = Math.floor(i / 1024);
    apart[n] = Math.max(apart[n]!, Math.abs(x - clamped![i]!));
  });
  expect(apart.filter((most) => most > 1e-5)).toHaveLength(7212);
  expect(apart.reduce((most, x) => Math.max(most, x), 0)).toBeCloseTo(0.125, 6);
});
