// conv2d and its transpose: three kernels for six derivatives. The forward of one is the input
// gradient of the other, and both share the filter gradient with the roles swapped.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { ShapeError } from "../gpu/errors.ts";
import {
  convolutionChecks,
  convolutionGeometry,
  transposedChecks,
  transposedGeometry,
  type ConvolutionAttributes,
  type Geometry,
  type TransposedAttributes,
} from "./convolution.ts";
import { binary } from "./binary.ts";
import { reduce, sumTo } from "./reduce.ts";
import { defineRule, type Rule } from "./rule.ts";
import { chooseVariant, onGpus, workgroupTiles } from "./variant.ts";

function constantsOf(geometry: Geometry): Record<string, number> {
  return {
    BATCH: geometry.batch,
    HEIGHT: geometry.height,
    WIDTH: geometry.width,
    CHANNELS: geometry.channels,
    KERNEL_H: geometry.kernel[0],
    KERNEL_W: geometry.kernel[1],
    FILTERS: geometry.filters,
    OUT_HEIGHT: geometry.outHeight,
    OUT_WIDTH: geometry.outWidth,
    STRIDE_H: geometry.strides[0],
    STRIDE_W: geometry.strides[1],
    DILATION_H: geometry.dilations[0],
    DILATION_W: geometry.dilations[1],
    PAD_TOP: geometry.pad[0],
    PAD_LEFT: geometry.pad[1],
    GROUPS: geometry.groups,
  };
}

/** Two operations for each multiply-add, taps in the padding included. */
function flopOf(geometry: Geometry): number {
  const { batch, outHeight, outWidth, kernel, channels, filters, groups } = geometry;
  return 2 * batch * outHeight * outWidth * kernel[0] * kernel[1] * (channels / groups) * filters;
}

/** Whether a shader may load an array by fours along its last axis, `extent` long. */
function loadsFours(array: GpuArray, extent: number): boolean {
  return extent % 4 === 0 && byFours(array);
}

const NARROW = 4; // fewer columns than this waste most of an eight-wide tile

/** (N, H, W, C) and (KH, KW, C / groups, K) to (N, OH, OW, K). */
export function convolve(inp: GpuArray, weight: GpuArray, geometry: Geometry): GpuArray {
  const { device } = inp;
  const { batch, outHeight, outWidth, channels, filters, groups } = geometry;
  const out = device.empty([batch, outHeight, outWidth, filters], "f32", "conv2d");
  const shader = "conv2d-forward";
  const shared = { shader, flop: flopOf(geometry) } satisfies Partial<Launch>;
  const constants = constantsOf(geometry);
  const pixels = batch * outHeight * outWidth;
  const preferred = onGpus(device, pixels, filters, filters < NARROW ? "direct" : "tiled");
  const variant = chooseVariant(device, shader, preferred, groups === 1);
  const W_BY_FOUR = loadsFours(weight, filters);
  if (variant === "workgroup") {
    device.launch({
      ...shared,
      shader: "conv2d-forward-workgroup",
      entry: "tiled",
      constants: { ...constants, W_BY_FOUR, INP_BY_FOUR: loadsFours(inp, channels) },
      bind: { inp, inp4: inp, weight, weight4: weight, out },
      workgroups: device.linear(workgroupTiles(pixels, filters), 1),
    });
  } else if (variant === "direct") {
    const bind = { inp, weight, out };
    const workgroups = device.linear(out.size);
    device.launch({ ...shared, entry: "direct", constants, bind, workgroups });
  } else {
    const tiles = Math.ceil(pixels / 8) * Math.ceil(filters / 8);
    device.launch({
      ...shared,
      entry: "tiled",
      constants: { ...constants, W_BY_FOUR },
      bind: { inp, weight, weight4: weight, out },
      workgroups: device.linear(tiles),
    });
  }
  return out;
}

/** (N, OH, OW, K) and (KH, KW, C / groups, K) to (N, H, W, C): the adjoint of `convolve` in its input. */
export function dataGradient(dout: GpuArray, weight: GpuArray, geometry: Geometry): GpuArray {
  const { device } = dout;
  const { batch, height, width, channels, filters, groups, strides, dilations } = geometry;
  const dinp = device.empty([batch, height, width, channels], "f32", "conv2d.data_gradient");
  const shader = "conv2d-data-gradient";
  const shared = {
    shader,
    constants: constantsOf(geometry),
    bind: { dout, weight, dinp },
    flop: flopOf(geometry),
  } satisfies Partial<Launch>;
  const phases = strides[0] * strides[1];
  const tilesServe = groups === 1 && Math.max(...dilations) === 1 && phases <= device.maxWorkgroups;
  const pixels = batch * Math.ceil(height / strides[0]) * Math.ceil(width / strides[1]);
  const preferred = onGpus(device, pixels, channels, channels < NARROW ? "narrow" : "tiled");
  const entry = chooseVariant(device, shader, preferred, tilesServe);
  if (entry === "workgroup") {
    const [x, y] = device.linear(workgroupTiles(pixels, channels), 1);
    device.launch({
      ...shared,
      shader: "conv2d-data-gradient-workgroup",
      entry: "tiled",
      constants: {
        ...shared.constants,
        BY_FOUR: loadsFours(dout, filters) && loadsFours(weight, filters),
      },
      bind: { ...shared.bind, dout4: dout, weight4: weight },
      workgroups: [x, y, phases],
    });
  } else if (entry === "direct") {
    device.launch({ ...shared, entry, workgroups: device.linear(dinp.size) });
  } else {
    const columns = entry === "narrow" ? channels : Math.ceil(channels / 8);
    const [x, y] = device.linear(Math.ceil(pixels / 8) * columns);
    device.launch({ ...shared, entry, workgroups: [x, y, phases] });
  }
  return dinp;
}

/** Output pixels that one partial sum covers: enough partials to fill an adapter, few enough to add. */
function chunkOf(pixels: number, parallel: number, wanted: number): number {
  const splits = Math.max(1, Math.min(64, Math.ceil(wanted / parallel), Math.ceil(pixels / 64)));
  return Math.max(1, Math.ceil(pixels / splits));
}

const INVOCATIONS = 4096; // what a software adapter's filter gradient is cut into, at least
const WORKGROUPS = 256; // and a GPU's: several for each of its cores

/** The gradient of the filter, (KH, KW, C / groups, K), from the input and the output's gradient. */
export function weightGradient(inp: GpuArray, dout: GpuArray, geometry: Geometry): GpuArray {
  const { device } = inp;
  const { batch, outHeight, outWidth, channels, filters, kernel, groups } = geometry;
  const shape = [kernel[0], kernel[1], channels / groups, filters];
  const shader = "conv2d-weight-gradient";
  const rows = kernel[0] * kernel[1] * channels;
  const preferred = onGpus(device, rows, filters, filters < NARROW ? "direct" : "tiled");
  const variant = chooseVariant(device, shader, preferred, groups === 1);
  const pixels = batch * outHeight * outWidth;
  const byGroup = variant === "workgroup";
  const parallel = byGroup
    ? workgroupTiles(rows, filters)
    : variant === "direct"
      ? (rows / groups) * filters
      : Math.ceil(rows / 8) * Math.ceil(filters / 8);
  const chunk = byGroup
    ? Math.ceil(chunkOf(pixels, parallel, WORKGROUPS) / 16) * 16 // whole slices of its sum
    : chunkOf(pixels, parallel, INVOCATIONS);
  const splits = Math.ceil(pixels / chunk);
  const dweight = device.empty([splits, ...shape], "f32", "conv2d.weight_gradient");
  const constants = { ...constantsOf(geometry), SPLITS: splits, CHUNK: chunk };
  const DOUT_BY_FOUR = loadsFours(dout, filters);
  const [x, y] = device.linear(parallel, byGroup ? 1 : 64);
  const shared = {
    shader,
    workgroups: [x, y, splits],
    flop: flopOf(geometry),
  } satisfies Partial<Launch>;
  if (byGroup) {
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

/** x and filter, and a bias if there is one. */
type Inputs = readonly [GpuArray, GpuArray, ...GpuArray[]];

/** Throws `ShapeError` unless the bias, if there is one, has an element for each output channel. */
function checkBias(op: string, bias: GpuArray | undefined, channels: number): void {
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== channels)) {
    throw new ShapeError(
      `${op}: bias must be (${channels}), one for each output channel; got ${formatShape(bias.shape)}`,
    );
  }
}

const biased = (out: GpuArray, bias: GpuArray | undefined): GpuArray =>
  bias ? binary("add", out, bias) : out;

/** conv2d: x (N, H, W, C), filter (KH, KW, C / groups, K), bias (K) to (N, OH, OW, K). */
export const conv2d: Rule<Inputs, ConvolutionAttributes> = defineRule({
  name: "conv2d",
  attributes: convolutionChecks,
  forward([x, filter, bias], attributes) {
    const geometry = convolutionGeometry(x.shape, filter.shape, attributes);
    checkBias("conv2d", bias, geometry.filters);
    return {
      out: biased(convolve(x, filter, geometry), bias),
      saved: { x, filter, bias, geometry },
    };
  },
  backward(dout, { x, filter, bias, geometry }, _attributes, needs) {
    return [
      needs[0] ? dataGradient(dout, filter, geometry) : undefined,
      needs[1] ? weightGradient(x, dout, geometry) : undefined,
      bias && needs[2] ? sumTo(dout, bias.shape) : undefined,
    ];
  },
});

/** The transpose: x (N, h, w, K), filter (KH, KW, C / groups, K), bias (C) to (N, H, W, C). */
export const convTranspose2d: Rule<Inputs, TransposedAttributes> = defineRule({
  name: "convTranspose2d",
  attributes: transposedChecks,
  forward([x, filter, bias], attributes) {
    const geometry = transposedGeometry(x.shape, filter.shape, attributes);
    checkBias("convTranspose2d", bias, geometry.channels);
    return {
      out: biased(dataGradient(x, filter, geometry), bias),
      saved: { x, filter, bias, geometry },
    };
  },
  backward(dout, { x, filter, bias, geometry }, _attributes, needs) {
    return [
      needs[0] ? convolve(dout, filter, geometry) : undefined,
      needs[1] ? weightGradient(dout, x, geometry) : undefined,
      bias && needs[2] ? sumTo(dout, bias.shape) : undefined,
    ];
  },
});
