// Sets of images of any size, which `--size` fits into one, as the page does: pictures, arrays, grey and in colours; in a
// run, which keeps the size.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "jpeg-js";
import { describe, expect, it } from "vitest";
import { fitGray } from "../../../src/data/fit-image.ts";
import { encodeNpy } from "../../../src/data/npy.ts";
import { DataError, UsageError } from "../../../src/gpu/errors.ts";
import { openSet } from "../../../src/runs/sets/open-set.ts";
import { trainRun } from "../../../src/runs/training/train.ts";
import { terminal } from "../../../src/terminal/ui.ts";
import { farthest } from "../../support/layouts.ts";
import { longhand } from "../../support/longhand.ts";
import { messageOf } from "../../support/message-of.ts";
import { said } from "../../support/said.ts";
import { pixelsOf, png, temporaryFolders } from "../../support/set-files.ts";

const folder = temporaryFolders();

/** A JPEG that is red at the left and blue at the right. */
function halves(width: number, height: number): Uint8Array {
  const data = Buffer.from(
    Array.from({ length: width * height }, (_, i) =>
      i % width < width / 2 ? [240, 20, 30, 255] : [10, 30, 220, 255],
    ).flat(),
  );
  return encode({ data, width, height }, 100).data;
}

describe("--size", () => {
  it("fits pictures of several sizes into one, which are refused without it", async () => {
    const path = folder({
      "a/0.png": png(40, 4),
      "a/1.png": png(90, 64),
      "b/0.jpg": halves(1500, 900),
    });
    expect(await messageOf(DataError, () => openSet(path, "train"))).toMatch(
      /1\.png: is 64×64, but .*0\.png is 4×4; all pictures of a set must have one size: fit them into one with --size, such as --size 28$/,
    );
    const set = await openSet(path, "train", { size: 16 });
    expect([set.count, set.height, set.width, [...set.labels!]]).toEqual([3, 16, 16, [0, 0, 1]]);
    const small = Uint8Array.of(255, ...Array<number>(15).fill(40));
    const wanted = fitGray({ width: 4, height: 4, pixels: small }, 16, 16).pixels;
    expect(set.images.subarray(0, 256)).toEqual(wanted);
    const coloured = await openSet(path, "train", { size: 16, channels: 3 });
    const jpeg = coloured.images.subarray(2 * 3 * 256);
    const at = (x: number, y: number) => jpeg.subarray(3 * (16 * y + x), 3 * (16 * y + x) + 3);
    expect(farthest(at(2, 8), [240, 20, 30])).toBeLessThan(6);
    expect(farthest(at(13, 8), [10, 30, 220])).toBeLessThan(6);
  });

  it("fits sets of every kind, and leaves those that have the size as they are", async () => {
    const data = pixelsOf(3, 6, 8);
    const path = folder({ "x.npy": encodeNpy({ shape: [3, 6, 8], data }) });
    const set = await openSet(path, "train", { size: 12 });
    expect([set.height, set.width]).toEqual([12, 12]);
    for (const image of [0, 1, 2]) {
      const pixels = data.subarray(48 * image, 48 * (image + 1));
      const wanted = fitGray({ width: 8, height: 6, pixels }, 12, 12).pixels;
      expect(set.images.subarray(144 * image, 144 * (image + 1))).toEqual(wanted);
    }
    const mnist = await openSet(undefined, "test", { size: 28 });
    expect(mnist.fingerprint).toBe((await openSet(undefined, "test")).fingerprint);
  });

  it("is kept by a run, which resumes with it", async () => {
    const path = folder(
      Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.png`, png(30 * i, 20 + i)])),
    );
    const run = join(folder({}), "run");
    // The null adapter computes nothing, and is quick.
    const flags = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--adapter", "null"];
    await longhand("train", ...flags, "--data", path, "--size", "28", "--steps", "2", "--out", run);
    const record: { data: { size: number } } = JSON.parse(
      readFileSync(join(run, "run.json"), "utf8"),
    );
    expect(record.data.size).toBe(28);
    await longhand("train", "--resume", run, "--steps", "3", "--adapter", "null");
    const other = await messageOf(UsageError, () =>
      said(() => trainRun(terminal, { resume: run, size: 32, steps: 4 })),
    );
    expect(other).toMatch(/^--size 32: the run in .* has size 28, which --resume keeps/);
  });
});
