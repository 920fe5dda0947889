// Pictures of digits as a classifier of MNIST wants them: light on dark, 28×28, the ink in a box of 20×20 about
// its centre of mass, as http://yann.lecun.com/exdb/mnist made its own. And grids of samples cut up again.
import { DataError } from "../gpu/errors.ts";
import type { GrayImage } from "./grid.ts";

const SIDE = 28;
const BOX = 20; // the longer side of the ink
const INK = 0.06; // of the range from background to the brightest pixel: what counts as ink

/** The levels along an image's border. */
function borderOf({ width, height, pixels }: GrayImage): Uint8Array {
  const rows = Array.from({ length: height }, (_, y) => [y * width, y * width + width - 1]);
  const sides = Uint8Array.from(rows.flat(), (at) => pixels[at]!);
  const ends = [pixels.subarray(0, width), pixels.subarray((height - 1) * width)];
  const levels = new Uint8Array(sides.length + 2 * width);
  [sides, ...ends].reduce((at, part) => {
    levels.set(part, at);
    return at + part.length;
  }, 0);
  return levels;
}

/** Whether an image is dark on light, by the mean of the pixels along its border. */
export function isDarkOnLight(image: GrayImage): boolean {
  const levels = borderOf(image);
  return levels.reduce((sum, level) => sum + level, 0) > 127.5 * levels.length;
}

/** Every gray level's opposite. */
export function inverted(image: GrayImage): GrayImage {
  return { ...image, pixels: image.pixels.map((level) => 255 - level) };
}

/**
 * A picture of one digit as MNIST has them, 28×28, light on dark. One that is 28×28 already, or that with each pixel
 * a square of several, keeps its pixels, but for light turned to dark. Throws `DataError`, which calls the picture
 * `name`, if nothing is on it, or more than a digit can be.
 */
export function toDigit(image: GrayImage, name: string): GrayImage {
  const light = isDarkOnLight(image) ? inverted(image) : image;
  const whole = asDrawn(light);
  if (whole) return whole;
  const { width, height, pixels } = light;
  const least = backgroundOf(light);
  const most = pixels.reduce((largest, level) => Math.max(largest, level), 0);
  if (most - least < 16) throw new DataError(`${name}: shows nothing: its pixels are all alike`);
  const ink = Float64Array.from(pixels, (level) => Math.max(0, level - least) / (most - least));
  const box = inkBox(ink, width, height);
  if (box.width > 2 * box.height) {
    throw new DataError(
      `${name}: its ink is ${box.width} pixels wide and ${box.height} high; give a picture of one digit each, or a grid that npm run sample drew`,
    );
  }
  const factor = Math.max(box.width, box.height) / BOX;
  const [w, h] = [box.width, box.height].map((side) => Math.max(1, Math.round(side / factor)));
  const small = averaged(ink, width, box, w!, h!);
  return centred(small, w!, h!);
}

/** The background: the median level along the border. */
function backgroundOf(image: GrayImage): number {
  const levels = borderOf(image).toSorted();
  return levels[Math.floor(levels.length / 2)]!;
}

/** The 28×28 pixels of a picture that shows each of them as a square, alike throughout; undefined if it doesn't. */
function asDrawn({ width, height, pixels }: GrayImage): GrayImage | undefined {
  const scale = width / SIDE;
  if (width !== height || !Number.isInteger(scale)) return undefined;
  const first = (at: number): number => {
    const [x, y] = [at % width, Math.floor(at / width)];
    return (y - (y % scale)) * width + x - (x % scale);
  };
  if (pixels.some((level, at) => level !== pixels[first(at)])) return undefined;
  const small = Uint8Array.from(
    { length: SIDE * SIDE },
    (_, i) => pixels[Math.floor(i / SIDE) * scale * width + (i % SIDE) * scale]!,
  );
  return { width: SIDE, height: SIDE, pixels: small };
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest box around all ink. */
function inkBox(ink: Float64Array, width: number, height: number): Box {
  let [left, right, top, bottom] = [width, 0, height, 0];
  ink.forEach((value, at) => {
    if (value < INK) return;
    const [x, y] = [at % width, Math.floor(at / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  });
  return { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/** The box's pixels as w×h of them, each the mean of the area that it covers. */
function averaged(ink: Float64Array, width: number, box: Box, w: number, h: number): Float64Array {
  const shares = (
    from: number,
    length: number,
    parts: number,
    part: number,
  ): [number, number][] => {
    const [start, end] = [(part * length) / parts, ((part + 1) * length) / parts];
    const covered: [number, number][] = [];
    for (let i = Math.floor(start); i < Math.min(length, Math.ceil(end)); i += 1) {
      const share = (Math.min(end, i + 1) - Math.max(start, i)) / (end - start);
      covered.push([from + i, share]);
    }
    return covered;
  };
  return Float64Array.from({ length: w * h }, (_, at) => {
    const columns = shares(box.left, box.width, w, at % w);
    let sum = 0;
    for (const [y, down] of shares(box.top, box.height, h, Math.floor(at / w))) {
      for (const [x, across] of columns) sum += down * across * ink[y * width + x]!;
    }
    return sum;
  });
}

/** Puts w×h pixels on 28×28, their centre of mass as near pixel (14, 14), where MNIST's is, as the edges let it be. */
function centred(small: Float64Array, w: number, h: number): GrayImage {
  let [mass, across, down] = [0, 0, 0];
  small.forEach((value, at) => {
    mass += value;
    across += value * (at % w);
    down += value * Math.floor(at / w);
  });
  const place = (centre: number, length: number): number =>
    Math.min(SIDE - length, Math.max(0, Math.round(SIDE / 2 - centre)));
  const [left, top] = [place(across / mass, w), place(down / mass, h)];
  const pixels = new Uint8Array(SIDE * SIDE);
  small.forEach((value, at) => {
    pixels[(top + Math.floor(at / w)) * SIDE + left + (at % w)] = Math.round(255 * value);
  });
  return { width: SIDE, height: SIDE, pixels };
}

/** A cell of a grid: its place, from 1, and what it shows. */
export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly image: GrayImage;
}

/**
 * The cells of a grid as `tileGrid` draws it: squares of 28 or 32 pixels, each `scale` by `scale`, with `gap` pixels
 * of one gray around and between. Cells that hold no image are left out. Undefined if the picture is no such grid.
 */
export function cellsOf(
  grid: GrayImage,
  gapGray: number,
  gap = 4,
  scale = 3,
): readonly Cell[] | undefined {
  const { width, height, pixels } = grid;
  for (const side of [28, 32]) {
    const pitch = side * scale + gap;
    const fits = (length: number): boolean => length > pitch && (length - gap) % pitch === 0;
    if (!fits(width) || !fits(height)) continue;
    const between = (at: number): boolean =>
      (at % width) % pitch < gap || Math.floor(at / width) % pitch < gap;
    if (pixels.some((level, at) => between(at) && level !== gapGray)) continue;
    const [columns, rows] = [(width - gap) / pitch, (height - gap) / pitch];
    return Array.from({ length: rows * columns }, (_, i): Cell => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const start = (row * pitch + gap) * width + column * pitch + gap;
      const image = Uint8Array.from(
        { length: side * side },
        (__, at) => pixels[start + Math.floor(at / side) * scale * width + (at % side) * scale]!,
      );
      return {
        row: row + 1,
        column: column + 1,
        image: { width: side, height: side, pixels: image },
      };
    }).filter(({ image }) => image.pixels.some((level) => level !== gapGray));
  }
  return undefined;
}
