// The gradients of a convolution's filter and bias: sums over all pixels of the batch, cut into runs.
import type { GpuArray } from "../gpu/array.ts";
import type { Device } from "../gpu/device.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { constantsOf, flopOf, loadsFours, NARROW, type Geometry } from "./conv2d-geometry.ts";
import { reduce } from "./reduce.ts";
import type { Needs } from "./op.ts";
import { weightGradientWork } from "./tile-work.ts";
import {
  chooseVariant,
  filterLanesTile,
  isOneTap,
  lanesTiles,
  convolutionWorkload,
  onSoftware,
  type Variant,
} from "./variant.ts";
import {
  ENOUGH_WORKGROUPS,
  isWorkgroup,
  onGpus,
  WORKGROUP_TILES,
  workgroupLaunch,
  workgroupTiles,
} from "./workgroup-tile.ts";

/** Returns the most runs that the pixels are cut into: few enough to add up, and none shorter than 64 pixels. */
const mostRuns = (pixels: number): number => Math.min(64, Math.ceil(pixels / 64));

/** Returns how many output pixels one partial sum covers: enough sums to fill the adapter, few enough to add up. */
function chunkOf(pixels: number, { parallel, wanted, most, fewest }: Cut): number {
  const splits = Math.min(most, Math.ceil(wanted / parallel), Math.ceil(pixels / fewest));
  return Math.max(1, Math.ceil(pixels / Math.max(1, splits)));
}

const INVOCATIONS = 4096; // the fewest that a filter gradient is cut into on a software adapter
const TILES = 32; // register tiles per workgroup of 256, eight lanes each, if lanes share the pixels
const SHARED_PIXELS = 128; // the fewest for these lanes: 16 each, or bringing them together would take longer

/** How a variant cuts the filter's gradient. */
interface Cut {
  /** The invocations or workgroups for one run. */
  readonly parallel: number;
  /** How many of `parallel` make up one workgroup. */
  readonly size: 1 | 64;
  /** How many to aim at over all runs; 1 if `parallel` are always enough. */
  readonly wanted: number;
  /** Pixels per slice that a tile loads; a run is a multiple of it. */
  readonly slice: number;
  /** The most runs. */
  readonly most: number;
  /** The fewest pixels per run. */
  readonly fewest: number;
}

/** `extra` is 1 if a row for the bias follows the filter's rows, else 0. */
function cutOf(device: Device, variant: Variant, geometry: Geometry, extra: number): Cut {
  const { kernel, channels, filters, groups } = geometry;
  const rows = kernel[0] * kernel[1] * channels;
  const usual = { slice: 1, most: 64, fewest: 64 } as const;
  switch (variant) {
    case "workgroup":
    case "workgroup128":
    case "workgroup256":
    case "workgroup32": {
      const parallel = workgroupTiles(variant, rows + extra, filters);
      const slice = WORKGROUP_TILES[variant].SLICE;
      return { ...usual, parallel, size: 1, wanted: ENOUGH_WORKGROUPS, slice };
    }
    case "lanes": {
      const tile = filterLanesTile(device, geometry);
      const parallel = lanesTiles(tile, rows, filters) + extra * lanesTiles(tile, 1, filters);
      return { ...usual, parallel, size: 1, wanted: 1 };
    }
    case "split": {
      const tiles = Math.ceil((rows + extra) / 8) * Math.ceil(filters / 8);
      const most = ENOUGH_WORKGROUPS;
      const parallel = Math.ceil(tiles / TILES);
      return {
        ...usual,
        parallel,
        size: 1,
        wanted: ENOUGH_WORKGROUPS,
        most,
        fewest: SHARED_PIXELS,
      };
    }
    case "direct": {
      const parallel = (rows / groups + extra) * filters;
      return { ...usual, parallel, size: 64, wanted: INVOCATIONS };
    }
    default: {
      const parallel = (Math.ceil(rows / 8) + extra) * Math.ceil(filters / 8);
      return { ...usual, parallel, size: 64, wanted: INVOCATIONS };
    }
  }
}

/** Returns the gradient of the filter, (KH, KW, C / groups, K), from the input and the output's gradient. */
export function weightGradient(inp: GpuArray, dout: GpuArray, geometry: Geometry): GpuArray {
  return gradients(inp, dout, geometry, 0)[0];
}

function gradients(
  inp: GpuArray,
  dout: GpuArray,
  geometry: Geometry,
  extra: 0 | 1,
): readonly [GpuArray, GpuArray] {
  const { device } = inp;
  const { batch, outHeight, outWidth, channels, filters, kernel, groups } = geometry;
  const shape = [kernel[0], kernel[1], channels / groups, filters];
  const shader = "conv2d-weight-gradient";
  const pixels = batch * outHeight * outWidth;
  if (pixels === 0 || channels === 0) {
    // Empty sums: the shaders would divide by an extent of 0.
    const none = device.empty([0, ...shape], "f32", "conv2d.weight_gradient");
    const sums = [none, dout.view([pixels, filters])] as const;
    const [dfilter, dbias] = sums.map((each) => reduce(each, "sum", [0], false));
    return [dfilter!, dbias!];
  }
  const rows = kernel[0] * kernel[1] * channels;
  const usual = filters < NARROW ? "direct" : onSoftware(device, filters, "tiled");
  const small = device.software ? usual : "split";
  const preferred = onGpus(device, rows, filters, mostRuns(pixels), small);
  const DOUT_BY_FOUR = loadsFours(dout, filters);
  const fours = loadsFours(inp, channels);
  const workload = convolutionWorkload(shader, geometry, [inp, dout], pixels, weightGradient);
  const variant = chooseVariant(device, workload, preferred, groups === 1, DOUT_BY_FOUR);
  const { parallel, size } = cutOf(device, variant, geometry, extra);
  // Runs don't depend on whether there is a bias, so that the filter's gradient has the same bits either way.
  const cut = cutOf(device, variant, geometry, 0);
  const chunk = Math.ceil(chunkOf(pixels, cut) / cut.slice) * cut.slice;
  const splits = Math.ceil(pixels / chunk);
  const dweight = device.empty([splits, ...shape], "f32", "conv2d.weight_gradient");
  const dbias = device.empty([splits, filters], "f32", "conv2d.bias_gradient");
  const constants = { ...constantsOf(geometry), SPLITS: splits, CHUNK: chunk };
  const [x, y] = device.linear(parallel, size);
  const shared = {
    shader,
    workgroups: [x, y, splits],
    flop: flopOf(geometry),
    done: () => weightGradientWork(device, variant, geometry, { chunk, extra, fours }),
  } satisfies Partial<Launch>;
  if (variant === "lanes") {
    const tile = filterLanesTile(device, geometry);
    device.launch({
      ...shared,
      shader: "conv2d-weight-gradient-lanes",
      entry: "tiled",
      constants: {
        ...constantsOf(geometry),
        ...tile,
        SHARED_TAP: isOneTap(tile, geometry) && fours,
      },
      bind: { inp, inp4: inp, dout4: dout, dweight4: dweight, dbias4: dbias },
    });
  } else if (isWorkgroup(variant)) {
    device.launch({
      ...shared,
      ...workgroupLaunch(device, {
        shader: "conv2d-weight-gradient-workgroup",
        variant: variant,
        constants: {
          ...constants,
          DOUT_BY_FOUR,
          INP_BY_FOUR: fours,
        },
      }),
      bind: { inp, inp4: inp, dout, dout4: dout, dweight, dbias },
    });
  } else if (variant === "direct") {
    device.launch({ ...shared, entry: "direct", constants, bind: { inp, dout, dweight, dbias } });
  } else {
    device.launch({
      ...shared,
      entry: variant === "split" ? "split" : "tiled",
      constants: { ...constants, DOUT_BY_FOUR, SHARED_TAP: channels % 8 === 0 },
      bind: { inp, dout, dout4: dout, dweight, dbias },
    });
  }
  const whole = (partial: GpuArray, result: readonly number[]): GpuArray =>
    splits === 1 ? partial.view(result) : reduce(partial, "sum", [0], false);
  return [whole(dweight, shape), extra === 1 ? whole(dbias, [filters]) : dbias];
}

/**
 * Returns the gradients of the filter and the bias as a backward returns them: each only if it is asked for. The
 * filter's is computed even if only the bias's is asked for, which is rare; so the bias's bits are always the same.
 */
export function parameterGradients(
  inp: GpuArray,
  dout: GpuArray,
  geometry: Geometry,
  [, ofFilter, ofBias]: Needs,
): readonly [GpuArray | undefined, GpuArray | undefined] {
  if (!ofFilter && !ofBias) return [undefined, undefined];
  const [dfilter, dbias] = gradients(inp, dout, geometry, ofBias ? 1 : 0);
  return [ofFilter ? dfilter : undefined, ofBias ? dbias : undefined];
}
