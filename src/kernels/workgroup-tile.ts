// The shapes of the tiles that pass through workgroup memory. They are variants of one shader per kernel, whose
// constants in lib/workgroup-tile.wgsl these are.
import type { Device } from "../gpu/device.ts";
import type { Launch } from "../gpu/dispatch.ts";
import type { Variant } from "./variant.ts";

/** The variants that compute tiles through workgroup memory, for GPUs. */
export type WorkgroupVariant = "workgroup" | "workgroup128" | "workgroup256" | "workgroup32";

/** The constants of lib/workgroup-tile.wgsl. */
export interface WorkgroupTile {
  /** The tile's rows, and columns. */
  readonly TILE: number;
  /** Invocations per workgroup. */
  readonly LANES: number;
  /** Rows and columns that an invocation computes. */
  readonly OWN_ROWS: 4 | 8;
  readonly OWN_COLUMNS: 4 | 8;
  /** Steps of the sum per slice; the last slice is padded with zeros. */
  readonly SLICE: 16 | 32;
  /** Unused slots after four steps, so that lanes that write or read at the same time use different banks. */
  readonly PAD: number;
  /** 16-byte slots of workgroup memory, for both operands. */
  readonly SLOTS: number;
}

function tile(
  TILE: number,
  LANES: number,
  [OWN_ROWS, OWN_COLUMNS]: readonly [4 | 8, 4 | 8],
  SLICE: 16 | 32,
): WorkgroupTile {
  const PAD = 32 / SLICE;
  return {
    TILE,
    LANES,
    OWN_ROWS,
    OWN_COLUMNS,
    SLICE,
    PAD,
    SLOTS: 2 * (SLICE / 4) * (TILE + PAD),
  };
}

/**
 * The shapes: `workgroup` reads least from workgroup memory per multiply-add, and needs the most registers. The next
 * two have two and four times as many invocations for the same tile. `workgroup32` has a quarter of the tile, for
 * launches that would leave a GPU's cores without work.
 */
export const WORKGROUP_TILES: Readonly<Record<WorkgroupVariant, WorkgroupTile>> = {
  workgroup: tile(64, 64, [8, 8], 16),
  workgroup128: tile(64, 128, [8, 4], 16),
  workgroup256: tile(64, 256, [4, 4], 32),
  workgroup32: tile(32, 64, [4, 4], 16),
};

/** The variants that compute tiles through workgroup memory, the usual one first. */
export const WORKGROUP_VARIANTS: readonly WorkgroupVariant[] = [
  "workgroup",
  "workgroup128",
  "workgroup32",
  "workgroup256",
];

/** Whether a variant computes tiles through workgroup memory. */
export function isWorkgroup(variant: Variant): variant is WorkgroupVariant {
  return variant in WORKGROUP_TILES;
}

/** Returns how many tiles cover a matrix: the workgroups of such a variant. */
export function workgroupTiles(variant: WorkgroupVariant, rows: number, columns: number): number {
  const { TILE } = WORKGROUP_TILES[variant];
  return Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
}

/** Returns the variant, or `workgroup` if its slices take more workgroup memory than the device has. */
export function withinMemory(device: Device, variant: WorkgroupVariant): WorkgroupVariant {
  const bytes = 16 * WORKGROUP_TILES[variant].SLOTS;
  return bytes > device.maxWorkgroupBytes ? "workgroup" : variant;
}

/** What to launch as tiles through workgroup memory. */
interface WorkgroupLaunch extends Pick<Launch, "constants"> {
  /** The shader, which is named `…-workgroup`. */
  readonly shader: string;
  readonly variant: WorkgroupVariant;
}

/** Returns the launch of such a variant: the shader, with its constants and the tile's. */
export function workgroupLaunch(
  device: Device,
  { shader, variant, constants }: WorkgroupLaunch,
): Pick<Launch, "shader" | "entry" | "label" | "constants"> {
  return {
    shader,
    entry: "tiled",
    label: `${shader}${variant.slice("workgroup".length)}.tiled`,
    constants: { ...constants, ...WORKGROUP_TILES[variant], UNROLL: !device.software },
  };
}

/**
 * The fewest workgroups to launch on a GPU, if the work can be cut into so many: four or more for each core, if it has
 * up to 64 cores.
 */
export const ENOUGH_WORKGROUPS = 256;

/**
 * Returns the default on GPUs for a launch of `layers` matrices (batches, or phases, or parts of the sum): tiles of
 * 64×64 if there are enough of them, else tiles of 32×32; or `otherwise` if a matrix doesn't fill one tile.
 */
export function onGpus(
  device: Device,
  rows: number,
  columns: number,
  layers: number,
  otherwise: Variant,
): Variant {
  const [large, small] = [WORKGROUP_TILES.workgroup128.TILE, WORKGROUP_TILES.workgroup32.TILE];
  const least = Math.min(rows, columns);
  if (device.software || least < small) return otherwise;
  const tiles = layers * workgroupTiles("workgroup128", rows, columns);
  return least >= large && tiles >= ENOUGH_WORKGROUPS ? "workgroup128" : "workgroup32";
}
