// The operations that a heavy kernel really does: those of whole tiles, past a matrix's edge too, and without the
// padding taps that it skips. `flop` counts what the op needs; the plan compares the two.
import type { Device } from "../gpu/device.ts";
import type { Geometry } from "./conv2d-geometry.ts";
import {
  filterLanesTile,
  isOneTap,
  lanesColumns,
  lanesRows,
  lanesTile,
  type LanesTile,
  narrowStrip,
  type Variant,
} from "./variant.ts";
import { isWorkgroup, WORKGROUP_TILES } from "./workgroup-tile.ts";

/** The part of the result that an invocation, or a workgroup that works as one, computes. */
interface Tile {
  readonly rows: number;
  readonly columns: number;
  /** Terms of the sum per slice; the last slice is padded with zeros. */
  readonly terms: number;
}

function tileOf(device: Device, variant: Variant, rows: number, columns: number): Tile {
  switch (variant) {
    case "tiled":
      return { rows: 8, columns: 8, terms: 1 };
    case "lanes":
      return lanesWork(lanesTile(device, rows, columns));
    case "workgroup":
    case "workgroup128":
    case "workgroup256":
    case "workgroup32": {
      const { TILE, SLICE } = WORKGROUP_TILES[variant];
      return { rows: TILE, columns: TILE, terms: SLICE };
    }
    default:
      return { rows: 1, columns: 1, terms: 1 };
  }
}

const lanesWork = (tile: LanesTile): Tile => ({
  rows: lanesRows(tile),
  columns: lanesColumns(tile),
  terms: 4,
});

const upTo = (count: number, step: number): number => Math.ceil(count / step) * step;

/** Returns the operations of the tiles that cover a (rows, columns) matrix of sums of `terms` multiply-adds. */
function tileWork(tile: Tile, rows: number, columns: number, terms: number): number {
  return 2 * upTo(rows, tile.rows) * upTo(columns, tile.columns) * upTo(terms, tile.terms);
}

/** Returns the operations of a product (batch, M, K) · (K, N) in a variant, whose tile is `shared` if lanes share loads. */
export function productWork(
  device: Device,
  variant: Variant,
  batch: number,
  [m, n, k]: readonly [number, number, number],
  shared: LanesTile,
): number {
  const tile = variant === "lanes" ? lanesWork(shared) : tileOf(device, variant, m, n);
  return batch * tileWork(tile, m, n, k);
}

/** One axis of the pixels that tiles run along, and which taps lie inside the image. */
interface Axis {
  readonly pixels: number;
  readonly taps: number;
  readonly inside: (pixel: number, tap: number) => boolean;
}

/** Returns an axis of the output: tap i of pixel y reads row y·S + i·D − P. */
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

/** Returns an axis of the input at one phase of the stride, as in shaders/lib/phases.wgsl. */
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

/** Counts the pairs of a pixel and a tap that lies inside the image, along one axis. */
function insideAlong({ pixels, taps, inside }: Axis): number {
  let count = 0;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let tap = 0; tap < taps; tap += 1) count += Number(inside(pixel, tap));
  }
  return count;
}

/** Counts the pairs of an output pixel and a tap that lies inside the image, over the whole batch. */
const insideTaps = (geometry: Geometry): number =>
  geometry.batch * insideAlong(outputAxis(geometry, 0)) * insideAlong(outputAxis(geometry, 1));

/** Counts the pairs of a tile of `rows` pixels (batch index fastest) and a tap that lies inside for any of them. */
function seenTaps(batch: number, vertical: Axis, horizontal: Axis, rows: number): number {
  const width = horizontal.pixels;
  const count = batch * vertical.pixels * width;
  let seen = 0;
  for (let start = 0; start < count; start += rows) {
    const first = Math.floor(start / batch);
    const last = Math.floor((Math.min(start + rows, count) - 1) / batch);
    const pixels = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    for (let i = 0; i < vertical.taps; i += 1) {
      for (let j = 0; j < horizontal.taps; j += 1) {
        const some = pixels.some(
          (at) => vertical.inside(Math.floor(at / width), i) && horizontal.inside(at % width, j),
        );
        seen += Number(some);
      }
    }
  }
  return seen;
}

/** Returns the operations of a convolution's forward in a variant; `fours` says whether channels load as vec4s. */
export function forwardWork(
  device: Device,
  variant: Variant,
  geometry: Geometry,
  fours: boolean,
): number {
  const { batch, outHeight, outWidth, channels, filters, groups, kernel } = geometry;
  const tile = tileOf(device, variant, batch * outHeight * outWidth, filters);
  if (variant === "direct") return 2 * insideTaps(geometry) * (channels / groups) * filters;
  if (variant === "lanes" && fours) {
    const axes = [outputAxis(geometry, 0), outputAxis(geometry, 1)] as const;
    const seen = seenTaps(batch, ...axes, tile.rows); // each tile skips the taps in the padding
    return tileWork(tile, seen * tile.rows, filters, channels);
  }
  const terms = kernel[0] * kernel[1] * channels;
  return tileWork(tile, batch * outHeight * outWidth, filters, terms);
}

/** Returns the operations of the gradient of a convolution's input in a variant, summed over phases. */
export function dataGradientWork(device: Device, variant: Variant, geometry: Geometry): number {
  const { batch, height, width, channels, filters, groups, strides } = geometry;
  const most = batch * Math.ceil(height / strides[0]) * Math.ceil(width / strides[1]);
  const tile = tileOf(device, variant, most, channels);
  if (variant === "direct") return 2 * insideTaps(geometry) * (channels / groups) * filters;
  let work = 0;
  for (let phase = 0; phase < strides[0] * strides[1]; phase += 1) {
    const vertical = phaseAxis(geometry, 0, Math.floor(phase / strides[1]));
    const horizontal = phaseAxis(geometry, 1, phase % strides[1]);
    if (variant === "lanes") {
      const seen = seenTaps(batch, vertical, horizontal, tile.rows);
      work += tileWork(tile, seen * tile.rows, channels, filters);
    } else if (variant === "narrow") {
      const strip = narrowStrip(Math.ceil(width / strides[1]));
      const pixels = batch * vertical.pixels * upTo(horizontal.pixels, strip);
      work += 2 * pixels * channels * vertical.taps * upTo(horizontal.taps, 3) * filters;
    } else {
      const pixels = batch * vertical.pixels * horizontal.pixels;
      work += tileWork(tile, pixels, channels, vertical.taps * horizontal.taps * filters);
    }
  }
  return work;
}

/** How a filter's gradient is launched. */
export interface WeightLaunch {
  /** Pixels per run. */
  readonly chunk: number;
  /** 1 if a row for the bias follows the filter's rows, else 0. */
  readonly extra: 0 | 1;
  /** Whether the input loads as vec4s. */
  readonly fours: boolean;
}

/** Returns the operations of the gradient of a convolution's filter in a variant, without the bias's sums. */
export function weightGradientWork(
  device: Device,
  variant: Variant,
  geometry: Geometry,
  { chunk, extra, fours }: WeightLaunch,
): number {
  const { batch, outHeight, outWidth, channels, filters, groups, kernel } = geometry;
  const pixels = batch * outHeight * outWidth;
  const rows = kernel[0] * kernel[1] * channels;
  const tile = tileOf(device, variant === "split" ? "tiled" : variant, rows, filters);
  if (variant === "direct") return 2 * insideTaps(geometry) * (channels / groups) * filters;
  // A tile skips the padding if all of its rows belong to one tap.
  if (variant === "lanes") {
    const shared = filterLanesTile(device, geometry);
    const lanes = lanesWork(shared);
    if (!(isOneTap(shared, geometry) && fours)) return tileWork(lanes, rows, filters, pixels);
    const [vertical, horizontal] = [outputAxis(geometry, 0), outputAxis(geometry, 1)];
    let slices = 0;
    for (let tap = 0; tap < horizontal.taps; tap += 1) {
      slices += upTo(batch * insideAlong(oneTapOf(horizontal, tap)), lanes.terms);
    }
    return tileWork(lanes, channels, filters, insideAlong(vertical) * slices);
  }
  if ((variant === "tiled" || variant === "split") && channels % 8 === 0) {
    return tileWork(tile, channels, filters, insideTaps(geometry));
  }
  const whole = Math.floor(pixels / chunk);
  const covered = rows + (isWorkgroup(variant) ? extra : 0);
  return (
    whole * tileWork(tile, covered, filters, chunk) +
    tileWork(tile, covered, filters, pixels % chunk)
  );
}

/** Returns an axis with only one of its taps. */
const oneTapOf = (axis: Axis, tap: number): Axis => ({
  ...axis,
  taps: 1,
  inside: (pixel) => axis.inside(pixel, tap),
});
