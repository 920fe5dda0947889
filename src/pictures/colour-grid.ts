// Many images of one or three channels as one PNG. Node only, as png.ts is.
import { PNG } from "pngjs";
import { tileGrid, type GridOptions } from "./grid.ts";
import { encodePng } from "./png.ts";

/** Height, width and channels of an image. */
export type ImageShape = readonly [height: number, width: number, channels: number];

/** Returns the planes of images (…, channels): one per channel. */
export const planesOf = (images: Float32Array, channels: number): readonly Float32Array[] =>
  Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: images.length / channels }, (__, i) => images[channels * i + c]!),
  );

/**
 * Returns the PNG of `count` images (count, height, width, channels) in [−1, 1], laid out as `tileGrid` does: grey for one
 * channel, 8-bit RGB for three. Throws as `tileGrid` does.
 */
export function encodeGrid(
  images: Float32Array,
  count: number,
  [height, width, channels]: ImageShape,
  options: GridOptions = {},
): Uint8Array {
  if (channels === 1) return encodePng(tileGrid(images, count, height, width, options));
  const planes = planesOf(images, channels).map((plane) =>
    tileGrid(plane, count, height, width, options),
  );
  const { width: wide, height: high } = planes[0]!;
  const png = new PNG({ width: wide, height: high });
  png.data = Buffer.alloc(3 * wide * high);
  planes.forEach(({ pixels }, c) => {
    for (const [i, level] of pixels.entries()) png.data[3 * i + c] = level;
  });
  return PNG.sync.write(png, {
    colorType: 2,
    inputColorType: 2,
    inputHasAlpha: false,
    bitDepth: 8,
  });
}
