// What a heavy kernel really does: the operations of its tiles, those past a matrix's edge included, and
// without the taps in the padding that it skips. `flop` says what the op needs; the plan compares the two.
import type { Device } from "../gpu/device.ts";
import type { Variant } from "../gpu/dispatch.ts";
import type { Geometry } from "./convolution.ts";

/** What an invocation, or a workgroup that works as one, makes at once. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum that it adds at once: the last slice is filled up with zeros. */
  readonly terms: number;
}

function tileOf(device: Device, variant: Variant): Tile {
  switch (variant) {
    case "tiled":
      return { rows: 8, columns: 8, terms: 1 };
    case "narrow":
      return { rows: 8, columns: 1, terms: 1 };
    case "lanes":
      return { rows: 8, columns: 4 * device.lanes, terms: 1 };
    case "workgroup":
      return { rows: 64, columns: 64, terms: 16 };
    default:
      return { rows: 1, columns: 1, terms: 1 };
  }
}

const upTo = (count: number, step: number): number => Math.ceil(count / step) * step;

/** Operations of the tiles that cover a (rows, columns) matrix of sums of `terms` multiply-adds. */
function tileWork(tile: Tile, rows: number, columns: number, terms: number): number {
  return 2 * upTo(rows, tile.rows) * upTo(columns, tile.columns) * upTo(terms, tile.terms);
}

/** Operations that a product (batch, M, K) · (K, N) does in a variant. */
export function productWork(
  device: Device,
  variant: Variant,
  batch: number,
  [m, n, k]: readonly [number, number, number],
): number {
  return batch * tileWork(tileOf(device, variant), m, n, k);
}

/** One axis of the pixels that tiles run along: which of its taps lie inside the image that they read. */
interface Axis {
  readonly pixels: number;
  readonly taps: number;
  readonly inside: (pixel: number, tap: number) => boolean;
}

/** The output's axis: tap i of pixel y is row y·S + i·D − P. */
function outputAxis({ strides, dilations, pad, kernel, ...sizes }: Geometry, axis: 0 | 1): Axis {
  const size = axis === 0 ? sizes.height : sizes.width;
  return {
    pixels: axis === 0 ? sizes.outHeight : sizes.outWidth,
    taps: kernel[axis],
    inside: (pixel, tap) => {
      const at = pixel * strides[axis] + tap * dilations[axis] - pad[axis];
      return at >= 0 && at < size;
    },
  };
}

/** The input's axis at one phase of the stride, as shaders/lib/phases.wgsl has it. */
function phaseAxis(geometry: Geometry, axis: 0 | 1, phase: number): Axis {
  const [size, outSize] =
    axis === 0 ? [geometry.height, geometry.outHeight] : [geometry.width, geometry.outWidth];
  const [stride, pad] = [geometry.strides[axis], geometry.pad[axis]];
  const first = (phase + stride - (pad % stride)) % stride;
  return {
    pixels: Math.ceil(Math.max(0, size - first) / stride),
    taps: Math.ceil(Math.max(0, geometry.kernel[axis] - phase) / stride),
    inside: (pixel, tap) => {
      const at = (first + pixel * stride + pad - phase) / stride - tap;
      return at >= 0 && at < outSize;
    },
  };
}

/** Pairs of a tile of `rows` pixels and a tap that any of them has inside the image. */
function seenTaps(batch: number, vertical: Axis, horizontal: Axis, rows: number): number {
  const image = vertical.pixels * horizontal.pixels;
  const pairs = (images: number): number => {
    let seen = 0;
    for (let start = 0; start < images * image; start += rows) {
      const pixels = Array.from({ length: Math.min(rows, images * image - start) }, (_, i) => {
        const pixel = (start + i) % image;
        return [Math.floor(pixel / horizontal.pixels), pixel % horizontal.pixels] as const;
      });
      for (let i = 0; i < vertical.taps; i += 1) {
        for (let j = 0; j < horizontal.taps; j += 1) {
          if (pixels.some(([y, x]) => vertical.inside(y, i) && horizontal.inside(x, j))) seen += 1;
        }
      }
    }
    return seen;
  };
  // Tiles cut `rows` images as they cut the next ones.
  return Math.floor(batch / rows) * pairs(Math.min(rows, batch)) + pairs(batch % rows);
}

/** Pairs of an output pixel and a tap of it inside the image. */
const insideTaps = (geometry: Geometry): number =>
  seenTaps(geometry.batch, outputAxis(geometry, 0), outputAxis(geometry, 1), 1);

/** Operations that a convolution's forward does in a variant. */
export function forwardWork(device: Device, variant: Variant, geometry: Geometry): number {
  const { batch, outHeight, outWidth, channels, filters, groups, kernel } = geometry;
  const tile = tileOf(device, variant);
  if (variant === "direct" || variant === "lanes") {
    // both skip taps: of one pixel, or of all of a tile
    const axes = [outputAxis(geometry, 0), outputAxis(geometry, 1)] as const;
    const seen = seenTaps(batch, ...axes, tile.rows);
    return 2 * seen * tile.rows * (channels / groups) * upTo(filters, tile.columns);
  }
  const terms = kernel[0] * kernel[1] * channels;
  return tileWork(tile, batch * outHeight * outWidth, filters, terms);
}

/** Operations that the gradient of a convolution's input does in a variant: phase by phase. */
export function dataGradientWork(device: Device, variant: Variant, geometry: Geometry): number {
  const { batch, channels, filters, groups, strides } = geometry;
  const tile = tileOf(device, variant);
  if (variant === "direct") return 2 * insideTaps(geometry) * (channels / groups) * filters;
  let work = 0;
  for (let phase = 0; phase < strides[0] * strides[1]; phase += 1) {
    const vertical = phaseAxis(geometry, 0, Math.floor(phase / strides[1]));
    const horizontal = phaseAxis(geometry, 1, phase % strides[1]);
    if (variant === "lanes") {
      const seen = seenTaps(batch, vertical, horizontal, tile.rows);
      work += tileWork({ ...tile, rows: 1 }, seen * tile.rows, channels, filters);
    } else {
      const pixels = batch * vertical.pixels * horizontal.pixels;
      work += tileWork(tile, pixels, channels, vertical.taps * horizontal.taps * filters);
    }
  }
  return work;
}

/** Operations that the gradient of a convolution's filter does in a variant, runs of `chunk` pixels. */
export function weightGradientWork(
  device: Device,
  variant: Variant,
  geometry: Geometry,
  chunk: number,
): number {
  const { batch, outHeight, outWidth, channels, filters, groups, kernel } = geometry;
  const tile = tileOf(device, variant);
  if (variant === "direct") return 2 * insideTaps(geometry) * (channels / groups) * filters;
  if (variant === "tiled" && channels % 8 === 0) {
    return tileWork(tile, channels, filters, insideTaps(geometry)); // a row of tiles shares its tap, and skips
  }
  const pixels = batch * outHeight * outWidth;
  const whole = Math.floor(pixels / chunk);
  const rows = kernel[0] * kernel[1] * channels;
  return (
    whole * tileWork(tile, rows, filters, chunk) + tileWork(tile, rows, filters, pixels % chunk)
  );
}
