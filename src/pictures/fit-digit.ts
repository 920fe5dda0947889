// Crops, scales and centres ink as MNIST's digits were (LeCun et al. 1998).

import { DataError } from "../gpu/errors.ts";
import type { Plane } from "./orientation.ts";

const SIDE = 28;
const BOX = 20; // the longer side of every digit of MNIST
const MIDDLE = 14.5; // their mean centre of mass, to half a pixel: the centre of pixel 14
const WIDEST = 3; // width over height

/**
 * The extent of ink along one axis: its first row or column, the one after its last, and its centre of mass, in pixels.
 */
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

/**
 * Crops, scales and centres ink in [0, 1], and stretches it to [−1, 1]: (28, 28), with its longer side 20 pixels.
 * Throws `DataError` if the ink is too wide for a digit.
 */
export function fitDigit(
  { width, height, values }: Plane,
  name: string,
): Float32Array<ArrayBuffer> {
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
      `${name}: its ink is ${wide} pixels wide and ${high} high, which is not a digit; give one picture per digit`,
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
 * Returns, for each of the 28 pixels along an axis, its source pixels and their weights: when shrinking, the parts of
 * them that it covers; when enlarging, the nearest two in proportion.
 */
function weights({ first, last, centre }: Extent, scale: number): [number, number][][] {
  // The centre of mass goes to the middle, as far as the box stays inside. It moves by whole pixels, because a part
  // of one would blur every stroke.
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
