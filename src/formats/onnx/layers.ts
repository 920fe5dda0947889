// Layers as ONNX's operators. Images are (N, C, H, W) there and (H, W, C) here, so a reshape to or from images also
// exchanges axes. Every padding is written out, because `auto_pad` isn't Keras's 'same' where a transposed kernel is
// shorter than its stride.
import { UsageError } from "../../gpu/errors.ts";
import { padded } from "../../kernels/conv2d-geometry.ts";
import type { ConvolutionForm } from "../../nn/layer-form.ts";
import { partsFrom } from "../parts.ts";
import type { PlainLayer, PlainNetwork } from "../plain-network.ts";
import { withoutSpectral } from "../spectral-weights.ts";
import type { Attributes, Graph } from "./graph.ts";

const TO_CHANNELS_FIRST = [0n, 3n, 1n, 2n];
const TO_CHANNELS_LAST = [0n, 2n, 3n, 1n];

/** Adds a network's nodes to a graph. Returns the name of what comes out, given the name of what goes in. */
export function addNetwork(graph: Graph, { layers }: PlainNetwork, input: string): string {
  return layers.reduce((value, layer) => addLayer(graph, withoutSpectral(layer), value), input);
}

function addLayer(graph: Graph, layer: PlainLayer, input: string): string {
  const { name, words, form } = layer;
  const weights = [...partsFrom(layer)].map(([full, array]) => graph.floats(full, array));
  const add = (op: string, attributes: Attributes = {}): string =>
    graph.node(op, name, [input, ...weights], attributes, words);
  switch (form.op) {
    case "dense":
      return add("Gemm", { transB: 1n });
    case "conv2d":
      return add("Conv", convolution(layer, form));
    case "convTranspose2d":
      return add("ConvTranspose", convolution(layer, form));
    case "batchNorm":
      return add("BatchNormalization", { epsilon: form.epsilon, momentum: form.momentum });
    case "relu":
      return add("Relu");
    case "leakyRelu":
      return add("LeakyRelu", { alpha: form.alpha });
    case "tanh":
      return add("Tanh");
    case "sigmoid":
      return add("Sigmoid");
    case "dropout":
      return input; // does nothing in inference
    case "reshape":
      return addReshape(graph, layer, input);
    case "upsample":
      return addUpsample(graph, layer, form.scale, input);
    case "maxPool": {
      const { size, strides, padding } = form;
      const [height, width] = layer.inputShape as readonly [number, number];
      const pads = padded(padding, [height, width], size, strides, [1, 1]);
      return add("MaxPool", {
        kernel_shape: size.map(BigInt),
        strides: strides.map(BigInt),
        pads: beginsAndEnds(pads),
      });
    }
    case "spectral":
      throw new Error("spectral normalisation is divided out before");
  }
}

/** ONNX's order of paddings: the begins, then the ends. */
const beginsAndEnds = ([top, bottom, left, right]: readonly number[]): readonly bigint[] =>
  [top!, left!, bottom!, right!].map(BigInt);

/**
 * Returns the attributes of a convolution. A transposed one crops as much of its full output as a convolution from that
 * output would pad; where its kernel is shorter than its stride, rows are missing, which `output_padding` adds.
 */
function convolution(layer: PlainLayer, form: ConvolutionForm): Attributes {
  const { strides, dilations, groups, padding } = form;
  const [kh, kw] = layer.arrays["filter"]!.shape as readonly [number, number];
  const isTransposed = form.op === "convTranspose2d";
  const wide = isTransposed ? layer.outputShape : layer.inputShape;
  const [height, width] = wide as readonly [number, number];
  const pads = padded(padding, [height, width], [kh, kw], strides, dilations);
  const missing = [kh, kw].map((size, axis) =>
    isTransposed && padding === "same"
      ? Math.max(0, strides[axis]! - ((size - 1) * dilations[axis]! + 1))
      : 0,
  );
  return {
    kernel_shape: [BigInt(kh), BigInt(kw)],
    strides: strides.map(BigInt),
    dilations: dilations.map(BigInt),
    group: BigInt(groups),
    pads: beginsAndEnds(pads),
    ...(missing.some((rows) => rows > 0) ? { output_padding: missing.map(BigInt) } : {}),
  };
}

/** Whether an image has the same order of elements in both layouts. */
const isFlat = ([height = 1, width = 1, channels]: readonly number[]): boolean =>
  channels === 1 || height * width === 1;

function addReshape(
  graph: Graph,
  { name, words, inputShape, outputShape }: PlainLayer,
  input: string,
): string {
  for (const shape of [inputShape, outputShape]) {
    if (shape.length === 1 || shape.length === 3) continue;
    throw new UsageError(
      `export: the layer ${name} makes or takes examples of ${shape.length} axes; only vectors and images (H, W, C) can be exported`,
    );
  }
  let value = input;
  if (inputShape.length === 3 && !isFlat(inputShape)) {
    value = graph.node("Transpose", `${name}_input`, [value], { perm: TO_CHANNELS_LAST });
  }
  const isImage = outputShape.length === 3;
  const moves = isImage && !isFlat(outputShape);
  const [height, width, channels] = outputShape;
  const shape = isImage && !moves ? [channels!, height!, width!] : outputShape;
  const to = graph.wholes(`${name}.shape`, [0, ...shape]); // 0 keeps the batch
  value = graph.node("Reshape", moves ? `${name}_channels_last` : name, [value, to], {}, words);
  if (!moves) return value;
  return graph.node("Transpose", name, [value], { perm: TO_CHANNELS_FIRST }, words);
}

function addUpsample(
  graph: Graph,
  { name, words }: PlainLayer,
  scale: number,
  input: string,
): string {
  const data = Float32Array.of(1, 1, scale, scale);
  const scales = graph.floats(`${name}.scales`, { shape: [4], data });
  const attributes = {
    mode: "nearest",
    coordinate_transformation_mode: "asymmetric",
    nearest_mode: "floor",
  };
  return graph.node("Resize", name, [input, "", scales], attributes, words);
}
