// Reads a picture of any supported format as planes that are no larger than reading a digit needs.

import { DataError } from "../gpu/errors.ts";
import { formatOf } from "../gpu/formats.ts";
import { jpegRows } from "./jpeg-rows.ts";
import type { Plane } from "./orientation.ts";
import { pngRows } from "./png-pixels.ts";

/** Some pixels of one row: (x, y), (x + dx, y), …; valid until the next row. */
export interface Row {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly count: number;
  /** (count) each, in [0, 255]; one and the same array if all of them are grey. */
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
  /** (count) in [0, 1]; undefined if all are 1. */
  readonly alphas: Float32Array | undefined;
}

/** A picture that has been opened: its size is known, but its pixels aren't unpacked yet. */
export interface Rows {
  readonly width: number;
  readonly height: number;
  /** How to turn it upright, 1 to 8 as in EXIF. */
  readonly orientation: number;
  /** Unpacks the picture and visits its rows: every pixel once, in any order. Throws `DataError` on damage. */
  readonly each: (visit: (row: Row) => void) => Scale;
}

/** The factors for all values of a picture whose file leaves the upper bits of samples unused; else 1. */
export interface Scale {
  readonly levels: number;
  readonly alphas: number;
  /** Whether the red, green and blue of some pixel are far apart. */
  readonly colourful: boolean;
}

/**
 * Opens a PNG or a JPEG by its content. Errors call the file `name`. Throws `DataError` on anything else, with the name
 * of its format, on damage, and on sides above 4096 pixels.
 */
export function openPicture(bytes: Uint8Array, name: string): Rows {
  const format = formatOf(bytes);
  if (format?.kind === "png") return pngRows(bytes, name);
  if (format?.kind === "jpeg") return jpegRows(bytes, name);
  const is = bytes.length === 0 ? "is empty" : format ? `is ${format.words}` : "is not a picture";
  throw new DataError(
    `${name}: ${is}; only PNG and JPEG pictures are read: save it as one of them`,
  );
}

/** Whether bytes begin like those of a picture, in a supported format or another. */
export function isPicture(bytes: Uint8Array): boolean {
  return ["png", "jpeg", "picture"].includes(formatOf(bytes)?.kind ?? "");
}

const SIDE = 28;
const MOST = 768; // pixels per side that are kept: a digit that fills a tenth of them is still large

/** The planes of a picture, all of one size. */
export interface Layers {
  /** Levels times alpha, [0, 255]; one and the same plane if all pixels are grey. */
  readonly red: Plane;
  readonly green: Plane;
  readonly blue: Plane;
  /** In [0, 1]; undefined if all pixels are opaque. */
  readonly alphas: Plane | undefined;
}

/** A picture, shrunk by a whole factor if it is large. */
export interface Shrunk extends Layers {
  /** The same for a 28×28 picture whose pixels were enlarged to squares, in its original size. */
  readonly whole: Layers | undefined;
  /** Whether a single colour may show more than luma. */
  readonly colourful: boolean;
}

const CHANNELS = ["red", "green", "blue"] as const;

/** Unpacks a picture into planes of at most 768×768: each value is the mean of a square of pixels. */
export function shrinkPicture(rows: Rows): Shrunk {
  const factor = Math.ceil(Math.max(rows.width, rows.height) / MOST);
  const [width, height] = [Math.ceil(rows.width / factor), Math.ceil(rows.height / factor)];
  const empty = (): Float32Array<ArrayBuffer> => new Float32Array(width * height);
  let sums = [empty()]; // one per colour; a single one as long as all rows are grey
  let clear: Float32Array<ArrayBuffer> | undefined; // sums of 1 − alpha, once a row isn't opaque
  const whole = wholeOf(rows);
  const scale = rows.each((row) => {
    const from = Math.floor(row.y / factor) * width + Math.floor(row.x / factor);
    const inside = row.x % factor; // how far inside its square a pixel lies
    const channels = channelsOf(row);
    if (channels.length > sums.length) sums = channels.map(() => sums[0]!.slice());
    sums.forEach((sum, channel) => {
      const values = channels[channel] ?? channels[0]!;
      addSquares(sum, from, inside, { ...row, values, factor });
    });
    if (row.alphas) {
      clear ??= empty();
      const values = row.alphas.map((alpha) => 1 - alpha);
      addSquares(clear, from, inside, { ...row, values, alphas: undefined, factor });
    }
    whole?.visit(row);
  });
  const area = (at: number): number => {
    const [x, y] = [(at % width) * factor, Math.floor(at / width) * factor];
    return Math.min(factor, rows.width - x) * Math.min(factor, rows.height - y);
  };
  const plane = (
    values: Float32Array<ArrayBuffer>,
    mean: (sum: number, area: number) => number,
  ): Plane => {
    for (let at = 0; at < values.length; at += 1) values[at] = mean(values[at]!, area(at));
    return { width, height, values };
  };
  const by = scale.levels * scale.alphas;
  return {
    ...layersOf(
      sums.map((values) => plane(values, (sum, pixels) => (sum * by) / pixels)),
      clear && plane(clear, (sum, pixels) => (1 - sum / pixels) * scale.alphas),
    ),
    whole: whole?.layers(scale),
    colourful: scale.colourful,
  };
}

/** Returns the arrays of a row's colours: a single one if the row is grey. */
function channelsOf({ red, green, blue }: Row): readonly Float32Array[] {
  return red === green && red === blue ? [red] : [red, green, blue];
}

/** Returns layers of one plane, for all colours, or of three. */
function layersOf(planes: readonly Plane[], alphas: Plane | undefined): Layers {
  const [red, green = red, blue = red] = planes;
  return { red: red!, green: green!, blue: blue!, alphas };
}

/** Adds a row's values, times its alphas if it has any, to the squares that they lie in. */
function addSquares(
  into: Float32Array,
  from: number,
  within: number,
  row: Pick<Row, "dx" | "count" | "alphas"> & {
    readonly values: Float32Array;
    readonly factor: number;
  },
): void {
  const { values, alphas, dx, count, factor } = row;
  let at = from;
  let inside = within;
  for (let i = 0; i < count;) {
    const end = Math.min(count, i + Math.ceil((factor - inside) / dx)); // of this square's pixels
    inside += (end - i) * dx;
    let sum = 0;
    if (alphas) for (; i < end; i += 1) sum += values[i]! * alphas[i]!;
    else for (; i < end; i += 1) sum += values[i]!;
    into[at]! += sum;
    at += Math.floor(inside / factor);
    inside %= factor;
  }
}

interface Whole {
  readonly visit: (row: Row) => void;
  readonly layers: (scale: Scale) => Layers | undefined;
}

/** Watches whether a picture's pixels form squares that make up 28×28. Undefined if its size rules that out. */
function wholeOf({ width, height }: Rows): Whole | undefined {
  const scale = width / SIDE;
  if (width !== height || !Number.isInteger(scale)) return undefined;
  const cells = SIDE * SIDE;
  const levels = CHANNELS.map(() => new Float32Array(cells).fill(NaN));
  const alphas = new Float32Array(cells).fill(1);
  let even = true;
  let [opaque, gray] = [true, true];
  const visit = (row: Row): void => {
    if (!even) return;
    const line = Math.floor(row.y / scale) * SIDE;
    const channels = CHANNELS.map((name) => row[name]);
    gray &&= channelsOf(row).length === 1;
    for (let i = 0; i < row.count; i += 1) {
      const at = line + Math.floor((row.x + i * row.dx) / scale);
      const alpha = row.alphas ? row.alphas[i]! : 1;
      const first = Number.isNaN(levels[0]![at]);
      if (first) alphas[at] = alpha;
      else if (alphas[at] !== Math.fround(alpha)) even = false;
      for (let channel = 0; channel < channels.length; channel += 1) {
        const level = Math.fround(channels[channel]![i]! * alpha);
        if (first) levels[channel]![at] = level;
        else if (levels[channel]![at] !== level) even = false;
      }
      if (alpha !== 1) opaque = false;
    }
  };
  const layers = (by: Scale): Layers | undefined => {
    if (!even) return undefined;
    const plane = (values: Float32Array<ArrayBuffer>, factor: number): Plane => ({
      width: SIDE,
      height: SIDE,
      values: values.map((value) => value * factor),
    });
    const planes = levels.map((values) => plane(values, by.levels * by.alphas));
    return layersOf(
      gray ? planes.slice(0, 1) : planes,
      opaque ? undefined : plane(alphas, by.alphas),
    );
  };
  return { visit, layers };
}
