// Reads a digit from a picture of any size, in MNIST's form: light on dark, 28×28, fitted and centred. Node only, as
// png.ts.

import { DataError } from "../gpu/errors.ts";
import { fitDigit } from "./fit-digit.ts";
import type { GrayImage } from "./grid.ts";
import { edgeOf, findInk, type Ink } from "./light.ts";
import { clearInk, evenStrokes } from "./marks.ts";
import { upright, type Plane } from "./orientation.ts";
import { openPicture, shrinkPicture, type Layers, type Rows, type Shrunk } from "./picture.ts";
import { extremesOf, medianOf } from "./plane-filters.ts";

/** A digit as the networks take it. */
export interface ReadDigit {
  /** (28, 28) in [−1, 1], light on dark. */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** Whether the picture was dark on light. */
  readonly inverted: boolean;
  /** Whether it was cropped, scaled and centred. A 28×28 picture, or one enlarged from 28×28, is taken as it is. */
  readonly fitted: boolean;
  /** Whether uneven light was evened out. */
  readonly evened: boolean;
  /** Why the reading may be wrong, one clause per reason; empty if there is no doubt. */
  readonly doubts: readonly string[];
}

const FAINTEST = 24; // levels of 255 between paper and ink, below which grain may look like ink
const LEAST = 6; // the same for a picture without grain
const FAINT = 40; // levels from which on ink doesn't count as faint
const INK = 0.1; // of the way from paper to the strongest ink: anything below is shade
const GRAIN = 3; // standard deviations of grain that ink must exceed
const MOST_INK = 0.5; // of a picture

/** The weights of red, green and blue in a grey level; they add up to 1. */
type Weights = readonly [red: number, green: number, blue: number];

/** Luma (Rec. 601). */
const LUMA: Weights = [0.299, 0.587, 0.114];

// If luma shows nothing, such as red on an equally dark green, one of the colours may show something.
const CHANNELS: readonly Weights[] = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

/**
 * Reads the digit in the bytes of a PNG or a JPEG. Errors call the file `name`. The paper is what most of the edge
 * shows; if it is lighter than the ink, the picture is inverted. Uneven light is evened out (light.ts); dust and what
 * reaches in from the edge are left out (marks.ts). Then the ink is scaled so that its longer side is 20 pixels, its
 * centre of mass is put in the middle, and its strongest part becomes white, as in MNIST (LeCun et al. 1998).
 * Transparent parts become paper from which the opaque part stands out.
 *
 * Throws `DataError` if the bytes aren't such a picture, if it is larger than 4096×4096, and if it shows nothing or ink
 * too wide for a digit.
 */
export function readDigit(bytes: Uint8Array, name: string): ReadDigit {
  const rows = openPicture(bytes, name);
  const shrunk = shrinkPicture(rows);
  for (const weights of shrunk.colourful ? [LUMA, ...CHANNELS] : [LUMA]) {
    const found = readPlanes(shrunk, weights, rows, name);
    if (found) return found;
  }
  throw new DataError(
    `${name}: shows no digit: all of its ${rows.width}×${rows.height} pixels are about one gray; draw it darker or lighter than its ground`,
  );
}

function readPlanes(
  shrunk: Shrunk,
  weights: Weights,
  rows: Rows,
  name: string,
): ReadDigit | undefined {
  if (shrunk.whole) {
    const plane = upright(onPaper(shrunk.whole, weights), rows.orientation);
    return asItIs(plane);
  }
  const found = findInk(upright(onPaper(shrunk, weights), rows.orientation));
  if (!isVisible(found)) return undefined;
  const cleared = clearInk(found.ink, Math.max(INK, Math.min(0.4, GRAIN * found.noise)));
  const strokes = evenStrokes(cleared.ink);
  const inked = cleared.ink.values.filter((value) => value > 0).length;
  const doubts = [
    ...(found.contrast < FAINT ? ["its ink is faint"] : []),
    ...(GRAIN * found.noise > 0.25 ? ["its paper is as uneven as its ink"] : []),
    ...(found.light === "shadows" ? ["shadows lie on it"] : []),
    ...cleared.doubts,
    ...(inked > MOST_INK * cleared.ink.values.length ? ["more than half of it is ink"] : []),
  ];
  return {
    pixels: fitDigit(strokes, name),
    inverted: found.dark,
    fitted: true,
    evened: found.light !== "even" || strokes !== cleared.ink,
    doubts,
  };
}

function isVisible({ contrast, noise, light }: Ink): boolean {
  const calm = light === "even" && noise * contrast < 0.5;
  return contrast >= (calm ? LEAST : FAINTEST);
}

/** Returns a 28×28 picture as it is; undefined if it shows nothing. */
function asItIs(plane: Plane): ReadDigit | undefined {
  const [least, most] = extremesOf(plane);
  if (most - least < LEAST) return undefined;
  const inverted = medianOf(edgeOf(plane)) > (least + most) / 2;
  const faint = most - least < FAINTEST; // without stretching, no network would see it
  const level = (value: number): number => {
    const shown = faint ? (255 * (value - least)) / (most - least) : value;
    return (inverted ? 255 - shown : shown) / 127.5 - 1;
  };
  const doubts = most - least < FAINT ? ["its ink is faint"] : [];
  return {
    pixels: Float32Array.from(plane.values, level),
    inverted,
    fitted: false,
    evened: false,
    doubts,
  };
}

/**
 * Returns a picture's pixels as grey levels, on white where it is transparent. Throws `DataError` as `readDigit` does.
 */
export function readGrayPicture(bytes: Uint8Array, name: string): GrayImage {
  return grayOf(openPicture(bytes, name));
}

/** Like `readGrayPicture`, for a picture that has been opened. */
export function grayOf(rows: Rows): GrayImage {
  const { width, height } = rows;
  const pixels = new Uint8Array(width * height);
  rows.each(({ x, y, dx, count, alphas, red, green, blue }) => {
    for (let i = 0; i < count; i += 1) {
      const level = red === green ? red[i]! : lumaOf(red[i]!, green[i]!, blue[i]!);
      pixels[y * width + x + i * dx] = Math.round(255 + (level - 255) * (alphas ? alphas[i]! : 1));
    }
  });
  return { width, height, pixels };
}

function lumaOf(red: number, green: number, blue: number): number {
  return LUMA[0] * red + LUMA[1] * green + LUMA[2] * blue;
}

/** Returns a picture's grey levels, with its colours weighted. */
function grayPlane({ red, green, blue }: Layers, weights: Weights): Plane {
  if (red === green) return red;
  const [r, g, b] = weights;
  const values = red.values.map(
    (level, i) => r * level + g * green.values[i]! + b * blue.values[i]!,
  );
  return { ...red, values };
}

const DARK = 85;
const LIGHT = 170;
const SOME = 0.03; // of the opaque pixels

/**
 * Puts a picture on paper where it is transparent. A sign that was cut out stands out from its paper: dark ink lies on
 * white, light ink on black. If both dark and light pixels are opaque, as on a card with ink on it, the paper is like
 * the border of the opaque part.
 */
function onPaper(layers: Layers, weights: Weights): Plane {
  const levels = grayPlane(layers, weights);
  const { alphas } = layers;
  if (!alphas) return levels;
  const opaque: number[] = [];
  const border: number[] = [];
  const { width, height } = levels;
  alphas.values.forEach((alpha, i) => {
    if (alpha <= 0.5) return;
    const level = levels.values[i]! / alpha;
    opaque.push(level);
    const [x, y] = [i % width, Math.floor(i / width)];
    const clearAt = (dx: number, dy: number): boolean => {
      const [column, row] = [x + dx, y + dy];
      if (column < 0 || row < 0 || column >= width || row >= height) return false;
      return alphas.values[row * width + column]! <= 0.5;
    };
    if (clearAt(1, 0) || clearAt(-1, 0) || clearAt(0, 1) || clearAt(0, -1)) border.push(level);
  });
  const share = (of: (level: number) => boolean): number =>
    opaque.filter(of).length / opaque.length;
  const mixed = share((level) => level < DARK) >= SOME && share((level) => level > LIGHT) >= SOME;
  const median = medianOf(Float32Array.from(mixed && border.length > 0 ? border : opaque));
  const light = mixed ? median > 127.5 : !(median > 127.5);
  const values = levels.values.map(
    (level, i) => level + (light ? 255 : 0) * (1 - alphas.values[i]!),
  );
  return { width, height, values };
}
