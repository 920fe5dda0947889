// Resizing images, by the nearest pixel or between four. Coordinates are fractions reduced on the host,
// and whole numbers on the device: a tie between two pixels is the same tie on every adapter.
import type { GpuArray } from "../gpu/array.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { AttributeError } from "../gpu/errors.ts";
import { finite, needed, oneOf, wholes, type Check } from "./attributes.ts";
import { checkImages } from "./image.ts";
import { defineOp, type Op } from "./op.ts";

/** How a value is found where an output pixel lies between input pixels. */
export type ResizeMode = "nearest" | "bilinear";

/** What lies past the image's outermost pixels: those again, or the image mirrored in them. */
export type ResizeEdges = "clamp" | "mirror";

/** What `resize` takes. */
export interface ResizeAttributes {
  /** Rows and columns of the output. */
  readonly size: readonly [number, number];
  /** The nearest pixel (the default), or four in shares. */
  readonly mode?: ResizeMode;
  /** Where output pixel i lies, for in/out input pixels each: (i + ½) · in/out − ½ (`halfPixel`, the default), i · (in − 1)/(out − 1) (`alignCorners`), or i · in/out (`asymmetric`). */
  readonly coordinates?: "halfPixel" | "alignCorners" | "asymmetric";
  /** For `bilinear`: `clamp` (the default) repeats the outermost pixels, `mirror` goes back from them (c b | a b c). */
  readonly edges?: ResizeEdges;
  /** Of a nearest pixel's coordinate; the preferred one is for halves. Default `preferCeil`, but `floor` for `asymmetric`. */
  readonly rounding?: "floor" | "ceil" | "preferFloor" | "preferCeil";
  /** Output pixels for each input pixel, vertical and horizontal, in place of out/in in the coordinates. Each is taken as the simplest fraction of the same float32. */
  readonly scales?: readonly [number, number];
}

type Fraction = readonly [numerator: number, denominator: number];

/** src(i) = (i · step + shift) / unit along one axis; `round` is added before rounding down. */
interface Sampling {
  /** How many pixels past the image's ends coordinates lie at most, where they are mirrored; else 0. */
  readonly overhang: number;
  readonly step: number;
  readonly shift: number;
  readonly unit: number;
  readonly round: number;
}

interface Geometry {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly constants: Launch["constants"];
}

const scale = finite(1e-6, 1e6);

const scalePair: Check = {
  expects: "two numbers in [1e-6, 1e6]",
  accepts: (value) =>
    Array.isArray(value) && value.length === 2 && Array.from(value).every(scale.accepts),
};

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The first convergent of a number's continued fraction that is the same float32. */
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

/** What is added, in `unit`s of a pixel, so that rounding down rounds otherwise. */
function offsetOf(rounding: NonNullable<ResizeAttributes["rounding"]>, unit: number): number {
  const offsets = {
    floor: 0,
    ceil: unit - 1,
    preferFloor: Math.floor((unit - 1) / 2),
    preferCeil: Math.floor(unit / 2),
  };
  return offsets[rounding];
}

/** How one axis is sampled. Throws `AttributeError` if its coordinates don't fit 32-bit integers. */
function samplingOf(
  length: number,
  outLength: number,
  { mode, coordinates = "halfPixel", rounding, edges }: ResizeAttributes,
  stretch: number | undefined,
): Sampling {
  const aligned = coordinates === "alignCorners";
  const [over, under] = stretch === undefined ? [outLength, length] : fractionOf(stretch);
  // One output pixel has no last one to align: it takes the first.
  const [p, q] = !aligned ? [under, over] : outLength === 1 ? [0, 1] : [length - 1, outLength - 1];
  const common = greatestDivisor(p, q);
  const [step, unit] = [p / common, q / common];
  // (i + ½) · step/unit − ½ = (2i · step + step − unit) / 2unit, halved where both are odd.
  const half = coordinates === "halfPixel";
  const by = half ? 2 - ((step * unit) % 2) : 1;
  const shift = half ? ((step - unit) * by) / 2 : 0;
  const sampling = { step: step * by, shift, unit: unit * by };
  const otherwise = coordinates === "asymmetric" ? "floor" : "preferCeil";
  const round = mode === "bilinear" ? 0 : offsetOf(rounding ?? otherwise, sampling.unit);
  const mirror = edges === "mirror";
  const extent = (mirror ? 2 : 1) * length * sampling.unit;
  const reach = outLength * sampling.step + extent + Math.abs(shift);
  if (reach >= 2 ** 31) {
    throw new AttributeError(
      `resize: from ${length} to ${outLength} pixels${stretch === undefined ? "" : ` at scale ${stretch}`}, coordinates are multiples of 1/${sampling.unit} and don't fit 32 bits; take sizes or scales in a simpler ratio, or fewer pixels`,
    );
  }
  const end = (outLength - 1) * sampling.step + shift - (length - 1) * sampling.unit;
  const overhang = mirror ? Math.ceil(Math.max(-shift, end, 0) / sampling.unit) : 0;
  return { ...sampling, round, overhang };
}

/** Throws `AttributeError` on attributes that have no meaning together. */
function checkTogether({ mode, coordinates, rounding, scales, edges }: ResizeAttributes): void {
  if (edges === "mirror" && mode !== "bilinear") {
    throw new AttributeError(
      "resize: edges 'mirror' has no meaning beside mode 'nearest', which takes no share of pixels past the image; leave it out, or take mode 'bilinear'",
    );
  }
  if (mode === "bilinear" && rounding !== undefined) {
    throw new AttributeError(
      `resize: rounding '${rounding}' has no meaning beside mode 'bilinear', which rounds no coordinate; leave it out`,
    );
  }
  if (coordinates === "alignCorners" && scales !== undefined) {
    throw new AttributeError(
      `resize: scales ${JSON.stringify(scales)} have no meaning beside 'alignCorners', which goes by the sizes alone; leave them out`,
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
  return {
    shape,
    outShape: [batch, outHeight, outWidth, channels],
    constants: {
      BATCH: batch,
      HEIGHT: height,
      WIDTH: width,
      CHANNELS: channels,
      OUT_HEIGHT: outHeight,
      OUT_WIDTH: outWidth,
      BILINEAR: attributes.mode === "bilinear",
      STEP_H: vertical.step,
      STEP_W: horizontal.step,
      SHIFT_H: vertical.shift,
      SHIFT_W: horizontal.shift,
      UNIT_H: vertical.unit,
      UNIT_W: horizontal.unit,
      ROUND_H: vertical.round,
      ROUND_W: horizontal.round,
      MIRROR: attributes.edges === "mirror",
      OVERHANG_H: vertical.overhang,
      OVERHANG_W: horizontal.overhang,
    },
  };
}

function launch(
  entry: "forward" | "backward",
  constants: Launch["constants"],
  bind: Launch["bind"],
  over: GpuArray,
): void {
  const workgroups = over.device.linear(over.size);
  over.device.launch({ shader: "resize", entry, constants, bind, workgroups, flop: 8 * over.size });
}

/** Images of another size. */
export const resize: Op<readonly [GpuArray], ResizeAttributes> = defineOp({
  name: "resize",
  attributes: {
    size: needed(wholes(1, 2)),
    mode: oneOf("nearest", "bilinear"),
    edges: oneOf("clamp", "mirror"),
    coordinates: oneOf("halfPixel", "alignCorners", "asymmetric"),
    rounding: oneOf("floor", "ceil", "preferFloor", "preferCeil"),
    scales: scalePair,
  },
  forward([x], attributes) {
    const { shape, outShape, constants } = geometryOf(x.shape, attributes);
    const out = x.device.empty(outShape, "f32", "resize");
    launch("forward", constants, { inp: x, out }, out);
    return { out, saved: { shape, constants } };
  },
  backward(dout, { shape, constants }) {
    const dinp = dout.device.empty(shape, "f32", "resize.gradient");
    launch("backward", constants, { dout, dinp }, dinp);
    return [dinp];
  },
});
