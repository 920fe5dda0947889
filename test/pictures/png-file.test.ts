// PNGs of every kind, read as grays: compared with pngjs, which reads them in another way, and with sums.
import { deflateSync } from "node:zlib";
import { PNG } from "pngjs";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/gpu/errors.ts";
import { openPicture, shrinkPicture } from "../../src/pictures/picture.ts";
import { readGrayPicture } from "../../src/pictures/read-digit.ts";
import { messageOf } from "../support/message-of.ts";
import { chunk, pngBytes, pngFrom, pngOf, type PngKind } from "../support/png-bytes.ts";

const KINDS: readonly [depth: number, colour: number][] = [
  ...[1, 2, 4, 8, 16].map((depth) => [depth, 0] as [number, number]),
  ...[8, 16].flatMap((depth) => [2, 4, 6].map((colour) => [depth, colour] as [number, number])),
  ...[1, 2, 4, 8].map((depth) => [depth, 3] as [number, number]),
];

/** A number that looks drawn by lot. */
const noise = (a: number, b: number, c: number): number =>
  Math.imul(
    Math.imul(a + 1, 73_856_093) ^ Math.imul(b + 1, 19_349_663) ^ (c << 7),
    2_654_435_761,
  ) >>> 8;

const PALETTE = Array.from({ length: 3 * 256 }, (_, i) => noise(i, 3, 1) & 255);

function extrasOf(
  colour: number,
  clear: boolean,
): { before: Uint8Array[]; filter: (y: number) => number } {
  const before = colour === 3 ? [chunk("PLTE", PALETTE)] : [];
  const body = { 0: [0, 1], 2: [0, 1, 0, 2, 0, 3], 3: [0, 128, 7] }[colour];
  if (clear && body) before.push(chunk("tRNS", body));
  return { before, filter: (y) => y % 5 };
}

/** What pngjs makes of a file, on white. */
function oracle(bytes: Uint8Array): number[] {
  const { data } = PNG.sync.read(Buffer.from(bytes));
  return Array.from({ length: data.length / 4 }, (_, i) => {
    const [r, g, b, a] = data.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    return 255 + ((0.299 * r + 0.587 * g + 0.114 * b - 255) * a) / 255;
  });
}

describe("PNGs", () => {
  for (const [depth, colour] of KINDS) {
    test(`of ${depth} bits and colour type ${colour} are read as pngjs reads them`, () => {
      for (const [width, height] of [
        [1, 1],
        [3, 2],
        [5, 9],
        [19, 13],
      ] as const) {
        for (const [interlaced, clear] of [
          [false, false],
          [true, false],
          [false, true],
          [true, true],
        ] as const) {
          const kind: PngKind = { width, height, depth, colour, interlaced };
          const sample = (x: number, y: number, c: number): number => noise(x, y, c) % 2 ** depth;
          const bytes = pngFrom(kind, sample, { ...extrasOf(colour, clear), split: 7 });
          const { pixels } = readGrayPicture(bytes, "a.png");
          const wanted = oracle(bytes);
          const worst = wanted.reduce((most, v, i) => Math.max(most, Math.abs(v - pixels[i]!)), 0);
          // Half a level of rounding; with 16 bits pngjs rounds colours and alphas before it, and we don't.
          expect(worst).toBeLessThanOrEqual(depth === 16 ? 2.1 : 0.51);
        }
      }
    });
  }

  test("of alphas go by them, whatever a tRNS chunk says", () => {
    for (const colour of [4, 6]) {
      for (const depth of [8, 16]) {
        const kind = { width: 5, height: 4, depth, colour };
        const sample = (x: number, y: number, c: number): number => noise(x, y, c) % 2 ** depth;
        const plain = readGrayPicture(pngFrom(kind, sample), "a.png");
        for (const body of [[], [0], [0, 0, 0, 0, 0, 0]]) {
          const spoilt = pngFrom(kind, sample, { before: [chunk("tRNS", body)] });
          expect(readGrayPicture(spoilt, "a.png")).toEqual(plain);
        }
      }
    }
  });

  test("with bytes after their end are read as those without", () => {
    const kind = { width: 9, height: 4, depth: 8, colour: 0 };
    const plain = pngFrom(kind, noise);
    for (const after of ["\n", "\r\n\0\0\0\0", "IDAT", "x".repeat(5000)]) {
      const bytes = new Uint8Array([...plain, ...new TextEncoder().encode(after)]);
      expect(readGrayPicture(bytes, "a.png")).toEqual(readGrayPicture(plain, "a.png"));
    }
  });

  test("of 10, 12 or 14 bits in 16 are as light as those of 16", () => {
    for (const bits of [10, 12, 14]) {
      const kind = { width: 40, height: 30, depth: 16, colour: 0 };
      const few = pngFrom(kind, (x) => Math.round(((2 ** bits - 1) * (x + 1)) / 40));
      const all = pngFrom(kind, (x) => Math.round((65_535 * (x + 1)) / 40));
      const [a, b] = [few, all].map((bytes) => shrinkPicture(openPicture(bytes, "a")).red);
      const worst = a!.values.reduce(
        (most, v, i) => Math.max(most, Math.abs(v - b!.values[i]!)),
        0,
      );
      expect(worst).toBeLessThan(0.2);
    }
  });

  test("honour gAMA unless sRGB or a profile says otherwise", () => {
    const kind = { width: 3, height: 1, depth: 8, colour: 0 };
    const gamma = (g: number): Uint8Array => {
      const value = Math.round(g * 100_000);
      return chunk("gAMA", [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255]);
    };
    const read = (...before: Uint8Array[]): number[] => [
      ...readGrayPicture(
        pngFrom(kind, (x) => [0, 55, 255][x]!, { before }),
        "a.png",
      ).pixels,
    ];
    expect(read()).toEqual([0, 55, 255]);
    expect(read(gamma(0.45455))).toEqual([0, 55, 255]);
    expect(read(gamma(1))).toEqual([0, Math.round(255 * (55 / 255) ** (1 / 2.2)), 255]); // linear light
    expect(read(gamma(1), chunk("sRGB", [0]))).toEqual([0, 55, 255]);
    expect(read(chunk("iCCP", [65, 0, 0]), gamma(1))).toEqual([0, 55, 255]);
    expect(read(gamma(0))).toEqual([0, 55, 255]);
  });

  test("that are damaged are refused, and say how", async () => {
    const kind = { width: 20, height: 10, depth: 8, colour: 0 };
    const good = pngFrom(kind, noise);
    const raw = new Uint8Array(21 * 10);
    const flipped = (at: number): Uint8Array => good.map((byte, i) => (i === at ? byte ^ 4 : byte));
    const cases: readonly [Uint8Array, RegExp][] = [
      [good.subarray(0, 30), /its part IHDR is cut short/],
      [good.subarray(0, 60), /its part IDAT is cut short/],
      [good.subarray(0, -12), /it is cut short/],
      [flipped(17), /its part IHDR doesn't have the checksum that it says/],
      [flipped(80), /its part IDAT doesn't have the checksum/],
      [pngBytes(kind, raw.subarray(0, 21 * 7)), /its pixels end after 7 rows of 10/],
      [pngBytes({ ...kind, depth: 3 }, raw), /colour type 0 of 3 bits doesn't exist in PNG/],
      [pngBytes({ ...kind, width: 0 }, raw), /it is 0×10/],
      [pngBytes(kind, raw.fill(9, 0, 1)), /row 0 has the filter 9/],
      [pngBytes({ ...kind, colour: 3 }, raw), /its palette is missing/],
      [pngOf(kind, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)), /its pixels can't be unpacked/],
      [pngBytes(kind, raw, { before: [chunk("WXYZ", [])] }), /its part WXYZ is unknown/],
      [
        pngBytes(kind, raw, { before: [chunk("PLTE", [1, 2, 3]), chunk("tRNS", [])] }),
        /transparent/,
      ],
    ];
    for (const [bytes, words] of cases) {
      const said = await messageOf(DataError, () => readGrayPicture(bytes, "a.png"));
      expect(said).toMatch(/^a\.png: is a damaged PNG: .*; save the picture again$/);
      expect(said).toMatch(words);
    }
  });

  test("that promise more than they bring are refused at once, without memory for it", () => {
    const before = process.memoryUsage().arrayBuffers;
    const began = performance.now();
    const kind = { width: 4096, height: 4096, depth: 8, colour: 6 };
    expect(() => readGrayPicture(pngBytes(kind, new Uint8Array(500)), "a.png")).toThrow(
      /promises 4096×4096 pixels, more than its \d+ bytes of data can hold/,
    );
    // As many bytes as could hold them, but other ones.
    const held = new Uint8Array(70_000).fill(0x55);
    held.set(deflateSync(new Uint8Array(100_000)));
    const picture = (): unknown => shrinkPicture(openPicture(pngOf(kind, held), "a.png"));
    expect(picture).toThrow(/its pixels/);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 24);
  });
});
