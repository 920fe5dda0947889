// Holds files from elsewhere to a recipe: every network and optimizer state that fits, and all that doesn't.
import { fromBinary } from "@bufbuild/protobuf";
import { readTensor } from "../../checkpoint/safetensors.ts";
import { ModelProtoSchema, type GraphProto } from "../../formats/onnx/onnx_pb.js";
import { ELEMENT } from "../../formats/onnx/graph.ts";
import { readLayers } from "../../formats/keras/read-layers.ts";
import { readGraph, type OnnxFile } from "../../formats/onnx/read-onnx.ts";
import { discriminatorModel, generatorModel } from "../../formats/onnx/write-onnx.ts";
import { partsFrom, withParts } from "../../formats/parts.ts";
import { plainNetwork, type PlainNetwork } from "../../formats/plain-network.ts";
import { readAdam, readState, type Read } from "../../formats/torch/read-state.ts";
import type { Moments } from "../../formats/torch/state.ts";
import { describedBy } from "../../gan/clusters.ts";
import type { Recipe } from "../../gan/recipe.ts";
import { sizeOf } from "../../gpu/array.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import { toldOf } from "./export-onnx.ts";
import type { ImportFile } from "./import-files.ts";
import { layersOf, type NetworkFile } from "./networks.ts";

/** What files hold of a recipe's training. */
export interface Fitted {
  readonly networks: ReadonlyMap<NetworkFile, PlainNetwork>;
  readonly moments: ReadonlyMap<"generator" | "discriminator", Moments>;
  /** The clusters' shares, centres, and each image's cluster. */
  readonly clusters: Clusters | undefined;
}

interface Clusters {
  readonly shares: Float32Array;
  readonly centres: Float32Array;
  readonly assignments: Uint8Array;
}

const MOST_FAULTS = 12;

/** Returns what the files hold. Throws one `CheckpointError` that lists each thing that doesn't fit the recipe. */
export function fitImports(recipe: Recipe, files: readonly ImportFile[]): Fitted {
  const faults: string[] = [];
  const networks = new Map<NetworkFile, PlainNetwork>();
  const moments = new Map<"generator" | "discriminator", Moments>();
  for (const each of files) {
    const { role, path } = each;
    const note = ([first, ...rest]: readonly string[]): void => {
      if (first !== undefined) faults.push(`${printable(path)}: ${first}`, ...rest);
    };
    if (role === "generator-adam" || role === "discriminator-adam") {
      const of = role === "generator-adam" ? "generator" : "discriminator";
      const { beta1, beta2 } = recipe[`${of}Adam`];
      const read =
        each.format === "torch" && readAdam(emptyOf(recipe, of), each.file, [beta1, beta2]);
      if (!read) continue; // files of other formats say that they hold a network
      note(read.faults.length > 0 ? read.faults : momentFaults(read.value));
      moments.set(of, read.value);
    } else if (role !== "clusters" && role !== "clusters-of-images") {
      const read = readNetwork(recipe, role, each);
      note(read.faults.length > 0 ? read.faults : notFinite(read.value));
      networks.set(role, read.value);
    }
  }
  const more = faults.length > MOST_FAULTS ? `; and ${faults.length - MOST_FAULTS} more` : "";
  if (faults.length > 0) {
    throw new CheckpointError(
      `import: doesn't fit recipe ${recipe.name}: ${faults.slice(0, MOST_FAULTS).join("; ")}${more}`,
    );
  }
  return { networks, moments, clusters: clustersIn(recipe, files) };
}

/** Returns a network of the recipe without numbers. */
const emptyOf = (recipe: Recipe, file: NetworkFile): PlainNetwork => {
  const { input, layers } = layersOf(recipe, file);
  return plainNetwork(file.replace("-", "_"), input, layers, (_, shape) =>
    new Float32Array(sizeOf(shape)).fill(1),
  );
};

function readNetwork(recipe: Recipe, role: NetworkFile, each: ImportFile): Read<PlainNetwork> {
  const network = emptyOf(recipe, role);
  if (each.format === "torch") return readState(network, each.file);
  const spectral = network.layers.find(({ form }) => form.op === "spectral");
  if (spectral) {
    const fault = `the layer ${spectral.name} has spectral normalisation, whose state the file doesn't hold; import from --format torch`;
    return { value: network, faults: [fault] };
  }
  if (each.format === "keras") return readLayers(network, each.file);
  const { arrays, faults } = readGraph(each.file, expectedGraph(recipe, role, network, each.file));
  if (faults.length > 0) return { value: network, faults };
  const layers = network.layers.map((layer) => withParts(layer, (name) => arrays.get(name)));
  return { value: { ...network, layers }, faults };
}

/** Returns the graph that a network would be exported as, with images as the file has them. */
function expectedGraph(
  recipe: Recipe,
  role: NetworkFile,
  network: PlainNetwork,
  { graph }: OnnxFile,
): GraphProto {
  const ports = [...graph.input, ...graph.output];
  const uint8 = ports.some(({ type }) => type?.tensorType?.elemType === ELEMENT.uint8);
  const about = { name: role, doc: "", version: "", metadata: {} };
  const told = toldOf(recipe);
  const { bytes } =
    role === "discriminator"
      ? discriminatorModel(network, told, { about, uint8 })
      : generatorModel(network, told, "", { about, uint8 });
  return fromBinary(ModelProtoSchema, bytes).graph!;
}

/** Names the arrays with a number that isn't finite, or a variance below 0. */
function notFinite({ layers }: PlainNetwork, least: string = "running_var"): readonly string[] {
  return layers.flatMap((layer) =>
    [...partsFrom(layer)].flatMap(([name, { data }]) => {
      const bad = data.find(
        (value) => !Number.isFinite(value) || (name.endsWith(least) && value < 0),
      );
      return bad === undefined ? [] : [`${name} holds ${bad}`];
    }),
  );
}

function momentFaults({ first, second, corrections, steps }: Moments): readonly string[] {
  const counted = [...corrections, steps].every((value) => value >= 0 && Number.isFinite(value));
  return [
    ...notFinite(first),
    ...notFinite(second, "").map((fault) => `the mean square of ${fault}`),
    ...(counted ? [] : [`its step is ${steps}, with corrections ${corrections.join(", ")}`]),
  ];
}

/** Returns the clusters in files of both kinds. Throws `CheckpointError` if their shapes aren't the recipe's. */
function clustersIn(recipe: Recipe, files: readonly ImportFile[]): Clusters | undefined {
  const { clusters = 0, image } = recipe;
  const of = (role: string) =>
    files.flatMap((each) => (each.format === "torch" && each.role === role ? [each.file] : []))[0];
  const [known, each] = [of("clusters"), of("clusters-of-images")];
  if (clusters === 0 || !known || !each) return undefined;
  const columns = describedBy(image[0], image[1]);
  const assignments = readTensor(each, "clusters", "U8");
  const above = assignments.find((cluster) => cluster >= clusters);
  if (above !== undefined) {
    throw new CheckpointError(`${each.name}: has a cluster ${above}, but there are ${clusters}`);
  }
  return {
    shares: readTensor(known, "shares", "F32", [clusters]),
    centres: readTensor(known, "centres", "F32", [clusters, columns]),
    assignments,
  };
}
