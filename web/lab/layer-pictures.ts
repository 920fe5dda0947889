// How the arrays of a layer become pictures: activations as a grid of channels, filters as a grid of small images.
import type { Network } from "../../src/index.ts";
import { sizeOf, type GpuArray } from "../../src/web.ts";
import type { Picture } from "./painter.ts";

/** The most images in one picture. */
const LARGEST_SHOWN = 64;

/** A picture without its range, and what it shows. */
export interface WordedPicture {
  readonly picture: Picture;
  readonly words: string;
}

/** Returns the largest divisor of a number that is at most its square root. */
function nearSquare(size: number): number {
  for (let divisor = Math.floor(Math.sqrt(size)); divisor > 1; divisor -= 1) {
    if (size % divisor === 0) return divisor;
  }
  return 1;
}

const counted = (shown: number, all: number, what: string): string =>
  shown < all ? `${shown} of ${all.toLocaleString("en")} ${what}` : `${all} ${what}`;

/** Returns the picture of the first channels of (height, width, channels); `stride`: values from one to the next. */
function channelsOf(
  array: GpuArray,
  [height = 1, width = 1, channels = 1]: readonly number[],
  stride = 1,
): Picture {
  const count = Math.min(LARGEST_SHOWN, channels);
  const strides = [stride, width * channels * stride, channels * stride] as const;
  return { array, count, height, width, strides };
}

/** Returns the picture of one example's activations: each channel as an image, or one image of single numbers. */
export function outputPicture(array: GpuArray, shape: readonly number[]): WordedPicture {
  const [height = 1, width = 1, channels = 1] = shape;
  if (shape.length === 3) {
    const picture = channelsOf(array, shape);
    return {
      picture,
      words: `${counted(picture.count, channels, channels === 1 ? "channel" : "channels")} of ${height} × ${width}`,
    };
  }
  const size = sizeOf(shape);
  const rows = nearSquare(size);
  return {
    picture: { array, count: 1, height: rows, width: size / rows },
    words: `${size.toLocaleString("en")} ${size === 1 ? "number" : "numbers"}, row by row`,
  };
}

/** Returns the picture of a layer's filters or weights; undefined if it has none. */
export function filterPicture(layers: Network["layers"], index: number): WordedPicture | undefined {
  const { parameters } = layers[index]!;
  const weight = Object.values(parameters).find(({ tensor }) => tensor.shape.length > 1)?.tensor;
  if (!weight) return undefined;
  const { array, shape } = weight;
  const [height = 1, width = 1] = shape;
  if (shape.length === 4) {
    const all = shape[2]! * shape[3]!;
    const picture = channelsOf(array, [height, width, all]);
    return {
      picture,
      words: `${counted(picture.count, all, "filters")} of ${height} × ${width}`,
    };
  }
  return denseWeights(array, [height, width], layers, index);
}

/** The weights of a dense layer, as the images that they read or make, if there are images before or after it. */
function denseWeights(
  array: GpuArray,
  [inputs, outputs]: readonly [number, number],
  layers: Network["layers"],
  index: number,
): WordedPicture {
  const before = layers
    .slice(0, index)
    .map(({ outputShape }) => outputShape)
    .findLast((shape) => shape.length === 3);
  const after = layers.slice(index + 1).find(({ outputShape }) => outputShape.length === 3);
  if (before && sizeOf(before) === inputs && outputs <= 16) {
    const picture = channelsOf(array, before, outputs);
    return {
      picture,
      words: `the weights of ${counted(picture.count, before[2]!, "channels")}, for the first output`,
    };
  }
  const shape = after?.outputShape;
  if (shape && sizeOf(shape) === outputs) {
    const picture = channelsOf(array, shape);
    return {
      picture,
      words: `how the first input number enters ${counted(picture.count, shape[2]!, "channels")}`,
    };
  }
  const rows = nearSquare(outputs);
  const count = Math.min(LARGEST_SHOWN, inputs);
  return {
    picture: {
      array,
      count,
      height: rows,
      width: outputs / rows,
      strides: [outputs, outputs / rows, 1],
    },
    words: `the weights of ${counted(count, inputs, "inputs")}, an image each`,
  };
}
