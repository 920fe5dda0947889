// Encodes a grey image as a PNG file. Node only (pngjs works on Buffers); a browser draws the pixels on a canvas
// instead.

import { PNG } from "pngjs";

import { requireFilled, type GrayImage } from "./grid.ts";

/**
 * Returns the bytes of an 8-bit grey PNG file of `image`. The same image gives the same bytes. Throws `ShapeError` if
 * the pixels don't fill the image.
 */
export function encodePng(image: GrayImage): Uint8Array {
  requireFilled("encodePng", image);
  const { width, height, pixels } = image;
  const png = new PNG({ width, height });
  png.data = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  // Grey in, grey out: by default pngjs takes its data as RGBA.
  return PNG.sync.write(png, {
    colorType: 0,
    inputColorType: 0,
    inputHasAlpha: false,
    bitDepth: 8,
  });
}
