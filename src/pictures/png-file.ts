// The outline of a PNG file: its chunks, checked and sorted, with nothing unpacked. png-pixels.ts reads its pixels.
// This is our own code because pngjs refuses bytes after the end, rounds 16 bits to 8, drops gAMA, and reserves memory
// for all the pixels that a header promises. Source: PNG, third edition (W3C 2025).

import { crc32 } from "node:zlib";
import { DataError } from "../gpu/errors.ts";
import { orientationOf } from "./orientation.ts";

/** The parts of a PNG that its pixels depend on. */
export interface PngFile {
  readonly width: number;
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colour: Colour;
  readonly interlaced: boolean;
  /** (colours, 3), for a picture with a palette. */
  readonly palette: Uint8Array | undefined;
  /** tRNS: the alphas of the palette, or the one transparent grey or colour as 16-bit numbers. */
  readonly transparency: Uint8Array | undefined;
  /** The exponent with which samples in [0, 1] look like those of sRGB; 1 if they already do. */
  readonly exponent: number;
  /** How to turn it upright, 1 to 8 as in EXIF. */
  readonly orientation: number;
  /** The compressed pixels, chunk by chunk. */
  readonly data: readonly Uint8Array[];
}

/** Colour types: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
export type Colour = 0 | 2 | 3 | 4 | 6;

/** Samples per pixel. */
export const SAMPLES: Readonly<Record<Colour, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const DEPTHS: Readonly<Record<Colour, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Where the passes of an interlaced picture (Adam7) start, and the distance between their pixels. */
export const PASSES: readonly [x: number, y: number, dx: number, dy: number][] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** The most pixels per side: photographs of 12 megapixels pass. */
export const MOST_SIDE = 4096;

const MOST_BYTES = 65 * 2 ** 20; // unpacked: the largest picture with four samples of 8 bits

const DEFLATE_MOST = 1032; // the most bytes that one byte of deflate can stand for

/** Returns the bytes of a row of `pixels`, without the byte of its filter. */
export function rowBytes(
  { depth, colour }: Pick<PngFile, "depth" | "colour">,
  pixels: number,
): number {
  return Math.ceil((pixels * SAMPLES[colour] * depth) / 8);
}

/** Returns the DataError for a damaged PNG. */
export function damagedPng(name: string, what: string, cause?: unknown): DataError {
  return new DataError(`${name}: is a damaged PNG: ${what}; save the picture again`, { cause });
}

/**
 * Parses a PNG's outline. Anything after its IEND chunk is ignored. Errors call the file `name`.
 *
 * Throws `DataError` on damage, on sides above 4096 pixels, and if the file can't hold the pixels that it promises.
 */
export function parsePng(bytes: Uint8Array, name: string): PngFile {
  const damaged = (what: string): DataError => damagedPng(name, what);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Record<string, Uint8Array> = {};
  const data: Uint8Array[] = [];
  let header: Uint8Array | undefined;
  for (let at = 8, ended = false; !ended;) {
    if (at + 12 > bytes.length) throw damaged("it is cut short");
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) throw damaged("a part of it has no name");
    if (length > bytes.length - at - 12) throw damaged(`its part ${type} is cut short`);
    const body = bytes.subarray(at + 8, at + 8 + length);
    const sound =
      crc32(bytes.subarray(at + 4, at + 8 + length)) === view.getUint32(at + 8 + length);
    const needed = /^[A-Z]/.test(type);
    if (type === "CgBI") {
      throw new DataError(
        `${name}: is Apple's own kind of PNG; open it in an editor and save it again`,
      );
    }
    if (header === undefined && type !== "IHDR") throw damaged("it doesn't begin with its header");
    if (needed && !sound) throw damaged(`its part ${type} doesn't have the checksum that it says`);
    if (type === "IHDR") header ??= requireHeader(body, name);
    else if (type === "IDAT") data.push(body);
    else if (type === "IEND") ended = true;
    else if (needed && type !== "PLTE") throw damaged(`its part ${type} is unknown`);
    else if (sound) parts[type] ??= body;
    at += length + 12;
  }
  const [depth, colour] = [header![8]!, header![9]! as Colour];
  const { PLTE: palette } = parts;
  const outline = new DataView(header!.buffer, header!.byteOffset);
  const file: PngFile = {
    width: outline.getUint32(0),
    height: outline.getUint32(4),
    depth,
    colour,
    interlaced: header![12] === 1,
    palette,
    // PNG forbids it if pixels have alphas of their own, which then count.
    transparency: colour < 4 ? parts["tRNS"] : undefined,
    exponent: exponentOf(parts),
    orientation: parts["eXIf"] ? orientationOf(parts["eXIf"]) : 1,
    data,
  };
  if (colour === 3 && (!palette || palette.length % 3 !== 0 || palette.length === 0)) {
    throw damaged("its palette is missing");
  }
  const shortest = { 0: 2, 2: 6, 3: 0, 4: 0, 6: 0 }[colour];
  if (file.transparency && file.transparency.length < shortest) {
    throw damaged("its transparent colour is cut short");
  }
  const promised = unpackedBytes(file);
  if (promised > MOST_BYTES) {
    throw new DataError(
      `${name}: unpacks to ${Math.ceil(promised / 2 ** 20)} MiB, but at most ${MOST_BYTES / 2 ** 20} are read; shrink it, or save it with 8 bits per sample`,
    );
  }
  const held = data.reduce((sum, { length }) => sum + length, 0);
  if (promised > held * DEFLATE_MOST) {
    throw damaged(
      `it promises ${file.width}×${file.height} pixels, more than its ${held} bytes of data can hold`,
    );
  }
  return file;
}

function requireHeader(body: Uint8Array, name: string): Uint8Array {
  if (body.length !== 13) throw damagedPng(name, "its header doesn't have a length of 13");
  const view = new DataView(body.buffer, body.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (width === 0 || height === 0) throw damagedPng(name, `it is ${width}×${height}`);
  if (width > MOST_SIDE || height > MOST_SIDE) {
    throw new DataError(
      `${name}: is ${width}×${height}; shrink it to ${MOST_SIDE}×${MOST_SIDE} or less`,
    );
  }
  const [depth, colour, compression, filter, interlace] = [...body.subarray(8)] as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (!DEPTHS[colour as Colour]?.includes(depth)) {
    throw damagedPng(name, `colour type ${colour} of ${depth} bits doesn't exist in PNG`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damagedPng(name, "its header names a method that PNG doesn't have");
  }
  return body;
}

/** Returns the bytes of all rows, including the bytes of their filters. */
function unpackedBytes(file: PngFile): number {
  const passes = file.interlaced ? PASSES : ([[0, 0, 1, 1]] as const);
  return passes.reduce((sum, [x, y, dx, dy]) => {
    const columns = Math.ceil((file.width - x) / dx);
    const rows = Math.ceil((file.height - y) / dy);
    return columns > 0 && rows > 0 ? sum + rows * (1 + rowBytes(file, columns)) : sum;
  }, 0);
}

/**
 * gAMA says that samples are light to the power g. A display raises them to 2.2, so they need an exponent of 1/(2.2 g).
 * The colour spaces of sRGB, iCCP and cICP take precedence, as the specification says, and look alike in grey.
 */
function exponentOf(parts: Readonly<Record<string, Uint8Array>>): number {
  const gamma = parts["gAMA"];
  if (gamma?.length !== 4 || parts["sRGB"] || parts["iCCP"] || parts["cICP"]) return 1;
  const stored = new DataView(gamma.buffer, gamma.byteOffset).getUint32(0) / 100_000;
  const exponent = 1 / (2.2 * stored);
  const usual = Math.abs(exponent - 1) < 0.05;
  const possible = exponent > 0.1 && exponent < 10; // anything else is damage rather than a display
  return usual || !possible ? 1 : exponent;
}
