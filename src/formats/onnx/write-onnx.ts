// Generators, discriminators and judges as ONNX models that need nothing else: a class or a cluster goes in as a number,
// and images may be bytes.
import { foldBatchNorm, type Folded } from "../fold-batch-norm.ts";
import { withNames, type PlainNetwork } from "../plain-network.ts";
import { addNetwork } from "./layers.ts";
import { createGraph, type About, type Graph, type Port } from "./graph.ts";

/** What a network is told about each image besides the noise: how many classes or clusters there are. */
export interface Told {
  readonly what: "class" | "cluster";
  readonly count: number;
}

/** How to write a model. */
export interface OnnxOptions {
  readonly about: About;
  /** Fold batch norms into the layers next to them. */
  readonly foldBatchNorm?: boolean | undefined;
  /** Images are bytes, 0 to 255, instead of floats in [−1, 1]. */
  readonly uint8?: boolean | undefined;
}

/** A model, and the batch norms that were folded or left. */
export interface OnnxModel extends Pick<Folded, "folded" | "left"> {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type Outputs = Parameters<Graph["model"]>[2];

const prepared = (network: PlainNetwork, { foldBatchNorm: fold = false }: OnnxOptions): Folded =>
  fold ? foldBatchNorm(network) : { network, folded: [], left: [] };

const images = (
  [height, width, channels]: readonly number[],
  uint8: boolean,
  doc: string,
): Port => ({
  name: "images",
  element: uint8 ? "uint8" : "float",
  shape: [channels!, height!, width!],
  doc: `${doc}, (batch, channels, height, width), ${uint8 ? "bytes from 0, black, to 255, white" : "from −1, black, to 1, white"}.`,
});

const toldPort = ({ what, count }: Told, doc: string): Port => ({
  name: what,
  element: "int64",
  shape: [],
  doc: `${doc}, from 0 to ${count - 1}.`,
});

const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });

/**
 * Returns the model of a generator. `drawn` says how a class or cluster is chosen. Throws `UsageError` on layers that
 * ONNX doesn't have here.
 */
export function generatorModel(
  network: PlainNetwork,
  told: Told | undefined,
  drawn: string,
  options: OnnxOptions,
): OnnxModel {
  const { network: own, ...folds } = prepared(network, options);
  const { uint8 = false, about } = options;
  const graph = createGraph();
  const length = network.inputShape[0]! - (told?.count ?? 0);
  const latent: Port = {
    name: "latent",
    element: "float",
    shape: [length],
    doc: `The noise that each image is drawn from: ${length} independent numbers from the normal distribution of mean 0 and variance 1.`,
  };
  const input = told
    ? graph.node("Concat", "latent_and_told", ["latent", oneHot(graph, told)], { axis: 1n })
    : "latent";
  const drawing = addNetwork(graph, own, input);
  const shape = network.layers.at(-1)!.outputShape;
  const port = images(shape, uint8, "The images that the generator draws");
  return {
    ...folds,
    bytes: graph.model(
      about,
      [
        latent,
        ...(told ? [toldPort(told, `The ${told.what} that each image is to be of: ${drawn}`)] : []),
      ],
      [[uint8 ? toBytes(graph, drawing) : drawing, port]],
    ),
  };
}

/** Adds one-hot rows of classes or clusters, (batch, count). */
function oneHot(graph: Graph, { what, count }: Told): string {
  const depth = graph.wholes(`${what}.count`, [count]);
  const values = graph.floats(`${what}.off_on`, { shape: [2], data: Float32Array.of(0, 1) });
  return graph.node("OneHot", `${what}_one_hot`, [what, depth, values], { axis: -1n });
}

/** Adds ⌊(x + 1) · 127.5 + ½⌋, as Longhand's own PNGs round. */
function toBytes(graph: Graph, value: string): string {
  const constant = (name: string, number: number): string => graph.floats(name, scalar(number));
  const shifted = graph.node("Add", "from_zero", [value, constant("bytes.one", 1)]);
  const scaled = graph.node("Mul", "to_255", [shifted, constant("bytes.scale", 127.5)]);
  const raised = graph.node("Add", "plus_half", [scaled, constant("bytes.half", 0.5)]);
  const whole = graph.node("Floor", "whole", [raised]);
  const limits = [constant("bytes.black", 0), constant("bytes.white", 255)];
  const clipped = graph.node("Clip", "clipped", [whole, ...limits]);
  return graph.node("Cast", "bytes", [clipped], { to: 2n });
}

/** Adds x / 127.5 − 1 of bytes. */
function fromBytes(graph: Graph): string {
  const floats = graph.node("Cast", "floats", ["images"], { to: 1n });
  const scale = graph.floats("bytes.scale", scalar(127.5));
  const scaled = graph.node("Div", "to_2", [floats, scale]);
  const one = graph.floats("bytes.one", scalar(1));
  return graph.node("Sub", "around_zero", [scaled, one]);
}

/** Returns the model of a discriminator: the verdict on each image, given its class or cluster if it has any. */
export function discriminatorModel(
  network: PlainNetwork,
  told: Told | undefined,
  options: OnnxOptions,
): OnnxModel {
  const { network: own, ...folds } = prepared(network, options);
  const { uint8 = false, about } = options;
  const graph = createGraph();
  let verdict = addNetwork(graph, own, uint8 ? fromBytes(graph) : "images");
  if (told) {
    const axes = graph.wholes(`${told.what}.axis`, [1]);
    const index = graph.node("Unsqueeze", `${told.what}_index`, [told.what, axes]);
    verdict = graph.node("GatherElements", "own_logit", [verdict, index], { axis: 1n });
  }
  const isProbability = network.layers.at(-1)!.form.op === "sigmoid";
  const name = isProbability ? "probability" : "logit";
  const doc = isProbability
    ? "How likely the discriminator takes each image to be real, from 0 to 1."
    : "The discriminator's verdict on each image: above 0 if it takes it for a real one; the sigmoid of it is a probability.";
  return {
    ...folds,
    bytes: graph.model(
      about,
      [
        images(network.inputShape, uint8, "Images to judge"),
        ...(told ? [toldPort(told, `The ${told.what} that each image is of`)] : []),
      ],
      [[verdict, { name, element: "float", shape: [1], doc }]],
    ),
  };
}

/** Returns the model of a judge: the features of each image, and the probability of each digit. */
export function judgeModel(
  body: PlainNetwork,
  head: PlainNetwork,
  options: OnnxOptions,
): OnnxModel {
  const [first, second] = [prepared(body, options), prepared(withNames(head, "head_"), options)];
  const { uint8 = false, about } = options;
  const graph = createGraph();
  const features = addNetwork(graph, first.network, uint8 ? fromBytes(graph) : "images");
  const logits = addNetwork(graph, second.network, features);
  const probabilities = graph.node("Softmax", "softmax", [logits], { axis: 1n });
  const [length] = body.layers.at(-1)!.outputShape;
  const [classes] = head.layers.at(-1)!.outputShape;
  const outputs: Outputs = [
    [
      probabilities,
      {
        name: "probabilities",
        element: "float",
        shape: [classes!],
        doc: "The probability of each digit, from 0 to 9.",
      },
    ],
    [
      features,
      {
        name: "features",
        element: "float",
        shape: [length!],
        doc: "The last hidden layer, by which Longhand compares sets of images.",
      },
    ],
  ];
  return {
    folded: [...first.folded, ...second.folded],
    left: [...first.left, ...second.left],
    bytes: graph.model(
      about,
      [images(body.inputShape, uint8, "Images of digits, light on dark")],
      outputs,
    ),
  };
}
