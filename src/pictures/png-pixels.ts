// Reads a PNG's pixels as levels, row by row as they are unpacked. No picture is held whole, so that a file costs what
// it contains and not what it promises.

import { Unzlib } from "fflate";
import { COLOURFUL } from "./colourful.ts";
import { unfilter } from "../gpu/png-filter.ts";
import { youngGarbage } from "../gpu/node/young-garbage.ts";
import type { Row, Rows, Scale } from "./picture.ts";
import { damagedPng, parsePng, PASSES, rowBytes, SAMPLES, type PngFile } from "./png-file.ts";

const PUSHED = 1024; // compressed bytes at a time, which unpack to at most 1 MiB
// What fflate allocates for each: its window, and some copies of the unpacked bytes as its buffer grows.
const PIECE = 2 ** 17;
const UNPACKED = 3;

/**
 * Returns the rows of a PNG. Throws `DataError` as `parsePng` does; reading the rows throws it if the pixels are
 * damaged.
 */
export function pngRows(bytes: Uint8Array, name: string): Rows {
  const file = parsePng(bytes, name);
  const { width, height, orientation } = file;
  return {
    width,
    height,
    orientation,
    each: (visit) => {
      const toLevels = converter(file, name);
      unpackRows(file, name, (row, place) => visit({ ...place, ...toLevels(row, place.count) }));
      return toLevels.scale();
    },
  };
}

/** The position of a row's pixels: from (x, y) on, dx apart. */
interface Place {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly count: number;
}

/** Unpacks a picture and visits its rows of bytes, unfiltered. Each row overwrites the one before. */
function unpackRows(
  file: PngFile,
  name: string,
  visit: (row: Uint8Array, place: Place) => void,
): void {
  const rows = placesOf(file);
  const most = 1 + rowBytes(file, file.width);
  const apart = Math.max(1, (SAMPLES[file.colour] * file.depth) >> 3); // bytes from one pixel to the next
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
  const sweep = youngGarbage();
  const unpacker = new Unzlib((part) => {
    take(part);
    sweep(PIECE + UNPACKED * part.length);
  });
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

/** Yields the rows of a file in order, pass by pass if it is interlaced. */
function* placesOf(file: PngFile): Generator<Place & { readonly first: boolean }, void> {
  const { width, height, interlaced } = file;
  for (const [x, top, dx, dy] of interlaced ? PASSES : ([[0, 0, 1, 1]] as const)) {
    const count = Math.ceil((width - x) / dx);
    if (count <= 0) continue;
    for (let y = top; y < height; y += dy) yield { x, y, dx, count, first: y === top };
  }
}

/** A row's pixels, without their position. */
type Pixels = Pick<Row, "red" | "green" | "blue" | "alphas">;

interface Converter {
  (row: Uint8Array, count: number): Pixels;
  /** See `Rows.each`. */
  readonly scale: () => Scale;
}

/**
 * Returns a function that turns rows of bytes into levels of red, green and blue and, if there is transparency, alphas
 * in [0, 1].
 */
function converter(file: PngFile, name: string): Converter {
  const { width, depth, colour, exponent, transparency: clear } = file;
  const [top, perPixel] = [2 ** depth - 1, SAMPLES[colour]];
  const tone = Float32Array.from({ length: top + 1 }, (_, raw) => 255 * (raw / top) ** exponent);
  const isGray = colour === 0 || colour === 4;
  const red = new Float32Array(width);
  const green = isGray ? red : new Float32Array(width);
  const blue = isGray ? red : new Float32Array(width);
  const alphas =
    clear || colour === 4 || colour === 6 ? new Float32Array(width).fill(1) : undefined;
  const samplesOf = sampler(depth, width * perPixel);
  const palette = colour === 3 ? paletteOf(file) : undefined;
  const strongest = { ink: 0, alpha: 0 };
  let colourful = colour === 3;

  const fromPalette = (indices: ArrayLike<number>, count: number): void => {
    const [reds, greens, blues] = palette!;
    for (let i = 0; i < count; i += 1) {
      const index = indices[i]!;
      if (index >= reds.length) {
        throw damagedPng(name, `a pixel has colour ${index} of a palette of ${reds.length}`);
      }
      red[i] = reds[index]!;
      green[i] = greens[index]!;
      blue[i] = blues[index]!;
      if (alphas) alphas[i] = (clear![index] ?? 255) / 255;
    }
  };
  let allGray = isGray; // whether a row is grey
  const fromColours = (samples: ArrayLike<number>, count: number): void => {
    for (let i = 0, at = 0; i < count; i += 1, at += perPixel) {
      const r = tone[samples[at]!]!;
      const g = tone[samples[at + 1]!]!;
      const b = tone[samples[at + 2]!]!;
      red[i] = r;
      green[i] = g;
      blue[i] = b;
      if (r === g && r === b) continue;
      allGray = false;
      colourful ||= Math.max(r, g, b) - Math.min(r, g, b) >= COLOURFUL;
    }
  };
  const fromGrays = (samples: ArrayLike<number>, count: number): void => {
    for (let i = 0; i < count; i += 1) red[i] = tone[samples[i * perPixel]!]!;
  };
  const convert = (row: Uint8Array, count: number): Pixels => {
    const samples = samplesOf(row, count * perPixel);
    if (palette) fromPalette(samples, count);
    else if (isGray) fromGrays(samples, count);
    else {
      allGray = true;
      fromColours(samples, count);
    }
    if (alphas && !palette) {
      if (clear) markClear(samples, clear, isGray ? 1 : 3, top, alphas.subarray(0, count));
      else {
        for (let i = 0; i < count; i += 1) {
          alphas[i] = samples[(i + 1) * perPixel - 1]! / top;
        }
      }
    }
    if (depth === 16) noteStrongest(samples, count * perPixel, perPixel, strongest);
    const part = (values: Float32Array): Float32Array => values.subarray(0, count);
    const first = part(red);
    const opaque = !alphas || part(alphas).every((alpha) => alpha === 1);
    return {
      red: first,
      green: allGray ? first : part(green),
      blue: allGray ? first : part(blue),
      alphas: opaque ? undefined : part(alphas),
    };
  };
  const scale = (): Scale => {
    const bits = bitsOf(strongest.ink);
    if (depth < 16 || bits === 0 || bits === 16) return { levels: 1, alphas: 1, colourful };
    const by = 65_535 / (2 ** bits - 1);
    // Half of a picture may be clear on purpose, so alphas are stretched only if they stop where the colours do.
    return { levels: by ** exponent, alphas: bitsOf(strongest.alpha) === bits ? by : 1, colourful };
  };
  return Object.assign(convert, { scale });
}

/** Returns a function for a row's samples as numbers, `most` at most. Each row overwrites the one before. */
function sampler(
  depth: number,
  most: number,
): (row: Uint8Array, count: number) => Uint8Array | Uint16Array {
  if (depth === 8) return (row) => row;
  if (depth === 16) {
    const samples = new Uint16Array(most);
    return (row, count) => {
      for (let i = 0; i < count; i += 1) samples[i] = (row[2 * i]! << 8) | row[2 * i + 1]!;
      return samples;
    };
  }
  const samples = new Uint8Array(most);
  const top = 2 ** depth - 1;
  return (row, count) => {
    for (let i = 0, bit = 0; i < count; i += 1, bit += depth) {
      samples[i] = (row[bit >> 3]! >> (8 - depth - (bit & 7))) & top;
    }
    return samples;
  };
}

/** Returns the levels of a palette's reds, greens and blues. */
function paletteOf({
  palette,
  exponent,
}: PngFile): [reds: Float32Array, greens: Float32Array, blues: Float32Array] {
  const channel = (offset: number): Float32Array =>
    Float32Array.from(
      { length: palette!.length / 3 },
      (_, i) => 255 * (palette![3 * i + offset]! / 255) ** exponent,
    );
  return [channel(0), channel(1), channel(2)];
}

/** Sets the alphas of pixels to 0 if they have the colour that tRNS declares transparent, else to 1. */
function markClear(
  samples: ArrayLike<number>,
  clear: Uint8Array,
  inks: number,
  top: number,
  alphas: Float32Array,
): void {
  const view = new DataView(clear.buffer, clear.byteOffset, clear.length);
  const wanted = Array.from({ length: inks }, (_, i) => view.getUint16(2 * i) & top);
  for (let i = 0; i < alphas.length; i += 1) {
    alphas[i] = wanted.every((sample, ink) => samples[i * inks + ink] === sample) ? 0 : 1;
  }
}

/** Keeps the largest samples so far, both of colours and of alphas. */
function noteStrongest(
  samples: ArrayLike<number>,
  count: number,
  perPixel: number,
  strongest: { ink: number; alpha: number },
): void {
  const hasAlpha = perPixel === 2 || perPixel === 4;
  for (let i = 0; i < count; i += 1) {
    const isAlpha = hasAlpha && i % perPixel === perPixel - 1;
    if (isAlpha) strongest.alpha = Math.max(strongest.alpha, samples[i]!);
    else strongest.ink = Math.max(strongest.ink, samples[i]!);
  }
}

/** Returns how many bits a number takes. Scanners and cameras of 10, 12 or 14 bits write them unchanged into 16. */
const bitsOf = (value: number): number => Math.ceil(Math.log2(value + 1));
