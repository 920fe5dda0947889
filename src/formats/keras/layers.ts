// Layers as Keras's, for Keras itself and for TensorFlow.js. Images are (N, H, W, C) in both, as here, so that arrays
// keep their layouts.
import { UsageError } from "../../gpu/errors.ts";
import type { ConvolutionForm } from "../../nn/layer-form.ts";
import { kerasPartsOf, partsFrom } from "../parts.ts";
import type { PlainArray, PlainLayer, PlainNetwork } from "../plain-network.ts";
import { withoutSpectral } from "../spectral-weights.ts";

/** A value of a layer's config. */
export type ConfigValue = string | number | boolean | null | readonly ConfigValue[];

/** A layer of Keras. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  /** What a layer of this class is told, in the words of Keras 3. */
  readonly config: Readonly<Record<string, ConfigValue>>;
  /** Its weights by names such as `dense.kernel`, in Keras's order. */
  readonly weights: ReadonlyMap<string, PlainArray>;
  /** The shape of an example that it takes. */
  readonly inputShape: readonly number[];
  /** Its kind and details for a person. */
  readonly words: string;
}

const LAST = { data_format: "channels_last" } as const;
const NONE: ReadonlyMap<string, PlainArray> = new Map();

/** Returns a network's layers as Keras's. Throws `UsageError` on a layer that Keras lacks. */
export const kerasLayers = ({ layers }: PlainNetwork): readonly KerasLayer[] =>
  layers.flatMap((layer) => layerOf(withoutSpectral(layer)));

function layerOf(layer: PlainLayer): readonly KerasLayer[] {
  const { name, words, inputShape, outputShape, arrays, form } = layer;
  const make = (className: string, config: KerasLayer["config"] = {}): KerasLayer => ({
    className,
    name,
    config,
    weights: partsFrom(layer, kerasPartsOf),
    inputShape,
    words,
  });
  switch (form.op) {
    case "dense": {
      const config = { units: outputShape[0]!, activation: "linear", use_bias: "bias" in arrays };
      return [make("Dense", config)];
    }
    case "conv2d":
      return convolution(layer, form, make);
    case "convTranspose2d":
      return transposedConvolution(layer, form, make);
    case "batchNorm": {
      const { momentum, epsilon } = form;
      return [make("BatchNormalization", { axis: -1, momentum, epsilon })];
    }
    case "relu":
      return [make("ReLU", { max_value: null, negative_slope: 0, threshold: 0 })];
    case "leakyRelu":
      return [make("LeakyReLU", { negative_slope: form.alpha })];
    case "tanh":
    case "sigmoid":
      return [make("Activation", { activation: form.op })];
    case "dropout":
      return [make("Dropout", { rate: form.rate })];
    case "reshape":
      return [
        outputShape.length === 1
          ? make("Flatten", LAST)
          : make("Reshape", { target_shape: outputShape }),
      ];
    case "upsample": {
      const size = [form.scale, form.scale];
      return [make("UpSampling2D", { size, ...LAST, interpolation: "nearest" })];
    }
    case "maxPool": {
      const { size, strides, padding } = form;
      if (typeof padding !== "string") throw lacks(name, "pads by numbers before it pools");
      return [make("MaxPooling2D", { pool_size: size, strides, padding, ...LAST })];
    }
    case "spectral":
      throw new Error("spectral normalisation is divided out before");
  }
}

const lacks = (name: string, what: string): UsageError =>
  new UsageError(
    `export: the layer ${name} ${what}, which Keras's layers don't do; use --format onnx`,
  );

type Make = (className: string, config?: KerasLayer["config"]) => KerasLayer;

/** What both kinds of convolution are told. */
function configOf(layer: PlainLayer, { strides, padding }: ConvolutionForm) {
  const [kh, kw] = layer.arrays["filter"]!.shape as readonly [number, number];
  return {
    filters: layer.outputShape.at(-1)!,
    kernel_size: [kh, kw],
    strides,
    padding: padding === "same" ? "same" : "valid",
    ...LAST,
    activation: "linear",
    use_bias: "bias" in layer.arrays,
  };
}

/** A convolution; if it pads by numbers, what pads comes before it as a layer of its own. */
function convolution(layer: PlainLayer, form: ConvolutionForm, make: Make): readonly KerasLayer[] {
  const { strides, dilations, groups, padding } = form;
  if (Math.max(...strides) > 1 && Math.max(...dilations) > 1) {
    throw lacks(layer.name, "has both strides and dilations");
  }
  const config = { ...configOf(layer, form), dilation_rate: dilations, groups };
  const own = make("Conv2D", config);
  if (typeof padding === "string") return [own];
  const [top, bottom, left, right] = padding;
  const [height, width, channels] = layer.inputShape as readonly [number, number, number];
  const sides = [
    [top, bottom],
    [left, right],
  ];
  const pads = make("ZeroPadding2D", { padding: sides, ...LAST });
  return [
    { ...pads, name: `${layer.name}_pad`, weights: NONE },
    { ...own, inputShape: [height + top + bottom, width + left + right, channels] },
  ];
}

/** A transposed convolution. Keras crops by a layer of its own, except for 'same'. */
function transposedConvolution(
  layer: PlainLayer,
  form: ConvolutionForm,
  make: Make,
): readonly KerasLayer[] {
  const { strides, dilations, groups, padding } = form;
  const { name, inputShape, outputShape, arrays } = layer;
  if (groups > 1 || Math.max(...dilations) > 1) {
    throw lacks(name, `is transposed, with ${groups > 1 ? "groups" : "dilations"}`);
  }
  const own = make("Conv2DTranspose", configOf(layer, form));
  if (padding === "same") return [own];
  const before = typeof padding === "string" ? [0, 0] : [padding[0], padding[2]];
  const sides = [0, 1].map((axis) => {
    const kernel = arrays["filter"]!.shape[axis]!;
    // As Keras counts a 'valid' output: whole strides, also where the kernel is shorter than one.
    const full = inputShape[axis]! * strides[axis]! + Math.max(kernel - strides[axis]!, 0);
    return [before[axis]!, full - before[axis]! - outputShape[axis]!] as const;
  });
  if (sides.flat().every((rows) => rows === 0)) return [own];
  const full = sides.map(([first, last], axis) => outputShape[axis]! + first + last);
  const crop = make("Cropping2D", { cropping: sides, ...LAST });
  return [
    own,
    { ...crop, name: `${name}_crop`, weights: NONE, inputShape: [...full, outputShape.at(-1)!] },
  ];
}

/** Keras's name of a class's group in weights files, before its number. */
export const snakeCase = (className: string): string =>
  className
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();

/** Returns the layers with the names that Keras 3 gives their groups: by class, numbered from the second on. */
export function grouped(
  layers: readonly KerasLayer[],
): readonly (readonly [group: string, KerasLayer])[] {
  const counts = new Map<string, number>();
  return layers.map((layer) => {
    const kind = snakeCase(layer.className);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    return [count === 0 ? kind : `${kind}_${count}`, layer];
  });
}
