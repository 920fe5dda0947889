// The shapes of a heavy kernel: register tiles (narrow ones for images of few channels), tiles through
// workgroup memory, or one output an invocation.
import type { Device } from "../gpu/device.ts";
import type { Variant } from "../gpu/dispatch.ts";

/**
 * The variant to launch: the one that `device.variants` names for the shader, else `preferred`; but
 * always `direct` where tiles can't serve the shapes.
 */
export function chooseVariant(
  device: Device,
  shader: string,
  preferred: Variant,
  tilesServe: boolean,
): Variant {
  return tilesServe ? (device.variants.get(shader) ?? preferred) : "direct";
}

const TILE = 64; // rows, and columns, that a workgroup makes where operands pass through its memory

/** Tiles of 64×64 that cover a matrix: the workgroups of a `workgroup` variant. */
export function workgroupTiles(rows: number, columns: number): number {
  return Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
}

/** `workgroup` on GPUs where a matrix fills a tile at least, else `otherwise`. */
export function onGpus(device: Device, rows: number, columns: number, otherwise: Variant): Variant {
  return !device.software && rows >= TILE && columns >= TILE ? "workgroup" : otherwise;
}
