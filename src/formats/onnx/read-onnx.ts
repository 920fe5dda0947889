// Reads the weights of a network from an ONNX file, by its graph: the file must compute, node by node, what the network
// would be exported as. Names don't count, so other exporters' files fit if their graphs do.
import { fromBinary } from "@bufbuild/protobuf";
import { sizeOf } from "../../gpu/array.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { printable, quote } from "../../gpu/foreign-text.ts";
import { tooLarge } from "./bounds.ts";
import { ATTRIBUTE, ELEMENT } from "./graph.ts";
import {
  ModelProtoSchema,
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
} from "./onnx_pb.js";

/** An ONNX file. */
export interface OnnxFile {
  readonly name: string;
  readonly graph: GraphProto;
  readonly metadata: ReadonlyMap<string, string>;
}

const EXTERNAL = 1;

/** Parses an ONNX file; errors call it `name`. Throws `CheckpointError`. */
export function parseOnnx(bytes: Uint8Array, name: string): OnnxFile {
  const refuse = (what: string): never => {
    throw new CheckpointError(`${name}: ${what}`);
  };
  try {
    const trouble = tooLarge(bytes);
    if (trouble !== undefined) return refuse(trouble);
    const { graph, metadataProps } = fromBinary(ModelProtoSchema, bytes, {
      readUnknownFields: false,
    });
    if (!graph || graph.node.length === 0) return refuse("holds no ONNX graph");
    return { name, graph, metadata: new Map(metadataProps.map(({ key, value }) => [key, value])) };
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    return refuse(`isn't an ONNX file: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** What was read: the numbers of initializers by the expected file's names, or what doesn't fit. */
export interface ReadGraph {
  readonly arrays: ReadonlyMap<string, Float32Array>;
  readonly faults: readonly string[];
}

/** Reads the initializers of a file into the names of the graph that it should be. */
export function readGraph({ graph }: OnnxFile, expected: GraphProto): ReadGraph {
  const faults: string[] = [];
  const arrays = new Map<string, Float32Array>();
  const [has, wants] = [initializersOf(graph), initializersOf(expected)];
  const ops = graph.node.map(({ opType }) => opType);
  const wanted = expected.node.map(({ opType }) => opType);
  if (ops.join() !== wanted.join()) {
    const at = wanted.findIndex((op, i) => op !== ops[i]);
    const where = at < 0 ? wanted.length : at;
    const got = ops[where] === undefined ? "its graph ends" : `it has ${quote(ops[where])}`;
    const due =
      wanted[where] === undefined
        ? "the end of the graph"
        : `${wanted[where]} (${wordsOn(expected.node[where]!)})`;
    const folded =
      wanted[where] === "BatchNormalization"
        ? ": were batch norms folded? export it without --fold-batch-norm"
        : "";
    return { arrays, faults: [`node ${where + 1}: expected ${due}, but ${got}${folded}`] };
  }
  for (const [index, own] of expected.node.entries()) {
    const node = graph.node[index]!;
    const words = `node ${index + 1}, ${own.opType} (${wordsOn(own)})`;
    faults.push(...attributeFaults(node, own).map((fault) => `${words}: ${fault}`));
    if (node.input.length !== own.input.length) {
      faults.push(`${words}: has ${node.input.length} inputs, expected ${own.input.length}`);
      continue;
    }
    for (const [i, input] of own.input.entries()) {
      const tensor = wants.get(input);
      if (!tensor) continue;
      const given = has.get(node.input[i]!);
      const read = given ? numbersOf(given, tensor) : `no initializer; expected ${shapeOf(tensor)}`;
      if (typeof read === "string") faults.push(`${words}: input ${i + 1}, ${input}: ${read}`);
      else if (read) arrays.set(input, read);
    }
  }
  return { arrays, faults };
}

const initializersOf = ({ initializer }: GraphProto): ReadonlyMap<string, TensorProto> =>
  new Map(initializer.map((tensor) => [tensor.name, tensor]));

const wordsOn = ({ docString, name }: NodeProto): string => docString || name;

/** What ONNX takes where a node states nothing. */
const DEFAULTS: Readonly<Record<string, string>> = {
  alpha: "1",
  beta: "1",
  transA: "0",
  transB: "0",
  group: "1",
  auto_pad: "NOTSET",
  strides: "1,1",
  dilations: "1,1",
  pads: "0,0,0,0",
  output_padding: "0,0",
  axis: "-1",
  allowzero: "0",
  ceil_mode: "0",
  storage_order: "0",
  training_mode: "0",
  spatial: "1",
};
const OF_OP: Readonly<Record<string, string>> = { "LeakyRelu.alpha": String(Math.fround(0.01)) };

function valueOf({ type, f, i, s, ints }: AttributeProto): string {
  if (type === ATTRIBUTE.float) return String(f);
  if (type === ATTRIBUTE.int) return String(i);
  if (type === ATTRIBUTE.ints) return ints.slice(0, 16).join();
  return type === ATTRIBUTE.text ? printable(new TextDecoder().decode(s.subarray(0, 80))) : "?";
}

/** Says which attributes differ from the expected node's. The shape of a kernel is that of its weights. */
function attributeFaults(node: NodeProto, own: NodeProto): readonly string[] {
  const values = ({ attribute }: NodeProto) =>
    new Map(attribute.map((each) => [each.name, valueOf(each)]));
  const [has, wants] = [values(node), values(own)];
  return [...new Set([...has.keys(), ...wants.keys()])]
    .filter((name) => name !== "kernel_shape" || own.opType === "MaxPool")
    .flatMap((name) => {
      const usual = OF_OP[`${own.opType}.${name}`] ?? DEFAULTS[name] ?? "nothing";
      const [got, expected] = [has.get(name) ?? usual, wants.get(name) ?? usual];
      return got === expected ? [] : [`${quote(name)} is ${got}, expected ${expected}`];
    });
}

const shapeOf = ({ dims }: TensorProto): string => `[${dims.slice(0, 16).join(", ")}]`;

/**
 * Returns a tensor's floats, or what is wrong with it; undefined if it holds the expected whole numbers, such as a
 * shape.
 */
function numbersOf(given: TensorProto, expected: TensorProto): Float32Array | string | undefined {
  if (given.dims.join() !== expected.dims.join()) {
    return `has shape ${shapeOf(given)}, expected ${shapeOf(expected)}`;
  }
  if (given.dataType !== expected.dataType) {
    const name = (type: number): string =>
      Object.entries(ELEMENT).find(([, number]) => number === type)?.[0] ?? `type ${type}`;
    return `has elements of ${name(given.dataType)}, expected ${name(expected.dataType)}`;
  }
  if (given.dataLocation === EXTERNAL) {
    return "keeps its numbers in another file; save the model as one file";
  }
  if (expected.dataType === ELEMENT.int64) {
    return longsOf(given).join() === longsOf(expected).join()
      ? undefined
      : `is [${longsOf(given).slice(0, 16).join(", ")}], expected [${longsOf(expected).join(", ")}]`;
  }
  const size = sizeOf(expected.dims.map(Number));
  const { rawData, floatData } = given;
  const has = rawData.length > 0 ? rawData.length / 4 : floatData.length;
  if (has !== size) return `holds ${has} numbers, expected ${size} for ${shapeOf(expected)}`;
  if (rawData.length === 0) return Float32Array.from(floatData);
  return new Float32Array(rawData.slice().buffer);
}

function longsOf({ rawData, int64Data }: TensorProto): readonly bigint[] {
  if (rawData.length === 0) return int64Data;
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  const count = Math.min(16, Math.floor(rawData.length / 8));
  return Array.from({ length: count }, (_, i) => view.getBigInt64(8 * i, true));
}
