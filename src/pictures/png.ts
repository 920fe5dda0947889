// A gray image as the bytes of a PNG file. Node only (pngjs works on Buffers); a browser draws the
// pixels on a canvas instead.

import { PNG } from "pngjs";

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
