// PNGs with random damage, most of them with corrected checksums, read as the digits that they show.
import { crc32 } from "node:zlib";
import { tileGrid } from "../../src/pictures/grid.ts";
import { encodePng } from "../../src/pictures/png.ts";
import { readDigit, readGrayPicture } from "../../src/pictures/read-digit.ts";
import { chunk, pngFrom, type PngKind } from "../support/png-bytes.ts";
import type { Fuzzed } from "./fuzzing.ts";
import { fuzz } from "./spoil.ts";

/** Reads `count` spoilt PNGs. */
export function fuzzPng(count: number, seed: number): Promise<Fuzzed> {
  return fuzz({ corpus: corpusOf(), read, repair: withChecksums }, count, seed);
}

function read(bytes: Uint8Array): string | undefined {
  const { pixels } = readDigit(bytes, "a.png");
  const sound = pixels.length === 784 && pixels.every((value) => value >= -1 && value <= 1);
  // What was measured is what one reading takes: a large one isn't read twice.
  if (!sound || bytes[18]! > 3 || bytes[22]! > 3) return sound ? undefined : wrong(pixels);
  const { width, height, pixels: grays } = readGrayPicture(bytes, "a.png");
  if (grays.length !== width * height) return `${grays.length} grays for ${width}×${height}`;
  return undefined;
}

const wrong = (pixels: Float32Array): string =>
  `pixels from ${Math.min(...pixels)} to ${Math.max(...pixels)}`;

/** A PNG of every kind, of a bar on paper, and one of our grids. */
function corpusOf(): Uint8Array[] {
  const kinds: [depth: number, colour: number][] = [
    [1, 0],
    [4, 0],
    [8, 0],
    [16, 0],
    [8, 2],
    [16, 2],
    [2, 3],
    [8, 3],
    [8, 4],
    [16, 4],
    [8, 6],
    [16, 6],
  ];
  const palette = chunk(
    "PLTE",
    Array.from({ length: 12 }, (_, i) => (i < 6 ? 250 : 20)),
  );
  const gamma = chunk("gAMA", [0, 1, 134, 160]);
  const files = kinds.flatMap(([depth, colour]) =>
    [false, true].map((interlaced) => {
      const kind: PngKind = { width: 34, height: 30, depth, colour, interlaced };
      const dark = colour === 3 ? 2 : 0;
      const light = colour === 3 ? 0 : 2 ** depth - 1;
      const bar = (x: number, y: number): number =>
        x > 14 && x < 19 && y > 4 && y < 25 ? dark : light;
      return pngFrom(kind, bar, {
        before: colour === 3 ? [palette, chunk("tRNS", [200])] : [gamma],
        filter: (y) => y % 5,
        split: 50,
      });
    }),
  );
  const grid = encodePng(tileGrid(new Float32Array(4 * 784).fill(0.5), 4, 28, 28));
  return [...files, grid].map((bytes) => Uint8Array.from(bytes));
}

/** A PNG with each chunk's checksum as it should be, as far as its chunks can be followed. */
function withChecksums(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice();
  const view = new DataView(out.buffer);
  for (let at = 8; at + 12 <= out.length;) {
    const length = view.getUint32(at);
    if (length > out.length - at - 12) break;
    view.setUint32(at + 8 + length, crc32(out.subarray(at + 4, at + 8 + length)));
    at += length + 12;
  }
  return out;
}
