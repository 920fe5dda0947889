// The layers that networks are made of. Defaults are Keras's, as the recipes are written in its terms.
import {
  batchNorm as batchNormOp,
  conv2d as conv2dOp,
  convTranspose2d as convTranspose2dOp,
  dense as denseOp,
  maxPool as maxPoolOp,
  reshape as reshapeOp,
  type Bias,
} from "../autograd/ops.ts";
import { upsample as upsampleOp } from "../autograd/compositions.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { checkShape, formatShape, sizeOf } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import {
  callback,
  checkArgument,
  checkAttributes,
  extent,
  finite,
  flag,
  oneOf,
  type Check,
  type Checks,
} from "../kernels/attributes.ts";
import type { RunningVariance } from "../kernels/batch-norm.ts";
import {
  convolutionGeometry,
  paddingCheck,
  transposedGeometry,
  type ConvolutionAttributes,
} from "../kernels/conv2d-geometry.ts";
import { constant, glorotUniform, type Initialiser } from "./initialisers.ts";
import type { Layer, ParameterSpec } from "./layer.ts";

export { dropout, leakyRelu, relu, sigmoid, tanh } from "./activations.ts";

const none = (): Readonly<Record<never, never>> => ({});
const same = (shape: readonly number[]): readonly number[] => shape;

/** Options that layers with a kernel share. */
export interface KernelOptions {
  /** Default true, as in Keras. */
  readonly bias?: boolean;
  /** Default Glorot uniform. */
  readonly initialiser?: Initialiser;
  /** The bias's, from the kernel's shape. Default 0. */
  readonly biasInitialiser?: (kernel: readonly number[]) => Initialiser;
}

const isInitialiser: Check = { ...callback, expects: "an initialiser: see initialisers" };
const kernelChecks: Checks<KernelOptions> = {
  bias: flag,
  initialiser: isInitialiser,
  biasInitialiser: callback,
};
const convolutionChecks: Checks<ConvolutionOptions> = {
  ...kernelChecks,
  strides: extent(1),
  padding: paddingCheck,
};

/** A layer's bias as its op takes it, or leaves it out. */
const given = (bias: Tensor | undefined): Bias => (bias ? { bias } : {});

/** What a layer with a kernel, which it calls `name`, learns. */
function kernelSpecs(
  name: "filter" | "kernel",
  shape: readonly number[],
  units: number,
  options: KernelOptions,
): Record<string, ParameterSpec> {
  const { bias = true, initialiser = glorotUniform() } = options;
  const { biasInitialiser = () => constant(0) } = options;
  return {
    [name]: { shape, initialiser },
    ...(bias ? { bias: { shape: [units], initialiser: biasInitialiser(shape) } } : {}),
  };
}

const noBias = (bias: boolean): string => (bias ? "" : ", no bias");

/** x (N, in) · kernel (in, units) + bias (units). */
export function dense(units: number, options: KernelOptions = {}): Layer {
  checkArgument("Dense", "its units", units, extent(1));
  checkAttributes<KernelOptions>("Dense", options, kernelChecks);
  const { bias = true } = options;
  return {
    kind: "Dense",
    detail: `${units}${noBias(bias)}`,
    outputShape(input) {
      if (input.length !== 1) {
        throw new ShapeError(
          `Dense: takes vectors; got ${formatShape(input)}: put a flatten() before`,
        );
      }
      return [units];
    },
    parameters: ([inputs]) => kernelSpecs("kernel", [inputs!, units], units, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    forward: (x, { kernel, bias: b }, _buffers, _mode, output) =>
      denseOp(x, kernel!, { ...given(b), ...output }),
  };
}

function convDetail(filters: number, kernel: number, strides: number, bias: boolean): string {
  return `${filters}, ${kernel}×${kernel}, stride ${strides}${noBias(bias)}`;
}

/** Options of the convolution layers. */
export interface ConvolutionOptions extends KernelOptions {
  readonly strides?: number;
  /** Default 'same'. */
  readonly padding?: ConvolutionAttributes["padding"];
}

function checkConvolution(
  kind: string,
  filters: number,
  kernel: number,
  options: ConvolutionOptions,
): void {
  checkArgument(kind, "its filters", filters, extent(1));
  checkArgument(kind, "its kernel's side", kernel, extent(1));
  checkAttributes<ConvolutionOptions>(kind, options, convolutionChecks);
}

/** Convolution of (H, W, C) images to `filters` channels with square filters (kernel, kernel, C, filters). */
export function conv2d(filters: number, kernel: number, options: ConvolutionOptions = {}): Layer {
  checkConvolution("Conv2d", filters, kernel, options);
  const { bias = true, strides = 1, padding = "same" } = options;
  const shapeOf = (input: readonly number[]) => [kernel, kernel, input.at(-1)!, filters];
  return {
    kind: "Conv2d",
    detail: convDetail(filters, kernel, strides, bias),
    outputShape(input) {
      const g = convolutionGeometry([1, ...input], shapeOf(input), { strides, padding });
      return [g.outHeight, g.outWidth, g.filters];
    },
    parameters: (input) => kernelSpecs("filter", shapeOf(input), filters, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    forward: (x, { filter, bias: b }, _buffers, _mode, output) =>
      conv2dOp(x, filter!, { strides, padding, ...given(b), ...output }),
  };
}

/** Transposed convolution of (H, W, C) images to `filters` channels, filters (kernel, kernel, filters, C). */
export function convTranspose2d(
  filters: number,
  kernel: number,
  options: ConvolutionOptions = {},
): Layer {
  checkConvolution("ConvTranspose2d", filters, kernel, options);
  const { bias = true, strides = 1, padding = "same" } = options;
  const shapeOf = (input: readonly number[]) => [kernel, kernel, filters, input.at(-1)!];
  return {
    kind: "ConvTranspose2d",
    detail: convDetail(filters, kernel, strides, bias),
    outputShape(input) {
      const g = transposedGeometry([1, ...input], shapeOf(input), { strides, padding });
      return [g.height, g.width, g.channels];
    },
    parameters: (input) => kernelSpecs("filter", shapeOf(input), filters, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    forward: (x, { filter, bias: b }, _buffers, _mode, output) =>
      convTranspose2dOp(x, filter!, { strides, padding, ...given(b), ...output }),
  };
}

/** The largest of each `size` by `size` pixels, of a channel each: (H, W, C) → (⌊H / size⌋, ⌊W / size⌋, C). */
export function maxPool(size: number): Layer {
  checkArgument("MaxPool", "its size", size, extent(1));
  return {
    kind: "MaxPool",
    detail: `${size}×${size}`,
    outputShape(input) {
      const [height = 0, width = 0, channels = 0] = input;
      if (input.length !== 3 || size > height || size > width) {
        throw new ShapeError(
          `MaxPool: takes images (H, W, C) of ${size}×${size} pixels or more; got ${formatShape(input)}`,
        );
      }
      return [Math.floor(height / size), Math.floor(width / size), channels];
    },
    parameters: none,
    buffers: none,
    forward: (x) => maxPoolOp(x, { size }),
  };
}

/** Options of batch normalisation; the defaults are Keras 3's. */
export interface BatchNormOptions {
  readonly runningVariance?: RunningVariance;
  readonly epsilon?: number;
  readonly momentum?: number;
}

/** Normalises each channel (the last axis) over the batch, then scales by γ and shifts by β. */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  checkAttributes<BatchNormOptions>("BatchNorm", options, {
    epsilon: finite(0),
    momentum: finite(0, 1),
    runningVariance: oneOf("population", "sample"),
  });
  const { epsilon = 1e-3, momentum = 0.99, runningVariance = "population" } = options;
  return {
    kind: "BatchNorm",
    detail: "",
    outputShape: same,
    parameters: (input) => ({
      gamma: { shape: [input.at(-1)!], initialiser: constant(1) },
      beta: { shape: [input.at(-1)!], initialiser: constant(0) },
    }),
    buffers: (input) => ({
      running: { shape: [2, input.at(-1)!], initialiser: runningStart },
    }),
    takesEpilogue: ["activation"],
    takesF16: "stores",
    forward(x, { gamma, beta }, { running }, { training, track = true }, output) {
      const tracked = training && !track ? {} : { running: running! };
      const rates = { epsilon, momentum, runningVariance };
      return batchNormOp(x, gamma!, beta!, { training, ...rates, ...tracked, ...output });
    },
  };
}

/** Mean 0 and variance 1. */
const runningStart: Initialiser = (rng, shape) => {
  const half = shape[1]!;
  const values = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? 0 : 1));
  return rng.state.device.upload(values, shape, "f32", "running");
};

/** Images `scale` times as high and as wide, each pixel repeated. */
export function upsample(scale: number): Layer {
  checkArgument("Upsample", "its scale", scale, extent(1));
  return {
    kind: "Upsample",
    detail: `×${scale}`,
    outputShape(input) {
      const [height = 0, width = 0, channels = 0] = input;
      if (input.length !== 3) {
        throw new ShapeError(`Upsample: takes images (H, W, C); got ${formatShape(input)}`);
      }
      return [height * scale, width * scale, channels];
    },
    parameters: none,
    buffers: none,
    forward: (x) => upsampleOp(x, { scale }),
  };
}

/** Another shape for each example. */
export function reshape(shape: readonly number[]): Layer {
  checkShape("Reshape", shape);
  return {
    kind: "Reshape",
    detail: shape.join("×"),
    outputShape(input) {
      if (sizeOf(input) !== sizeOf(shape)) {
        throw new ShapeError(
          `Reshape: ${formatShape(input)} has ${sizeOf(input)} elements, ${formatShape(shape)} wants ${sizeOf(shape)}`,
        );
      }
      return shape;
    },
    parameters: none,
    buffers: none,
    takesF16: "views",
    forward: (x) => reshapeOp(x, { shape: [x.shape[0]!, ...shape] }),
  };
}

/** One vector for each example. */
export function flatten(): Layer {
  return {
    kind: "Flatten",
    detail: "",
    outputShape: (input) => [sizeOf(input)],
    parameters: none,
    buffers: none,
    takesF16: "views",
    forward: (x) => reshapeOp(x, { shape: [x.shape[0]!, sizeOf(x.shape.slice(1))] }),
  };
}
