// A gray image as the bytes of a PNG file, and any PNG file as a gray image. Node only (pngjs works on Buffers); a browser draws the
// pixels on a canvas instead.

import { PNG } from "pngjs";

import { DataError } from "../gpu/errors.ts";
import { requireFilled, type GrayImage } from "./grid.ts";

/**
 * The bytes of an 8-bit gray PNG file of `image`; the same image gives the same bytes.
 * Throws `ShapeError` if the pixels don't fill the image.
 */
export function encodePng(image: GrayImage): Uint8Array {
  requireFilled("encodePng", image);
  const { width, height, pixels } = image;
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  // Gray in, gray out: pngjs otherwise takes its data as RGBA.
  return PNG.sync.write(png, {
    colorType: 0,
    inputColorType: 0,
    inputHasAlpha: false,
    bitDepth: 8,
  });
}

/** Pixels a side that a PNG may have: its header is read first, as a small file can unpack to fill memory. */
const MOST_PIXELS = 4096;
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, at) => bytes[at] === byte);
}

/**
 * The gray image in a PNG file of any kind: colours by their luminance, what is transparent on black or white, whichever
 * is farther from what isn't. Throws `DataError`, which calls the file `name`, if it is none, damaged, or too large.
 */
export function decodePng(bytes: Uint8Array, name: string): GrayImage {
  if (!isPng(bytes)) throw new DataError(`${name}: is no PNG file`);
  if (bytes.length >= 24) {
    const header = new DataView(bytes.buffer, bytes.byteOffset, 24);
    const [width, height] = [header.getUint32(16), header.getUint32(20)];
    if (Math.max(width, height) > MOST_PIXELS) {
      throw new DataError(
        `${name}: is ${width}×${height}; at most ${MOST_PIXELS}×${MOST_PIXELS} pixels are read: make it smaller`,
      );
    }
  }
  let png: { readonly width: number; readonly height: number; readonly data: Uint8Array };
  try {
    png = PNG.sync.read(Buffer.from(bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new DataError(`${name}: is a damaged PNG file (${reason})`, { cause: error });
  }
  const { width, height, data } = png;
  const count = width * height;
  const luminance = (i: number): number =>
    0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!;
  let [ink, opacity] = [0, 0];
  for (let i = 0; i < count; i += 1) {
    ink += luminance(i) * data[4 * i + 3]!;
    opacity += data[4 * i + 3]!;
  }
  const ground = ink < 127.5 * opacity ? 255 : 0;
  const pixels = Uint8Array.from({ length: count }, (_, i) => {
    const share = data[4 * i + 3]! / 255;
    return Math.round(share * luminance(i) + (1 - share) * ground);
  });
  return { width, height, pixels };
}
