// Max and average pooling: windows that slide over images as a convolution's filter does.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import type { Launch } from "../gpu/dispatch.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { flag, needed, wholeOrPair, type Checks } from "./attributes.ts";
import { padded, paddingCheck, pair, type Padding } from "./conv2d-geometry.ts";
import { checkImages } from "./image.ts";
import { defineOp, type Op } from "./op.ts";

/** How windows lie over an image. Pairs are (vertical, horizontal); one number is for both. */
export interface PoolAttributes {
  /** Rows and columns of a window. */
  readonly size: number | readonly [number, number];
  /** The distance from one window to the next. Default `size`: windows are adjacent and don't overlap. */
  readonly strides?: number | readonly [number, number];
  /** As in `conv2d`, but smaller than a window. Default 'valid': none. */
  readonly padding?: Padding;
  /** The distance from one tap of a window to the next. Default 1. */
  readonly dilations?: number | readonly [number, number];
  /** Whether a last window that starts before the end's padding may reach past the padded image. Default false. */
  readonly ceil?: boolean;
}

/** The attributes of `avgPool`. */
export interface AvgPoolAttributes extends PoolAttributes {
  /** Whether taps in the padding count in the divisor. Default false. */
  readonly countPadding?: boolean;
}

const poolChecks: Checks<PoolAttributes> = {
  size: needed(wholeOrPair(1)),
  strides: wholeOrPair(1),
  padding: paddingCheck,
  dilations: wholeOrPair(1),
  ceil: flag,
};

const FAR = 2 ** 29; // the sum of two such numbers fits a shader's i32

interface Geometry {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  readonly taps: number;
  readonly constants: Readonly<Record<string, number>>;
}

interface Axis {
  readonly length: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
}

/** Returns how many windows an axis has; below 1 if not even one fits. */
function windowsOf(
  { length, kernel, stride, dilation, before, after }: Axis,
  ceil: boolean,
): number {
  const left = length + before + after - (kernel - 1) * dilation - 1;
  const windows = (ceil ? Math.ceil(left / stride) : Math.floor(left / stride)) + 1;
  // When rounded up, the last window could lie entirely in the padding after the end.
  return ceil && (windows - 1) * stride >= length + before ? windows - 1 : windows;
}

/** Throws `AttributeError` if a window could lie entirely in the padding, or shaders can't count that far. */
function checkAxis(op: string, { kernel, stride, dilation, length, before, after }: Axis): void {
  const extent = (kernel - 1) * dilation + 1;
  if (Math.max(before, after) >= extent) {
    throw new AttributeError(
      `${op}: padding must be smaller than a window, which spans ${extent} pixels; got ${before} before and ${after} after; pad less`,
    );
  }
  if (Math.max(extent, stride, dilation, length + before + after) > FAR) {
    throw new AttributeError(
      `${op}: windows, strides, dilations and padded images must span at most ${FAR} pixels; got size ${kernel}, stride ${stride}, dilation ${dilation}`,
    );
  }
}

function geometryOf(op: string, shape: readonly number[], attributes: PoolAttributes): Geometry {
  checkImages(op, shape);
  const [batch, height, width, channels] = shape as [number, number, number, number];
  const kernel = pair(attributes.size);
  const strides = pair(attributes.strides ?? attributes.size);
  const dilations = pair(attributes.dilations);
  const { padding = "valid", ceil = false } = attributes;
  const pads = padded(padding, [height, width], kernel, strides, dilations);
  const axis = (which: 0 | 1, length: number): Axis => ({
    length,
    kernel: kernel[which],
    stride: strides[which],
    dilation: dilations[which],
    before: pads[2 * which]!,
    after: pads[2 * which + 1]!,
  });
  const [vertical, horizontal] = [axis(0, height), axis(1, width)];
  checkAxis(op, vertical);
  checkAxis(op, horizontal);
  const [outHeight, outWidth] = [windowsOf(vertical, ceil), windowsOf(horizontal, ceil)];
  if (outHeight < 1 || outWidth < 1) {
    throw new ShapeError(
      `${op}: windows of size ${show(kernel)} and dilations ${show(dilations)} are larger than the padded image of ${formatShape(shape)}; pad more, or use smaller windows`,
    );
  }
  return {
    shape,
    outShape: [batch, outHeight, outWidth, channels],
    taps: kernel[0] * kernel[1],
    constants: {
      BATCH: batch,
      HEIGHT: height,
      WIDTH: width,
      CHANNELS: channels,
      KERNEL_H: kernel[0],
      KERNEL_W: kernel[1],
      OUT_HEIGHT: outHeight,
      OUT_WIDTH: outWidth,
      STRIDE_H: strides[0],
      STRIDE_W: strides[1],
      DILATION_H: dilations[0],
      DILATION_W: dilations[1],
      PAD_TOP: vertical.before,
      PAD_BOTTOM: vertical.after,
      PAD_LEFT: horizontal.before,
      PAD_RIGHT: horizontal.after,
    },
  };
}

/** Launches an entry point of the shader with as many invocations as `over` has elements. */
function launch(
  entry: string,
  { constants, taps, outShape }: Geometry,
  bind: Launch["bind"],
  over: Pick<GpuArray, "device" | "size">,
  countPadding = false,
): void {
  const outputs = outShape.reduce((product, extent) => product * extent, 1);
  over.device.launch({
    shader: "pool",
    entry,
    constants: { ...constants, COUNT_PADDING: countPadding },
    bind,
    workgroups: over.device.linear(over.size),
    flop: outputs * taps,
  });
}

/**
 * Returns how many cells adjacent windows divide the images into, counting what is left over at the images' ends.
 * Returns undefined if a pixel may be in two windows, or between two.
 */
function cellsOf({ shape, constants: of }: Geometry): number | undefined {
  const touching = of.STRIDE_H === of.KERNEL_H && of.STRIDE_W === of.KERNEL_W;
  const whole = of.DILATION_H === 1 && of.DILATION_W === 1;
  if (!touching || !whole || of.PAD_TOP !== 0 || of.PAD_LEFT !== 0) return undefined;
  const [batch, height, width, channels] = shape as [number, number, number, number];
  return batch * Math.ceil(height / of.KERNEL_H!) * Math.ceil(width / of.KERNEL_W!) * channels;
}

/** The largest element of each window. */
export const maxPool: Op<readonly [GpuArray], PoolAttributes> = defineOp({
  name: "maxPool",
  attributes: poolChecks,
  forward([x], attributes) {
    const geometry = geometryOf("maxPool", x.shape, attributes);
    const out = x.device.empty(geometry.outShape, "f32", "maxPool");
    launch("max_forward", geometry, { inp: x, out }, out);
    return { out, saved: { x, geometry } };
  },
  backward(dout, { x, geometry }) {
    const dinp = x.device.empty(x.shape, "f32", "maxPool.gradient");
    const cells = cellsOf(geometry);
    if (cells !== undefined) {
      const over = { device: x.device, size: cells };
      launch("max_backward_apart", geometry, { inp: x, dout, dinp }, over);
      return [dinp];
    }
    const winner = x.device.empty(geometry.outShape, "i32", "maxPool.winner");
    launch("max_winner", geometry, { inp: x, found: winner }, winner);
    launch("max_backward", geometry, { winner, dout, dinp }, dinp);
    return [dinp];
  },
});

/** The mean of each window. */
export const avgPool: Op<readonly [GpuArray], AvgPoolAttributes> = defineOp({
  name: "avgPool",
  attributes: { ...poolChecks, countPadding: flag },
  forward([x], { countPadding = false, ...attributes }) {
    const geometry = geometryOf("avgPool", x.shape, attributes);
    const out = x.device.empty(geometry.outShape, "f32", "avgPool");
    launch("average_forward", geometry, { inp: x, out }, out, countPadding);
    return { out, saved: { geometry, countPadding } };
  },
  backward(dout, { geometry, countPadding }) {
    const dinp = dout.device.empty(geometry.shape, "f32", "avgPool.gradient");
    launch("average_backward", geometry, { dout, dinp }, dinp, countPadding);
    return [dinp];
  },
});

/** Returns the shape (N, OH, OW, C) of pooled images (N, H, W, C). Throws as the ops do, under the name `op`. */
export function pooledShape(
  op: string,
  shape: readonly number[],
  attributes: PoolAttributes,
): readonly number[] {
  return geometryOf(op, shape, attributes).outShape;
}
