// A picture of any format that is read, as gray planes no larger than reading a digit needs.

import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";
import { jpegRows } from "./jpeg-rows.ts";
import type { Plane } from "./orientation.ts";
import { pngRows } from "./png-pixels.ts";

/** What red, green and blue count in a gray level; they add up to 1. */
export type Weights = readonly [red: number, green: number, blue: number];

/** Luma (Rec. 601). */
export const LUMA: Weights = [0.299, 0.587, 0.114];

/** Some pixels of one row: (x, y), (x + dx, y), …; valid until the next row comes. */
export interface Row {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly count: number;
  /** (count) in [0, 255]. */
  readonly levels: Float32Array;
  /** (count) in [0, 1], where the picture knows transparency. */
  readonly alphas: Float32Array | undefined;
}

/** A picture that has been opened: its size is known, its pixels aren't unpacked yet. */
export interface Rows {
  readonly width: number;
  readonly height: number;
  /** How to turn it upright, 1 to 8 as in EXIF. */
  readonly orientation: number;
  /**
   * Unpacks the picture and hands on its rows, every pixel once, in any order. Throws `DataError` on damage.
   */
  readonly each: (weights: Weights, visit: (row: Row) => void) => Scale;
}

/** What all of a picture's values are to be multiplied by, where its file leaves the upper bits of samples unused: else 1. */
export interface Scale {
  readonly levels: number;
  readonly alphas: number;
  /** Whether some pixel's red, green and blue are far apart. */
  readonly colourful: boolean;
}

/**
 * Opens a PNG or a JPEG, by its content; `name` is what errors call the file.
 * Throws `DataError` on anything else, by its format's name, on damage, and on sides above 4096 pixels.
 */
export function openPicture(bytes: Uint8Array, name: string): Rows {
  const format = formatOf(bytes);
  if (format?.kind === "png") return pngRows(bytes, name);
  if (format?.kind === "jpeg") return jpegRows(bytes, name);
  const is = bytes.length === 0 ? "is empty" : format ? `is ${format.words}` : "is no picture";
  throw new DataError(`${name}: ${is}; PNG and JPEG pictures are read: save it as one of them`);
}

/** Whether bytes begin as those of a picture do, of one that is read or of another. */
export function isPicture(bytes: Uint8Array): boolean {
  return ["png", "jpeg", "picture"].includes(formatOf(bytes)?.kind ?? "");
}

const SIDE = 28;
const MOST = 768; // pixels a side of what is kept: a digit that fills a tenth of them is still large

/** A picture, shrunk by a whole factor if it is large. */
export interface Shrunk {
  /** Gray levels times alpha, [0, 255]. */
  readonly levels: Plane;
  /** (height, width) alphas, where some pixel isn't opaque. */
  readonly alphas: Plane | undefined;
  /** The same for a 28×28 picture whose pixels were enlarged to squares: as small as it was. */
  readonly whole: { readonly levels: Plane; readonly alphas: Plane | undefined } | undefined;
  /** Whether a single colour may show more than luma does. */
  readonly colourful: boolean;
}

/** Unpacks a picture into planes of at most 768×768: each value is the mean of a square of pixels. */
export function shrinkPicture(rows: Rows, weights: Weights): Shrunk {
  const factor = Math.ceil(Math.max(rows.width, rows.height) / MOST);
  const [width, height] = [Math.ceil(rows.width / factor), Math.ceil(rows.height / factor)];
  const levels = new Float32Array(width * height);
  let alphas: Float32Array<ArrayBuffer> | undefined;
  const whole = wholeOf(rows);
  const area = (x: number, y: number): number =>
    Math.min(factor, rows.width - x * factor) * Math.min(factor, rows.height - y * factor);
  const scale = rows.each(weights, (row) => {
    const line = Math.floor(row.y / factor) * width;
    if (row.alphas && !alphas) alphas = new Float32Array(width * height);
    const { dx, count } = row;
    let at = line + Math.floor(row.x / factor);
    let inside = row.x % factor; // how far into its square a pixel lies
    for (let i = 0; i < count; i += 1) {
      const alpha = row.alphas ? row.alphas[i]! : 1;
      levels[at]! += row.levels[i]! * alpha;
      if (alphas) alphas[at]! += alpha;
      for (inside += dx; inside >= factor; inside -= factor) at += 1;
    }
    whole?.visit(row);
  });
  for (let at = 0; at < levels.length; at += 1) {
    const pixels = area(at % width, Math.floor(at / width));
    levels[at]! *= (scale.levels * scale.alphas) / pixels;
    if (alphas) alphas[at]! *= scale.alphas / pixels;
  }
  const plane = (values: Float32Array<ArrayBuffer>): Plane => ({ width, height, values });
  const opaque = !alphas || alphas.every((alpha) => alpha === 1);
  return {
    levels: plane(levels),
    alphas: opaque ? undefined : plane(alphas!),
    whole: whole?.planes(scale),
    colourful: scale.colourful,
  };
}

interface Whole {
  readonly visit: (row: Row) => void;
  readonly planes: (scale: Scale) => Shrunk["whole"];
}

/** Watches whether a picture's pixels come in squares that make up 28×28; undefined where its size forbids it. */
function wholeOf({ width, height }: Rows): Whole | undefined {
  const scale = width / SIDE;
  if (width !== height || !Number.isInteger(scale)) return undefined;
  const cells = SIDE * SIDE;
  const levels = new Float32Array(cells).fill(NaN);
  const alphas = new Float32Array(cells).fill(1);
  let even = true;
  let opaque = true;
  const visit = (row: Row): void => {
    if (!even) return;
    const line = Math.floor(row.y / scale) * SIDE;
    for (let i = 0; i < row.count; i += 1) {
      const at = line + Math.floor((row.x + i * row.dx) / scale);
      const alpha = row.alphas ? row.alphas[i]! : 1;
      const level = Math.fround(row.levels[i]! * alpha);
      if (Number.isNaN(levels[at])) [levels[at], alphas[at]] = [level, alpha];
      else if (levels[at] !== level || alphas[at] !== Math.fround(alpha)) even = false;
      if (alpha !== 1) opaque = false;
    }
  };
  const planes = (by: Scale): Shrunk["whole"] => {
    if (!even) return undefined;
    const plane = (values: Float32Array<ArrayBuffer>): Plane => ({
      width: SIDE,
      height: SIDE,
      values,
    });
    return {
      levels: plane(levels.map((level) => level * by.levels * by.alphas)),
      alphas: opaque ? undefined : plane(alphas.map((alpha) => alpha * by.alphas)),
    };
  };
  return { visit, planes };
}
