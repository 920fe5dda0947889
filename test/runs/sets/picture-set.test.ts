// Image sets in folders of pictures: classes, splits, kinds of pictures, and what is refused. And IDX files next to
// other sets, or under names of their own.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { encode } from "jpeg-js";
import { describe, expect, test } from "vitest";
import { imageFolder } from "../../../src/data.ts";
import { DataError } from "../../../src/gpu/errors.ts";
import { openSet } from "../../../src/runs/sets/open-set.ts";
import { idxBytes } from "../../support/idx-bytes.ts";
import { messageOf } from "../../support/message-of.ts";
import { chunk, pngFrom } from "../../support/png-bytes.ts";
import { png, temporaryFolders } from "../../support/set-files.ts";

const folder = temporaryFolders();
const refusal = (path: string, split: "train" | "test" = "train"): Promise<string> =>
  messageOf(DataError, () => openSet(path, split));

/** Returns a JPEG of one colour. */
function jpeg(rgb: readonly [number, number, number], side = 8): Uint8Array {
  const data = Buffer.alloc(side * side * 4, Uint8Array.of(...rgb, 255));
  return encode({ data, width: side, height: side }, 100).data;
}

describe("classes are", () => {
  test("the numbers that folders are named by, train and test alike", async () => {
    const path = folder({
      "mnist_png/training/10/a.png": png(10),
      "mnist_png/training/9/b.png": png(9),
      "mnist_png/training/2/c.png": png(2),
      "mnist_png/testing/9/d.png": png(90),
      "mnist_png/testing/.DS_Store": "",
    });
    const train = await openSet(path, "train");
    expect([...train.labels!]).toEqual([10, 2, 9]); // in the order of the files' names
    expect(train.notes).toEqual([
      `Training images: 3 of 4×4 in 3 classes (2 to 10, with gaps), pixels from 2 to 255; pictures: ${join(path, "mnist_png", "training")}.`,
    ]);
    const tested = await openSet(path, "test");
    expect([...tested.labels!, tested.images[1]]).toEqual([9, 90]);
  });

  test("names in their order, counted over both splits", async () => {
    const path = folder({
      "train/shirt/0.png": png(1),
      "train/boot/0.png": png(2),
      "train/bag/0.png": png(3),
      "train/0-notes/read.me": "no class",
      "test/shirt/0.png": png(4),
      "val/shirt/0.png": png(5),
    });
    const train = await openSet(path, "train");
    expect([train.classNames, [...train.labels!]]).toEqual([
      ["bag", "boot", "shirt"],
      [0, 1, 2],
    ]);
    expect(train.notes[0]).toContain("in 3 classes (bag, boot, shirt)");
    expect(train.notes[1]).toMatch(/val: neither train nor test, so it isn't read\.$/);
    expect([...(await openSet(path, "test")).labels!]).toEqual([2]);
  });

  test("names, if some are numbers and others aren't", async () => {
    const set = await openSet(
      folder({ "emnist/0/0.png": png(1), "emnist/a/0.png": png(2) }),
      "train",
    );
    expect([set.classNames, [...set.labels!], set.transposed]).toEqual([["0", "a"], [0, 1], false]);
  });

  test("none, if pictures lie in the folder itself", async () => {
    const set = await openSet(folder({ "1.png": png(1), "0.png": png(0) }), "train");
    expect([set.count, set.labels, set.images[1], set.images[17]]).toEqual([2, undefined, 0, 1]);
    expect(set.notes[0]).toContain(": 2 of 4×4 without labels, pixels from 0 to 255; pictures: ");
  });
});

test("a folder of PNGs has the pixels that imageFolder reads", async () => {
  const level = (x: number, y: number, c: number): number => (x * 71 + y * 31 + c * 90) & 255;
  const size = { width: 4, height: 3, depth: 8 };
  const path = folder({
    "a/0.png": pngFrom({ ...size, colour: 2 }, level),
    "b/0.png": pngFrom({ ...size, colour: 0 }, level),
  });
  const set = await openSet(path, "train");
  const own = await imageFolder(path, { classes: true });
  expect(set.fingerprint).toBe(own.fingerprint);
  expect(set.notes[1]).toContain("colours became grey by their luma");
});

test("PNGs of every kind and JPEGs make one set", async () => {
  const side = { width: 8, height: 8 };
  const flat =
    (...pixel: readonly number[]) =>
    (_x: number, _y: number, c: number): number =>
      pixel[c]!;
  const path = folder({
    "0.png": pngFrom({ ...side, depth: 8, colour: 0 }, flat(100)),
    "1.png": pngFrom({ ...side, depth: 8, colour: 0, interlaced: true }, flat(100)),
    "2.png": pngFrom({ ...side, depth: 1, colour: 0 }, flat(1)),
    "3.png": pngFrom({ ...side, depth: 8, colour: 2 }, flat(200, 0, 0)),
    "4.png": pngFrom({ ...side, depth: 8, colour: 6 }, flat(0, 0, 0, 0)), // black, but clear
    "5.jpeg": jpeg([200, 0, 0]),
    "6.JPG": jpeg([100, 100, 100]),
  });
  const set = await openSet(path, "train");
  const levels = Array.from({ length: 7 }, (_, i) => set.images[i * 64 + 9]);
  expect(levels.slice(0, 5)).toEqual([100, 100, 255, 60, 255]);
  expect(Math.abs(levels[5]! - 60)).toBeLessThan(3);
  expect(Math.abs(levels[6]! - 100)).toBeLessThan(3);
});

describe("refused, with the reason", () => {
  const cases: readonly [
    what: string,
    files: Record<string, Uint8Array | string>,
    words: RegExp,
  ][] = [
    [
      "a folder with no images",
      { "notes.txt": "no" },
      /has no train images; looked for folders of PNGs or JPEGs by class, IDX files .*; it holds notes\.txt \(a text\)\.$/,
    ],
    ["an empty folder", {}, /the folder is empty\.$/],
    [
      "mixed sizes",
      { "a/0.png": png(1), "a/1.png": png(1, 5) },
      /a\/1\.png: is 5×5, but .*a\/0\.png is 4×4; all pictures of a set must have one size: fit them into one with --size/,
    ],
    [
      "a picture of another format",
      { "a/0.png": png(1), "a/1.gif": "GIF89a" },
      /a\/1\.gif: only PNG and JPEG pictures are read; convert it/,
    ],
    [
      "a picture that lies about its format",
      { "a/0.png": "RIFF....WEBPVP8 " },
      /0\.png: is a WebP picture; only PNG and JPEG/,
    ],
    [
      "a damaged picture",
      { "a/0.png": png(1).slice(0, 60) },
      /0\.png: is a damaged PNG: it is cut short/,
    ],
    [
      "pictures next to classes",
      { "x.png": png(1), "a/0.png": png(1) },
      /holds pictures \(x\.png\) next to folders of pictures \(a\); move each/,
    ],
    [
      "a large picture",
      { "0.png": png(1, 1000) },
      /0\.png: is 1000×1000; images to train on have at most 768×768: shrink/,
    ],
  ];
  test.each(cases)("%s", async (_, files, words) => {
    expect(await refusal(folder(files))).toMatch(words);
  });

  test("a single picture, and images to test with that aren't there", async () => {
    const path = folder({ "0/a.png": png(1), "1/a.png": png(2) });
    expect(await refusal(join(path, "0", "a.png"))).toMatch(
      /a\.png: is a PNG picture; name the folder of the pictures to train on, or ask classify/,
    );
    expect(await refusal(path, "test")).toBe(
      `${path}: has no test images: put them in ${join(path, "test")}, and the others in ${join(path, "train")}`,
    );
  });

  test("a pipe in place of a file, which would wait forever", async () => {
    for (const name of ["images.npy", "images.npz", "images.csv", "0.png"]) {
      const path = folder({});
      execFileSync("mkfifo", [join(path, name)]);
      expect(await refusal(path)).toMatch(
        /: can't be read: it is not a regular file; move it away$/,
      );
      if (name === "0.png") continue; // its folder is the set
      expect(await refusal(join(path, name))).toMatch(/it is not a regular file; move it away$/);
    }
  });

  test("a PNG that unpacks to more than its header says", async () => {
    const bomb = Buffer.from(png(1));
    const at = bomb.indexOf("IDAT") - 4;
    const data = deflateSync(Buffer.alloc(2 ** 24));
    const whole = Buffer.concat([bomb.subarray(0, at), chunk("IDAT", data), chunk("IEND", [])]);
    expect(await refusal(folder({ "0.png": whole }))).toMatch(/0\.png: is a damaged PNG: /);
  });
});

describe("IDX files", () => {
  const images = idxBytes([2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);

  test("come first, and other sets next to them are said", async () => {
    const path = folder({ "train-images-idx3-ubyte": images, "fashion_train.csv": "1,2,3,4,5\n" });
    const set = await openSet(path, "train");
    expect(set.notes).toEqual([
      `Training images: 2 of 2×2 without labels, pixels from 1 to 8; IDX files: ${join(path, "train-images-idx3-ubyte")}.`,
      `${path}: its IDX files are read; to read another set there, name its file: fashion_train.csv.`,
    ]);
    const table = await openSet(join(path, "fashion_train.csv"), "train");
    expect([table.kind, table.count]).toEqual(["a CSV table", 1]);
  });

  test("may have any name, with the labels of the name that matches", async () => {
    const path = folder({ "my.idx3": images, "my.idx1": idxBytes([2], [4, 5]) });
    const set = await openSet(join(path, "my.idx3"), "train");
    expect([set.count, ...set.labels!]).toEqual([2, 4, 5]);
    expect(await refusal(join(path, "my.idx3"), "test")).toMatch(
      /my\.idx3: has no test images: it is one file of images, to train with/,
    );
  });
});
