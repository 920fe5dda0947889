// The gradient of a convolution's filter: a sum over every pixel of the batch, cut into runs.
import type { GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import type { Launch, Variant } from "../gpu/dispatch.ts";
import { constantsOf, flopOf, loadsFours, NARROW, type Geometry } from "./convolution.ts";
import { reduce } from "./reduce.ts";
import { weightGradientWork } from "./tile-work.ts";
import { chooseVariant, lanesTiles, onGpus, onManyLanes, workgroupTiles } from "./variant.ts";

/** Output pixels that one partial sum covers: enough partials to fill an adapter, few enough to add. */
function chunkOf(pixels: number, parallel: number, wanted: number): number {
  const splits = Math.max(1, Math.min(64, Math.ceil(wanted / parallel), Math.ceil(pixels / 64)));
  return Math.max(1, Math.ceil(pixels / splits));
}

const INVOCATIONS = 4096; // what a software adapter's filter gradient is cut into, at least
const WORKGROUPS = 256; // and a GPU's: several for each of its cores

/** How a variant cuts the filter's gradient: tiles, how many of them to aim at, and pixels it sums at once. */
function weightTiles(
  device: Device,
  variant: Variant,
  { kernel, channels, filters, groups }: Geometry,
): { readonly parallel: number; readonly wanted: number; readonly slice: number } {
  const rows = kernel[0] * kernel[1] * channels;
  switch (variant) {
    case "workgroup":
      return { parallel: workgroupTiles(rows, filters), wanted: WORKGROUPS, slice: 16 };
    case "lanes":
      return {
        parallel: lanesTiles(device, rows, filters),
        wanted: WORKGROUPS,
        slice: device.lanes,
      };
    case "direct":
      return { parallel: (rows / groups) * filters, wanted: INVOCATIONS, slice: 1 };
    default:
      return {
        parallel: Math.ceil(rows / 8) * Math.ceil(filters / 8),
        wanted: INVOCATIONS,
        slice: 1,
      };
  }
}

/** The gradient of the filter, (KH, KW, C / groups, K), from the input and the output's gradient. */
export function weightGradient(inp: GpuArray, dout: GpuArray, geometry: Geometry): GpuArray {
  const { device } = inp;
  const { batch, outHeight, outWidth, channels, filters, kernel, groups } = geometry;
  const shape = [kernel[0], kernel[1], channels / groups, filters];
  const shader = "conv2d-weight-gradient";
  const rows = kernel[0] * kernel[1] * channels;
  const pixels = batch * outHeight * outWidth;
  const small = filters < NARROW ? "direct" : onManyLanes(device, filters, pixels, "tiled");
  const preferred = onGpus(device, rows, filters, small);
  const DOUT_BY_FOUR = loadsFours(dout, filters);
  const lanesServe = DOUT_BY_FOUR && channels % 8 === 0 && byFours(inp);
  const variant = chooseVariant(device, shader, preferred, groups === 1, lanesServe);
  const { parallel, wanted, slice } = weightTiles(device, variant, geometry);
  const chunk = Math.ceil(chunkOf(pixels, parallel, wanted) / slice) * slice;
  const splits = Math.ceil(pixels / chunk);
  const dweight = device.empty([splits, ...shape], "f32", "conv2d.weight_gradient");
  const constants = { ...constantsOf(geometry), SPLITS: splits, CHUNK: chunk };
  const [x, y] = device.linear(parallel, wanted === WORKGROUPS ? 1 : 64);
  const shared = {
    shader,
    workgroups: [x, y, splits],
    flop: flopOf(geometry),
    done: weightGradientWork(device, variant, geometry, chunk),
  } satisfies Partial<Launch>;
  if (variant === "lanes") {
    device.launch({
      ...shared,
      shader: "conv2d-weight-gradient-lanes",
      entry: "tiled",
      constants: { ...constants, LANES: device.lanes },
      bind: { inp4: inp, dout4: dout, dweight },
    });
  } else if (variant === "workgroup") {
    device.launch({
      ...shared,
      shader: "conv2d-weight-gradient-workgroup",
      entry: "tiled",
      constants: { ...constants, DOUT_BY_FOUR, INP_BY_FOUR: loadsFours(inp, channels) },
      bind: { inp, inp4: inp, dout, dout4: dout, dweight },
    });
  } else if (variant === "direct") {
    device.launch({ ...shared, entry: "direct", constants, bind: { inp, dout, dweight } });
  } else {
    device.launch({
      ...shared,
      entry: "tiled",
      constants: { ...constants, DOUT_BY_FOUR, SHARED_TAP: channels % 8 === 0 },
      bind: { inp, dout, dout4: dout, dweight },
    });
  }
  return splits === 1 ? dweight.view(shape) : reduce(dweight, "sum", [0], false);
}
