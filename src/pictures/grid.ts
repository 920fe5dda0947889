// Images from the generator's numbers: one image's values to gray levels, many images to one grid.
// Pure arithmetic, for the browser too; png.ts makes files of it.

import { AttributeError, ShapeError } from "../gpu/errors.ts";

/** An 8-bit gray image; `pixels` is (height, width), row by row, 0 black to 255 white. */
export interface GrayImage {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** How `tileGrid` lays its images out. */
export interface GridOptions {
  /** Images a row; by default ⌈√count⌉, so that the grid is as square as it can be. */
  columns?: number;
  /** Pixels between images and around them, after scaling. */
  gap?: number;
  /** Each value becomes a square of `scale`×`scale` pixels. */
  scale?: number;
  /** Dark on light: each gray level g is drawn as 255 − g, and so is what parts the images. */
  invert?: boolean;
}

/**
 * MNIST images are black at their edges and would run into each other. This gray parts them and still recedes behind
 * the strokes.
 */
export const GAP_GRAY = 72;

/** Pixels between images, where nobody says. */
export const GAP = 4;
/** Pixels a side for each value, where nobody says. */
export const SCALE = 3;

/**
 * Gray levels of values in [-1, 1], the range of tanh: -1 is 0, 1 is 255, rounded to the nearest
 * level and clamped. NaN is 0, so an untrained or diverged generator still has a picture.
 */
export function toGray(values: Float32Array): Uint8Array {
  return Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    return Math.min(255, Math.max(0, Math.round((value + 1) * 127.5)));
  });
}

/**
 * Lays `count` images out row by row in one gray image.
 * `images`: (count, height, width, 1) in [-1, 1]. Cells without an image have the gap's gray.
 * Throws `ShapeError` if `images` hasn't count·height·width values, `AttributeError` for options
 * that aren't whole numbers in range.
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

/** Throws `ShapeError`, in the name of `caller`, unless `image` has a pixel and all of its pixels. */
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
