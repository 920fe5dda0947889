// A PNG's pixels as gray levels, row by row as they are unpacked: no picture is held whole, so that a file costs
// what it brings and not what it promises.

import { Unzlib } from "fflate";
import { COLOURFUL } from "./colourful.ts";
import type { Rows, Scale, Weights } from "./picture.ts";
import { damagedPng, parsePng, PASSES, rowBytes, SAMPLES, type PngFile } from "./png-file.ts";

const PUSHED = 1024; // compressed bytes at a time: at most 1 MiB comes of them

/** The rows of a PNG. Throws `DataError` as `parsePng`; reading the rows does where the pixels are damaged. */
export function pngRows(bytes: Uint8Array, name: string): Rows {
  const file = parsePng(bytes, name);
  const { width, height, orientation } = file;
  return {
    width,
    height,
    orientation,
    each: (weights, visit) => {
      const toLevels = converter(file, weights, name);
      unpackRows(file, name, (row, place) => visit({ ...place, ...toLevels(row, place.count) }));
      return toLevels.scale();
    },
  };
}

/** Where a row's pixels lie: from (x, y), dx apart. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly count: number;
}

/** Unpacks a picture and hands on its rows of bytes, unfiltered; each is overwritten by the next. */
function unpackRows(
  file: PngFile,
  name: string,
  visit: (row: Uint8Array, place: Place) => void,
): void {
  const rows = placesOf(file);
  const most = 1 + rowBytes(file, file.width);
  const apart = Math.max(1, (SAMPLES[file.colour] * file.depth) >> 3); // bytes from a pixel to the next
  let [above, row] = [new Uint8Array(most), new Uint8Array(most)];
  let place = rows.next();
  let filled = 0;
  let done = 0;
  const take = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length && !place.done;) {
      const wanted = 1 + rowBytes(file, place.value.count);
      const part = bytes.subarray(at, at + wanted - filled);
      row.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < wanted) return;
      // The first row of a pass has nothing above it.
      if (place.value.first) above.fill(0);
      if (!unfilter(row.subarray(0, wanted), above, apart)) {
        throw damagedPng(name, `row ${done} has the filter ${row[0]}, which PNG doesn't have`);
      }
      visit(row.subarray(1, wanted), place.value);
      [above, row] = [row, above];
      filled = 0;
      done += 1;
      place = rows.next();
    }
  };
  const unpacker = new Unzlib(take);
  for (const data of file.data) {
    for (let at = 0; at < data.length && !place.done; at += PUSHED) {
      try {
        unpacker.push(data.subarray(at, at + PUSHED));
      } catch (error) {
        if (error instanceof Error && "code" in error)
          throw damagedPng(name, "its pixels can't be unpacked", error);
        throw error;
      }
    }
  }
  if (!place.done) throw damagedPng(name, `its pixels end after ${done} rows of ${file.height}`);
}

/** The rows of a file in their order, pass by pass where it is interlaced. */
function* placesOf(file: PngFile): Generator<Place & { readonly first: boolean }, void> {
  const { width, height, interlaced } = file;
  for (const [x, top, dx, dy] of interlaced ? PASSES : ([[0, 0, 1, 1]] as const)) {
    const count = Math.ceil((width - x) / dx);
    if (count <= 0) continue;
    for (let y = top; y < height; y += dy) yield { x, y, dx, count, first: y === top };
  }
}

/** Undoes a row's filter, which its first byte names, in place. False for a filter that PNG doesn't have. */
function unfilter(row: Uint8Array, above: Uint8Array, apart: number): boolean {
  const filter = row[0]!;
  if (filter === 0) return true;
  for (let i = 1; i < row.length; i += 1) {
    const left = i > apart ? row[i - apart]! : 0;
    const up = above[i]!;
    if (filter === 1) row[i]! += left;
    else if (filter === 2) row[i]! += up;
    else if (filter === 3) row[i]! += (left + up) >> 1;
    else if (filter === 4) row[i]! += paeth(left, up, i > apart ? above[i - apart]! : 0);
  }
  return filter <= 4;
}

/** Of left, up and corner the one nearest to left + up − corner. */
function paeth(left: number, up: number, corner: number): number {
  const [a, b, c] = [
    Math.abs(up - corner),
    Math.abs(left - corner),
    Math.abs(left + up - 2 * corner),
  ];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

interface Converter {
  (row: Uint8Array, count: number): { levels: Float32Array; alphas: Float32Array | undefined };
  /** See `Rows.each`. */
  readonly scale: () => Scale;
}

/** Turns rows of samples into gray levels and, where there is transparency, alphas of [0, 1]. */
function converter(file: PngFile, [red, green, blue]: Weights, name: string): Converter {
  const { width, depth, colour, palette, transparency: clear, exponent } = file;
  const top = 2 ** depth - 1;
  const tone = Float32Array.from({ length: top + 1 }, (_, raw) => 255 * (raw / top) ** exponent);
  const levels = new Float32Array(width);
  const alphas =
    clear || colour === 4 || colour === 6 ? new Float32Array(width).fill(1) : undefined;
  const [perPixel, inks] = [SAMPLES[colour], colour === 2 || colour === 6 ? 3 : 1];
  const weigh = (r: number, g: number, b: number): number => red * r + green * g + blue * b;
  const paletteLevels = Float32Array.from({ length: (palette?.length ?? 0) / 3 }, (_, i) =>
    weigh(
      ...([0, 1, 2].map((c) => 255 * (palette![3 * i + c]! / 255) ** exponent) as [
        number,
        number,
        number,
      ]),
    ),
  );
  const clearView = clear && new DataView(clear.buffer, clear.byteOffset, clear.length);
  const isClear = (samples: readonly number[]): boolean =>
    samples.every((sample, i) => (clearView!.getUint16(2 * i) & top) === sample);
  const strongest = { ink: 0, alpha: 0 };
  const differ = (r: number, g: number, b: number): boolean =>
    Math.max(r, g, b) - Math.min(r, g, b) >= COLOURFUL;
  let colourful = colour === 3;

  const sampleAt = (row: Uint8Array, index: number): number => {
    if (depth === 8) return row[index]!;
    if (depth === 16) return (row[2 * index]! << 8) | row[2 * index + 1]!;
    const bit = index * depth;
    return (row[bit >> 3]! >> (8 - depth - (bit & 7))) & top;
  };
  const convert = (row: Uint8Array, count: number): ReturnType<Converter> => {
    if (depth === 8 && colour === 0 && !alphas) {
      for (let i = 0; i < count; i += 1) levels[i] = tone[row[i]!]!; // most pictures, and the largest
      return { levels: levels.subarray(0, count), alphas };
    }
    for (let i = 0; i < count; i += 1) {
      const first = sampleAt(row, perPixel * i);
      if (colour === 3) {
        if (first >= paletteLevels.length) {
          throw damagedPng(
            name,
            `a pixel has colour ${first} of a palette of ${paletteLevels.length}`,
          );
        }
        levels[i] = paletteLevels[first]!;
        if (alphas) alphas[i] = (clear![first] ?? 255) / 255;
        continue;
      }
      const second = inks === 3 ? sampleAt(row, perPixel * i + 1) : first;
      const third = inks === 3 ? sampleAt(row, perPixel * i + 2) : first;
      levels[i] = inks === 3 ? weigh(tone[first]!, tone[second]!, tone[third]!) : tone[first]!;
      if (inks === 3 && !colourful) colourful = differ(tone[first]!, tone[second]!, tone[third]!);
      if (depth === 16) strongest.ink = Math.max(strongest.ink, first, second, third);
      if (!alphas) continue;
      if (clear) alphas[i] = isClear(inks === 3 ? [first, second, third] : [first]) ? 0 : 1;
      else {
        const alpha = sampleAt(row, perPixel * i + inks);
        if (depth === 16) strongest.alpha = Math.max(strongest.alpha, alpha);
        alphas[i] = alpha / top;
      }
    }
    return { levels: levels.subarray(0, count), alphas: alphas?.subarray(0, count) };
  };
  const scale = (): Scale => {
    const bits = bitsOf(strongest.ink);
    if (depth < 16 || bits === 0 || bits === 16) return { levels: 1, alphas: 1, colourful };
    const by = 65_535 / (2 ** bits - 1);
    // Half of a picture may be clear on purpose: alphas are stretched only where they stop just as the colours do.
    return { levels: by ** exponent, alphas: bitsOf(strongest.alpha) === bits ? by : 1, colourful };
  };
  return Object.assign(convert, { scale });
}

/** How many bits a number takes. Scanners and cameras of 10, 12 or 14 bits write them as they are into 16. */
const bitsOf = (value: number): number => Math.ceil(Math.log2(value + 1));
