// Digits read from PNGs of any size, colours and place, as MNIST would have them.
import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { tileGrid, toGray } from "../../src/pictures/grid.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { readDigit } from "../../src/pictures/read-digit.ts";
import { pngBytes } from "../support/png-bytes.ts";

const mnist = await loadImages(undefined, "test");
const digit = (index: number): Float32Array =>
  Float32Array.from(mnist.images.subarray(index * 784, (index + 1) * 784), (v) => v / 127.5 - 1);

type Colour = readonly [number, number, number, number];
const BLACK: Colour = [0, 0, 0, 255];
const WHITE: Colour = [255, 255, 255, 255];

/** A PNG that has `ink` where `inked` says so, blended by how much. */
function picture(
  [width, height]: readonly [number, number],
  inked: (x: number, y: number) => number,
  ink: Colour,
  paper: Colour,
): Uint8Array {
  const png = new PNG({ width, height });
  for (let i = 0; i < width * height; i += 1) {
    const part = inked(i % width, Math.floor(i / width));
    ink.forEach((value, c) => {
      png.data[4 * i + c] = Math.round(part * value + (1 - part) * paper[c]!);
    });
  }
  return PNG.sync.write(png);
}

/** How much ink MNIST's digit has where a picture `scale` times as large shows it from (left, top). */
function placed(index: number, scale: number, left: number, top: number) {
  const values = digit(index);
  return (x: number, y: number): number => {
    const [column, row] = [Math.floor((x - left) / scale), Math.floor((y - top) / scale)];
    const inside = column >= 0 && row >= 0 && column < 28 && row < 28;
    return inside ? (values[row * 28 + column]! + 1) / 2 : 0;
  };
}

const meanGap = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;

describe("readDigit", () => {
  it("takes a 28×28 picture, or one enlarged from it, as it is", () => {
    for (const scale of [1, 3, 10]) {
      const png = encodePng(tileGrid(digit(7), 1, 28, 28, { gap: 0, scale }));
      const { pixels, inverted, fitted } = readDigit(png, "a.png");
      expect([inverted, fitted]).toEqual([false, false]);
      expect(toGray(pixels)).toEqual(mnist.images.subarray(7 * 784, 8 * 784));
    }
  });

  it("turns dark on light around", () => {
    const png = picture([28, 28], placed(3, 1, 0, 0), BLACK, WHITE);
    const { pixels, inverted } = readDigit(png, "a.png");
    expect(inverted).toBe(true);
    expect(meanGap(pixels, digit(3))).toBeLessThan(0.005);
  });

  it.each([
    ["dark on light", BLACK, WHITE],
    ["light on dark", WHITE, BLACK],
    ["blue on yellow", [20, 30, 160, 255], [250, 240, 120, 255]],
    ["dark on nothing", BLACK, [0, 0, 0, 0]],
    ["white on nothing", WHITE, [255, 255, 255, 0]],
    ["faint", [150, 150, 150, 255], [200, 200, 200, 255]],
  ] as const)("finds a digit somewhere in a large picture: %s", (_, ink, paper) => {
    for (const index of [0, 1, 2, 3, 4]) {
      const png = picture([300, 200], placed(index, 5, 130, 20), ink, paper);
      const { pixels, fitted } = readDigit(png, "a.png");
      expect(fitted).toBe(true);
      expect(Math.max(...pixels)).toBeCloseTo(1, 5);
      expect(Math.min(...pixels)).toBe(-1);
      expect(meanGap(pixels, digit(index))).toBeLessThan(0.02); // between two digits it is 0.3
    }
    expect(meanGap(digit(0), digit(1))).toBeGreaterThan(0.25);
  });

  it("reads a light digit on transparent ground as light ink, not as an outline on white", () => {
    // As drawing programs cut them out: levels and transparency fall off together.
    const clear: Colour = [0, 0, 0, 0];
    for (const [ink, dark] of [
      [WHITE, false],
      [[255, 220, 120, 255], false],
      [BLACK, true],
      [[60, 60, 160, 255], true],
    ] as const) {
      const png = picture([300, 200], placed(2, 5, 130, 20), ink, clear);
      const { pixels, inverted } = readDigit(png, "a.png");
      expect(inverted).toBe(dark);
      expect(meanGap(pixels, digit(2))).toBeLessThan(0.08);
    }
  });

  it("reads ink on a card whose surroundings are transparent", () => {
    for (const [ink, card] of [
      [BLACK, WHITE],
      [WHITE, BLACK],
    ] as const) {
      const inked = placed(3, 5, 130, 20);
      const png = PNG.sync.read(Buffer.from(picture([300, 200], inked, ink, card)));
      for (let i = 0; i < 300 * 200; i += 1) {
        const [x, y] = [i % 300, Math.floor(i / 300)];
        if (x < 20 || y < 10 || x >= 285 || y >= 190) png.data[4 * i + 3] = 0;
      }
      expect(meanGap(readDigit(PNG.sync.write(png), "a.png").pixels, digit(3))).toBeLessThan(0.02);
    }
  });

  it("sees ink that differs from its paper in colour alone", () => {
    const png = picture([300, 200], placed(4, 5, 130, 20), [255, 0, 0, 255], [0, 130, 0, 255]);
    expect(meanGap(readDigit(png, "a.png").pixels, digit(4))).toBeLessThan(0.1);
  });

  it("fits the longer side to 20 pixels and puts the centre of mass in the middle", () => {
    const bar = (x: number, y: number): number => (x >= 8 && x < 18 && y >= 30 && y < 130 ? 1 : 0);
    const { pixels } = readDigit(picture([200, 160], bar, BLACK, WHITE), "a.png");
    const rows = Array.from({ length: 28 }, (_, y) => pixels.subarray(y * 28, (y + 1) * 28));
    const lit = rows.map((row) => row.some((value) => value > 0));
    expect(lit.filter(Boolean).length).toBe(20);
    expect([lit.indexOf(true), lit.lastIndexOf(true)]).toEqual([5, 24]);
    expect(rows[14]!.findIndex((value) => value > 0)).toBe(14);
    expect(rows[14]!.findLastIndex((value) => value > 0)).toBe(15);
  });

  it("enlarges what is smaller than that", () => {
    const dot = (x: number, y: number): number => (x >= 2 && x < 6 && y >= 1 && y < 9 ? 1 : 0);
    const { pixels } = readDigit(picture([9, 10], dot, WHITE, BLACK), "a.png");
    expect(pixels.filter((value) => value > 0).length).toBeGreaterThan(150); // 20×10 with soft edges
    expect(pixels.filter((value) => value > 0).length).toBeLessThan(240);
  });

  it("keeps a lopsided digit inside the picture", () => {
    // A heavy foot under a long thin stem: its centre of mass is far below the middle.
    const lopsided = (x: number, y: number): number =>
      (y >= 90 && y < 100 && x < 60) || (x >= 28 && x < 30 && y < 100) ? 1 : 0;
    const { pixels } = readDigit(
      picture([60, 120], (x, y) => lopsided(x, y - 5), BLACK, WHITE),
      "a.png",
    );
    const rows = Array.from({ length: 28 }, (_, y) =>
      pixels.subarray(y * 28, (y + 1) * 28).some((value) => value > -0.9),
    );
    expect(rows.lastIndexOf(true) - rows.indexOf(true) + 1).toBeGreaterThanOrEqual(20);
  });

  it("refuses what is no picture, is damaged, too large, or shows nothing", () => {
    const blank = picture([40, 30], () => 0, BLACK, [200, 200, 200, 255]);
    expect(() => readDigit(blank, "blank.png")).toThrow(/blank.png: shows no digit.*40×30/);
    const dash = picture([90, 40], (x, y) => (x < 80 && y > 15 && y < 25 ? 1 : 0), BLACK, WHITE);
    expect(() => readDigit(dash, "dash.png")).toThrow(/ink is 80 pixels wide and 9 high, which is/);
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
    expect(() => readDigit(jpeg, "a.jpg")).toThrow(
      /a.jpg: is a damaged JPEG: it ends before it says/,
    );
    expect(() => readDigit(new Uint8Array(), "empty.png")).toThrow(DataError);
    const good = picture([28, 28], placed(0, 1, 0, 0), BLACK, WHITE);
    expect(() => readDigit(good.subarray(0, 80), "cut.png")).toThrow(/cut.png: is a damaged PNG/);
    const huge = pngBytes({ width: 5000, height: 28, depth: 8, colour: 0 }, new Uint8Array(99));
    expect(() => readDigit(huge, "huge.png")).toThrow(/5000×28; shrink it/);
  });
});
