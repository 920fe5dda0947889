// The layers of networks. Their defaults are Keras's, because the recipes are written in its terms.
import {
  conv2d as conv2dOp,
  convTranspose2d as convTranspose2dOp,
  dense as denseOp,
  type Bias,
} from "../autograd/ops.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { formatShape } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import {
  callback,
  checkArgument,
  checkAttributes,
  extent,
  flag,
  wholeOrPair,
  type Check,
  type Checks,
} from "../kernels/attributes.ts";
import {
  convolutionGeometry,
  paddingCheck,
  pair,
  transposedGeometry,
  type ConvolutionAttributes,
} from "../kernels/conv2d-geometry.ts";
import { constant, glorotUniform, type Initialiser } from "./initialisers.ts";
import type { Layer, ParameterSpec } from "./layer.ts";
import type { ConvolutionForm } from "./layer-form.ts";

export { apply, type ApplyOptions } from "./apply.ts";
export { block, residual, type ResidualOptions } from "./blocks.ts";
export { minibatchStddev, type MinibatchStddevOptions } from "./minibatch-stddev.ts";
export * from "./normalisation.ts";
export { avgPool, maxPool, type PoolOptions } from "./pooling.ts";
export {
  dropout,
  elu,
  gelu,
  hardSwish,
  leakyRelu,
  relu,
  sigmoid,
  silu,
  softmax,
  tanh,
} from "./activations.ts";
export { flatten, reshape, upsample } from "./shapes.ts";
export { spectral } from "./spectral.ts";

const none = (): Readonly<Record<never, never>> => ({});

/** Options that layers with a kernel share. */
export interface KernelOptions {
  /** Whether there is a bias. Default true, as in Keras. */
  readonly bias?: boolean;
  /** The kernel's initialiser. Default Glorot uniform. */
  readonly initialiser?: Initialiser;
  /** Returns the bias's initialiser, given the kernel's shape. Default 0. */
  readonly biasInitialiser?: (kernel: readonly number[]) => Initialiser;
}

const isInitialiser: Check = {
  ...callback,
  expects: "an initialiser, such as initialisers.glorotUniform()",
};
const kernelChecks: Checks<KernelOptions> = {
  bias: flag,
  initialiser: isInitialiser,
  biasInitialiser: callback,
};
const convolutionChecks: Checks<ConvolutionOptions> = {
  ...kernelChecks,
  strides: wholeOrPair(1),
  padding: paddingCheck,
  dilations: wholeOrPair(1),
  groups: extent(1),
};

/** Returns a layer's bias as its op takes it, or nothing if there is none. */
const given = (bias: Tensor | undefined): Bias => (bias ? { bias } : {});

/** Returns the parameters of a layer with a kernel, which the layer calls `name`. */
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
  checkArgument("Dense", "units", units, extent(1));
  checkAttributes<KernelOptions>("Dense", options, kernelChecks);
  const { bias = true } = options;
  return {
    kind: "Dense",
    detail: `${units}${noBias(bias)}`,
    outputShape(input) {
      if (input.length !== 1) {
        throw new ShapeError(
          `Dense: takes vectors; got ${formatShape(input)}: put a flatten() before it`,
        );
      }
      return [units];
    },
    parameters: ([inputs]) => kernelSpecs("kernel", [inputs!, units], units, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    form: { op: "dense" },
    forward: (x, { kernel, bias: b }, _buffers, _mode, output) =>
      denseOp(x, kernel!, { ...given(b), ...output }),
  };
}

/** One number for rows and columns, or (rows, columns). */
export type Sides = number | readonly [number, number];

/** Options of the convolution layers. */
export interface ConvolutionOptions extends KernelOptions {
  readonly strides?: Sides;
  /** Default 'same'. */
  readonly padding?: ConvolutionAttributes["padding"];
  /** The distance between taps. Default 1. */
  readonly dilations?: Sides;
  /** The number of groups of channels, each convolved on its own. Default 1. */
  readonly groups?: number;
}

/** Returns one number if both are equal, else both. */
const sides = (value: Sides): string => {
  const [rows, columns] = pair(value);
  return rows === columns ? String(rows) : `${rows}×${columns}`;
};

function convDetail(filters: number, kernel: Sides, options: ConvolutionOptions): string {
  const { bias = true, strides = 1, dilations = 1, groups = 1 } = options;
  const dilated = sides(dilations) === "1" ? "" : `, dilation ${sides(dilations)}`;
  const grouped = groups === 1 ? "" : `, ${groups} groups`;
  return `${filters}, ${pair(kernel).join("×")}, stride ${sides(strides)}${dilated}${grouped}${noBias(bias)}`;
}

/** Returns the options of a layer that its op takes. */
const attributesOf = ({
  strides = 1,
  padding = "same",
  dilations = 1,
  groups = 1,
}: ConvolutionOptions): Required<ConvolutionAttributes> => ({
  strides,
  padding,
  dilations,
  groups,
});

const formOf = (
  op: ConvolutionForm["op"],
  { strides, dilations, groups, padding }: Required<ConvolutionAttributes>,
): ConvolutionForm => ({
  op,
  strides: pair(strides),
  dilations: pair(dilations),
  groups,
  padding,
});

function checkConvolution(
  kind: string,
  filters: number,
  kernel: Sides,
  options: ConvolutionOptions,
): void {
  checkArgument(kind, "filters", filters, extent(1));
  checkArgument(kind, "kernel", kernel, wholeOrPair(1));
  checkAttributes<ConvolutionOptions>(kind, options, convolutionChecks);
}

/** Convolution of (H, W, C) images to `filters` channels, with filters (rows, columns, C / groups, filters). */
export function conv2d(filters: number, kernel: Sides, options: ConvolutionOptions = {}): Layer {
  checkConvolution("Conv2d", filters, kernel, options);
  const attributes = attributesOf(options);
  const shapeOf = (input: readonly number[]): number[] => {
    return [...pair(kernel), Math.floor(input.at(-1)! / attributes.groups), filters];
  };
  return {
    kind: "Conv2d",
    detail: convDetail(filters, kernel, options),
    outputShape(input) {
      const g = convolutionGeometry([1, ...input], shapeOf(input), attributes);
      return [g.outHeight, g.outWidth, g.filters];
    },
    parameters: (input) => kernelSpecs("filter", shapeOf(input), filters, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    form: formOf("conv2d", attributes),
    forward: (x, { filter, bias: b }, _buffers, _mode, output) =>
      conv2dOp(x, filter!, { ...attributes, ...given(b), ...output }),
  };
}

/**
 * Transposed convolution of (H, W, C) images to `filters` channels, with filters (rows, columns, filters / groups, C).
 */
export function convTranspose2d(
  filters: number,
  kernel: Sides,
  options: ConvolutionOptions = {},
): Layer {
  checkConvolution("ConvTranspose2d", filters, kernel, options);
  const attributes = attributesOf(options);
  if (filters % attributes.groups !== 0) {
    throw new AttributeError(
      `ConvTranspose2d: groups must divide its ${filters} filters; got ${attributes.groups}`,
    );
  }
  const shapeOf = (input: readonly number[]): number[] => {
    return [...pair(kernel), Math.floor(filters / attributes.groups), input.at(-1)!];
  };
  return {
    kind: "ConvTranspose2d",
    detail: convDetail(filters, kernel, options),
    outputShape(input) {
      const g = transposedGeometry([1, ...input], shapeOf(input), attributes);
      return [g.height, g.width, g.channels];
    },
    parameters: (input) => kernelSpecs("filter", shapeOf(input), filters, options),
    buffers: none,
    takesEpilogue: ["activation", "dropout"],
    takesF16: "stores",
    form: formOf("convTranspose2d", attributes),
    forward: (x, { filter, bias: b }, _buffers, _mode, output) =>
      convTranspose2dOp(x, filter!, { ...attributes, ...given(b), ...output }),
  };
}
