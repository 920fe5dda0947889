// Max and average pooling of images (N, H, W, C), forwards and backwards, from one list of each
// window's taps.
import { type Ref, zeros } from "./array.ts";
import type { Pair } from "./conv.ts";

/** How windows lie over an image. `padding` is [top, bottom, left, right]. */
export interface PoolGeometry {
  readonly size: Pair;
  readonly strides: Pair;
  readonly padding: readonly [number, number, number, number];
  readonly dilations: Pair;
  readonly ceil: boolean;
  readonly countPadding: boolean;
}

/** A window: the flat positions of its taps in the image, row by row, and what a mean divides by. */
interface Window {
  readonly taps: readonly number[];
  readonly divisor: number;
}

/** The output's height and width, counted window by window. */
export function poolOutputSize(image: Pair, geometry: PoolGeometry): Pair {
  const along = (axis: 0 | 1): number => {
    const [before, after] = [geometry.padding[2 * axis]!, geometry.padding[2 * axis + 1]!];
    const last = (geometry.size[axis] - 1) * geometry.dilations[axis];
    const fits = (start: number): boolean => start + last < image[axis] + after;
    let count = 0;
    let start = -before;
    for (; fits(start); start += geometry.strides[axis]) count += 1;
    // One more, if it is wanted, if something is left over, and if it doesn't start in the padding.
    const left = start - geometry.strides[axis] + last < image[axis] + after - 1;
    return count + (geometry.ceil && left && start < image[axis] ? 1 : 0);
  };
  return [along(0), along(1)];
}

function outputShape(shape: readonly number[], geometry: PoolGeometry): number[] {
  const size = poolOutputSize([shape[1]!, shape[2]!], geometry);
  return [shape[0]!, ...size, shape[3]!];
}

/** Calls `visit` for every output, with its flat position. */
function forEachWindow(
  shape: readonly number[],
  geometry: PoolGeometry,
  visit: (window: Window, outAt: number) => void,
): void {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [, outHeight, outWidth] = outputShape(shape, geometry) as [number, number, number];
  const { size, strides, dilations, padding, countPadding } = geometry;
  let outAt = 0;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let c = 0; c < channels; c++) {
          const taps: number[] = [];
          let padded = 0;
          for (let i = 0; i < size[0]; i++) {
            for (let j = 0; j < size[1]; j++) {
              const y = oy * strides[0] + i * dilations[0] - padding[0];
              const x = ox * strides[1] + j * dilations[1] - padding[2];
              if (y < height + padding[1] && x < width + padding[3]) padded += 1;
              if (y < 0 || y >= height || x < 0 || x >= width) continue;
              taps.push(((n * height + y) * width + x) * channels + c);
            }
          }
          visit({ taps, divisor: Math.max(1, countPadding ? padded : taps.length) }, outAt);
          outAt += 1;
        }
      }
    }
  }
}

/** The tap of a window's maximum: the first of the largest, or the last NaN. */
function winnerOf(x: Ref, { taps }: Window): number | undefined {
  let winner = taps[0];
  for (const at of taps) {
    if (x.data[at]! > x.data[winner!]! || Number.isNaN(x.data[at])) winner = at;
  }
  return winner;
}

/** The largest element of each window; −∞ where all taps lie in the padding. */
export function maxPool(x: Ref, geometry: PoolGeometry): Ref {
  const y = zeros(outputShape(x.shape, geometry));
  forEachWindow(x.shape, geometry, (window, outAt) => {
    const winner = winnerOf(x, window);
    y.data[outAt] = winner === undefined ? -Infinity : x.data[winner]!;
  });
  return y;
}

/** dx of `maxPool`: each window's gradient goes to the one tap that it took. */
export function maxPoolGrad(dy: Ref, x: Ref, geometry: PoolGeometry): Ref {
  const dx = zeros(x.shape);
  forEachWindow(x.shape, geometry, (window, outAt) => {
    const winner = winnerOf(x, window);
    if (winner !== undefined) dx.data[winner]! += dy.data[outAt]!;
  });
  return dx;
}

/** The mean of each window; 0 where all taps lie in the padding. */
export function avgPool(x: Ref, geometry: PoolGeometry): Ref {
  const y = zeros(outputShape(x.shape, geometry));
  forEachWindow(x.shape, geometry, ({ taps, divisor }, outAt) => {
    y.data[outAt] = taps.reduce((sum, at) => sum + x.data[at]!, 0) / divisor;
  });
  return y;
}

/** dx of `avgPool`, of the given shape: each window shares its gradient evenly. */
export function avgPoolGrad(dy: Ref, shape: readonly number[], geometry: PoolGeometry): Ref {
  const dx = zeros(shape);
  forEachWindow(shape, geometry, ({ taps, divisor }, outAt) => {
    for (const at of taps) dx.data[at]! += dy.data[outAt]! / divisor;
  });
  return dx;
}
