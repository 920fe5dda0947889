// Resizing images (N, H, W, C): each axis is a matrix of shares, defined pixel by pixel; forward applies both, backward
// their transposes.
import { type Ref, zeros } from "./array.ts";
import type { Pair } from "./conv.ts";

/** How one pixel's coordinate is found and rounded. `step` (in/out unless given) is a fraction. */
export interface ResizeOptions {
  readonly size: Pair;
  readonly bilinear: boolean;
  readonly coordinates: "halfPixel" | "alignCorners" | "asymmetric";
  readonly rounding: "floor" | "ceil" | "preferFloor" | "preferCeil";
  readonly steps?: readonly [Pair, Pair];
  /** Whether what lies past the ends of the image is its mirror image, not its outermost pixels. */
  readonly mirror?: boolean;
}

const ROUNDINGS: Readonly<Record<ResizeOptions["rounding"], (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  preferFloor: (x) => Math.ceil(x - 0.5),
  preferCeil: (x) => Math.floor(x + 0.5),
};

/** Input pixels and their shares of one output pixel, each above 0. */
type Shares = readonly (readonly [pixel: number, share: number])[];

/** The pixel at a place past the ends of 0 to last: there and back again. scikit-image's `coord_map`, mode 'R'. */
export function mirrored(pixel: number, last: number): number {
  if (pixel >= 0 && pixel <= last) return pixel;
  if (last === 0) return 0;
  return mirrored(pixel < 0 ? -pixel : 2 * last - pixel, last);
}

/** The coordinate of output pixel i. Divided once, so that a half comes out as a half. */
export function coordinate(
  i: number,
  length: number,
  outLength: number,
  step: Pair,
  way: string,
): number {
  const [p, q] = step;
  const last = length - 1;
  const source =
    way === "halfPixel"
      ? ((2 * i + 1) * p - q) / (2 * q)
      : way === "asymmetric"
        ? (i * p) / q
        : outLength === 1
          ? 0
          : (i * last) / (outLength - 1);
  return source;
}

function sharesOf(length: number, axis: 0 | 1, options: ResizeOptions): Shares[] {
  const outLength = options.size[axis];
  const step = options.steps?.[axis] ?? [length, outLength];
  return Array.from({ length: outLength }, (_, i) => {
    const anywhere = coordinate(i, length, outLength, step, options.coordinates);
    const last = length - 1;
    const source = options.mirror ? anywhere : Math.min(Math.max(anywhere, 0), last);
    if (!options.bilinear) return [[ROUNDINGS[options.rounding](source), 1]];
    const low = Math.floor(source);
    const shares: Shares = [
      [low, 1 - (source - low)],
      [low + 1, source - low],
    ];
    return shares
      .filter(([, share]) => share > 0)
      .map(([pixel, share]) => [mirrored(pixel, last), share]);
  });
}

/** Per output row, or column, the input's that it takes shares of. */
type PerOutput = readonly (readonly (readonly [pixel: number, share: number])[])[];

/** Calls `visit` with the flat positions of every input and output element that touch, and the share. */
export function forEachShare(
  shape: readonly number[],
  rows: PerOutput,
  columns: PerOutput,
  visit: (inAt: number, outAt: number, share: number) => void,
): void {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  for (let n = 0; n < batch; n++) {
    rows.forEach((ofRow, oy) => {
      columns.forEach((ofColumn, ox) => {
        for (const [y, vertical] of ofRow) {
          for (const [x, horizontal] of ofColumn) {
            const inAt = ((n * height + y) * width + x) * channels;
            const outAt = ((n * rows.length + oy) * columns.length + ox) * channels;
            for (let c = 0; c < channels; c++) visit(inAt + c, outAt + c, vertical * horizontal);
          }
        }
      });
    });
  }
}

/** `forEachShare` of nearest and bilinear resizing. */
function forEachOwnShare(
  shape: readonly number[],
  options: ResizeOptions,
  visit: Parameters<typeof forEachShare>[3],
): void {
  const [, height = 0, width = 0] = shape;
  forEachShare(shape, sharesOf(height, 0, options), sharesOf(width, 1, options), visit);
}

/** Images of another size. */
export function resize(x: Ref, options: ResizeOptions): Ref {
  const y = zeros([x.shape[0]!, ...options.size, x.shape[3]!]);
  forEachOwnShare(x.shape, options, (inAt, outAt, share) => {
    y.data[outAt]! += share * x.data[inAt]!;
  });
  return y;
}

/** dx of `resize`, of the given shape. */
export function resizeGrad(dy: Ref, shape: readonly number[], options: ResizeOptions): Ref {
  const dx = zeros(shape);
  forEachOwnShare(shape, options, (inAt, outAt, share) => {
    dx.data[inAt]! += share * dy.data[outAt]!;
  });
  return dx;
}
