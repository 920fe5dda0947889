// Files of networks from elsewhere, damaged or made up: each is read as a network of the recipe, or quickly refused.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { unzipSync, zipSync } from "fflate";
import { encodeSafetensors, type NativeTensor } from "../../src/checkpoint/safetensors.ts";
import { ModelProtoSchema, type GraphProto } from "../../src/formats/onnx/onnx_pb.js";
import { discriminatorModel, generatorModel } from "../../src/formats/onnx/write-onnx.ts";
import { partsFrom } from "../../src/formats/parts.ts";
import { plainNetwork, type PlainNetwork } from "../../src/formats/plain-network.ts";
import { parsePt } from "../../src/formats/torch/read-pt.ts";
import { adamState, stateDict } from "../../src/formats/torch/state.ts";
import { scaled, type Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { fitImports } from "../../src/runs/exchange/fit-imports.ts";
import { parseBytes } from "../../src/runs/exchange/import-files.ts";
import { layersOf, type NetworkFile } from "../../src/runs/exchange/networks.ts";
import { below, joined, pick, randomFrom, tally, type Fuzzed, type Random } from "./fuzzing.ts";
import { spoilt } from "./spoil.ts";

const small: typeof best = { ...best, latent: 3, clusters: 2 };
const recipe: Recipe = scaled(small, 0.01);
const told = { what: "cluster", count: 2 } as const;

const networkOf = (file: NetworkFile): PlainNetwork => {
  const { input, layers } = layersOf(recipe, file);
  return plainNetwork(file.replace("-", "_"), input, layers, (_, shape) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (__, i) => 0.01 * (i + 1)),
  );
};
/** Networks of a narrow recipe. */
export const generator: PlainNetwork = networkOf("generator-average");
export const discriminator: PlainNetwork = networkOf("discriminator");

/**
 * Reads a file as `import` does, with `beside` for files next to it. Returns what is wrong with what is accepted, if
 * anything.
 */
export async function lieOf(
  bytes: Uint8Array,
  path: string,
  beside?: (name: string) => Uint8Array,
): Promise<string | undefined> {
  const { networks, moments } = fitImports(recipe, [await parseBytes(bytes, path, beside)]);
  const read = [
    ...networks.values(),
    ...[...moments.values()].flatMap(({ first, second }) => [first, second]),
  ];
  for (const { layers } of read) {
    for (const layer of layers) {
      for (const [name, { shape, data }] of partsFrom(layer)) {
        const size = shape.reduce((a, b) => a * b, 1);
        if (data.length !== size) return `${name} has ${data.length} numbers for ${size}`;
        if (!data.every(Number.isFinite)) return `${name} holds a number that isn't finite`;
      }
    }
  }
  return undefined;
}

/** Reads `count` ONNX files: whole, spoilt in their bytes, with wrong fields, or made to take memory. */
export function fuzzOnnx(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const about = { name: "generator", doc: "", version: "0", metadata: { step: "5" } };
  const corpus = [
    { path: "generator.onnx", bytes: generatorModel(generator, told, "", { about }).bytes },
    {
      path: "generator.onnx",
      bytes: generatorModel(generator, told, "", { about, uint8: true }).bytes,
    },
    {
      path: "discriminator.onnx",
      bytes: discriminatorModel(discriminator, told, { about }).bytes,
    },
  ];
  return tally(count, () => {
    const { path, bytes: whole } = pick(random, corpus);
    const kind = random();
    const bytes =
      kind < 0.05
        ? whole
        : kind < 0.5
          ? spoilt(whole, random)
          : kind < 0.998
            ? withWrongFields(whole, random)
            : greedy(random);
    return { size: bytes.length, read: () => lieOf(bytes, path) };
  });
}

const LONGS = [0n, 1n, -1n, 2n, 5n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
const OPS = ["Gemm", "Conv", "Relu", "", "Identity", "ConvTranspose", "__proto__", 'quo"te\n'];

/** A model some of whose fields have other values of their kind. */
function withWrongFields(bytes: Uint8Array, random: Random): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytes);
  for (let times = 1 + below(random, 3); times > 0; times -= 1) spoilField(model.graph!, random);
  if (random() < 0.1) {
    model.metadataProps.push(
      ...["step", "seed", "constants", "network", "adam", "recipe"].map((key) => ({
        $typeName: "onnx.StringStringEntryProto" as const,
        key,
        value: pick(random, ["-1", "1e9", "{", "[]", "generator", "best", "9".repeat(400), ""]),
      })),
    );
  }
  return toBinary(ModelProtoSchema, model);
}

function spoilField(graph: GraphProto, random: Random): void {
  const node = pick(random, graph.node);
  const tensor = pick(random, graph.initializer);
  if (!node || !tensor) return;
  const attribute = node.attribute.length > 0 ? pick(random, node.attribute) : undefined;
  switch (below(random, 12)) {
    case 0:
      node.opType = pick(random, OPS);
      break;
    case 1:
      node.input[below(random, 4)] = pick(random, ["", "latent", "no", tensor.name]);
      break;
    case 2:
      if (attribute) attribute.type = below(random, 16);
      break;
    case 3:
      if (attribute)
        attribute.ints = Array.from({ length: below(random, 6) }, () => pick(random, LONGS));
      break;
    case 4:
      if (attribute) [attribute.i, attribute.f] = [pick(random, LONGS), random() - 0.5];
      break;
    case 5:
      tensor.dims = Array.from({ length: below(random, 6) }, () => pick(random, LONGS));
      break;
    case 6:
      tensor.dataType = below(random, 20);
      break;
    case 7:
      tensor.rawData = tensor.rawData.subarray(0, below(random, tensor.rawData.length + 1));
      break;
    case 8: // the numbers elsewhere, which some writers prefer
      tensor.floatData = Array.from({ length: tensor.rawData.length / 4 }, () =>
        random() < 0.01 ? NaN : 1,
      );
      tensor.rawData = new Uint8Array(0);
      break;
    case 9:
      graph.node.splice(below(random, graph.node.length), below(random, 2) + 1);
      break;
    case 10:
      graph.initializer.push(tensor);
      break;
    default:
      tensor.dataLocation = below(random, 3);
  }
}

/** Files of up to 4 MB that would take far more memory if they were parsed. */
function greedy(random: Random): Uint8Array {
  const size = 2 ** (12 + below(random, 11));
  const fields = (number: number): Uint8Array => {
    const tag = (number << 3) | WireType.LengthDelimited;
    return Uint8Array.from({ length: size }, (_, i) => (i % 2 === 0 ? tag : 0));
  };
  const wrapped = (number: number, body: Uint8Array): Uint8Array =>
    new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(body).finish();
  const numbers = new Uint8Array(size).fill(1);
  const graph = pick(random, [
    fields(1),
    fields(5),
    fields(11),
    wrapped(1, fields(1)),
    wrapped(1, fields(5)),
    wrapped(1, wrapped(5, wrapped(8, numbers))),
    wrapped(5, wrapped(1, numbers)),
    wrapped(5, wrapped(4, numbers)),
    wrapped(5, wrapped(7, numbers)),
    wrapped(11, wrapped(2, wrapped(1, wrapped(2, fields(1))))),
  ]);
  return random() < 0.2 ? joined(fields(14), wrapped(7, graph)) : wrapped(7, graph);
}

/** Reads `count` safetensors files of PyTorch's names: whole, spoilt in their bytes, or with other tensors. */
export function fuzzTorch(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const moments = { first: discriminator, second: discriminator, steps: 5 };
  const corpus: readonly (readonly [string, ReadonlyMap<string, NativeTensor>])[] = [
    ["generator_average.safetensors", stateDict(generator, 5)],
    ["discriminator.safetensors", stateDict(discriminator, 5)],
    [
      "discriminator_adam.safetensors",
      adamState({ ...moments, corrections: Float32Array.of(0.5, 0.25) }),
    ],
  ];
  return tally(count, () => {
    const [path, tensors] = pick(random, corpus);
    const kind = random();
    const bytes =
      kind < 0.05
        ? encodeSafetensors(tensors)
        : kind < 0.5
          ? spoilt(encodeSafetensors(tensors), random)
          : encodeSafetensors(withOthers(tensors, random), {
              step: pick(random, ["5", "x", "-1", "9".repeat(30)]),
              network: pick(random, ["discriminator", "generator", "", "clusters", "no"]),
            });
    return { size: bytes.length, read: () => lieOf(bytes, path) };
  });
}

function withOthers(
  tensors: ReadonlyMap<string, NativeTensor>,
  random: Random,
): Map<string, NativeTensor> {
  const other = new Map(tensors);
  const [name, tensor] = pick(random, [...tensors]);
  const { shape, data } = tensor;
  const floats = (length: number): Float32Array =>
    Float32Array.from({ length }, () => pick(random, [1, 0, -1, NaN, Infinity]));
  switch (below(random, 6)) {
    case 0:
      other.delete(name);
      break;
    case 1:
      other.set(name, { dtype: "F32", shape, data: floats(data.length) });
      break;
    case 2:
      other.set(name, { dtype: "U8", shape, data: new Uint8Array(data.length) });
      break;
    case 3:
      other.set(name, { dtype: "F32", shape: [data.length], data: floats(data.length) });
      break;
    case 4:
      other.set(pick(random, ["main.0.weight", "", "__proto__", "step"]), tensor);
      break;
    default:
      other.set(name, { ...tensor, shape: shape.toReversed() } as NativeTensor);
  }
  return other;
}

const PT = ["views.pt", "layers.pt", "evil.pt", "training.pt", "half.pt"] as const;
const OPCODES = [
  ...".()]}NqrhjXcQRbsutaeKMJ\u0080\u0085\u0086\u0087\u0088\u0089\u008a\u008c\u0093\u0094",
].map((op) => op.charCodeAt(0));

/** Reads `count` files of `torch.save`: whole, spoilt in their bytes or in their pickle, or of opcodes by lot. */
export function fuzzPt(count: number, seed: number): Promise<Fuzzed> {
  const random = randomFrom(seed);
  const corpus = PT.map((name) =>
    Uint8Array.from(readFileSync(join(import.meta.dirname, "../fixtures/torch", name))),
  );
  return tally(count, () => {
    const whole = pick(random, corpus);
    const kind = random();
    const bytes =
      kind < 0.1 ? whole : kind < 0.4 ? spoilt(whole, random) : withPickle(whole, random);
    return {
      size: bytes.length,
      read: () => {
        const { tensors } = parsePt(bytes, "f.pt");
        const total = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        return total > bytes.length ? `holds ${total} bytes` : undefined;
      },
    };
  });
}

/** A file whose pickle is spoilt, or replaced by opcodes; now and then by many of the dearest. */
function withPickle(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  const files: Record<string, Uint8Array> = unzipSync(bytes);
  const name = Object.keys(files).find((path) => path.endsWith("data.pkl"))!;
  const own = files[name]!;
  const dear = random() < 0.002;
  files[name] =
    random() < 0.7 && !dear
      ? spoilt(own, random)
      : Uint8Array.from({ length: dear ? 2 ** 20 : below(random, 200) }, (_, i) =>
          dear ? pick(random, [0x7d, 0x5d, 0x28]) : i === 0 ? 0x80 : pick(random, OPCODES),
        );
  return Uint8Array.from(zipSync(files, { level: 0 }));
}
