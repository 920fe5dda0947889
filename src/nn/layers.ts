// The layers. Defaults are Keras's, as the recipes are written in its terms.
import {
  batchNorm as batchNormOp,
  conv2d as conv2dOp,
  convTranspose2d as convTranspose2dOp,
  dense as denseOp,
  dropout as dropoutOp,
  leakyRelu as leakyReluOp,
  maxPool as maxPoolOp,
  relu as reluOp,
  reshape as reshapeOp,
  sigmoid as sigmoidOp,
  tanh as tanhOp,
  type Bias,
} from "../autograd/ops.ts";
import { upsample as upsampleOp } from "../autograd/compositions.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { formatShape, sizeOf } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import type { RunningVariance } from "../kernels/batch-norm.ts";
import {
  convolutionGeometry,
  transposedGeometry,
  type ConvolutionAttributes,
} from "../kernels/convolution.ts";
import type { EpilogueAttributes } from "../kernels/epilogue-attributes.ts";
import type { Generator } from "../kernels/random.ts";
import { constant, glorotUniform, type Initialiser } from "./initialisers.ts";
import { SIGMOID, type Layer, type Mode, type ParameterSpec } from "./layer.ts";

const none = (): Readonly<Record<never, never>> => ({});
const same = (shape: readonly number[]): readonly number[] => shape;

function activation(
  kind: string,
  detail: string,
  f: (x: Tensor) => Tensor,
  epilogue: EpilogueAttributes | undefined,
): Layer {
  return {
    kind,
    detail,
    outputShape: same,
    parameters: none,
    buffers: none,
    forward: (x) => f(x),
    ...(epilogue ? { asEpilogue: () => epilogue } : {}),
  };
}

/** max(x, 0). */
export function relu(): Layer {
  return activation("ReLU", "", (x) => reluOp(x), { activation: "relu" });
}

/** x above 0, α·x elsewhere. */
export function leakyRelu(alpha = 0.3): Layer {
  // Below a negative slope the output doesn't tell the input's sign: no epilogue then.
  const epilogue = alpha >= 0 ? ({ activation: "leakyRelu", alpha } as const) : undefined;
  return activation("LeakyReLU", String(alpha), (x) => leakyReluOp(x, { alpha }), epilogue);
}

/** The hyperbolic tangent. */
export function tanh(): Layer {
  return activation("tanh", "", (x) => tanhOp(x), { activation: "tanh" });
}

/** 1 / (1 + exp(−x)). */
export function sigmoid(): Layer {
  return activation(SIGMOID, "", (x) => sigmoidOp(x), { activation: "sigmoid" });
}

/** Options that layers with a kernel share. */
export interface KernelOptions {
  /** Default true, as in Keras. */
  readonly bias?: boolean;
  /** Default Glorot uniform. */
  readonly initialiser?: Initialiser;
  /** The bias's, from the kernel's shape. Default 0. */
  readonly biasInitialiser?: (kernel: readonly number[]) => Initialiser;
}

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
    finishes: ["activation", "dropout"],
    halves: "stores",
    forward: (x, { kernel, bias: b }, _buffers, _mode, finish) =>
      denseOp(x, kernel!, { ...given(b), ...finish }),
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

/** Convolution of (H, W, C) images to `filters` channels with square filters (kernel, kernel, C, filters). */
export function conv2d(filters: number, kernel: number, options: ConvolutionOptions = {}): Layer {
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
    finishes: ["activation", "dropout"],
    halves: "stores",
    forward: (x, { filter, bias: b }, _buffers, _mode, finish) =>
      conv2dOp(x, filter!, { strides, padding, ...given(b), ...finish }),
  };
}

/** Transposed convolution of (H, W, C) images to `filters` channels, filters (kernel, kernel, filters, C). */
export function convTranspose2d(
  filters: number,
  kernel: number,
  options: ConvolutionOptions = {},
): Layer {
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
    finishes: ["activation", "dropout"],
    halves: "stores",
    forward: (x, { filter, bias: b }, _buffers, _mode, finish) =>
      convTranspose2dOp(x, filter!, { strides, padding, ...given(b), ...finish }),
  };
}

/** The largest of each `size` by `size` pixels, of a channel each: (H, W, C) → (⌊H / size⌋, ⌊W / size⌋, C). */
export function maxPool(size: number): Layer {
  return {
    kind: "MaxPool",
    detail: `${size}×${size}`,
    outputShape: ([height, width, channels]) => [
      Math.floor(height! / size),
      Math.floor(width! / size),
      channels!,
    ],
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
    finishes: ["activation"],
    halves: "stores",
    forward(x, { gamma, beta }, { running }, { training, track = true }, finish) {
      const tracked = training && !track ? {} : { running: running! };
      const rates = { epsilon, momentum, runningVariance };
      return batchNormOp(x, gamma!, beta!, { training, ...rates, ...tracked, ...finish });
    },
  };
}

/** Mean 0 and variance 1. */
const runningStart: Initialiser = (generator, shape) => {
  const half = shape[1]!;
  const values = Float32Array.from({ length: 2 * half }, (_, i) => (i < half ? 0 : 1));
  return generator.state.device.upload(values, shape, "f32", "running");
};

function generatorOf({ generator }: Mode): Generator {
  if (generator) return generator;
  throw new AttributeError("Dropout: training needs a generator in its mode");
}

/** Drops elements at a rate in training; does nothing in inference. */
export function dropout(rate: number): Layer {
  return {
    kind: "Dropout",
    detail: String(rate),
    outputShape: same,
    parameters: none,
    buffers: none,
    forward: (x, _parameters, _buffers, mode) =>
      mode.training ? dropoutOp(x, { rate, generator: generatorOf(mode) }) : x,
    asEpilogue: (mode) =>
      mode.training ? { dropout: { rate, generator: generatorOf(mode) } } : {},
  };
}

/** Images `scale` times as high and as wide, each pixel repeated. */
export function upsample(scale: number): Layer {
  return {
    kind: "Upsample",
    detail: `×${scale}`,
    outputShape([height, width, channels]) {
      return [height! * scale, width! * scale, channels!];
    },
    parameters: none,
    buffers: none,
    forward: (x) => upsampleOp(x, { scale }),
  };
}

/** Another shape for each example. */
export function reshape(shape: readonly number[]): Layer {
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
    halves: "views",
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
    halves: "views",
    forward: (x) => reshapeOp(x, { shape: [x.shape[0]!, sizeOf(x.shape.slice(1))] }),
  };
}
