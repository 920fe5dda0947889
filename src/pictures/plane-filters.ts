// Filters of planes whose cost doesn't grow with their windows: means, and morphological minima and maxima.

import type { Plane } from "./orientation.ts";

const MANY = 50_000;

/**
 * Returns the median; NaN if there are no values. For an even number, it is the greater of the middle two. For very
 * many values, it is the median of every nth.
 */
export function medianOf(values: Float32Array): number {
  const step = Math.ceil(values.length / MANY);
  if (step > 1) return medianOf(values.filter((_, i) => i % step === 0));
  return values.slice().sort()[Math.floor(values.length / 2)] ?? NaN;
}

/** Returns the smallest and the largest value. */
export function extremesOf({ values }: Plane): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return [least, most];
}

/** Returns the means of squares of `factor`×`factor` pixels; squares at the far edges may be smaller. */
export function blockMeans(plane: Plane, factor: number): Plane {
  if (factor === 1) return plane;
  const [width, height] = [Math.ceil(plane.width / factor), Math.ceil(plane.height / factor)];
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    const bottom = Math.min(plane.height, (y + 1) * factor);
    for (let x = 0; x < width; x += 1) {
      const right = Math.min(plane.width, (x + 1) * factor);
      let sum = 0;
      for (let row = y * factor; row < bottom; row += 1) {
        for (let i = x * factor; i < right; i += 1) sum += plane.values[row * plane.width + i]!;
      }
      values[y * width + x] = sum / ((bottom - y * factor) * (right - x * factor));
    }
  }
  return { width, height, values };
}

/** Returns the mean of the (2 radius + 1)² pixels around each pixel, as far as they are inside. */
export function blur(plane: Plane, radius: number): Plane {
  return alongBoth(plane, (line) => {
    const { length } = line;
    const out = new Float32Array(length);
    let sum = 0;
    let count = 0;
    for (let i = -radius; i < length; i += 1) {
      if (i + radius < length) [sum, count] = [sum + line[i + radius]!, count + 1];
      if (i - radius > 0) [sum, count] = [sum - line[i - radius - 1]!, count - 1];
      if (i >= 0) out[i] = sum / count;
    }
    return out;
  });
}

/** Returns the minimum of the maxima: fills in what is darker than its surroundings and narrower than 2 radius + 1. */
export function closing(plane: Plane, radius: number): Plane {
  const grown = dilation(plane, radius);
  return alongBoth(grown, (line) =>
    greatest(
      line.map((v) => -v),
      radius,
    ).map((v) => -v),
  );
}

/** Returns the largest of the (2 radius + 1)² values around each pixel. */
export function dilation(plane: Plane, radius: number): Plane {
  return alongBoth(plane, (line) => greatest(line, radius));
}

/**
 * Returns the largest of the 2 radius + 1 values around each, by a queue of those that can still become the largest.
 */
function greatest(line: Float32Array, radius: number): Float32Array {
  const queue = new Int32Array(line.length);
  let [first, last] = [0, 0];
  const out = new Float32Array(line.length);
  for (let i = 0; i < line.length + radius; i += 1) {
    if (i < line.length) {
      while (last > first && line[queue[last - 1]!]! <= line[i]!) last -= 1;
      queue[last] = i;
      last += 1;
    }
    const centre = i - radius;
    if (centre < 0) continue;
    while (queue[first]! < centre - radius) first += 1;
    out[centre] = line[queue[first]!]!;
  }
  return out;
}

function alongBoth(
  { width, height, values }: Plane,
  filter: (line: Float32Array<ArrayBuffer>) => Float32Array,
): Plane {
  const out = values.slice();
  for (let y = 0; y < height; y += 1) {
    out.set(filter(out.slice(y * width, (y + 1) * width)), y * width);
  }
  const column = new Float32Array(height);
  for (let x = 0; x < width; x += 1) {
    for (let y = 0; y < height; y += 1) column[y] = out[y * width + x]!;
    const filtered = filter(column);
    for (let y = 0; y < height; y += 1) out[y * width + x] = filtered[y]!;
  }
  return { width, height, values: out };
}
