// `longhand data`: what it says about a set, what it finds odd, and the picture that it draws. And `train --data` on a
// set that isn't IDX.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PNG } from "pngjs";
import { dataCommand, type DataFlags } from "../../src/cli/commands/data.ts";
import { loadImages } from "../../src/data/files.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { DataError, UsageError } from "../../src/gpu/errors.ts";
import { odditiesOf } from "../../src/runs/sets/oddities.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";
import { longhand } from "../support/longhand.ts";
import { messageOf } from "../support/message-of.ts";
import { npyImages, npyLabels, npz, png, temporaryFolders } from "../support/set-files.ts";
import { said } from "../support/said.ts";

const folder = temporaryFolders();
const lines = async (path: string, flags: DataFlags): Promise<readonly string[]> =>
  (await said(() => dataCommand(path, flags))).split("\n");

test("says what both splits are, and draws a row per class", async () => {
  const mnist = await loadImages(undefined, "test");
  const some = (from: number, count: number) => ({
    images: encodeNpy({
      shape: [count, 28, 28],
      data: mnist.images.slice(from * 784, (from + count) * 784),
    }),
    labels: npyLabels([...mnist.labels!.subarray(from, from + count)]),
  });
  const [train, tested] = [some(0, 1200), some(1200, 1000)];
  const path = folder({
    "digits.npz": npz({
      x_train: train.images,
      y_train: train.labels,
      x_test: tested.images,
      y_test: tested.labels,
    }),
  });
  const out = join(path, "grid.png");
  const printed = await lines(join(path, "digits.npz"), { out });
  expect(printed).toEqual([
    `Training images: 1,200 of 28×28 in 10 classes (0 to 9), pixels from 0 to 255; NumPy arrays: ${path}/digits.npz.`,
    expect.stringMatching(/^ {2}Images per class: 0: \d+ · 1: \d+ · .* · 9: \d+$/),
    "  Nothing is odd.",
    `Test images: 1,000 of 28×28 in 10 classes (0 to 9), pixels from 0 to 255; NumPy arrays: ${path}/digits.npz.`,
    expect.stringMatching(/^ {2}Images per class: /),
    "  Nothing is odd.",
    `${out} (one row per class: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)`,
  ]);
  const grid = PNG.sync.read(readFileSync(out));
  expect([grid.width, grid.height]).toEqual([10 * 88 + 4, 10 * 88 + 4]);
  // The first cell of the last row is the first 9.
  const nine = mnist.labels!.indexOf(9);
  const level = (x: number, y: number): number =>
    grid.data[4 * ((9 * 88 + 4 + 3 * y) * grid.width + 4 + 3 * x)]!;
  const drawn = Array.from({ length: 784 }, (_, i) => level(i % 28, Math.floor(i / 28)));
  expect(drawn).toEqual([...mnist.images.subarray(nine * 784, (nine + 1) * 784)]);
});

test("keeps a picture that is there, unless a flag says to replace it", async () => {
  const path = folder({ "a.npy": npyImages(3) });
  const out = join(path, "grid.png");
  writeFileSync(out, "mine");
  expect(await messageOf(UsageError, () => dataCommand(path, { out }))).toBe(
    `--out ${out}: exists already; name another place, or add --force to replace it`,
  );
  expect(readFileSync(out, "utf8")).toBe("mine");
  const printed = await lines(path, { out, force: true });
  expect(printed.at(-1)).toBe(out);
  expect(PNG.sync.read(readFileSync(out)).width).toBe(10 * 16 + 4);
});

test("a set that can't be read costs no picture, and is refused in a line", async () => {
  const path = folder({ "a.npz": npz({ images: npyImages(3), labels: npyLabels([1]) }) });
  const out = join(path, "grid.png");
  const { code, err } = await longhand("data", path, "--out", out);
  expect([code, err.trim()]).toEqual([
    1,
    `longhand: ${path}/a.npz (labels): has 1 label, but ${path}/a.npz (images) has 3 images: the two don't belong together.`,
  ]);
  expect(existsSync(out)).toBe(false);
});

test("one split is enough, but one that is damaged is refused", async () => {
  const rows = "1,2,3,4\n";
  const path = folder({ "digits_test.csv": rows });
  const printed = await lines(path, { out: join(path, "grid.png") });
  expect(printed[0]).toMatch(
    /has no train images; it has digits_test\.csv: name a file with train/,
  );
  expect(printed[1]).toMatch(/^Test images: 1 of 2×2 without labels/);
  const damaged = folder({ "digits_test.csv": rows, "digits_train.csv": `${rows}1,2\n` });
  const out = join(damaged, "grid.png");
  expect(await messageOf(DataError, () => dataCommand(damaged, { out }))).toMatch(
    /digits_train\.csv: row 2 has 2 columns, but the first has 4/,
  );
  expect(existsSync(out)).toBe(false);
});

describe("odd is", () => {
  const odd = async (files: Record<string, Uint8Array>): Promise<readonly string[]> =>
    odditiesOf(await openSet(folder(files), "train"));
  const arrays = (count: number, level: (i: number) => number, labels?: readonly number[]) => ({
    "a.npz": npz({
      images: {
        shape: [count, 2, 2],
        data: Uint8Array.from({ length: 4 * count }, (_, i) => level(i)),
      },
      ...(labels ? { labels: npyLabels(labels) } : {}),
    }),
  });

  test("an image of one level, and one that is there twice, by the names of their files", async () => {
    const words = await odd({
      "0/a.png": png(3),
      "0/b.png": png(3),
      "1/c.png": png(3),
      "1/d.png": png(255),
    });
    expect(words).toContain("1 image of one level all over: d.png.");
    expect(words).toContain(
      "2 images that are there before, 1 of them with another class: c.png is a.png.",
    );
  });

  test("classes of unequal size, and classes without images", async () => {
    const labels = [1, ...Array.from({ length: 9 }, () => 3)];
    const words = await odd(arrays(10, (i) => i, labels));
    expect(words).toContain("No image of class 0, 2: a recipe with classes counts from 0 to 3.");
    expect(words).toContain("Unequal classes: class 3 has 9, class 1 has 1, 9 times fewer.");
  });

  test("dark on light, dim images, few images", async () => {
    expect(await odd(arrays(2, (i) => 255 - i))).toEqual([
      "Dark on light: MNIST and the judge are light on dark; invert them to use the judge.",
      "Few: 2 images; networks learn so few by heart.",
    ]);
    expect(await odd(arrays(2, (i) => 2 * i))).toContain(
      "Dim: the brightest pixel is 14 of 255; networks will draw as dimly.",
    );
  });

  test("images to test with that are among those to train with", async () => {
    const path = folder({ "a.npz": npz({ x_train: npyImages(3), x_test: npyImages(2) }) });
    const printed = await lines(path, { out: join(path, "grid.png") });
    expect(printed).toContain(
      "  Odd: 2 images of the test set are training images too: image 0, image 1.",
    );
  });
});

test("train takes a CSV table, says so, and resumes from it", async () => {
  const mnist = await loadImages(undefined, "test");
  const rows = Array.from({ length: 20 }, (_, i) =>
    [mnist.labels![i], ...mnist.images.subarray(i * 784, (i + 1) * 784)].join(","),
  );
  const path = folder({ "digits_train.csv": `${rows.join("\n")}\n` });
  const run = join(path, "run");
  const flags = ["--recipe", "mlp", "--width", "0.05", "--batch", "8"];
  const table = join(path, "digits_train.csv");
  const nothing = ["--adapter", "null"]; // which computes nothing, and is quick
  const first = await longhand(
    "train",
    ...flags,
    "--steps",
    "2",
    "--data",
    table,
    "--out",
    run,
    ...nothing,
  );
  expect(first.code).toBe(0);
  expect(first.out).toContain(
    `Training images: 20 of 28×28 in 9 classes (0 to 9, with gaps), pixels from 0 to 255; a CSV table: ${table}.`,
  );
  const { data } = JSON.parse(readFileSync(join(run, "run.json"), "utf8"));
  expect([data.folder, data.images]).toEqual([table, 20]);
  const again = await longhand("train", "--resume", run, "--steps", "3", ...nothing);
  expect(again.code).toBe(0);
});
