// Resizing by filters, as in PyTorch and Pillow: for each output pixel a list of taps and their weights.
import type { Pair } from "./conv.ts";
import { type Ref, zeros } from "./array.ts";
import { coordinate, forEachShare, mirrored } from "./resize.ts";

/** How one pixel's taps are found. `steps` are in/out unless given, as fractions. */
export interface FilterOptions {
  readonly size: Pair;
  readonly cubic: boolean;
  readonly coefficient: number;
  readonly antialias: boolean;
  readonly coordinates: "halfPixel" | "alignCorners" | "asymmetric";
  readonly mirror?: boolean;
  readonly steps?: readonly [Pair, Pair];
}

/** Keys's cubic, as in his paper; or the triangle. */
export function filter(distance: number, { cubic, coefficient: a }: FilterOptions): number {
  const x = Math.abs(distance);
  if (!cubic) return Math.max(1 - x, 0);
  if (x < 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}

type Taps = readonly (readonly [pixel: number, weight: number])[];

/** The taps of each output pixel along an axis. Roundings of a root of the filter are no share. */
export function tapsOf(length: number, axis: 0 | 1, options: FilterOptions): Taps[] {
  const { size, coordinates, antialias, mirror = false } = options;
  const outLength = size[axis];
  const step = options.steps?.[axis] ?? [length, outLength];
  const stretch =
    coordinates === "alignCorners"
      ? outLength === 1
        ? 0
        : (length - 1) / (outLength - 1)
      : step[0] / step[1];
  const scale = antialias ? Math.max(stretch, 1) : 1;
  const support = (options.cubic ? 2 : 1) * scale;
  return Array.from({ length: outLength }, (_, i) => {
    const anywhere = coordinate(i, length, outLength, step, coordinates);
    const source = antialias ? Math.min(Math.max(anywhere, -0.5), length - 0.5) : anywhere;
    const all: [number, number][] = [];
    for (let tap = Math.floor(source - support); tap <= Math.ceil(source + support); tap++) {
      const weight = filter((tap - source) / scale, options);
      if (Math.abs(weight) < 1e-12 || (antialias && (tap < 0 || tap >= length))) continue;
      const pixel = mirror ? mirrored(tap, length - 1) : Math.min(Math.max(tap, 0), length - 1);
      all.push([pixel, weight]);
    }
    const total = antialias ? all.reduce((sum, [, weight]) => sum + weight, 0) : 1;
    return all.map(([pixel, weight]) => [pixel, weight / total]);
  });
}

function forEachTap(
  shape: Images,
  options: FilterOptions,
  absolute: boolean,
  visit: (inAt: number, outAt: number, weight: number) => void,
): void {
  const [rows, columns] = [tapsOf(shape[1], 0, options), tapsOf(shape[2], 1, options)];
  forEachShare(shape, rows, columns, (inAt, outAt, weight) => {
    visit(inAt, outAt, absolute ? Math.abs(weight) : weight);
  });
}

type Images = readonly [number, number, number, number];

/** Images of another size; `absolute` takes the weights' absolute values, for bounds of rounding. */
export function resizeFilter(x: Ref, options: FilterOptions, absolute = false): Ref {
  const shape = x.shape as Images;
  const y = zeros([shape[0], ...options.size, shape[3]]);
  forEachTap(shape, options, absolute, (inAt, outAt, weight) => {
    y.data[outAt]! += weight * x.data[inAt]!;
  });
  return y;
}

/** dx of `resizeFilter`, of the given shape. */
export function resizeFilterGrad(
  dy: Ref,
  shape: readonly number[],
  options: FilterOptions,
  absolute = false,
): Ref {
  const dx = zeros(shape);
  forEachTap(shape as Images, options, absolute, (inAt, outAt, weight) => {
    dx.data[inAt]! += weight * dy.data[outAt]!;
  });
  return dx;
}
