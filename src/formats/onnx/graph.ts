// Builds an ONNX graph node by node, and writes it as a model.
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { PlainArray } from "../plain-network.ts";
import {
  ModelProtoSchema,
  type AttributeProtoSchema,
  type NodeProtoSchema,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "./onnx_pb.js";

/** ONNX's numbers for element types. */
export const ELEMENT = { float: 1, uint8: 2, int64: 7 } as const;
/** ONNX's numbers for types of attributes. */
export const ATTRIBUTE = { float: 1, int: 2, text: 3, ints: 7 } as const;
/** The version of the operators. PyTorch 2, onnxruntime from 1.12 and every onnx from 1.12 on know it. */
export const OPSET = 17;
const IR_VERSION = 8; // what belongs to that opset

/** Attributes of a node by name. A number is a float, a bigint an int. */
export type Attributes = Readonly<Record<string, number | bigint | string | readonly bigint[]>>;

/** A tensor that goes in or comes out. */
export interface Port {
  readonly name: string;
  readonly element: keyof typeof ELEMENT;
  /** The shape after the batch axis. */
  readonly shape: readonly number[];
  readonly doc: string;
}

/** What a model says about itself. */
export interface About {
  readonly name: string;
  readonly doc: string;
  readonly version: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A graph in the making. */
export interface Graph {
  /** Adds a node and returns the name of its output, which is its own. */
  readonly node: (
    op: string,
    name: string,
    inputs: readonly string[],
    attributes?: Attributes,
    doc?: string,
  ) => string;
  /** Adds an array of floats, or of whole numbers, and returns its name. */
  readonly floats: (name: string, array: PlainArray) => string;
  readonly wholes: (name: string, values: readonly number[]) => string;
  /** Returns the bytes of the model. `results` names what each output is; the outputs' own names take its place. */
  readonly model: (
    about: About,
    inputs: readonly Port[],
    outputs: readonly (readonly [result: string, Port])[],
  ) => Uint8Array<ArrayBuffer>;
}

const bytesOf = (data: Float32Array | BigInt64Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();

function attributeOf(
  name: string,
  value: Attributes[string],
): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === "number") return { name, type: ATTRIBUTE.float, f: value };
  if (typeof value === "bigint") return { name, type: ATTRIBUTE.int, i: value };
  if (typeof value === "string") {
    return { name, type: ATTRIBUTE.text, s: new TextEncoder().encode(value) };
  }
  return { name, type: ATTRIBUTE.ints, ints: [...value] };
}

function valueInfo({
  name,
  element,
  shape,
  doc,
}: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = [{ dimParam: "batch" }, ...shape.map((size) => ({ dimValue: BigInt(size) }))];
  return {
    name,
    docString: doc,
    type: { tensorType: { elemType: ELEMENT[element], shape: { dim } } },
  };
}

/** Starts an empty graph. Numbers are stored little-endian, as both ONNX and every machine here have them. */
export function createGraph(): Graph {
  const nodes: MessageInitShape<typeof NodeProtoSchema>[] = [];
  const initializers: MessageInitShape<typeof TensorProtoSchema>[] = [];
  return {
    node(opType, name, input, attributes = {}, docString = "") {
      const attribute = Object.entries(attributes).map(([key, value]) => attributeOf(key, value));
      nodes.push({ opType, name, input: [...input], output: [name], attribute, docString });
      return name;
    },
    floats(name, { shape, data }) {
      const dims = shape.map(BigInt);
      initializers.push({ name, dims, dataType: ELEMENT.float, rawData: bytesOf(data) });
      return name;
    },
    wholes(name, values) {
      const rawData = bytesOf(BigInt64Array.from(values, BigInt));
      const dims = [BigInt(values.length)];
      initializers.push({ name, dims, dataType: ELEMENT.int64, rawData });
      return name;
    },
    model({ name, doc, version, metadata }, inputs, outputs) {
      const renamed = new Map(outputs.map(([result, port]) => [result, port.name]));
      const own = (value: string): string => renamed.get(value) ?? value;
      const model = create(ModelProtoSchema, {
        irVersion: BigInt(IR_VERSION),
        producerName: "longhand",
        producerVersion: version,
        docString: doc,
        opsetImport: [{ domain: "", version: BigInt(OPSET) }],
        metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
        graph: {
          name,
          docString: doc,
          node: nodes.map((node) => ({
            ...node,
            input: node.input!.map(own),
            output: node.output!.map(own),
          })),
          initializer: initializers,
          input: inputs.map(valueInfo),
          output: outputs.map(([, port]) => valueInfo(port)),
        },
      });
      return new Uint8Array(toBinary(ModelProtoSchema, model));
    },
  };
}
