// Resizing images: nearest, bilinear, cubic and antialiased. The host reduces coordinates to fractions, with which the
// device computes in integers, so that a tie between two pixels is the same tie on every adapter.
import type { GpuArray } from "../gpu/array.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { AttributeError } from "../gpu/errors.ts";
import { finite, flag, needed, oneOf, wholes, type Check } from "./attributes.ts";
import { checkImages } from "./image.ts";
import { defineOp, type Op } from "./op.ts";

/** How a value is computed when an output pixel lies between input pixels. */
export type ResizeMode = "nearest" | "bilinear" | "cubic";

/** What lies past the image's outermost pixels: copies of them, or the mirrored image. */
export type ResizeEdges = "clamp" | "mirror";

/** The attributes of `resize`. */
export interface ResizeAttributes {
  /** Rows and columns of the output. */
  readonly size: readonly [number, number];
  /** `nearest` (the default) takes one pixel; `bilinear` weights four, and `cubic` sixteen by Keys's cubic. */
  readonly mode?: ResizeMode;
  /** Keys's a: the cubic's slope at a distance of one pixel. Default −0.75, or −0.5 with `antialias`, as in PyTorch. */
  readonly cubicCoefficient?: number;
  /** For `bilinear` and `cubic`: whether the filter widens when the image shrinks. Default false. */
  readonly antialias?: boolean;
  /**
   * Where output pixel i lies among the input pixels: (i + ½) · in/out − ½ (`halfPixel`, the default),
   * i · (in − 1)/(out − 1) (`alignCorners`), or i · in/out (`asymmetric`).
   */
  readonly coordinates?: "halfPixel" | "alignCorners" | "asymmetric";
  /**
   * For `bilinear` and `cubic` without `antialias`: `clamp` (the default) repeats the outermost pixels; `mirror`
   * mirrors the image in them (c b | a b c).
   */
  readonly edges?: ResizeEdges;
  /**
   * How `nearest` rounds a coordinate. `preferFloor` and `preferCeil` round to the nearest pixel and differ for halves.
   * Default `preferCeil`, or `floor` for `asymmetric`.
   */
  readonly rounding?: "floor" | "ceil" | "preferFloor" | "preferCeil";
  /**
   * Output pixels per input pixel, vertical and horizontal: they replace out/in in the coordinates. Each is taken as
   * the simplest fraction with the same float32 value.
   */
  readonly scales?: readonly [number, number];
}

type Fraction = readonly [numerator: number, denominator: number];

/** src(i) = (i · step + shift) / unit along one axis; `round` is added to the numerator before rounding down. */
interface Sampling {
  /** If edges are mirrored: how many pixels past the image's ends coordinates may lie; else 0. */
  readonly overhang: number;
  readonly step: number;
  readonly shift: number;
  readonly unit: number;
  readonly round: number;
}

interface Geometry {
  /** Whether resize-filter.wgsl computes it. */
  readonly filtered: boolean;
  readonly antialias: boolean;
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly constants: Launch["constants"];
}

/** Whether a mode weights pixels, and so rounds no coordinate. */
const blends = (mode: ResizeMode | undefined): boolean => mode === "bilinear" || mode === "cubic";

const scale = finite(1e-6, 1e6);

const scalePair: Check = {
  expects: "two numbers in [1e-6, 1e6]",
  accepts: (value) =>
    Array.isArray(value) && value.length === 2 && Array.from(value).every(scale.accepts),
};

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Returns the first convergent of a number's continued fraction that has the same float32 value. */
function fractionOf(value: number): Fraction {
  let [before, numerator] = [0, 1];
  let [beforeBelow, denominator] = [1, 0];
  let rest = value;
  while (numerator === 0 || Math.fround(numerator / denominator) !== Math.fround(value)) {
    const whole = Math.floor(rest);
    [before, numerator] = [numerator, whole * numerator + before];
    [beforeBelow, denominator] = [denominator, whole * denominator + beforeBelow];
    rest = 1 / (rest - whole);
  }
  return [numerator, denominator];
}

/** Returns what to add to a numerator over `unit`, so that rounding down has the effect of another rounding. */
function offsetOf(rounding: NonNullable<ResizeAttributes["rounding"]>, unit: number): number {
  const offsets = {
    floor: 0,
    ceil: unit - 1,
    preferFloor: Math.floor((unit - 1) / 2),
    preferCeil: Math.floor(unit / 2),
  };
  return offsets[rounding];
}

/** Returns how one axis is sampled. Throws `AttributeError` if its coordinates don't fit 32-bit integers. */
function samplingOf(
  length: number,
  outLength: number,
  { mode, coordinates = "halfPixel", rounding, edges, antialias }: ResizeAttributes,
  stretch: number | undefined,
): Sampling {
  const aligned = coordinates === "alignCorners";
  const [over, under] = stretch === undefined ? [outLength, length] : fractionOf(stretch);
  // A single output pixel has no last pixel to align: it takes the first input pixel.
  const [p, q] = !aligned ? [under, over] : outLength === 1 ? [0, 1] : [length - 1, outLength - 1];
  const common = greatestDivisor(p, q);
  const [step, unit] = [p / common, q / common];
  // (i + ½) · step/unit − ½ = (2i · step + step − unit) / 2unit, which reduces by 2 if step and unit are both odd.
  const half = coordinates === "halfPixel";
  const halves = antialias ? 2 : 1; // the image's borders lie at half pixels
  const by = (half ? 2 - ((step * unit) % 2) : 1) * halves;
  const shift = half ? ((step - unit) * by) / 2 : 0;
  const sampling = { step: step * by, shift, unit: unit * by };
  const otherwise = coordinates === "asymmetric" ? "floor" : "preferCeil";
  const round = blends(mode) ? 0 : offsetOf(rounding ?? otherwise, sampling.unit);
  const mirror = edges === "mirror";
  const extent = (mirror ? 2 : 1) * length * sampling.unit;
  const filter = mode === "cubic" || antialias ? 2 : 0; // pixels on either side, at most
  const span = Math.max(sampling.step, sampling.unit);
  const reach = outLength * sampling.step + extent + Math.abs(shift) + 2 * filter * span;
  if (reach >= 2 ** 31) {
    throw new AttributeError(
      `resize: from ${length} to ${outLength} pixels${stretch === undefined ? "" : ` at scale ${stretch}`}, coordinates are multiples of 1/${sampling.unit} and don't fit 32 bits; use sizes or scales in a simpler ratio, or fewer pixels`,
    );
  }
  const end = (outLength - 1) * sampling.step + shift - (length - 1) * sampling.unit;
  const past = Math.max(-shift, end, 0);
  const mirrored = mirror ? Math.ceil(past / sampling.unit) + filter : 0;
  // The center of a widened filter is held at the image's border, and the filter reaches back from there.
  const held =
    antialias && past > sampling.unit / 2 ? Math.ceil((filter * span) / sampling.unit) : 0;
  return { ...sampling, round, overhang: Math.max(mirrored, held) };
}

/** Throws `AttributeError` on attributes that make no sense together. */
function checkTogether(attributes: ResizeAttributes): void {
  const { mode, coordinates, rounding, scales, edges, antialias, cubicCoefficient } = attributes;
  if (edges === "mirror" && !blends(mode)) {
    throw new AttributeError(
      "resize: edges 'mirror' has no meaning with mode 'nearest', which reads no pixels past the image; leave it out, or use mode 'bilinear'",
    );
  }
  if (antialias && !blends(mode)) {
    throw new AttributeError(
      "resize: antialias has no meaning with mode 'nearest', which has no filter to widen; leave it out, or use mode 'bilinear' or 'cubic'",
    );
  }
  if (antialias && edges !== undefined) {
    throw new AttributeError(
      `resize: edges '${edges}' has no meaning with antialias, which ignores everything past the image; leave it out`,
    );
  }
  if (cubicCoefficient !== undefined && mode !== "cubic") {
    throw new AttributeError(
      `resize: cubicCoefficient ${cubicCoefficient} has no meaning with mode '${mode ?? "nearest"}'; leave it out, or use mode 'cubic'`,
    );
  }
  if (blends(mode) && rounding !== undefined) {
    throw new AttributeError(
      `resize: rounding '${rounding}' has no meaning with mode '${mode}', which rounds no coordinate; leave it out`,
    );
  }
  if (coordinates === "alignCorners" && scales !== undefined) {
    throw new AttributeError(
      `resize: scales ${JSON.stringify(scales)} have no meaning with 'alignCorners', which depends only on the sizes; leave them out`,
    );
  }
}

function geometryOf(shape: readonly number[], attributes: ResizeAttributes): Geometry {
  checkTogether(attributes);
  checkImages("resize", shape);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const [outHeight, outWidth] = attributes.size;
  const vertical = samplingOf(height, outHeight, attributes, attributes.scales?.[0]);
  const horizontal = samplingOf(width, outWidth, attributes, attributes.scales?.[1]);
  const { mode, antialias = false, cubicCoefficient = antialias ? -0.5 : -0.75 } = attributes;
  const filtered = mode === "cubic" || antialias;
  return {
    filtered,
    antialias,
    shape,
    outShape: [batch, outHeight, outWidth, channels],
    constants: {
      BATCH: batch,
      HEIGHT: height,
      WIDTH: width,
      CHANNELS: channels,
      OUT_HEIGHT: outHeight,
      OUT_WIDTH: outWidth,
      STEP_H: vertical.step,
      STEP_W: horizontal.step,
      SHIFT_H: vertical.shift,
      SHIFT_W: horizontal.shift,
      UNIT_H: vertical.unit,
      UNIT_W: horizontal.unit,
      ...(filtered
        ? {
            CUBIC: mode === "cubic",
            COEFFICIENT: cubicCoefficient,
            ANTIALIAS: antialias,
            SPAN_H: antialias ? Math.max(vertical.step, vertical.unit) : vertical.unit,
            SPAN_W: antialias ? Math.max(horizontal.step, horizontal.unit) : horizontal.unit,
          }
        : {
            BILINEAR: mode === "bilinear",
            ROUND_H: vertical.round,
            ROUND_W: horizontal.round,
          }),
      MIRROR: attributes.edges === "mirror",
      OVERHANG_H: vertical.overhang,
      OVERHANG_W: horizontal.overhang,
    },
  };
}

function launch(
  entry: "forward" | "backward",
  { filtered, constants }: Geometry,
  bind: Launch["bind"],
  over: GpuArray,
): void {
  over.device.launch({
    shader: filtered ? "resize-filter" : "resize",
    entry,
    constants,
    bind,
    workgroups: over.device.linear(over.size),
    flop: (filtered ? 64 : 8) * over.size,
  });
}

/** Returns the sum of each output row's weights and of each output column's, which widened filters divide by. */
function weightSums({ device }: GpuArray, { outShape, constants }: Geometry): GpuArray {
  const sums = device.empty([outShape[1]! + outShape[2]!], "f32", "resize.weight_sums");
  device.launch({
    shader: "resize-filter",
    entry: "weight_sums",
    constants,
    bind: { sums },
    workgroups: device.linear(sums.size),
  });
  return sums;
}

/** Images of another size. */
export const resize: Op<readonly [GpuArray], ResizeAttributes> = defineOp({
  name: "resize",
  attributes: {
    size: needed(wholes(1, 2)),
    mode: oneOf("nearest", "bilinear", "cubic"),
    cubicCoefficient: finite(),
    antialias: flag,
    edges: oneOf("clamp", "mirror"),
    coordinates: oneOf("halfPixel", "alignCorners", "asymmetric"),
    rounding: oneOf("floor", "ceil", "preferFloor", "preferCeil"),
    scales: scalePair,
  },
  forward([x], attributes) {
    const geometry = geometryOf(x.shape, attributes);
    const out = x.device.empty(geometry.outShape, "f32", "resize");
    launch("forward", geometry, { inp: x, out }, out);
    return { out, saved: geometry };
  },
  backward(dout, geometry) {
    const dinp = dout.device.empty(geometry.shape, "f32", "resize.gradient");
    const bind = { dout, dinp };
    if (geometry.filtered && dinp.size > 0) {
      const totals = geometry.antialias ? weightSums(dout, geometry) : dout; // read only with antialias
      launch("backward", geometry, { ...bind, totals }, dinp);
    } else {
      launch("backward", geometry, bind, dinp);
    }
    return [dinp];
  },
});
