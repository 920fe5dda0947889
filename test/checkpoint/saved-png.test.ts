// Pictures from a script: read back pixel for pixel by another library, and refusals.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, expect, test } from "vitest";
import { createRng, normal, tensor } from "../../src/index.ts";
import { AttributeError, LonghandError, OutputError, ShapeError } from "../../src/gpu/errors.ts";
import { savePng } from "../../src/node.ts";
import { testDevice } from "../support/device.ts";
import { faultOf, mistaken, mistakenEntries, wrongValues } from "../support/mistakes.ts";
import { messageOf } from "../support/message-of.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-png-"));
afterAll(() => rmSync(folder, { recursive: true }));
const device = await testDevice();
const path = join(folder, "images.png");

interface Pixels {
  readonly size: readonly [number, number];
  readonly colorType: number;
  /** [red, green, blue] at a column and a row. */
  readonly at: (x: number, y: number) => number[];
}

/** The file's pixels, by pngjs, which makes RGBA of every kind. */
function pixels(): Pixels {
  const bytes = readFileSync(path);
  const { width, height, data } = PNG.sync.read(bytes);
  const at = (x: number, y: number): number[] => [
    ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3),
  ];
  return { size: [width, height], colorType: bytes[25]!, at };
}
const grey = (level: number): number[] => [level, level, level];

test("grey images come back as a grid, with grey between them", async () => {
  // Three images of 2 rows and 3 columns, two per row; NaN and what is out of range.
  const values = [-1, -0.5, 0, 0.5, 1, 7, Number.NaN, -Infinity, Infinity, -9, 0.2, 0.4];
  const images = tensor(device, [...values, ...Array(6).fill(1)], [3, 2, 3]);
  await savePng(path, images);
  const { size, colorType, at } = pixels();
  expect([size, colorType]).toEqual([[2 + 2 * 5, 2 + 2 * 4], 0]);
  const levels = [0, 64, 128, 191, 255, 255, 0, 0, 255, 0, 153, 179];
  levels.forEach((level, i) => {
    const [image, row, column] = [Math.floor(i / 6), Math.floor((i % 6) / 3), i % 3];
    expect(at(2 + 5 * image + column, 2 + row), String(i)).toEqual(grey(level));
  });
  expect(at(2, 6)).toEqual(grey(255)); // the third image, below the first
  for (const [x, y] of [
    [0, 0],
    [1, 2],
    [5, 2], // between the columns
    [2, 4], // between the rows
    [7, 6], // no fourth image
    [11, 9],
  ] as const) {
    expect(at(x, y), `${x}, ${y}`).toEqual(grey(72));
  }
});

test("coloured images, in one row, of another range, enlarged", async () => {
  const images = tensor(device, [0, 128, 255, 10, 20, 30], [2, 1, 1, 3], { dtype: "i32" });
  await savePng(path, images, { columns: 8, range: [0, 255], scale: 3 });
  const { size, colorType, at } = pixels();
  expect([size, colorType]).toEqual([[2 + 2 * 5, 2 + 5], 2]);
  for (const corner of [2, 4]) expect(at(corner, corner)).toEqual([0, 128, 255]);
  expect(at(7, 2)).toEqual([10, 20, 30]);
  expect([at(1, 1), at(5, 4)]).toEqual([grey(72), grey(72)]);
});

test("a range may be upside down, and a file is the same again", async () => {
  const images = tensor(device, [0, 1], [2, 1, 1, 1]);
  await savePng(path, images, { range: [1, 0], columns: 1 });
  const first = readFileSync(path);
  expect([pixels().at(2, 2), pixels().at(2, 5)]).toEqual([grey(255), grey(0)]);
  await savePng(path, images, { range: [1, 0], columns: 1 });
  expect(readFileSync(path)).toEqual(first);
});

test.each([
  [[4, 4], {}, ShapeError, /\(N, H, W, 3\), with one image or more; got shape \(4, 4\)$/],
  [[1, 4, 4, 2], {}, ShapeError, /got shape \(1, 4, 4, 2\)$/],
  [[0, 4, 4], {}, ShapeError, /got shape \(0, 4, 4\)$/],
  [
    [1, 4, 4],
    { columns: 0 },
    AttributeError,
    /^savePng: columns must be a whole number ≥ 1; got 0/,
  ],
  [[1, 4, 4], { range: [1, 1] }, AttributeError, /^savePng: range must be two different numbers/],
  [[1, 4, 4], { scale: 1e5 }, ShapeError, /^savePng: the grid must have at most 268435456 bytes/],
  [[1, 4, 4], { nrow: 1 }, AttributeError, /must be an object of columns, range, scale; got/],
] as const)(
  "refuses %o with %o, and leaves the file that is there",
  async (shape, options, kind, says) => {
    writeFileSync(path, "before");
    const images = normal(createRng(device, 0), shape);
    const call = (): unknown => Reflect.apply(savePng, undefined, [path, images, options]);
    expect(await messageOf(kind, call)).toMatch(says);
    expect(readFileSync(path, "utf8")).toBe("before");
  },
);

test("refuses a path that can't be written", async () => {
  const images = tensor(device, [0], [1, 1, 1]);
  const call = async (): Promise<void> => savePng(join(folder, "none", "a.png"), images);
  expect(await messageOf(OutputError, call)).toContain("none");
  expect(
    await messageOf(LonghandError, () => Reflect.apply(savePng, undefined, [images, path])),
  ).toMatch(/^savePng: the file must be a path/);
});

test("refuses every other mistake in a line", async () => {
  const wrong = new Map(wrongValues(device, device));
  wrong.delete("a word"); // a path like any other, and not into this folder
  const images = tensor(device, [0, 1, 0, 1], [1, 2, 2, 1]);
  const options = { columns: 1, range: [0, 1], scale: 1 };
  const faults: string[] = [];
  const tryOut = async (what: string, args: readonly unknown[]): Promise<void> => {
    const fault = await faultOf(async () => void (await Reflect.apply(savePng, undefined, args)));
    if (fault !== undefined) faults.push(`${what}: ${fault}`);
  };
  for (const { what, args } of mistaken([path, images, options], wrong)) await tryOut(what, args);
  for (const { what, options: changed } of mistakenEntries(options, wrong)) {
    await tryOut(what, [path, images, changed]);
  }
  expect(faults).toEqual([]);
  expect(readdirSync(folder)).toEqual(["images.png"]);
});
