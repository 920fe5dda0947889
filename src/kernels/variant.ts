// The variants of the heavy kernels, and which one a launch uses. Variants are register tiles (narrow ones for images
// of few channels), tiles whose loads the lanes of a subgroup share, tiles in workgroup memory, one output per
// invocation, and sums that the lanes of a workgroup share.
import type { GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import type { Geometry } from "./conv2d-geometry.ts";
import {
  isWorkgroup,
  withinMemory,
  WORKGROUP_VARIANTS,
  type WorkgroupVariant,
} from "./workgroup-tile.ts";

/**
 * A way to compute a kernel's result. `tiled`, `narrow` and `direct` are entry points of the kernel's shader, named by
 * the shape of their tile. `split` is another: the lanes of a workgroup share the terms of a sum, for few results of
 * many terms. `workgroup`, `subgroup` and `lanes` are shaders of their own, with those suffixes. The shader of
 * `workgroup` serves several shapes of tiles, each of which is a variant. `split`, `workgroup` and `subgroup` are for
 * GPUs.
 */
export type Variant =
  | "tiled"
  | "narrow"
  | "direct"
  | "split"
  | WorkgroupVariant
  | "subgroup"
  | "lanes";

/** A launch with several variants, and all that is needed to repeat it on other arrays. */
export interface Workload {
  /** The kernel's name, which is the key in `KernelChoices.forced`. */
  readonly kernel: string;
  /** The kernel, shapes and attributes in words, which are the key in `KernelChoices.stored`. */
  readonly key: string;
  readonly inputs: readonly GpuArray[];
  /** The largest possible Σ|terms| of an output element if every input lies in [−1, 1]. */
  readonly terms: number;
  readonly launch: (...inputs: GpuArray[]) => GpuArray;
}

/** Decides which variants a device launches. Empty until somebody chooses. */
export interface KernelChoices {
  /** Variants by kernel, which take precedence over everything. A launcher ignores one that can't serve the shapes. */
  readonly forced: Map<string, Variant>;
  /** Variants by `Workload.key`, as measured on this adapter. They take precedence over a kernel's default. */
  readonly stored: Map<string, Variant>;
  /** Variants with wrong results on this adapter, as `kernel.variant`. Only `forced` launches them. */
  readonly barred: Set<string>;
  /** Called for each launch that has several variants to choose from. */
  onChoice: ((workload: Workload) => void) | undefined;
}

const ofDevices = new WeakMap<Device, KernelChoices>();

/** Returns a device's choices, to read or change. They live as long as it does. Throws `AttributeError` if it is no device. */
export function kernelChoices(device: Device): KernelChoices {
  checkDevice("kernelChoices", device);
  const known = ofDevices.get(device);
  if (known) return known;
  const fresh: KernelChoices = {
    forced: new Map(),
    stored: new Map(),
    barred: new Set(),
    onChoice: undefined,
  };
  ofDevices.set(device, fresh);
  return fresh;
}

/** Makes a device launch the variants that were found fastest, by `Workload.key`. */
export function useChoices(device: Device, found: Readonly<Record<string, Variant>>): void {
  const { stored } = kernelChoices(device);
  for (const [key, variant] of Object.entries(found)) stored.set(key, variant);
}

/** The kernels that have variants, and the variants of each. A variant that others can substitute for comes after them. */
export const VARIANTS: Readonly<Record<string, readonly Variant[]>> = {
  matmul: ["tiled", ...WORKGROUP_VARIANTS, "direct", "lanes", "split"],
  "conv2d-forward": ["tiled", ...WORKGROUP_VARIANTS, "direct", "lanes", "split"],
  "conv2d-data-gradient": ["tiled", ...WORKGROUP_VARIANTS, "narrow", "direct", "lanes"],
  "conv2d-weight-gradient": ["tiled", ...WORKGROUP_VARIANTS, "direct", "lanes", "split"],
  reduce: ["direct", "subgroup", "split"],
  "batch-norm": ["direct", "split"],
  "batch-norm-backward": ["direct", "split"],
};

/**
 * Returns the variant to launch: the one that `forced` holds for the kernel, else the one that `stored` holds for the
 * workload, else `preferred`. `lanes` becomes `tiled` if lanes can't share these loads, `split` or `subgroup` becomes
 * `preferred` if it can't serve the shapes, and a tile that needs more workgroup memory than the device has becomes
 * `workgroup`. One that is barred is replaced by another that isn't, if there is one. If no tile can serve the shapes,
 * the variant is always `direct`.
 */
export function chooseVariant(
  device: Device,
  workload: Workload,
  preferred: Variant,
  tilesServe: boolean,
  lanesServe: boolean,
  sharesServe: Partial<Record<Variant, boolean>> = {},
): Variant {
  if (!tilesServe) return "direct";
  const choices = kernelChoices(device);
  choices.onChoice?.(workload);
  const { kernel, key } = workload;
  const stored = choices.stored.get(key);
  const usual = stored && VARIANTS[kernel]?.includes(stored) ? stored : preferred;
  const wanted = choices.forced.get(kernel) ?? usual;
  const able = sharesServe[wanted] === false ? preferred : wanted;
  const canShare = lanesServe && device.lanes > 0;
  const fit = isWorkgroup(able) ? withinMemory(device, able) : able;
  const chosen = fit === "lanes" && !canShare ? "tiled" : fit;
  const isRight = (variant: Variant): boolean => !choices.barred.has(`${kernel}.${variant}`);
  if (isRight(chosen) || choices.forced.has(kernel)) return chosen;
  // `direct` serves every shape, so it is the last resort. If it is wrong as well, there is none.
  const others = VARIANTS[kernel]?.filter((variant) => variant !== "direct") ?? [];
  const serves = (variant: Variant): boolean =>
    variant === "lanes"
      ? canShare
      : sharesServe[variant] !== false &&
        (!isWorkgroup(variant) || withinMemory(device, variant) === variant);
  const substitute = [...others, "direct" as const].find(
    (variant) => isRight(variant) && serves(variant),
  );
  return substitute ?? chosen;
}

/** Returns the workload of a convolution kernel. Its key is the geometry, which alone determines its cost. */
export function convolutionWorkload(
  kernel: string,
  geometry: Geometry,
  inputs: readonly [GpuArray, GpuArray],
  terms: number,
  launch: (a: GpuArray, b: GpuArray, geometry: Geometry) => GpuArray,
): Workload {
  const { batch, height, width, channels, outHeight, outWidth, filters, groups } = geometry;
  const [size, stride, pad, dilation] = [
    geometry.kernel,
    geometry.strides,
    geometry.pad,
    geometry.dilations,
  ].map((each) => each.join("x"));
  return {
    kernel,
    key: `${kernel} ${batch}x${height}x${width}x${channels} to ${outHeight}x${outWidth}x${filters}, kernel ${size}, stride ${stride}, pad ${pad}, dilation ${dilation}, groups ${groups}`,
    inputs,
    terms,
    launch: (a, b) => launch(a, b, geometry),
  };
}

/** The constants of lib/lanes-tile.wgsl. */
export interface LanesTile {
  readonly LANES: number;
  readonly TEAM: number;
  readonly FOURS_OF_ROWS: number;
  readonly WIDE: boolean;
}

const upTo = (count: number, step: number): number => Math.ceil(count / step) * step;

/**
 * Returns the tile that lanes compute for a matrix of that size. Lanes work in teams of four if all of them would have
 * columns to spare. Tiles are large, because a load then serves more multiply-adds: 32 × 32, or on adapters with four
 * lanes 16 × 32 if that covers no more columns. With 32 rows, those adapters' code wouldn't fit the processor's caches.
 */
export function lanesTile({ lanes }: Device, rows: number, columns: number): LanesTile {
  const TEAM = upTo(columns, 16) < upTo(columns, 4 * lanes) ? 4 : lanes;
  const each = rows / (lanes / TEAM);
  const many = lanes > 4 && each > 16 ? 8 : 4;
  return {
    LANES: lanes,
    TEAM,
    FOURS_OF_ROWS: TEAM === 4 && each <= 8 ? 2 : many,
    WIDE: lanes === 4 && upTo(columns, 32) === upTo(columns, 16),
  };
}

/** Returns the tile of a filter's gradient. Its rows are one tap's channels if those fill some tile. */
export function filterLanesTile(device: Device, geometry: Geometry): LanesTile {
  const { kernel, channels, filters } = geometry;
  const tileFor = (rows: number): LanesTile => lanesTile(device, rows, filters);
  const any = tileFor(kernel[0] * kernel[1] * channels);
  const tiles = [any, ...[64, 32, 16, 8].map(tileFor)];
  return tiles.find((tile) => isOneTap(tile, geometry)) ?? any;
}

/** Whether all rows that a subgroup computes of a filter's gradient belong to one tap. */
export function isOneTap(tile: LanesTile, { kernel, channels }: Geometry): boolean {
  return kernel[0] * kernel[1] === 1 || channels % lanesRows(tile) === 0;
}

/** Returns the number of rows that a subgroup computes if lanes share loads. */
export function lanesRows({ LANES, TEAM, FOURS_OF_ROWS }: LanesTile): number {
  return (4 * FOURS_OF_ROWS * LANES) / TEAM;
}

/** Returns the number of columns of a tile whose loads lanes share. */
export function lanesColumns({ TEAM, WIDE }: LanesTile): number {
  return (WIDE ? 8 : 4) * TEAM;
}

/** Returns how many tiles cover a matrix if lanes share loads: the workgroups of a `lanes` variant. */
export function lanesTiles(tile: LanesTile, rows: number, columns: number): number {
  return Math.ceil(rows / lanesRows(tile)) * Math.ceil(columns / lanesColumns(tile));
}

/**
 * Returns `lanes` on adapters that run on a CPU, where a load costs as much as dozens of multiply-adds, if the matrix
 * keeps half of a tile's columns busy; else `otherwise`.
 */
export function onSoftware(device: Device, columns: number, otherwise: Variant): Variant {
  const { software, lanes } = device;
  return software && lanes >= 4 && columns >= 2 * lanes ? "lanes" : otherwise;
}

/** Returns how many pixels of a row `narrow` computes at once: the strips that cover it with the fewest to spare. */
export function narrowStrip(width: number): number {
  return [8, 7, 4].reduce((best, strip) => (upTo(width, strip) < upTo(width, best) ? strip : best));
}

/** The most columns of a matrix that a lane of a `split` variant has sums for. */
export const THIN = 4;

const FEW_RESULTS = 16_384; // so few invocations leave a large GPU without enough loads under way
const MANY_TERMS = 128; // the fewest that 256 lanes are worth bringing together for

/**
 * Returns `split` on GPUs if one invocation per result would leave them empty: few results, each a sum of many terms
 * (`fewest` or more); else `otherwise`.
 */
export function onEmptyGpus(
  device: Device,
  results: number,
  terms: number,
  otherwise: Variant,
  fewest: number = MANY_TERMS,
): Variant {
  const empty = !device.software && results < FEW_RESULTS && terms >= fewest;
  return empty ? "split" : otherwise;
}
