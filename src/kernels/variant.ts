// The shapes of a heavy kernel: register tiles (narrow ones for images of few channels), tiles whose loads
// the lanes of a subgroup share, tiles through workgroup memory, or one output an invocation.
import type { GpuArray } from "../gpu/array.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import type { Geometry } from "./conv2d-geometry.ts";

/**
 * A way to compute what a kernel computes. `tiled`, `narrow` and `direct` are entry points of its shader,
 * by the shape of their tile; `workgroup` and `subgroup` are shaders of their own, with those suffixes,
 * for GPUs.
 */
export type Variant = "tiled" | "narrow" | "direct" | "workgroup" | "subgroup" | "lanes";

/** A launch that may be made in several variants: all that is needed to make it again on other arrays. */
export interface Workload {
  /** The kernel, as `KernelChoices.forced` names it. */
  readonly kernel: string;
  /** Kernel, shapes and attributes in words: what `KernelChoices.stored` goes by. */
  readonly key: string;
  readonly inputs: readonly GpuArray[];
  /** What Σ|terms| of an output element can reach when every input lies in [−1, 1]. */
  readonly terms: number;
  readonly launch: (...inputs: GpuArray[]) => GpuArray;
}

/** What decides which variants a device launches. Empty until somebody chooses. */
export interface KernelChoices {
  /** Variants by kernel, which go before all else. A launcher passes over one that can't serve the shapes. */
  readonly forced: Map<string, Variant>;
  /** Variants by `Workload.key`, as measured on this adapter: they go before a kernel's default. */
  readonly stored: Map<string, Variant>;
  /** Called with each launch that has several variants to choose from. */
  onChoice: ((workload: Workload) => void) | undefined;
}

const ofDevices = new WeakMap<Device, KernelChoices>();

/** Returns a device's choices, to read or to change. They live as long as the device. Throws `AttributeError` on what is no device. */
export function kernelChoices(device: Device): KernelChoices {
  checkDevice("kernelChoices", device);
  const known = ofDevices.get(device);
  if (known) return known;
  const fresh: KernelChoices = { forced: new Map(), stored: new Map(), onChoice: undefined };
  ofDevices.set(device, fresh);
  return fresh;
}

/** Has a device launch the variants that were found fastest, by `Workload.key`. */
export function useChoices(device: Device, found: Readonly<Record<string, Variant>>): void {
  const { stored } = kernelChoices(device);
  for (const [key, variant] of Object.entries(found)) stored.set(key, variant);
}

/** The kernels that have variants, with those that each has; one that others stand in for comes last. */
export const VARIANTS: Readonly<Record<string, readonly Variant[]>> = {
  matmul: ["tiled", "workgroup", "direct", "lanes"],
  "conv2d-forward": ["tiled", "workgroup", "direct", "lanes"],
  "conv2d-data-gradient": ["tiled", "workgroup", "narrow", "direct", "lanes"],
  "conv2d-weight-gradient": ["tiled", "workgroup", "direct", "lanes"],
  reduce: ["direct", "subgroup"],
};

/**
 * The variant to launch: the one that `forced` names for the kernel, else the one that
 * `stored` holds for the workload, else `preferred`; but `tiled` where lanes can't share these
 * loads, and always `direct` where tiles can't serve the shapes.
 */
export function chooseVariant(
  device: Device,
  workload: Workload,
  preferred: Variant,
  tilesServe: boolean,
  lanesServe: boolean,
): Variant {
  if (!tilesServe) return "direct";
  const choices = kernelChoices(device);
  choices.onChoice?.(workload);
  const { kernel, key } = workload;
  const stored = choices.stored.get(key);
  const usual = stored && VARIANTS[kernel]?.includes(stored) ? stored : preferred;
  const chosen = choices.forced.get(kernel) ?? usual;
  return chosen === "lanes" && !(lanesServe && device.lanes > 0) ? "tiled" : chosen;
}

/** A launch of one of a convolution's kernels, by the geometry that alone decides what it costs. */
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

const TILE = 64; // rows, and columns, that a workgroup makes where operands pass through its memory

/** Tiles of 64×64 that cover a matrix: the workgroups of a `workgroup` variant. */
export function workgroupTiles(rows: number, columns: number): number {
  return Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
}

/** The constants of lib/lanes-tile.wgsl. More rows where more lanes share the loading of them. */
export interface LanesTile {
  readonly LANES: number;
  readonly GROUPS_OF_ROWS: number;
}

/** The tile of a product whose rows are loaded by a lane each. */
export function lanesTile({ lanes }: Device): LanesTile {
  return { LANES: lanes, GROUPS_OF_ROWS: lanes < 8 ? 2 : 4 };
}

/** The tile of a filter's gradient, where each lane loads four rows at a time. */
export function filterLanesTile({ lanes }: Device): LanesTile {
  return { LANES: lanes, GROUPS_OF_ROWS: 4 };
}

/** The tile of a plain product of so many rows, and whether lanes load these by fours if they can. */
export function productTile(device: Device, rows: number): { tile: LanesTile; fours: boolean } {
  const small = rows <= 2 * Math.min(device.lanes, 8);
  return { tile: { LANES: device.lanes, GROUPS_OF_ROWS: small ? 2 : 4 }, fours: !small };
}

/** The rows of a tile whose loads lanes share. */
export function lanesRows({ LANES, GROUPS_OF_ROWS }: LanesTile): number {
  return GROUPS_OF_ROWS * Math.min(LANES, 8);
}

/** Tiles that cover a matrix where lanes share their loads: the workgroups of a `lanes` variant. */
export function lanesTiles(tile: LanesTile, rows: number, columns: number): number {
  return Math.ceil(rows / lanesRows(tile)) * Math.ceil(columns / (4 * tile.LANES));
}

/**
 * `lanes` on adapters that run on a CPU, where a load costs dozens of multiply-adds, for matrices that
 * keep half of a tile's columns busy; else `otherwise`.
 */
export function onSoftware(device: Device, columns: number, otherwise: Variant): Variant {
  const { software, lanes } = device;
  return software && lanes >= 4 && columns >= 2 * lanes ? "lanes" : otherwise;
}

/** `workgroup` on GPUs where a matrix fills a tile at least, else `otherwise`. */
export function onGpus(device: Device, rows: number, columns: number, otherwise: Variant): Variant {
  return !device.software && rows >= TILE && columns >= TILE ? "workgroup" : otherwise;
}
