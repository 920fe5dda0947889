// A digit from a PNG of any size, as MNIST would have it: light on dark, 28×28, fitted and centred.
// Node only, as png.ts.

import { PNG } from "pngjs";
import { DataError } from "../gpu/errors.ts";
import type { GrayImage } from "./grid.ts";

/** A digit as the networks take it. */
export interface ReadDigit {
  /** (28, 28) in [−1, 1], light on dark. */
  readonly pixels: Float32Array<ArrayBuffer>;
  /** Whether the picture was dark on light. */
  readonly inverted: boolean;
  /** Whether it was cropped, scaled and centred; a 28×28 picture, or one enlarged from that, is taken as it is. */
  readonly fitted: boolean;
}

const SIDE = 28;
const BOX = 20; // the longer side of every digit of MNIST
const MIDDLE = 14.5; // where their centres of mass lie, on average and to half a pixel: the centre of pixel 14
const MOST = 4096; // pixels a side
const FAINTEST = 24; // levels of 255 between paper and ink, below which there is nothing to read
const WIDEST = 3; // times as wide as high
const INK = 0.1; // of the way from paper to the strongest ink: below are shades and noise

/** Values in rows, 0 to 255. */
interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/**
 * The digit in a PNG's bytes; `name` is what errors call the file. The paper is what most of the edge
 * shows; where it is lighter than the ink the picture is inverted. Then the ink is scaled so that its longer side
 * is 20 pixels, put with its centre of mass in the middle, and its strongest part made white: MNIST's
 * own way (LeCun et al. 1998). Transparency lies on white, or on black if white leaves nothing to see.
 *
 * Throws `DataError` on what is no PNG, is larger than 4096×4096, or shows nothing or ink too wide for a digit.
 */
export function readDigit(bytes: Uint8Array, name: string): ReadDigit {
  const { width, height, data } = decode(bytes, name);
  const on = (paper: number): Plane => ({ width, height, values: grayOn(data, paper) });
  const white = on(255);
  const plane = contrast(white) < FAINTEST ? on(0) : white;
  if (contrast(plane) < FAINTEST) {
    throw new DataError(
      `${name}: shows no digit: all of its ${width}×${height} pixels are about one gray; draw it darker or lighter than its ground`,
    );
  }
  const paper = edgeMedian(plane);
  const [least, most] = extremes(plane);
  const inverted = paper > (least + most) / 2;
  const whole = shrunkWhole(plane);
  if (whole) {
    const level = (value: number): number => (inverted ? 255 - value : value) / 127.5 - 1;
    return { pixels: Float32Array.from(whole, level), inverted, fitted: false };
  }
  const ink: Plane = {
    width,
    height,
    values: plane.values.map((value) => {
      const part = inverted ? (paper - value) / (paper - least) : (value - paper) / (most - paper);
      return part > INK ? part : 0;
    }),
  };
  return { pixels: fit(ink, name), inverted, fitted: true };
}

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return [0x89, 0x50, 0x4e, 0x47].every((byte, at) => bytes[at] === byte);
}

/** A PNG's pixels as gray levels, on white where it is transparent. Throws `DataError` as `readDigit`. */
export function readGrayPng(bytes: Uint8Array, name: string): GrayImage {
  const { width, height, data } = decode(bytes, name);
  const pixels = Uint8Array.from(grayOn(data, 255), (value) => Math.round(value));
  return { width, height, pixels };
}

function decode(bytes: Uint8Array, name: string): PNG {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 24 || !isPng(bytes))
    throw new DataError(`${name}: is no PNG; save the picture as one`);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width > MOST || height > MOST) {
    throw new DataError(`${name}: is ${width}×${height}; shrink it to ${MOST}×${MOST} or less`);
  }
  try {
    return PNG.sync.read(Buffer.from(bytes));
  } catch (error) {
    throw new DataError(`${name}: is a damaged PNG; save the picture again`, { cause: error });
  }
}

/** Luma (Rec. 601) of RGBA on paper of a gray. */
function grayOn(data: Uint8Array, paper: number): Float32Array {
  const values = new Float32Array(data.length / 4);
  for (let i = 0; i < values.length; i += 1) {
    const at = 4 * i;
    const luma = 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!;
    values[i] = paper + ((luma - paper) * data[at + 3]!) / 255;
  }
  return values;
}

function extremes({ values }: Plane): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

function contrast(plane: Plane): number {
  const [least, most] = extremes(plane);
  return most - least;
}

function edgeMedian({ width, height, values }: Plane): number {
  const edge = [values.subarray(0, width), values.subarray(-width)].flatMap((row) => [...row]);
  for (let y = 0; y < height; y += 1) edge.push(values[y * width]!, values[(y + 1) * width - 1]!);
  return Float32Array.from(edge).sort()[Math.floor(edge.length / 2)]!;
}

/** A 28×28 picture whose pixels were enlarged to squares, as small as it was; undefined if it is none. */
function shrunkWhole({ width, height, values }: Plane): Float32Array | undefined {
  const scale = width / SIDE;
  if (width !== height || !Number.isInteger(scale)) return undefined;
  const corner = (x: number, y: number): number =>
    values[Math.floor(y / scale) * scale * width + Math.floor(x / scale) * scale]!;
  const even = values.every((value, i) => value === corner(i % width, Math.floor(i / width)));
  if (!even) return undefined;
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) =>
    corner((i % SIDE) * scale, Math.floor(i / SIDE) * scale),
  );
}

/** Where ink is, along one axis: its first and last row or column, and its centre of mass, in pixels. */
interface Extent {
  readonly first: number;
  readonly last: number;
  readonly centre: number;
}

function extentOf(masses: Float64Array): Extent {
  const first = masses.findIndex((mass) => mass > 0);
  const last = masses.findLastIndex((mass) => mass > 0) + 1;
  const moment = masses.reduce((sum, mass, i) => sum + mass * (i + 0.5), 0);
  return { first, last, centre: moment / masses.reduce((sum, mass) => sum + mass, 0) };
}

/** Crops, scales and centres ink of [0, 1], and stretches it to [−1, 1]. */
function fit({ width, height, values }: Plane, name: string): Float32Array<ArrayBuffer> {
  const [rows, columns] = [new Float64Array(height), new Float64Array(width)];
  values.forEach((value, i) => {
    if (value === 0) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    rows[y]! += value;
    columns[x]! += value;
  });
  const down = extentOf(rows);
  const across = extentOf(columns);
  const [wide, high] = [across.last - across.first, down.last - down.first];
  if (wide > WIDEST * high) {
    throw new DataError(
      `${name}: its ink is ${wide} pixels wide and ${high} high, which is no digit; give a picture of one digit each`,
    );
  }
  const scale = BOX / Math.max(down.last - down.first, across.last - across.first);
  const fromX = weights(across, scale);
  const fromY = weights(down, scale);
  const small = Float64Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [fromX[i % SIDE]!, fromY[Math.floor(i / SIDE)]!];
    let sum = 0;
    for (const [row, part] of y) {
      for (const [column, share] of x) sum += part * share * values[row * width + column]!;
    }
    return sum;
  });
  const strongest = small.reduce((most, value) => Math.max(most, value), 0);
  return Float32Array.from(small, (value) => (2 * value) / strongest - 1);
}

/**
 * For each of the 28 pixels along an axis, which source pixels it is made of and how much of each: as much
 * as it covers of them when shrinking, or the nearest two in proportion when enlarging.
 */
function weights({ first, last, centre }: Extent, scale: number): [number, number][][] {
  // The centre of mass goes to the middle, as far as the box stays inside; by whole pixels, as a part of
  // one would blur every stroke.
  const left = Math.round(MIDDLE - (centre - first) * scale);
  const shift =
    Math.min(Math.floor(SIDE - (last - first) * scale), Math.max(0, left)) - first * scale;
  return Array.from({ length: SIDE }, (_, pixel) => {
    const at = (pixel + 0.5 - shift) / scale;
    const half = 0.5 / scale;
    const found: [number, number][] = [];
    for (let i = first; i < last; i += 1) {
      const covered = Math.min(i + 1, at + half) - Math.max(i, at - half);
      const near = 1 - Math.abs(i + 0.5 - at);
      const weight = scale < 1 ? covered * scale : near;
      if (weight > 0) found.push([i, weight]);
    }
    return found;
  });
}
