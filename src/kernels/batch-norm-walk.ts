// How batch norm's launches walk rows and channels, and which variant they use.
import type { GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { chooseVariant, type Variant, type Workload } from "./variant.ts";
import { ENOUGH_WORKGROUPS } from "./workgroup-tile.ts";

type Workgroups = readonly [number, number, number];

/** How launches walk an array (rows, channels). */
export interface Walk {
  readonly variant: Variant;
  /** Runs that the rows are cut into. */
  readonly splits: number;
  readonly constants: Readonly<Record<string, number>>;
  /** For a launch that walks every run of rows. */
  readonly workgroups: Workgroups;
  /** For a launch that takes each channel once. */
  readonly once: Workgroups;
}

const FEW_ROWS = 64; // so few that one invocation walks them twice, which saves a launch before it
const ROWS_PER_LANE = 8; // the fewest for which `split` cuts rows into runs
const MOST_SPLITS = 64; // so few that the parts of a workgroup combine their results at once

/** Cuts rows for invocations that each walk a run of a channel, or of four. */
function alone(device: Device, rows: number, channels: number, fours: boolean, training: boolean) {
  const width = fours && device.lanes < 8 ? 4 : 1;
  const blocks = channels / width;
  // Without statistics of the batch there is nothing to combine, and a GPU may have as many runs as it likes.
  const free = !device.software && !training;
  const invocations = device.software ? 512 : free ? 65_536 : 4096;
  const wanted = Math.ceil(invocations / Math.max(fours ? channels / 4 : blocks, 1));
  const most = Math.ceil(free ? rows / ROWS_PER_LANE : Math.sqrt(rows));
  return { width, runs: rows <= FEW_ROWS ? 1 : Math.min(wanted, most) };
}

/** Cuts rows for workgroups of 256 lanes: neighbours take adjacent channels, and the other lanes share the rows. */
function shared(rows: number, channels: number) {
  const spread = channels > 4 ? 16 : channels > 1 ? 4 : 1;
  const blocks = Math.ceil(channels / spread);
  const most = Math.ceil((rows * spread) / (256 * ROWS_PER_LANE));
  return {
    spread,
    blocks,
    runs: Math.min(MOST_SPLITS, most, Math.ceil(ENOUGH_WORKGROUPS / blocks)),
  };
}

/**
 * Decides how launches walk rows and channels. On SwiftShader an invocation takes four channels, because loads dominate
 * its cost. On lavapipe it takes one, because the compiler needs 8 ms for each word that eight lanes load. Rows are cut
 * into runs until there are about 512 vec4s of channels. There are never more runs than rows in a run, because each
 * invocation then combines the partial results of all runs. On a GPU, the lanes of a workgroup share the rows of a run
 * in training: as many loads are under way, and there are no more partial results.
 */
export function walk(
  workload: Workload,
  arrays: readonly [x: GpuArray, ...others: GpuArray[]],
  training: boolean,
): Walk {
  const { device, shape, size } = arrays[0];
  const channels = shape.at(-1)!;
  const rows = size / Math.max(channels, 1);
  const preferred = device.software ? "direct" : "split";
  const variant = chooseVariant(device, workload, preferred, training, false);
  const fours = device.software && channels % 4 === 0 && arrays.every(byFours);
  const own = alone(device, rows, channels, fours, training);
  const { spread, blocks, runs } = shared(rows, channels);
  const split = variant === "split";
  const chunk = Math.max(1, Math.ceil(rows / (split ? runs : own.runs)));
  const splits = Math.max(1, Math.ceil(rows / chunk));
  const width = split ? 1 : own.width;
  const constants = {
    ROWS: rows,
    CHANNELS: channels,
    WIDTH: width,
    SPLITS: splits,
    CHUNK: chunk,
    ...(split && { SPREAD: spread }),
  };
  const once = split ? device.linear(blocks, 1) : device.linear(channels / width);
  const whole = size === 0 ? 0 : (splits * channels) / width;
  const workgroups = split ? device.linear(splits * blocks, 1) : device.linear(whole);
  return { variant, splits, constants, workgroups, once };
}
