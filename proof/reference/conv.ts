// Two-dimensional convolution, its two gradients, and the transposed convolution, which is the
// input gradient run forward. All of them are one sum over (output pixel, filter tap) pairs that
// adds to a different array, so they share one enumeration of those pairs.
//
// Layouts: x (N, H, W, in), filter (kh, kw, in/groups, out), y (N, outH, outW, out).
import { type Ref, zeros } from "./array.ts";

/** Height and width. */
export type Pair = readonly [number, number];

/** How a filter moves over its input. `padding` is [top, bottom, left, right]. */
export interface ConvGeometry {
  readonly strides: Pair;
  readonly padding: readonly [number, number, number, number];
  readonly dilations: Pair;
  readonly groups: number;
}

/** A geometry with stride 1, no padding, no dilation and one group, unless given. */
export function convGeometry(options: Partial<ConvGeometry> = {}): ConvGeometry {
  return { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1, ...options };
}

/**
 * TensorFlow's 'same' padding along one axis, [before, after]: enough for ⌈size/stride⌉ outputs,
 * with the odd element after. For a transposed convolution `size` is its output's.
 */
export function samePadding(
  size: number,
  kernel: number,
  stride: number,
  dilation = 1,
): [number, number] {
  const reach = (kernel - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + reach - size, 0);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** The 'same' geometry for an image of the given size (the larger of the two that it relates). */
export function sameGeometry(
  size: Pair,
  kernel: Pair,
  strides: Pair = [1, 1],
  dilations: Pair = [1, 1],
): ConvGeometry {
  const vertical = samePadding(size[0], kernel[0], strides[0], dilations[0]);
  const horizontal = samePadding(size[1], kernel[1], strides[1], dilations[1]);
  return convGeometry({ strides, dilations, padding: [...vertical, ...horizontal] });
}

/** The output's height and width of a convolution of an image of the given size. */
export function convOutputSize(size: Pair, kernel: Pair, geometry: ConvGeometry): Pair {
  const along = (axis: 0 | 1): number => {
    const padded = size[axis] + geometry.padding[2 * axis]! + geometry.padding[2 * axis + 1]!;
    const reach = (kernel[axis] - 1) * geometry.dilations[axis] + 1;
    return Math.floor((padded - reach) / geometry.strides[axis]) + 1;
  };
  return [along(0), along(1)];
}

/**
 * The output's height and width of a transposed convolution: the full output,
 * (size − 1)·stride + (kernel − 1)·dilation + 1, less the cropped padding, plus `outputPadding`
 * at the bottom and right.
 */
export function convTransposeOutputSize(
  size: Pair,
  kernel: Pair,
  geometry: ConvGeometry,
  outputPadding: Pair = [0, 0],
): Pair {
  const along = (axis: 0 | 1): number => {
    const reach = (kernel[axis] - 1) * geometry.dilations[axis] + 1;
    const whole = (size[axis] - 1) * geometry.strides[axis] + reach;
    const crop = geometry.padding[2 * axis]! + geometry.padding[2 * axis + 1]!;
    return whole - crop + outputPadding[axis];
  };
  return [along(0), along(1)];
}

/** x (N, H, W, in) with filter (kh, kw, in/groups, out) to (N, outH, outW, out). */
export function conv2d(x: Ref, filter: Ref, geometry: ConvGeometry): Ref {
  const size = convOutputSize(imageSize(x.shape), filterSize(filter.shape), geometry);
  return correlate(x, filter, geometry, size);
}

/** dx of `conv2d`, of the given shape (N, H, W, in), from dy (N, outH, outW, out). */
export function conv2dInputGrad(
  dy: Ref,
  filter: Ref,
  inputShape: readonly number[],
  geometry: ConvGeometry,
): Ref {
  const dx = zeros(inputShape);
  forEachTap(inputShape, filter.shape, dy.shape, geometry, (xAt, filterAt, yAt, ins, outs) => {
    for (let i = 0; i < ins; i++) {
      const row = filterAt + i * filter.shape[3]!;
      let total = 0;
      for (let o = 0; o < outs; o++) total += dy.data[yAt + o]! * filter.data[row + o]!;
      dx.data[xAt + i]! += total;
    }
  });
  return dx;
}

/** dfilter of `conv2d`, of the given shape (kh, kw, in/groups, out), from dy and x. */
export function conv2dFilterGrad(
  dy: Ref,
  x: Ref,
  filterShape: readonly number[],
  geometry: ConvGeometry,
): Ref {
  const dfilter = zeros(filterShape);
  forEachTap(x.shape, filterShape, dy.shape, geometry, (xAt, filterAt, yAt, ins, outs) => {
    for (let i = 0; i < ins; i++) {
      const row = filterAt + i * filterShape[3]!;
      const value = x.data[xAt + i]!;
      for (let o = 0; o < outs; o++) dfilter.data[row + o]! += value * dy.data[yAt + o]!;
    }
  });
  return dfilter;
}

/**
 * x (N, H, W, in) with filter (kh, kw, out/groups, in), as in Keras, to (N, outH, outW, out):
 * the adjoint of `conv2d` with this filter and geometry on an image of `outputSize`. Padding
 * crops the full output at the top and left; `outputSize` says where it ends.
 */
export function convTranspose2d(
  x: Ref,
  filter: Ref,
  geometry: ConvGeometry,
  outputSize: Pair,
): Ref {
  const channels = filter.shape[2]! * geometry.groups;
  return conv2dInputGrad(x, filter, [x.shape[0]!, ...outputSize, channels], geometry);
}

/** dx of `convTranspose2d`, of the given shape (N, H, W, in), from dy (N, outH, outW, out). */
export function convTranspose2dInputGrad(
  dy: Ref,
  filter: Ref,
  inputShape: readonly number[],
  geometry: ConvGeometry,
): Ref {
  return correlate(dy, filter, geometry, imageSize(inputShape));
}

/** dfilter of `convTranspose2d`, of the given shape (kh, kw, out/groups, in), from dy and x. */
export function convTranspose2dFilterGrad(
  dy: Ref,
  x: Ref,
  filterShape: readonly number[],
  geometry: ConvGeometry,
): Ref {
  return conv2dFilterGrad(x, dy, filterShape, geometry);
}

function correlate(x: Ref, filter: Ref, geometry: ConvGeometry, outputSize: Pair): Ref {
  const y = zeros([x.shape[0]!, ...outputSize, filter.shape[3]!]);
  forEachTap(x.shape, filter.shape, y.shape, geometry, (xAt, filterAt, yAt, ins, outs) => {
    for (let i = 0; i < ins; i++) {
      const row = filterAt + i * filter.shape[3]!;
      const value = x.data[xAt + i]!;
      for (let o = 0; o < outs; o++) y.data[yAt + o]! += value * filter.data[row + o]!;
    }
  });
  return y;
}

/**
 * Calls `visit` for every output pixel, group and filter tap that falls inside the image, with the
 * flat positions of the group's first channels: x[xAt + i], filter[filterAt + i·out + o] and
 * y[yAt + o] belong together for every i < ins and o < outs.
 */
function forEachTap(
  xShape: readonly number[],
  filterShape: readonly number[],
  yShape: readonly number[],
  geometry: ConvGeometry,
  visit: (xAt: number, filterAt: number, yAt: number, ins: number, outs: number) => void,
): void {
  const [batch, height, width, inChannels] = fourAxes(xShape);
  const [kernelHeight, kernelWidth, ins, outChannels] = fourAxes(filterShape);
  const [yBatch, outHeight, outWidth, yChannels] = fourAxes(yShape);
  const { strides, padding, dilations, groups } = geometry;
  const outs = outChannels / groups;
  if (inChannels !== ins * groups || yChannels !== outChannels || batch !== yBatch) {
    throw new RangeError(
      `A convolution of [${xShape}] with [${filterShape}] in ${groups} groups isn't [${yShape}].`,
    );
  }
  if (!Number.isInteger(outs)) {
    throw new RangeError(`${outChannels} channels don't divide into ${groups} groups.`);
  }
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          const iy = oy * strides[0] + ky * dilations[0] - padding[0];
          if (iy < 0 || iy >= height) continue;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const ix = ox * strides[1] + kx * dilations[1] - padding[2];
            if (ix < 0 || ix >= width) continue;
            const xAt = ((n * height + iy) * width + ix) * inChannels;
            const filterAt = (ky * kernelWidth + kx) * ins * outChannels;
            const yAt = ((n * outHeight + oy) * outWidth + ox) * outChannels;
            for (let g = 0; g < groups; g++) {
              visit(xAt + g * ins, filterAt + g * outs, yAt + g * outs, ins, outs);
            }
          }
        }
      }
    }
  }
}

function fourAxes(shape: readonly number[]): readonly [number, number, number, number] {
  const [a, b, c, d, ...rest] = shape;
  if (a === undefined || b === undefined || c === undefined || d === undefined || rest.length > 0) {
    throw new RangeError(`Expected four axes, got [${shape}].`);
  }
  return [a, b, c, d];
}

function imageSize(shape: readonly number[]): Pair {
  const [, height, width] = fourAxes(shape);
  return [height, width];
}

function filterSize(shape: readonly number[]): Pair {
  const [height, width] = fourAxes(shape);
  return [height, width];
}
