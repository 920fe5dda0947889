// conv2d and its transpose: three kernels for six derivatives. The forward of each is the input gradient of the other,
// and both share the filter gradient, with input and output gradient swapped.
import type { GpuArray } from "../gpu/array.ts";
import type { Launch } from "../gpu/dispatch.ts";
import {
  constantsOf,
  convolutionChecks,
  convolutionGeometry,
  inputSize,
  outputSize,
  flopOf,
  loadsFours,
  NARROW,
  transposedChecks,
  transposedGeometry,
  type ConvolutionAttributes,
  type Geometry,
  type TransposedAttributes,
} from "./conv2d-geometry.ts";
import { parameterGradients, weightGradient } from "./conv2d-weight-gradient.ts";
import { epilogueLaunch, type KernelEpilogue } from "./epilogue.ts";
import {
  checkBias,
  withEpilogue,
  outputChecks,
  STORED,
  type OutputAttributes,
} from "./epilogue-attributes.ts";
import { sumTo } from "./reduce.ts";
import { defineOp, type Op } from "./op.ts";
import { dataGradientWork, forwardWork } from "./tile-work.ts";
import {
  chooseVariant,
  lanesTile,
  convolutionWorkload,
  lanesTiles,
  narrowStrip,
  onEmptyGpus,
  onSoftware,
  THIN,
} from "./variant.ts";
import { isWorkgroup, onGpus, workgroupLaunch, workgroupTiles } from "./workgroup-tile.ts";

/** Convolves (N, H, W, C) with (KH, KW, C / groups, K) to (N, OH, OW, K), and applies the epilogue. */
export function convolve(
  inp: GpuArray,
  weight: GpuArray,
  geometry: Geometry,
  epilogue: KernelEpilogue = {},
): GpuArray {
  const { device } = inp;
  const { batch, outHeight, outWidth, channels, filters, groups, kernel } = geometry;
  const out = device.empty(
    [batch, outHeight, outWidth, filters],
    epilogue.activationType,
    "conv2d",
  );
  const shader = "conv2d-forward";
  const { constants: epilogueConstants, bind: epilogueBind } = epilogueLaunch(weight, epilogue);
  const constants = { ...constantsOf(geometry), ...epilogueConstants };
  const pixels = batch * outHeight * outWidth;
  const small = filters < NARROW ? "direct" : onSoftware(device, filters, "tiled");
  const W_BY_FOUR = loadsFours(weight, filters);
  const terms = (kernel[0] * kernel[1] * channels) / groups;
  const workload = convolutionWorkload(shader, geometry, [inp, weight], terms, convolve);
  const tilesServe = groups === 1 && channels > 0;
  const thin = filters <= THIN;
  const few = thin ? onEmptyGpus(device, out.size, terms, small) : small;
  const preferred = onGpus(device, pixels, filters, 1, few);
  const serve = { split: thin };
  const variant = chooseVariant(device, workload, preferred, tilesServe, W_BY_FOUR, serve);
  const done = (): number => forwardWork(device, variant, geometry, loadsFours(inp, channels));
  const shared = { shader, flop: flopOf(geometry), done } satisfies Partial<Launch>;
  if (variant === "lanes") {
    const tile = lanesTile(device, pixels, filters);
    const OUT_BY_FOUR = loadsFours(out, filters);
    device.launch({
      ...shared,
      shader: "conv2d-forward-lanes",
      entry: "tiled",
      constants: {
        ...constants,
        ...tile,
        INP_BY_FOUR: loadsFours(inp, channels),
        OUT_BY_FOUR,
      },
      bind: {
        inp,
        inp4: inp,
        weight4: weight,
        ...(OUT_BY_FOUR ? { out4: out } : { out }),
        ...epilogueBind,
      },
      workgroups: device.linear(lanesTiles(tile, pixels, filters), 1),
    });
    return out;
  }
  if (isWorkgroup(variant)) {
    const INP_BY_FOUR = loadsFours(inp, channels);
    device.launch({
      ...shared,
      ...workgroupLaunch(device, {
        shader: "conv2d-forward-workgroup",
        variant: variant,
        constants: {
          ...constants,
          W_BY_FOUR,
          INP_BY_FOUR,
        },
      }),
      bind: { inp, inp4: inp, weight, weight4: weight, out, ...epilogueBind },
      workgroups: device.linear(workgroupTiles(variant, pixels, filters), 1),
    });
  } else if (variant === "direct" || variant === "split") {
    const bind = { inp, weight, out, ...epilogueBind };
    const workgroups = variant === "split" ? device.linear(pixels, 1) : device.linear(out.size);
    device.launch({ ...shared, entry: variant, constants, bind, workgroups });
  } else {
    const tiles = Math.ceil(pixels / 8) * Math.ceil(filters / 8);
    device.launch({
      ...shared,
      entry: "tiled",
      constants: { ...constants, W_BY_FOUR },
      bind: { inp, weight, weight4: weight, out, ...epilogueBind },
      workgroups: device.linear(tiles),
    });
  }
  return out;
}

/** Maps (N, OH, OW, K) and (KH, KW, C / groups, K) to (N, H, W, C): the adjoint of `convolve` in its input. */
export function dataGradient(
  dout: GpuArray,
  weight: GpuArray,
  geometry: Geometry,
  epilogue: KernelEpilogue = {},
): GpuArray {
  const { device } = dout;
  const { batch, height, width, channels, filters, groups, strides, dilations } = geometry;
  const shape = [batch, height, width, channels];
  const dinp = device.empty(shape, epilogue.activationType, "conv2d.data_gradient");
  const shader = "conv2d-data-gradient";
  const { constants: epilogueConstants, bind: epilogueBind } = epilogueLaunch(weight, epilogue);
  const phases = strides[0] * strides[1];
  const tilesServe = groups === 1 && Math.max(...dilations) === 1 && phases <= device.maxWorkgroups;
  const pixels = batch * Math.ceil(height / strides[0]) * Math.ceil(width / strides[1]);
  const small = channels < NARROW ? "narrow" : onSoftware(device, channels, "tiled");
  const preferred = onGpus(device, pixels, channels, phases, small);
  const fours = loadsFours(weight, filters) && loadsFours(dout, filters);
  const terms = (geometry.kernel[0] * geometry.kernel[1] * filters) / groups;
  const workload = convolutionWorkload(shader, geometry, [dout, weight], terms, dataGradient);
  const entry = chooseVariant(device, workload, preferred, tilesServe, fours);
  const shared = {
    shader,
    constants: { ...constantsOf(geometry), ...epilogueConstants },
    bind: { dout, weight, dinp, ...epilogueBind },
    flop: flopOf(geometry),
    done: () => dataGradientWork(device, entry, geometry),
  } satisfies Partial<Launch>;
  if (entry === "lanes") {
    const tile = lanesTile(device, pixels, channels);
    const DINP_BY_FOUR = loadsFours(dinp, channels);
    const [x, y] = device.linear(lanesTiles(tile, pixels, channels), 1);
    device.launch({
      ...shared,
      shader: "conv2d-data-gradient-lanes",
      entry: "tiled",
      constants: { ...shared.constants, ...tile, DINP_BY_FOUR },
      bind: {
        dout4: dout,
        weight4: weight,
        ...(DINP_BY_FOUR ? { dinp4: dinp } : { dinp }),
        ...epilogueBind,
      },
      workgroups: [x, y, phases],
    });
    return dinp;
  }
  if (isWorkgroup(entry)) {
    const [x, y] = device.linear(workgroupTiles(entry, pixels, channels), 1);
    device.launch({
      ...shared,
      ...workgroupLaunch(device, {
        shader: "conv2d-data-gradient-workgroup",
        variant: entry,
        constants: {
          ...shared.constants,
          BY_FOUR: fours,
        },
      }),
      bind: { ...shared.bind, dout4: dout, weight4: weight },
      workgroups: [x, y, phases],
    });
  } else if (entry === "direct") {
    device.launch({ ...shared, entry, workgroups: device.linear(dinp.size) });
  } else {
    const narrow = entry === "narrow";
    const row = Math.ceil(width / strides[1]);
    const STRIP = narrowStrip(row);
    const strips = Math.ceil(row / STRIP);
    const tiles = narrow
      ? batch * Math.ceil(height / strides[0]) * strips * channels
      : Math.ceil(pixels / 8) * Math.ceil(channels / 8);
    const [x, y] = device.linear(tiles);
    device.launch({
      ...shared,
      entry,
      ...(narrow && {
        constants: { ...shared.constants, BY_FOUR: fours, STRIP },
        bind: { ...shared.bind, dout4: dout, weight4: weight },
      }),
      workgroups: [x, y, phases],
    });
  }
  return dinp;
}

/** x and filter, and a bias if there is one. */
type Inputs = readonly [GpuArray, GpuArray, ...GpuArray[]];

/** conv2d: x (N, H, W, C), filter (KH, KW, C / groups, K), bias (K) to (N, OH, OW, K). */
export const conv2d: Op<Inputs, ConvolutionAttributes & OutputAttributes> = defineOp({
  name: "conv2d",
  attributes: { ...convolutionChecks, ...outputChecks },
  takes: STORED,
  takesEpilogueGradients: [0],
  forward([x, filter, bias], attributes) {
    const geometry = convolutionGeometry(x.shape, filter.shape, attributes);
    checkBias("conv2d", bias, geometry.filters);
    const made = withEpilogue(
      "conv2d",
      attributes,
      outputSize(geometry),
      (epilogue, activationType) =>
        convolve(x, filter, geometry, { bias, epilogue, activationType }),
    );
    return { ...made, saved: { x, filter, geometry } };
  },
  backward(dout, { x, filter, geometry }, _attributes, needs, [epilogueGradient]) {
    const dx = needs[0] ? dataGradient(dout, filter, geometry, { epilogueGradient }) : undefined;
    return [dx, ...parameterGradients(x, dout, geometry, needs)];
  },
  rows: ({ x, geometry, ...saved }, out, first, batch) => ({
    out: out.rows(first, batch),
    saved: { ...saved, x: x.rows(first, batch), geometry: { ...geometry, batch } },
  }),
});

/** The transpose of conv2d: x (N, h, w, K), filter (KH, KW, C / groups, K), bias (C) to (N, H, W, C). */
export const convTranspose2d: Op<Inputs, TransposedAttributes & OutputAttributes> = defineOp({
  name: "convTranspose2d",
  attributes: { ...transposedChecks, ...outputChecks },
  takes: STORED,
  takesEpilogueGradients: [0],
  forward([x, filter, bias], attributes) {
    const geometry = transposedGeometry(x.shape, filter.shape, attributes);
    checkBias("convTranspose2d", bias, geometry.channels);
    const made = withEpilogue(
      "convTranspose2d",
      attributes,
      inputSize(geometry),
      (epilogue, activationType) =>
        dataGradient(x, filter, geometry, { bias, epilogue, activationType }),
    );
    return { ...made, saved: { x, filter, bias, geometry } };
  },
  backward(dout, { x, filter, bias, geometry }, _attributes, needs, [epilogueGradient]) {
    return [
      needs[0] ? convolve(dout, filter, geometry, { epilogueGradient }) : undefined,
      needs[1] ? weightGradient(dout, x, geometry) : undefined,
      bias && needs[2] ? sumTo(dout, bias.shape) : undefined,
    ];
  },
  rows: ({ x, geometry, ...saved }, out, first, batch) => ({
    out: out.rows(first, batch),
    saved: { ...saved, x: x.rows(first, batch), geometry: { ...geometry, batch } },
  }),
});
