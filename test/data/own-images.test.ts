// A person's own images: pictures of any size and colour, IDX files and drawings become one set, light on dark; what
// can't be used is named with the reason.
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitGray, grayOfPicture, type Gray } from "../../src/data/fit-image.ts";
import {
  addIdxFiles,
  collectImages,
  looksLikeIdx,
  type OwnFile,
} from "../../src/data/own-images.ts";
import { mnist } from "../../src/data.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { idxBytes } from "../support/idx-bytes.ts";

const gray = (height: number, width: number, at: (y: number, x: number) => number): Gray => ({
  height,
  width,
  pixels: Uint8Array.from({ length: height * width }, (_, i) =>
    at(Math.floor(i / width), i % width),
  ),
});
const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const file = (name: string, bytes: Uint8Array): OwnFile => ({ name, bytes: new Uint8Array(bytes) });

describe("luma", () => {
  it("weighs red, green and blue as eyes do", () => {
    const rgba = Uint8Array.of(255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 9, 9, 9, 255);
    expect([...grayOfPicture({ width: 4, height: 1, rgba }).pixels]).toEqual([76, 150, 29, 9]);
  });

  it("puts white under dark drawings and black under light ones", () => {
    const dark = Uint8Array.of(0, 0, 0, 255, 0, 0, 0, 0);
    const light = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 0);
    expect([...grayOfPicture({ width: 2, height: 1, rgba: dark }).pixels]).toEqual([0, 255]);
    expect([...grayOfPicture({ width: 2, height: 1, rgba: light }).pixels]).toEqual([255, 0]);
  });
});

describe("fitting", () => {
  it("takes the mean of each area when it shrinks", () => {
    const image = gray(4, 4, (y, x) => 16 * y + x);
    const { pixels } = fitGray(image, 2, 2);
    expect([...pixels]).toEqual([9, 11, 41, 43].map((value) => Math.round(value - 0.5)));
  });

  it("keeps proportions, in the middle of what is around the picture", () => {
    const tall = gray(40, 10, (y, x) => (y === 0 || y === 39 || x === 0 || x === 9 ? 7 : 200));
    const { pixels, ground } = fitGray(tall, 20, 20);
    expect(ground).toBe(7);
    const row = [...pixels.subarray(200, 220)];
    expect(row.slice(0, 7)).toEqual(Array(7).fill(7));
    expect(row.slice(13)).toEqual(Array(7).fill(7));
    expect(row.slice(9, 11)).toEqual([200, 200]);
  });

  it("copies what needs no scaling, in a wider frame too", () => {
    const image = gray(5, 5, (y, x) => (y * 50 + x) % 256);
    expect(fitGray(image, 5, 5).pixels).toEqual(image.pixels);
    const framed = fitGray(image, 5, 8).pixels;
    for (let y = 0; y < 5; y += 1) {
      expect(framed.subarray(8 * y + 1, 8 * y + 6)).toEqual(
        image.pixels.subarray(5 * y, 5 * y + 5),
      );
    }
  });

  it("keeps the mean of square images, and the value of even ones", () => {
    const side = fc.integer({ min: 1, max: 70 });
    fc.assert(
      fc.property(
        side,
        fc.integer({ min: 1, max: 70 }),
        fc.integer({ min: 0, max: 255 }),
        (n, m, v) => {
          expect(
            new Set(
              fitGray(
                gray(n, m, () => v),
                28,
                28,
              ).pixels,
            ),
          ).toEqual(new Set([v]));
          const slope = gray(n, n, (y, x) => Math.round((255 * (x + y)) / Math.max(1, 2 * n - 2)));
          expect(Math.abs(mean(fitGray(slope, 28, 28).pixels) - mean(slope.pixels))).toBeLessThan(
            2,
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it("leaves MNIST's digits recognisable when they come as large pictures", async () => {
    const { images } = await mnist("test");
    const digit = images.subarray(0, 784);
    const large = gray(84, 84, (y, x) => digit[28 * Math.floor(y / 3) + Math.floor(x / 3)]!);
    expect(fitGray(large, 28, 28).pixels).toEqual(new Uint8Array(digit));
  });
});

describe("a collection", () => {
  const darkOnLight = gray(28, 28, (y, x) => (y > 10 && y < 18 && x > 10 && x < 18 ? 0 : 250));
  const lightOnDark = gray(28, 28, (y, x) => (y > 10 && y < 18 && x > 10 && x < 18 ? 255 : 5));

  it("turns images light on dark as they need it, or as it is told", () => {
    const own = collectImages(28, 28);
    own.addPicture("a.png", darkOnLight);
    own.addPicture("b.png", lightOnDark);
    const corners = (invert: "auto" | "never" | "always"): number[] => {
      const { images } = own.images({ invert });
      return [images[0]!, images[784]!];
    };
    expect(corners("auto")).toEqual([5, 5]);
    expect(corners("never")).toEqual([250, 5]);
    expect(corners("always")).toEqual([5, 250]);
  });

  it("skips blank pictures, and repeats a few until there is a batch", () => {
    const own = collectImages(28, 28);
    expect(() => own.images()).toThrow(DataError);
    own.addPicture(
      "white.png",
      gray(100, 50, () => 255),
    );
    own.addPicture("dot.png", lightOnDark);
    own.addPicture("other.png", darkOnLight);
    own.skip("notes.txt", "no picture");
    expect(own.skipped).toEqual([
      { name: "white.png", reason: "it is blank: all its pixels are the same" },
      { name: "notes.txt", reason: "no picture" },
    ]);
    const { images, count, labels } = own.images({ least: 5 });
    expect([count, images.length, labels]).toEqual([6, 6 * 784, undefined]);
    expect(images.subarray(4 * 784)).toEqual(images.subarray(0, 2 * 784));
  });

  it("takes a folder named as a digit for the label, if all have one", () => {
    const own = collectImages(28, 28);
    own.addPicture("mine/3/a.png", lightOnDark);
    own.addPicture("mine/7/b.png", lightOnDark);
    expect([...own.images({ least: 3 }).labels!]).toEqual([3, 7, 3, 7]);
    expect(own.images().classes).toBe(8);
    expect(own.images({ most: 1 }).count).toBe(1);
    own.addPicture("drawing", lightOnDark, 5);
    expect([...own.images().labels!]).toEqual([3, 7, 5]);
    expect(own.isLabelled).toBe(true);
    own.addPicture("mine/c.png", lightOnDark);
    expect(own.images().labels).toBeUndefined();
    expect(own.isLabelled).toBe(false);
  });

  it("exchanges rows and columns on demand", () => {
    const own = collectImages(28, 28);
    own.addPicture(
      "a.png",
      gray(28, 28, (y, x) => (y === 3 && x === 9 ? 255 : 0)),
    );
    expect(own.images({ transpose: true }).images.indexOf(255)).toBe(9 * 28 + 3);
  });
});

describe("IDX files", () => {
  it("come with their labels, gzipped or not, in any order", async () => {
    const set = await mnist("test");
    const some = new Uint8Array(set.images.subarray(0, 50 * 784));
    const labels = new Uint8Array(set.labels!.subarray(0, 50));
    const own = collectImages(28, 28);
    await addIdxFiles(own, [
      file("labels.gz", gzipSync(idxBytes([50], labels))),
      file("images", idxBytes([50, 28, 28], some)),
    ]);
    expect(own.skipped).toEqual([]);
    const found = own.images();
    expect(found.images).toEqual(some);
    expect(found.labels).toEqual(labels);
  });

  it("of other sizes are resized, and without labels are taken without", async () => {
    const own = collectImages(28, 28);
    const values = Array.from({ length: 3 * 14 * 14 }, (_, i) => (i * 7) % 256);
    await addIdxFiles(own, [file("x.idx", idxBytes([3, 14, 14], values))]);
    expect([own.count, own.images().labels]).toEqual([3, undefined]);
  });

  it("that are damaged or don't belong together are named with the reason", async () => {
    const own = collectImages(28, 28);
    const images = idxBytes([2, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
    const packed = gzipSync(images);
    await addIdxFiles(own, [
      file("cut.idx", images.subarray(0, 20)),
      file("bad.gz", packed.subarray(0, packed.length - 6)),
      file("three.idx", idxBytes([3], [0, 1, 2])),
      file("flat.idx", idxBytes([2, 2], [0, 1, 2, 3])),
      file("good.idx", images),
    ]);
    expect(own.count).toBe(2);
    const reasons = own.skipped.map(({ name, reason }) => `${name}: ${reason}`);
    expect(reasons.toSorted()).toEqual([
      "bad.gz: its gzip data is damaged; fetch it again.",
      expect.stringMatching(/^cut\.idx: has 4 bytes of data, but its header \(2×2×2\) asks for 8/),
      expect.stringMatching(/^flat\.idx: has rank 2/),
      "three.idx: it has 3 labels, but no file has as many images",
    ]);
  });

  it("are told by their first bytes", () => {
    expect(looksLikeIdx(idxBytes([1], [0]))).toBe(true);
    expect(looksLikeIdx(gzipSync(Uint8Array.of(1)))).toBe(true);
    expect(looksLikeIdx(Uint8Array.of(0x89, 0x50, 0x4e, 0x47))).toBe(false);
    expect(looksLikeIdx(new Uint8Array(0))).toBe(false);
  });
});
