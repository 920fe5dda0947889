// Pictures of digits: cut out, centred and turned as MNIST's are; and `npm run classify` from the first path to the
// last line, with a judge that learnt for a minute.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadImages } from "../src/data/files.ts";
import { DataError } from "../src/gpu/errors.ts";
import { cellsOf, isDarkOnLight, toDigit } from "../src/pictures/digit-image.ts";
import { GAP_GRAY, tileGrid, type GrayImage } from "../src/pictures/grid.ts";
import { decodePng, encodePng } from "../src/pictures/png.ts";
import { messageOf } from "./message-of.ts";
import { longhand, type Outcome } from "./support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-classify-"));
process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = join(folder, "cache"); // of the processes that are started
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (...names: string[]): string => join(folder, ...names);
const [train, tested] = await Promise.all([
  loadImages(undefined, "train"),
  loadImages(undefined, "test"),
]);

/** An image of the test set. */
function digit(i: number): GrayImage {
  return { width: 28, height: 28, pixels: tested.images.slice(i * 784, (i + 1) * 784) };
}

/** A picture drawn by a rule from column and row to a level. */
function drawn(width: number, height: number, level: (x: number, y: number) => number): GrayImage {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) =>
    level(i % width, Math.floor(i / width)),
  );
  return { width, height, pixels };
}

/** Dark on light, `scale` times as large, with room around it: as a drawing program would keep it. */
const large = (image: GrayImage, scale: number, room: number): GrayImage =>
  drawn(28 * scale + 2 * room, 28 * scale + 3 * room, (x, y) => {
    const [i, j] = [Math.floor((y - room) / scale), Math.floor((x - room) / scale)];
    const inside = i >= 0 && i < 28 && j >= 0 && j < 28;
    return 255 - (inside ? image.pixels[i * 28 + j]! : 0);
  });

/** An IDX file of bytes. */
function idx(shape: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x800 + shape.length);
  shape.forEach((extent, i) => view.setUint32(4 + 4 * i, extent));
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** A PNG of colours with opacity. */
function colourPng(width: number, height: number, pixel: readonly number[]): Uint8Array {
  const png = new PNG({ width, height });
  png.data.set(Array.from({ length: width * height }, () => pixel).flat());
  return PNG.sync.write(png);
}

describe("a picture of a digit", () => {
  test("that MNIST drew keeps its pixels, light on dark or dark on light, once or enlarged", () => {
    const image = digit(0);
    expect(toDigit(image, "x")).toEqual(image);
    expect(toDigit(large(image, 1, 0), "x")).toEqual(image);
    expect(toDigit(large(image, 3, 0), "x")).toEqual(image);
    expect(isDarkOnLight(image)).toBe(false);
    expect(isDarkOnLight(large(image, 2, 7))).toBe(true);
  });

  test("is brought to a box of 20×20 about its centre of mass, from wherever it was", () => {
    const bar = drawn(300, 200, (x, y) => (x >= 40 && x < 60 && y >= 10 && y < 110 ? 20 : 230));
    const { width, height, pixels } = toDigit(bar, "x"); // 4 wide, 20 high
    expect([width, height]).toEqual([28, 28]);
    const inside = (i: number): boolean => {
      const [x, y] = [i % 28, Math.floor(i / 28)];
      return x >= 13 && x < 17 && y >= 5 && y < 25;
    };
    expect([...pixels]).toEqual([...pixels].map((_, i) => (inside(i) ? 255 : 0)));
  });

  test("of MNIST, enlarged with room around it, comes back nearly as it was", () => {
    for (let i = 0; i < 20; i += 1) {
      const image = digit(i);
      const again = toDigit(large(image, 5, 40), "x");
      const apart = image.pixels.reduce((sum, p, k) => sum + Math.abs(p - again.pixels[k]!), 0);
      const ink = image.pixels.reduce((sum, p) => sum + p, 0);
      expect(apart / ink, `image ${i}`).toBeLessThan(0.35); // edges, and a pixel's shift at most
    }
  });

  test("is refused where there is none, or more than one", async () => {
    const blank = drawn(50, 50, () => 200);
    expect(await messageOf(DataError, () => toDigit(blank, "P"))).toContain("P: shows nothing");
    const line = drawn(90, 40, (x, y) => (x > 4 && x < 85 && y > 15 && y < 25 ? 255 : 0));
    expect(await messageOf(DataError, () => toDigit(line, "P"))).toMatch(
      /^P: its ink is 80 pixels wide and 9 high; give a picture of one digit each/,
    );
  });

  test("in a grid is one of its cells", () => {
    const images = Float32Array.from(tested.images.subarray(0, 5 * 784), (b) => b / 127.5 - 1);
    const cells = cellsOf(tileGrid(images, 5, 28, 28), GAP_GRAY)!;
    expect(cells.map(({ row, column }) => [row, column])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
    ]);
    cells.forEach(({ image }, i) => expect(image).toEqual(digit(i)));
    expect(cellsOf(large(digit(0), 3, 4), GAP_GRAY)).toBe(undefined);
  });
});

describe("a PNG", () => {
  test("of colours or opacity becomes gray", () => {
    const level = (pixel: number[]): number =>
      decodePng(colourPng(2, 3, pixel), "P").pixels.at(-1)!;
    expect(level([255, 0, 0, 255])).toBe(76); // 0.299 · 255
    expect(level([0, 0, 0, 0])).toBe(0);
    expect(level([0, 0, 0, 51])).toBe(204); // black ink stands on white
    expect(level([255, 255, 255, 51])).toBe(51); // white ink on black
  });

  test("that is none, damaged or huge is refused", async () => {
    const says = (bytes: Uint8Array): Promise<string> =>
      messageOf(DataError, () => decodePng(bytes, "P"));
    expect(await says(Uint8Array.of(1, 2, 3))).toBe("P: is no PNG file");
    const whole = encodePng(digit(0));
    expect(await says(whole.subarray(0, 60))).toMatch(/^P: is a damaged PNG file/);
    const huge = Uint8Array.from(whole);
    new DataView(huge.buffer).setUint32(16, 5000);
    expect(await says(huge)).toBe(
      "P: is 5000×28; at most 4096×4096 pixels are read: make it smaller",
    );
  });
});

describe("npm run judge and classify", () => {
  const STEPS = 48;
  let learnt: Outcome;

  beforeAll(async () => {
    mkdirSync(at("data"));
    const put = (name: string, shape: number[], data: Uint8Array): void =>
      writeFileSync(at("data", name), gzipSync(idx(shape, data)));
    const [count, few] = [STEPS * 96, 300];
    put("train-images-idx3-ubyte.gz", [count, 28, 28], train.images.subarray(0, count * 784));
    put("train-labels-idx1-ubyte.gz", [count], train.labels!.subarray(0, count));
    put("t10k-images-idx3-ubyte.gz", [few, 28, 28], tested.images.subarray(0, few * 784));
    put("t10k-labels-idx1-ubyte.gz", [few], tested.labels!.subarray(0, few));
    learnt = await longhand("judge", "--second", "--data", at("data"), "--epochs", "1");
  }, 900_000);

  test("a judge is trained once, and its accuracy said", async () => {
    expect(learnt.err).not.toContain("longhand:");
    expect(learnt.out).toMatch(/Epoch 1\/1: loss \d\.\d{4}, \d\d\.\d\d % of the test images right/);
    expect(learnt.out).toContain("below the goal of 99.0 %; more --epochs or another --seed may");
    const again = await longhand("judge", "--second");
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/^The second judge is kept already: \d\d\.\d\d % .*below the goal/);
    expect(again.out).toContain("To train it anew: npm run judge -- --second --force");
  });

  test("PNGs, folders and grids are read, and IDX files counted", async () => {
    mkdirSync(at("png"));
    const rows = Array.from({ length: 8 }, (_, i) => i);
    for (const i of rows) {
      writeFileSync(at("png", `${i}-dark.png`), encodePng(large(digit(i), 5, 40)));
      writeFileSync(at("png", `${i}-light.png`), encodePng(digit(i)));
    }
    const floats = Float32Array.from(tested.images.subarray(0, 6 * 784), (b) => b / 127.5 - 1);
    writeFileSync(at("grid.png"), encodePng(tileGrid(floats, 6, 28, 28)));
    const images = at("data", "t10k-images-idx3-ubyte.gz");
    const json = at("found.json");
    const flags = ["--second", "--json", json];
    const paths = [at("png"), at("grid.png"), images];
    const { code, out, err } = await longhand("classify", ...paths, ...flags);
    expect(err).not.toContain("longhand:");
    expect(code).toBe(0);

    const found = [...out.matchAll(/(\d)-(dark|light)\.png: (\d) \((\d+\.\d\d) %\), else (\d) /g)];
    expect(found.length).toBe(16);
    const right = found.filter(([, i, , said]) => tested.labels![Number(i)] === Number(said));
    expect(right.length).toBeGreaterThanOrEqual(11); // it learnt for 48 steps
    const alike = rows.filter((i) => {
      const [dark, light] = found.filter(([, name]) => Number(name) === i);
      return dark![3] === light![3];
    });
    expect(alike.length).toBeGreaterThanOrEqual(6);
    expect(out.match(/grid\.png row \d, column \d: \d /g)?.length).toBe(6);

    const [, accuracy] = /t10k-images-idx3-ubyte.gz: (\d+\.\d\d) % of 300 images right/.exec(out)!;
    const { images: all }: { images: { name: string; digit: number; label?: number }[] } =
      JSON.parse(readFileSync(json, "utf8"));
    const ofSet = all.filter(({ name }) => name.startsWith(images));
    expect(ofSet.map(({ label }) => label)).toEqual([...tested.labels!.subarray(0, 300)]);
    const hits = ofSet.filter((each) => each.digit === each.label).length;
    expect(((hits / 300) * 100).toFixed(2)).toBe(accuracy);
    expect(Number(accuracy)).toBeGreaterThan(70);
    const table = out.slice(out.indexOf("label"), out.length).split("\n").slice(1, 11);
    const sum = (cells: string): number =>
      cells
        .trim()
        .split(/\s+/)
        .slice(1)
        .reduce((total, cell) => total + Number(cell), 0);
    expect(table.reduce((total, row) => total + sum(row), 0)).toBe(300);
  });

  test("what can't be classified is refused before a device is opened", async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const { code, err } = await longhand("classify", ...args, "--second");
      expect(code).not.toBe(0);
      return err.trim().split("\n").at(-1)!;
    };
    mkdirSync(at("empty"));
    writeFileSync(at("text.png"), "no picture");
    const images = at("data", "t10k-images-idx3-ubyte.gz");
    const labels = at("data", "train-labels-idx1-ubyte.gz");
    expect(await refused(at("none.png"))).toMatch(/^longhand: Can't read .*none\.png: /);
    expect(await refused(at("empty"))).toContain("holds no PNG file; name the files to read");
    expect(await refused(at("text.png"))).toContain("not an IDX file");
    expect(await refused(images, "--labels", labels)).toContain("don't belong together");
    expect(await refused(at("grid.png"), "--labels", labels)).toContain(
      "goes with one IDX file of images, and nothing else",
    );
    const path = at("cache/longhand/judges/second.safetensors");
    const bytes = readFileSync(path);
    bytes[bytes.length - 8]! ^= 4;
    writeFileSync(path, bytes);
    expect(await refused(images)).toMatch(
      /it is damaged; train it anew: npm run judge -- --second --force$/,
    );
  });
});
