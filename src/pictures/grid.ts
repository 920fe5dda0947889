// Turns the generator's numbers into images: values into grey levels, and many images into one grid. Pure arithmetic,
// for browsers too; png.ts makes files of it.

import { AttributeError, ShapeError } from "../gpu/errors.ts";

/** An 8-bit grey image. `pixels` is (height, width), row by row, from 0 for black to 255 for white. */
export interface GrayImage {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** How `tileGrid` lays its images out. */
export interface GridOptions {
  /** Images per row. By default ⌈√count⌉, so that the grid is as square as possible. */
  columns?: number;
  /** Pixels between images and around them, after scaling. */
  gap?: number;
  /** Each value becomes a square of `scale`×`scale` pixels. */
  scale?: number;
  /** Draws dark on light: each grey level g becomes 255 − g, including that of the gaps. */
  invert?: boolean;
}

/**
 * MNIST's images are black at their edges and would run into each other. This grey separates them and stays behind the
 * strokes.
 */
export const GAP_GRAY = 72;

/** Pixels between images by default. */
export const GAP = 4;
/** The side of each value's square by default, in pixels. */
export const SCALE = 3;

/**
 * Converts values in [-1, 1], the range of tanh, to grey levels: -1 is 0, 1 is 255, rounded to the nearest level and
 * clamped. NaN is 0, so that an untrained or diverged generator still has a picture.
 */
export function toGray(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
  });
}

/**
 * Lays out `count` images row by row in one grey image. `images` is (count, height, width, 1) in [-1, 1]. Cells without
 * an image have the gap's grey.
 * Throws `ShapeError` unless `images` has count·height·width values, `AttributeError` on options that aren't whole
 * numbers in range.
 */
export function tileGrid(
  images: Float32Array,
  count: number,
  height: number,
  width: number,
  options: GridOptions = {},
): GrayImage {
  requireWhole("count", count, 1);
  requireWhole("height", height, 1);
  requireWhole("width", width, 1);
  if (images.length !== count * height * width) {
    throw new ShapeError(
      `tileGrid: got ${images.length} values, expected ${count * height * width} for ` +
        `(${count}, ${height}, ${width}, 1); pass the images' own count, height and width`,
    );
  }
  const {
    columns = Math.ceil(Math.sqrt(count)),
    gap = GAP,
    scale = SCALE,
    invert = false,
  } = options;
  requireWhole("columns", columns, 1);
  requireWhole("gap", gap, 0);
  requireWhole("scale", scale, 1);

  const rows = Math.ceil(count / columns);
  const cellWidth = width * scale + gap;
  const cellHeight = height * scale + gap;
  const gridWidth = columns * cellWidth + gap;
  const gridHeight = rows * cellHeight + gap;
  const pixels = new Uint8Array(gridWidth * gridHeight).fill(GAP_GRAY);
  const levels = toGray(images);

  for (let image = 0; image < count; image++) {
    const left = gap + (image % columns) * cellWidth;
    const top = gap + Math.floor(image / columns) * cellHeight;
    for (let y = 0; y < height * scale; y++) {
      const from = (image * height + Math.floor(y / scale)) * width;
      const to = (top + y) * gridWidth + left;
      for (let x = 0; x < width * scale; x++) {
        pixels[to + x] = levels[from + Math.floor(x / scale)]!;
      }
    }
  }
  if (invert) for (const [index, level] of pixels.entries()) pixels[index] = 255 - level;
  return { width: gridWidth, height: gridHeight, pixels };
}

/** Throws `ShapeError` in the name of `caller` unless `image` has at least one pixel and all of its pixels. */
export function requireFilled(caller: string, image: GrayImage): void {
  const { width, height, pixels } = image;
  if (width >= 1 && height >= 1 && pixels.length === width * height) return;
  throw new ShapeError(
    `${caller}: got ${pixels.length} pixels for an image of ${width}×${height}, ` +
      `expected ${width * height} and at least one; make the image with tileGrid`,
  );
}

/** Throws `AttributeError` unless `value` is a whole number of at least `least`. */
export function requireWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new AttributeError(
    `${name}: got ${value}, expected a whole number of at least ${least}; pass one`,
  );
}
