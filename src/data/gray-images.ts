// Arrays of bytes of any rank as images, grey or in colours: (count, height, width), with a channel axis first or last,
// or with the pixels of an image in one row.
import { DataError } from "../gpu/errors.ts";

/** Grey images, one byte per pixel. */
export interface GrayImages {
  readonly images: Uint8Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Whether they were in colour. */
  readonly coloured: boolean;
}

/** Luma of red, green and blue (Rec. 601). */
export const LUMA = [0.299, 0.587, 0.114] as const;

/** What people are told about images that were in colour. */
export const COLOUR_WORDS =
  "colours became grey by their luma (0.299 red, 0.587 green, 0.114 blue).";

const EXPECTED =
  "images have rank 3 (count × height × width), 4 (with 1 or 3 channels, first or last), or 2 (count × a square number of pixels)";

/** How the sizes of an array are to be understood. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Elements from one channel of a pixel to the next, and from one pixel to the next. */
  readonly apart: number;
  readonly step: number;
}

/** Colours, three bytes per pixel: red, green, blue. */
export interface ColourImages extends Omit<GrayImages, "coloured"> {
  readonly channels: 3;
}

/** Returns an array of levels as colours, (count, height, width, 3). Greys have three equal channels. Throws as `grayImages`. */
export function colourImages(
  shape: readonly number[],
  data: Uint8Array,
  name: string,
): ColourImages {
  const { height, width, channels, apart, step, count } = layoutIn(shape, name);
  const size = height * width;
  const images = new Uint8Array(3 * count * size);
  for (let image = 0; image < count; image += 1) {
    for (let pixel = 0; pixel < size; pixel += 1) {
      const from = image * size * channels + pixel * step;
      const to = 3 * (image * size + pixel);
      for (let c = 0; c < 3; c += 1)
        images[to + c] = data[channels === 1 ? from : from + c * apart]!;
    }
  }
  return { images, count, height, width, channels: 3 };
}

/** Returns planes of one size as one array, with the channels of a pixel side by side. */
export function sideBySide(planes: readonly Uint8Array[]): Uint8Array {
  const pixels = new Uint8Array(planes.length * planes[0]!.length);
  planes.forEach((plane, c) => {
    for (const [at, level] of plane.entries()) pixels[planes.length * at + c] = level;
  });
  return pixels;
}

/** Returns the layout of an array, and how many images it has. Throws `DataError`. */
function layoutIn(shape: readonly number[], name: string): Layout & { readonly count: number } {
  const layout = layoutOf(shape);
  const [count = 0] = shape;
  if (!layout) {
    throw new DataError(`${name}: has rank ${shape.length} (${shape.join("×")}); ${EXPECTED}.`);
  }
  if (count * layout.height * layout.width * layout.channels === 0) {
    throw new DataError(
      `${name}: is ${shape.join("×")} and holds no pixels; at least one image is needed.`,
    );
  }
  return { ...layout, count };
}

/**
 * Returns an array of levels as grey images. Colours become their luma. Errors call the file `name`. Throws `DataError`
 * on another rank, and on an empty array.
 */
export function grayImages(shape: readonly number[], data: Uint8Array, name: string): GrayImages {
  const { height, width, channels, apart, step, count } = layoutIn(shape, name);
  if (channels === 1) return { images: data, count, height, width, coloured: false };
  const size = height * width;
  const images = new Uint8Array(count * size);
  const [red, green, blue] = LUMA;
  for (let image = 0; image < count; image += 1) {
    for (let pixel = 0; pixel < size; pixel += 1) {
      const at = image * size * channels + pixel * step;
      const luma = red * data[at]! + green * data[at + apart]! + blue * data[at + 2 * apart]!;
      images[image * size + pixel] = Math.round(luma);
    }
  }
  return { images, count, height, width, coloured: true };
}

/** Returns the layout of an array of images; undefined if it can't be one. */
export function layoutOf(shape: readonly number[]): Layout | undefined {
  const [, a = 0, b = 0, c = 0] = shape;
  const gray = (height: number, width: number): Layout => {
    return { height, width, channels: 1, apart: 1, step: 1 };
  };
  if (shape.length === 3) return gray(a, b);
  if (shape.length === 2) {
    const side = Math.round(Math.sqrt(a));
    return side * side === a && side > 1 ? gray(side, side) : undefined;
  }
  if (shape.length !== 4) return undefined;
  if (c === 1) return gray(a, b);
  if (c === 3) return { height: a, width: b, channels: 3, apart: 1, step: 3 };
  if (a === 1) return gray(b, c);
  if (a === 3) return { height: b, width: c, channels: 3, apart: b * c, step: 1 };
  return undefined;
}
