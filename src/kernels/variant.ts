// The shapes of a heavy kernel: register tiles (narrow ones for images of few channels), tiles whose loads
// the lanes of a subgroup share, tiles through workgroup memory, or one output an invocation.
import type { Device } from "../gpu/device.ts";
import type { Variant } from "../gpu/dispatch.ts";

/**
 * The variant to launch: the one that `device.variants` names for the shader, else `preferred`; but
 * `tiled` where lanes can't share these loads, and always `direct` where tiles can't serve the shapes.
 */
export function chooseVariant(
  device: Device,
  shader: string,
  preferred: Variant,
  tilesServe: boolean,
  lanesServe: boolean,
): Variant {
  if (!tilesServe) return "direct";
  const chosen = device.variants.get(shader) ?? preferred;
  return chosen === "lanes" && !(lanesServe && device.lanes > 0) ? "tiled" : chosen;
}

const TILE = 64; // rows, and columns, that a workgroup makes where operands pass through its memory

/** Tiles of 64×64 that cover a matrix: the workgroups of a `workgroup` variant. */
export function workgroupTiles(rows: number, columns: number): number {
  return Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
}

/** The constants of lib/lanes-tile.wgsl: more rows where more lanes share the loading of them. */
export function lanesConstants({ lanes }: Device): { LANES: number; GROUPS_OF_ROWS: number } {
  return { LANES: lanes, GROUPS_OF_ROWS: lanes < 8 ? 2 : 4 };
}

/** The rows and columns of a tile whose loads lanes share. */
export function lanesTile(device: Device): readonly [number, number] {
  return [lanesConstants(device).GROUPS_OF_ROWS * Math.min(device.lanes, 8), 4 * device.lanes];
}

/** Tiles that cover a matrix where lanes share their loads: the workgroups of a `lanes` variant. */
export function lanesTiles(device: Device, rows: number, columns: number): number {
  const [tileRows, tileColumns] = lanesTile(device);
  return Math.ceil(rows / tileRows) * Math.ceil(columns / tileColumns);
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
