// Decodes a PNG to grey bytes with node:zlib alone, because the package may bring no decoder. It reads what datasets
// consist of: 8 bits per sample, grey or RGB, with or without alpha, or a palette; not interlaced.
// Source: PNG, third edition (W3C 2025).
import { crc32, inflateSync } from "node:zlib";
import { DataError } from "../gpu/errors.ts";
import { unfilter } from "../gpu/png-filter.ts";

/** Grey pixels, (height, width), row by row; 0 is black. */
export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Samples per pixel by colour type: grey, RGB, palette, grey and alpha, RGBA. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const MOST_SIDE = 4096; // pixels
const READ = "only PNGs of 8 bits per sample that aren't interlaced are read";

interface Chunks {
  readonly header: Uint8Array;
  readonly palette: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG to grey: colours by their luma (0.299, 0.587, 0.114), without alpha. Errors call the file `name`.
 *
 * Throws `DataError` on damage, on sides above 4096 pixels, and on unsupported kinds of PNG.
 */
export function grayOfPng(bytes: Uint8Array, name: string): GrayImage {
  const { header, palette, data } = chunksOf(bytes, name);
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth = 0, colour = 0, , , interlaced] = header.subarray(8);
  if (width === 0 || height === 0 || width > MOST_SIDE || height > MOST_SIDE) {
    throw new DataError(
      `${name}: sides must be 1 to ${MOST_SIDE} pixels; got ${width}×${height}: resize the picture`,
    );
  }
  const samples = SAMPLES[colour];
  if (depth !== 8 || samples === undefined || interlaced !== 0) {
    throw new DataError(
      `${name}: ${READ}; got ${depth} bits of colour type ${colour}${interlaced === 0 ? "" : ", interlaced"}: save the picture again without them`,
    );
  }
  const raw = inflated(data, height * (1 + width * samples), name);
  const rows = unfiltered(raw, samples, height, name);
  if (colour === 3 && rows.some((index) => 3 * index + 2 >= palette.length)) {
    throw damaged(name, "its palette is missing or too short");
  }
  const luma = lumaOf(colour, palette);
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => luma(rows, i * samples));
  return { width, height, pixels };
}

/** Checks a PNG's chunks, and collects those that pixels depend on. */
function chunksOf(bytes: Uint8Array, name: string): Chunks {
  if (!SIGNATURE.every((byte, at) => bytes[at] === byte)) {
    throw new DataError(`${name}: must be a PNG; its first bytes are another file's: convert it`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const data: Uint8Array[] = [];
  let header: Uint8Array | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  for (let at = 8; ;) {
    if (at + 12 > bytes.length) throw damaged(name, "it is cut short");
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) throw damaged(name, "it is cut short");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, end);
    if (/^[A-Z]/.test(type) && crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw damaged(name, `its part ${type} doesn't have the checksum that it says`);
    }
    if (type === "IHDR" && body.length === 13) header ??= body;
    if (type === "PLTE") palette = body;
    if (type === "IDAT") data.push(body);
    if (type === "IEND") break;
    at = end + 4;
  }
  if (!header) throw damaged(name, "its header is missing");
  return { header, palette, data: Buffer.concat(data) };
}

function inflated(data: Uint8Array, wanted: number, name: string): Uint8Array {
  let found: Uint8Array;
  try {
    found = inflateSync(data, { maxOutputLength: wanted });
  } catch (error) {
    throw damaged(name, "its pixels don't unpack to the size that its header says", error);
  }
  if (found.length === wanted) return found;
  throw damaged(name, `it has ${found.length} bytes of pixels, but its header asks for ${wanted}`);
}

/** Undoes the filter of each row. The result leaves out the byte at each row's start that names it. */
function unfiltered(raw: Uint8Array, apart: number, height: number, name: string): Uint8Array {
  const length = raw.length / height;
  const out = new Uint8Array((length - 1) * height);
  let above: Uint8Array = new Uint8Array(length);
  for (let y = 0; y < height; y += 1) {
    const row = raw.subarray(y * length, (y + 1) * length);
    if (!unfilter(row, above, apart)) {
      throw damaged(name, `row ${y} has filter ${row[0]}, but PNG only has 0 to 4`);
    }
    out.set(row.subarray(1), y * (length - 1));
    above = row;
  }
  return out;
}

/** Returns a function for the grey of the pixel whose samples begin at `at`. */
function lumaOf(colour: number, palette: Uint8Array): (rows: Uint8Array, at: number) => number {
  const mixed = (from: Uint8Array, at: number): number =>
    Math.round(0.299 * (from[at] ?? 0) + 0.587 * (from[at + 1] ?? 0) + 0.114 * (from[at + 2] ?? 0));
  if (colour === 3) return (rows, at) => mixed(palette, 3 * rows[at]!);
  return colour === 2 || colour === 6 ? mixed : (rows, at) => rows[at]!;
}

function damaged(name: string, what: string, cause?: unknown): DataError {
  return new DataError(`${name}: is a damaged PNG: ${what}; save the picture again`, { cause });
}
