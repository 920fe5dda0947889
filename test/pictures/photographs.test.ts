// Digits read from photographs: under light of many kinds, as JPEG, turned, and with other things in the picture.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { DataError } from "../../src/gpu/errors.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { readDigit, type ReadDigit } from "../../src/pictures/read-digit.ts";
import { messageOf } from "../support/message-of.ts";
import {
  exifOf,
  fromSide,
  jpegBytes,
  lamp,
  likeness,
  photograph,
  shadow,
  together,
  vignette,
  type Light,
  type Photograph,
  type Shot,
} from "../support/photograph.ts";
import { chunk, pngFrom } from "../support/png-bytes.ts";

const { images } = await loadImages(undefined, "test");
const digit = (i: number): Uint8Array => images.subarray(i * 784, (i + 1) * 784);
const read = (i: number, shot: Shot): ReadDigit =>
  readDigit(encodePng(photograph(digit(i), shot)), `digit ${i}`);

const SMOOTH: readonly [what: string, light: Light][] = [
  ["from the left", fromSide(0, 0.6)],
  ["from above, steeply", fromSide(90, 0.25)],
  ["from a corner", fromSide(220, 0.35)],
  ["through a lens that darkens the corners", vignette(0.5)],
  ["of a lamp", lamp(0.3, 0.2, 0.6, 0.3)],
  ["of a lamp in the middle", lamp(0.5, 0.5, 0.45, 0.5)],
];

const SHADOWS: readonly [what: string, light: Light][] = [
  ["with a sharp shadow across", shadow(37, 0, 0.5, 0)],
  ["with a soft shadow across", shadow(160, -0.1, 0.5, 0.02)],
  ["with a shadow's corner", shadow(45, 0.45, 0.4, 0.01)],
  ["from the right, and a shadow", together(fromSide(180, 0.6), shadow(20, 0.2, 0.6, 0.01))],
];

/** Digits 0 to 9 of which some are photographed, dark and light, at several sizes and places: how each is read. */
function readAll(
  light: Light,
): { likeness: number; doubtful: boolean; dark: boolean; inverted: boolean }[] {
  return [0, 4, 8].flatMap((i) =>
    (
      [
        [0.95, 0.25],
        [0.15, 0.95],
      ] as const
    ).map(([paper, ink]) => {
      const at = [0.3 + 0.05 * i, 0.7 - 0.05 * i] as const;
      const found = read(i, { side: 120, box: 0.45 + 0.04 * i, at, paper, ink, light });
      const { inverted, doubts } = found;
      const alike = likeness(found.pixels, digit(i));
      return { likeness: alike, doubtful: doubts.length > 0, dark: ink < paper, inverted };
    }),
  );
}

describe("a digit in a photograph", () => {
  for (const [what, light] of SMOOTH) {
    test(`under light ${what} is read as under even light`, () => {
      for (const found of readAll(light)) {
        expect(found.inverted).toBe(found.dark);
        expect(found.likeness).toBeGreaterThan(0.8);
      }
    });
  }

  for (const [what, light] of SHADOWS) {
    test(`under light ${what} is read nearly always, and else it is doubtful`, () => {
      const found = readAll(light);
      const right = found.filter((each) => each.likeness > 0.75 && each.inverted === each.dark);
      expect(right.length).toBeGreaterThanOrEqual(found.length - 1);
      expect(found.filter((each) => !right.includes(each) && !each.doubtful)).toEqual([]);
    });
  }

  test("under even light is no reason for doubts, under light with shadows it is", () => {
    expect(read(0, {})).toMatchObject({ evened: false, doubts: [] });
    expect(read(0, { light: fromSide(10, 0.5) })).toMatchObject({ evened: true, doubts: [] });
    const shaded = read(0, { light: shadow(37, 0, 0.5, 0) });
    expect(shaded).toMatchObject({ evened: true, doubts: ["shadows lie on it"] });
  });

  test("is read without dust, and without what reaches in from the edge", () => {
    const plain = photograph(digit(2), { box: 0.5 });
    const spoilt = (inked: (x: number, y: number) => boolean): ReadDigit => {
      const pixels = plain.pixels.map((level, i) =>
        inked(i % 160, Math.floor(i / 160)) ? 60 : level,
      );
      return readDigit(encodePng({ ...plain, pixels }), "a");
    };
    const dusty = spoilt((x, y) => (x === 9 && y === 11) || (x > 148 && x < 151 && y === 140));
    expect(dusty.doubts).toEqual([]);
    expect(likeness(dusty.pixels, digit(2))).toBeGreaterThan(0.9);
    const table = spoilt((x, y) => y > 148 || (x > 155 && y > 100));
    expect(table.doubts.join()).toMatch(/reaches in from the edge/);
    expect(likeness(table.pixels, digit(2))).toBeGreaterThan(0.9);
  });

  test("is doubtful where it is faint, touches the edge, or isn't alone", () => {
    const doubts = (i: number, shot: Shot): string => read(i, shot).doubts.join();
    expect(doubts(0, { paper: 0.9, ink: 0.78, grain: 1 })).toMatch(/faint/);
    expect(doubts(0, { box: 1.35 })).toMatch(/touches the edge/);
    const [one, two] = [0, 1].map((i) => photograph(digit(i), { box: 0.8, side: 100 }).pixels);
    const pixels = Uint8Array.from({ length: 200 * 100 }, (_, i) => {
      const [x, y] = [i % 200, Math.floor(i / 200)];
      return (x < 100 ? one : two)![y * 100 + (x % 100)]!;
    });
    const pair = readDigit(encodePng({ width: 200, height: 100, pixels }), "pair");
    expect(pair.doubts.join()).toMatch(/several marks apart/);
  });

  test("isn't seen where there is none, whatever the light and the grain", async () => {
    for (const light of [() => 1, fromSide(30, 0.4), vignette(0.5), lamp(0.4, 0.4, 0.5, 0.5)]) {
      for (const grain of [0, 1, 3]) {
        const blank = encodePng(photograph(new Uint8Array(784), { light, grain }));
        const said = await messageOf(DataError, () => readDigit(blank, "blank"));
        expect(said).toMatch(/^blank: shows no digit/);
      }
    }
  });
});

describe("a JPEG", () => {
  const shot = { box: 0.7, at: [0.4, 0.6] } as const;

  test("is read as a PNG is, whatever it is called", () => {
    for (const i of [0, 1, 2]) {
      const taken = photograph(digit(i), shot);
      const { pixels } = readDigit(jpegBytes(taken), "a.png");
      expect(likeness(pixels, readDigit(encodePng(taken), "a.jpg").pixels)).toBeGreaterThan(0.97);
    }
  });

  test("of the progressive kind is read", () => {
    const bytes = readFileSync(new URL("../fixtures/progressive.jpg", import.meta.url));
    expect(bytes.includes(Buffer.of(0xff, 0xc2))).toBe(true);
    expect(likeness(readDigit(bytes, "a.jpg").pixels, digit(1))).toBeGreaterThan(0.9);
  });

  test("is turned as its EXIF says, and so is a PNG", () => {
    const taken = photograph(digit(4), shot);
    for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const stored = storedAs(taken, orientation);
      for (const little of [false, true]) {
        const { pixels } = readDigit(jpegBytes(stored, exifOf(orientation, little)), "a.jpg");
        expect(likeness(pixels, digit(4))).toBeGreaterThan(0.85);
      }
      const { width, height } = stored;
      const png = pngFrom(
        { width, height, depth: 8, colour: 0 },
        (x, y) => stored.pixels[y * width + x]!,
        { before: [chunk("eXIf", exifOf(orientation))] },
      );
      expect(likeness(readDigit(png, "a.png").pixels, digit(4))).toBeGreaterThan(0.85);
    }
  });

  test("that is damaged, too large, or of a kind that can't be read is refused in true words", async () => {
    const good = jpegBytes(photograph(digit(0), { side: 60 }));
    const frame = good.findIndex((byte, i) => byte === 0xff && good[i + 1] === 0xc0);
    const changed = (at: number, ...values: number[]): Uint8Array => {
      const bytes = good.slice();
      bytes.set(values, at);
      return bytes;
    };
    const said = async (bytes: Uint8Array): Promise<string> =>
      messageOf(DataError, () => readDigit(bytes, "a.jpg"));
    expect(await said(good.subarray(0, -200))).toMatch(/is a damaged JPEG: its pixels can't/);
    expect(await said(good.subarray(0, 100))).toMatch(/is a damaged JPEG/);
    expect(await said(changed(frame + 1, 0xc9))).toMatch(/of the arithmetic-coded kind/);
    expect(await said(changed(frame + 4, 12))).toMatch(/is a JPEG of 12 bits/);
    expect(await said(changed(frame + 5, 0x13, 0x88))).toMatch(/is 60×5000; shrink it/);
    expect(await said(changed(frame + 5, 0x10, 0, 0x10, 0))).toMatch(/promises 4096×4096 pixels/);
  });
});

test("other formats are refused by their names", async () => {
  const named: readonly [words: string, start: string][] = [
    ["a WebP picture", "RIFF\u0010\0\0\0WEBPVP8 "],
    ["a HEIC picture", "\0\0\0\u0018ftypheic\0\0\0\0"],
    ["an AVIF picture", "\0\0\0\u0018ftypavif\0\0\0\0"],
    ["a GIF picture", "GIF89a"],
    ["a BMP picture", "BM\u0046\0\0\0"],
    ["a TIFF picture", "II*\0\u0008\0\0\0"],
    ["a TIFF picture", "MM\0*\0\0\0\u0008"],
    ["an SVG drawing", "<?xml version='1.0'?>\n<svg xmlns='x'>"],
    ["a PDF document", "%PDF-1.7"],
    ["a zip archive", "PK\u0003\u0004"],
    ["a web page", "<!DOCTYPE html>\n<html>"],
  ];
  for (const [words, start] of named) {
    const bytes = Uint8Array.from(start.padEnd(80, "\u0020"), (letter) => letter.charCodeAt(0));
    const said = await messageOf(DataError, () => readDigit(bytes, "seven.png"));
    expect(said).toBe(
      `seven.png: is ${words}; only PNG and JPEG pictures are read: save it as one of them`,
    );
  }
  expect(await messageOf(DataError, () => readDigit(new Uint8Array(), "a"))).toMatch(
    /a: is empty;/,
  );
});

/** A picture as a camera stores it that says it is to be turned by an orientation of EXIF (the standard's table 6). */
function storedAs({ width, height, pixels }: Photograph, orientation: number): Photograph {
  const turned = orientation >= 5;
  const [wide, high] = turned ? [height, width] : [width, height];
  const [lastX, lastY] = [width - 1, height - 1];
  const out = Uint8Array.from({ length: wide * high }, (_, i) => {
    const [column, row] = [i % wide, Math.floor(i / wide)];
    // Where row 0 and column 0 are seen: 1 top left, 2 top right, 3 bottom right, 4 bottom left, 5 left top, …
    const [x, y] = {
      1: [column, row],
      2: [lastX - column, row],
      3: [lastX - column, lastY - row],
      4: [column, lastY - row],
      5: [row, column],
      6: [lastX - row, column],
      7: [lastX - row, lastY - column],
      8: [row, lastY - column],
    }[orientation] as [number, number];
    return pixels[y * width + x]!;
  });
  return { width: wide, height: high, pixels: out };
}
