// An image's result has the same bits in every batch: alone, among others, and at every place in a tile. What the judge
// says of an image, and what a latent draws, must not depend on its neighbours.
import { expect, test } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import { conv2d, convTranspose2d, dense } from "../../src/autograd/ops.ts";
import { createRandom, randomRef } from "../../proof/reference/array.ts";
import { upload } from "../../proof/case.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const random = createRandom(77);
const IMAGES = 64;
const BATCHES = [1, 3, 4, 31, 32];

const tensor = (shape: readonly number[]): Tensor =>
  new Tensor(upload(device, randomRef(shape, random, -1, 1)));

type Op = (x: Tensor) => Tensor;

const image = (channels: number): readonly number[] => [9, 7, channels];
const conv = (channels: number, filters: number, kernel: number, strides: number): Op => {
  const filter = tensor([kernel, kernel, channels, filters]);
  return (x) => conv2d(x, filter, { strides, padding: "same" });
};
const transposed = (channels: number, filters: number, kernel: number, strides: number): Op => {
  const filter = tensor([kernel, kernel, filters, channels]);
  return (x) => convTranspose2d(x, filter, { strides, padding: "same" });
};
const weights = tensor([40, 24]);

test.each<[string, readonly number[], Op]>([
  ["one channel to 16", image(1), conv(1, 16, 5, 2)],
  ["three channels to 20", image(3), conv(3, 20, 3, 1)],
  ["four channels to 32", image(4), conv(4, 32, 5, 1)],
  ["16 channels to 36", image(16), conv(16, 36, 5, 2)],
  ["16 channels to one", image(16), conv(16, 1, 3, 1)],
  ["transposed, 16 channels to 32", image(16), transposed(16, 32, 5, 1)],
  ["transposed, 32 channels to 16", image(32), transposed(32, 16, 5, 2)],
  ["transposed, 16 channels to one", image(16), transposed(16, 1, 5, 2)],
  ["dense, 40 to 24", [40], (x) => dense(x, weights)],
])("%s", async (_, shape, op) => {
  const x = tensor([IMAGES, ...shape]);
  const of = async (first: number, count: number): Promise<Uint32Array> => {
    const out = noGrad(() => op(new Tensor(x.array.rows(first, count))));
    return new Uint32Array((await out.read("f32")).buffer);
  };
  const all = await of(0, IMAGES);
  const size = all.length / IMAGES;
  expect(new Set(all).size).toBeGreaterThan(size);
  for (const count of BATCHES) {
    for (const first of [0, 5, IMAGES - count]) {
      const part = await of(first, count);
      const same = all.slice(first * size, (first + count) * size);
      expect(part, `images ${first} to ${first + count - 1}`).toEqual(same);
    }
  }
});
