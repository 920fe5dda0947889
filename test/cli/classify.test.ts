// Grids of samples; and `npm run judge` and `classify` from the first path to the last line, with a judge that trained
// for a few seconds. read-digit.test.ts tests how one picture becomes a digit.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { classifyCommand } from "../../src/cli/commands/classify.ts";
import { judgeCommand } from "../../src/cli/commands/judge.ts";
import { loadImages } from "../../src/data/files.ts";
import { LonghandError } from "../../src/gpu/errors.ts";
import { cellsOf } from "../../src/pictures/grid-cells.ts";
import { tileGrid, type GrayImage } from "../../src/pictures/grid.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { messageOf } from "../support/message-of.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand } from "../support/longhand.ts";
import { said } from "../support/said.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-classify-"));
process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = join(folder, "cache"); // of this process and those that it starts
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

describe("a grid of samples", () => {
  test("is cut into the images that it was made of", () => {
    const images = Float32Array.from(tested.images.subarray(0, 5 * 784), (b) => b / 127.5 - 1);
    const cells = cellsOf(tileGrid(images, 5, 28, 28))!;
    expect(cells.map(({ row, column }) => [row, column])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 1],
      [2, 2],
    ]);
    cells.forEach(({ image }, i) => expect(image).toEqual(digit(i)));
    const wide = tileGrid(new Float32Array(2 * 1024).fill(1), 2, 32, 32);
    expect(cellsOf(wide)?.map(({ image }) => image.width)).toEqual([32, 32]);
  });

  test("is none where sizes or gaps aren't those of one", () => {
    const grid = tileGrid(new Float32Array(4 * 784), 4, 28, 28);
    expect(cellsOf({ ...grid, pixels: grid.pixels.map((level) => level - 1) })).toBe(undefined);
    expect(cellsOf(large(digit(0), 3, 4))).toBe(undefined);
  });
});

describe("npm run judge and classify", () => {
  const STEPS = 48;
  let learnt: string;

  beforeAll(async () => {
    mkdirSync(at("data"));
    const put = (name: string, shape: number[], data: Uint8Array): void =>
      writeFileSync(at("data", name), gzipSync(idxBytes(shape, data)));
    const [count, few] = [STEPS * 96, 300];
    put("train-images-idx3-ubyte.gz", [count, 28, 28], train.images.subarray(0, count * 784));
    put("train-labels-idx1-ubyte.gz", [count], train.labels!.subarray(0, count));
    put("t10k-images-idx3-ubyte.gz", [few, 28, 28], tested.images.subarray(0, few * 784));
    put("t10k-labels-idx1-ubyte.gz", [few], tested.labels!.subarray(0, few));
    learnt = await said(() => judgeCommand({ second: true, data: at("data"), epochs: 1 }));
  }, 900_000);

  test("a judge is trained once, and its accuracy said", async () => {
    expect(learnt).toMatch(/Epoch 1\/1: loss \d\.\d{4}, \d\d\.\d\d % of the test images right/);
    expect(learnt).toContain("below the goal of 99.0 %; more --epochs or another --seed may");
    const again = await longhand("judge", "--second");
    expect(again.code).toBe(0);
    expect(again.out).toMatch(/^The second judge is already kept: \d\d\.\d\d % .*below the goal/);
    expect(again.out).toContain("To train it again: npm run judge -- --second --force");
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
    const paths = [at("png"), at("grid.png"), images];
    const out = await said(() => classifyCommand(paths, { second: true, json }));

    const found = [...out.matchAll(/(\d)-(dark|light)\.png: (\d) \((\d+\.\d\d) %\), else (\d) /g)];
    expect(found.length).toBe(16);
    const right = found.filter(([, i, , says]) => tested.labels![Number(i)] === Number(says));
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
    const lines = out.split("\n");
    const head = lines.findIndex((line) => /^label +0 +1 /.test(line));
    const table = lines.slice(head + 1, head + 11);
    const sum = (cells: string): number =>
      cells
        .trim()
        .split(/\s+/)
        .slice(1)
        .reduce((total, cell) => total + Number(cell), 0);
    expect(table.reduce((total, row) => total + sum(row), 0)).toBe(300);
  });

  test("what can't be classified is refused in a line", async () => {
    const refused = (path: string, labelled?: string): Promise<string> => {
      const flags = { second: true, ...(labelled === undefined ? {} : { labels: labelled }) };
      return messageOf(LonghandError, () => classifyCommand([path], flags));
    };
    mkdirSync(at("empty"));
    for (const name of ["text", "text.png"]) writeFileSync(at(name), "no picture, but a text");
    const images = at("data", "t10k-images-idx3-ubyte.gz");
    const labels = at("data", "train-labels-idx1-ubyte.gz");
    const { code, err } = await longhand("classify", at("none.png"));
    expect(code).toBe(1);
    expect(err).toMatch(/^longhand: Can't read .*none\.png: /m);
    expect(await refused(at("empty"))).toContain(
      "holds no PNG or JPEG file; name the files to read",
    );
    expect(await refused(at("text.png"))).toContain(
      "text.png: is a text; only PNG and JPEG pictures are read",
    );
    expect(await refused(at("text"))).toContain("not an IDX file");
    expect(await refused(images, labels)).toContain("don't belong together");
    expect(await refused(at("grid.png"), labels)).toContain(
      "needs exactly one IDX file of images and nothing else",
    );
    const judges = at("cache/longhand/judges");
    writeFileSync(
      join(judges, "first.safetensors"),
      readFileSync(join(judges, "second.safetensors")),
    );
    expect(await messageOf(LonghandError, () => classifyCommand([images], {}))).toMatch(
      /holds the second judge, not the first one; train it again: npm run judge -- --force$/,
    );
  });
});
