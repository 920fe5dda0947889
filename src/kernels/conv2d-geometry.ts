// The geometry of a convolution, shared by conv2d and its transpose, which are the same map run forwards or backwards.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { byFours } from "../gpu/binding.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { whole, wholeOrPair, wholes, type Check, type Checks } from "./attributes.ts";

/** Padding by TensorFlow's names, or the rows and columns to add at [top, bottom, left, right]. */
export type Padding = "same" | "valid" | readonly [number, number, number, number];

/** Attributes of a convolution. Strides and dilations are (vertical, horizontal), or one number for both. */
export interface ConvolutionAttributes {
  readonly strides?: number | readonly [number, number];
  readonly padding?: Padding;
  readonly dilations?: number | readonly [number, number];
  readonly groups?: number;
}

/** A convolution from images (N, H, W, C) to (N, OH, OW, K) with filters (KH, KW, C / groups, K). */
export interface Geometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: readonly [number, number];
  readonly filters: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows added at the top, columns at the left. */
  readonly pad: readonly [number, number];
  readonly groups: number;
}

/** Returns the number of elements of a convolution's input. */
export const inputSize = ({ batch, height, width, channels }: Geometry): number =>
  batch * height * width * channels;

/** Returns the number of elements of a convolution's output. */
export const outputSize = ({ batch, outHeight, outWidth, filters }: Geometry): number =>
  batch * outHeight * outWidth * filters;

/** Attributes of a transposed convolution. */
export interface TransposedAttributes extends ConvolutionAttributes {
  /** Rows and columns added at the end. A strided convolution maps several such output sizes to one input size. */
  readonly outputPadding?: number | readonly [number, number];
}

/** 'same', 'valid' or four whole numbers. */
export const paddingCheck: Check = {
  expects: "'same', 'valid' or four whole numbers ≥ 0 [top, bottom, left, right]",
  accepts: (value) => value === "same" || value === "valid" || wholes(0, 4).accepts(value),
};

/** What a convolution's attributes may be. */
export const convolutionChecks: Checks<ConvolutionAttributes> = {
  strides: wholeOrPair(1),
  padding: paddingCheck,
  dilations: wholeOrPair(1),
  groups: whole(1),
};

/** What a transposed convolution's attributes may be. */
export const transposedChecks: Checks<TransposedAttributes> = {
  ...convolutionChecks,
  outputPadding: wholeOrPair(0),
};

/** Both numbers of a per-axis attribute. */
export function pair(
  value: number | readonly [number, number] | undefined,
  otherwise: number = 1,
): readonly [number, number] {
  return typeof value === "object" ? value : [value ?? otherwise, value ?? otherwise];
}

/**
 * Returns how many rows (or columns) 'same' padding adds before and after, as in TensorFlow: the output's length is
 * ⌈size / stride⌉, and if the total is odd, the extra one goes after.
 */
export function samePadding(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
): readonly [number, number] {
  const reach = (kernel - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Returns the rows and columns that a padding adds to an image of some size: [top, bottom, left, right]. */
export function padded(
  padding: Padding,
  size: readonly [number, number],
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number],
): readonly [number, number, number, number] {
  if (padding === "valid") return [0, 0, 0, 0];
  if (padding === "same") {
    const [top, bottom] = samePadding(size[0], kernel[0], strides[0], dilations[0]);
    const [left, right] = samePadding(size[1], kernel[1], strides[1], dilations[1]);
    return [top, bottom, left, right];
  }
  return padding;
}

function checkShapes(op: string, input: readonly number[], filter: readonly number[]): void {
  if (input.length !== 4 || filter.length !== 4) {
    throw new ShapeError(
      `${op}: takes an input (N, H, W, C) and a filter of rank 4; got input ${formatShape(input)} and filter ${formatShape(filter)}`,
    );
  }
  if (input.slice(1).includes(0) || filter.includes(0)) {
    throw new ShapeError(
      `${op}: only the batch may be empty; got input ${formatShape(input)} and filter ${formatShape(filter)}`,
    );
  }
}

function checkGroups(op: string, groups: number, channels: number, filters: number): void {
  if (channels % groups !== 0 || filters % groups !== 0) {
    throw new AttributeError(
      `${op}: groups must divide ${channels} input and ${filters} output channels; got ${groups}`,
    );
  }
}

/**
 * Returns the geometry of conv2d: input (N, H, W, C), filter (KH, KW, C / groups, K). Throws `ShapeError` or
 * `AttributeError` on anything that doesn't fit.
 */
export function convolutionGeometry(
  input: readonly number[],
  filter: readonly number[],
  attributes: ConvolutionAttributes,
): Geometry {
  const op = "conv2d";
  checkShapes(op, input, filter);
  const [batch, height, width, channels] = input as [number, number, number, number];
  const [kh, kw, perGroup, filters] = filter as [number, number, number, number];
  const groups = attributes.groups ?? 1;
  checkGroups(op, groups, channels, filters);
  if (perGroup * groups !== channels) {
    throw new ShapeError(
      `${op}: input has ${channels} channels but filter ${formatShape(filter)} takes ${perGroup * groups}; got input ${formatShape(input)}`,
    );
  }
  const strides = pair(attributes.strides);
  const dilations = pair(attributes.dilations);
  const kernel = [kh, kw] as const;
  const [top, bottom, left, right] = padded(
    attributes.padding ?? "valid",
    [height, width],
    kernel,
    strides,
    dilations,
  );
  const extent = (size: number, pads: number, axis: 0 | 1): number =>
    Math.floor((size + pads - (kernel[axis] - 1) * dilations[axis] - 1) / strides[axis]) + 1;
  const outHeight = extent(height, top + bottom, 0);
  const outWidth = extent(width, left + right, 1);
  if (outHeight < 1 || outWidth < 1) {
    throw new ShapeError(
      `${op}: filter ${formatShape(filter)} reaches past the padded input ${formatShape(input)}; pad more or dilate less`,
    );
  }
  return {
    batch,
    height,
    width,
    channels,
    kernel,
    filters,
    outHeight,
    outWidth,
    strides,
    dilations,
    pad: [top, left],
    groups,
  };
}

/**
 * Returns the geometry of a transposed conv2d, as that of the convolution whose adjoint it is: the op's output
 * (N, H, W, C) is that convolution's input. Input (N, h, w, K), filter (KH, KW, C / groups, K). 'same' makes
 * H = h · stride, as in Keras; four numbers crop the full output, and `outputPadding` adds rows and columns at the end.
 */
export function transposedGeometry(
  input: readonly number[],
  filter: readonly number[],
  attributes: TransposedAttributes,
): Geometry {
  const op = "convTranspose2d";
  checkShapes(op, input, filter);
  const [batch, outHeight, outWidth, filters] = input as [number, number, number, number];
  const [kh, kw, perGroup, filterInputs] = filter as [number, number, number, number];
  const groups = attributes.groups ?? 1;
  const channels = perGroup * groups;
  checkGroups(op, groups, filters, channels);
  if (filterInputs !== filters) {
    throw new ShapeError(
      `${op}: input has ${filters} channels but filter ${formatShape(filter)} (KH, KW, out, in) takes ${filterInputs}; got input ${formatShape(input)}`,
    );
  }
  const strides = pair(attributes.strides);
  const dilations = pair(attributes.dilations);
  const kernel = [kh, kw] as const;
  const padding = attributes.padding ?? "valid";
  const extra = pair(attributes.outputPadding, 0);
  if (extra.some((n, axis) => n >= Math.max(strides[axis]!, dilations[axis]!))) {
    throw new AttributeError(
      `${op}: outputPadding must be smaller than the strides ${JSON.stringify(strides)} or the dilations ${JSON.stringify(dilations)}; got ${JSON.stringify(extra)}`,
    );
  }
  if (padding === "same" && Math.max(...extra) > 0) {
    throw new AttributeError(
      `${op}: outputPadding ${JSON.stringify(extra)} has no meaning with 'same', which makes the output h · stride long; use four numbers as padding, or leave outputPadding out`,
    );
  }
  const small = [outHeight, outWidth] as const;
  const goal = [outHeight * strides[0], outWidth * strides[1]] as const;
  const [top, bottom, left, right] = padded(padding, goal, kernel, strides, dilations);
  const extent = (axis: 0 | 1, crop: number): number =>
    (small[axis] - 1) * strides[axis] +
    (kernel[axis] - 1) * dilations[axis] +
    1 -
    crop +
    extra[axis]!;
  const height = padding === "same" ? goal[0] : extent(0, top + bottom);
  const width = padding === "same" ? goal[1] : extent(1, left + right);
  if (height < 1 || width < 1) {
    throw new ShapeError(
      `${op}: padding ${JSON.stringify(padding)} crops the whole output of input ${formatShape(input)} and filter ${formatShape(filter)}; crop less`,
    );
  }
  return {
    batch,
    height,
    width,
    channels,
    kernel,
    filters,
    outHeight,
    outWidth,
    strides,
    dilations,
    pad: [top, left],
    groups,
  };
}

/** A geometry as the constants that all convolution shaders share. */
export function constantsOf(geometry: Geometry): Record<string, number> {
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

/** Counts two operations per multiply-add, including taps in the padding. */
export function flopOf(geometry: Geometry): number {
  const { batch, outHeight, outWidth, kernel, channels, filters, groups } = geometry;
  return 2 * batch * outHeight * outWidth * kernel[0] * kernel[1] * (channels / groups) * filters;
}

/** Whether a shader may load an array as vec4s along its last axis, which has `extent` elements. */
export function loadsFours(array: GpuArray, extent: number): boolean {
  return extent % 4 === 0 && byFours(array);
}

/** Fewer columns than this waste most of an eight-wide tile. */
export const NARROW: number = 4;
