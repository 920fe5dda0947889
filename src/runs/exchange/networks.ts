// The networks of a run, or of a judge, off the device: what is exported.
import { fileOf } from "../../checkpoint/arrays.ts";
import {
  decodeSafetensors,
  readTensor,
  type SafetensorsFile,
} from "../../checkpoint/safetensors.ts";
import { plainNetwork, type PlainNetwork } from "../../formats/plain-network.ts";
import type { Moments } from "../../formats/torch/state.ts";
import type { CheckpointFile } from "../../gan/gan.ts";
import { conditionCount, type Recipe } from "../../gan/recipe.ts";
import { sizeOf } from "../../gpu/array.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import type { Layer } from "../../nn/layer.ts";
import type { WhichCheckpoint } from "../checkpoint-places.ts";
import { readCheckpoint, type Checkpoint } from "../checkpoints.ts";
import { constantsOf } from "../constants.ts";
import { readRunRecord, recipeOf, runFolder } from "../run-folder.ts";
import type { RunRecord } from "../run-record.ts";

/** A run's record, recipe and checkpoint. */
export interface RunToExport {
  readonly path: string;
  readonly record: RunRecord;
  readonly recipe: Recipe;
  readonly checkpoint: Checkpoint;
}

/** The files of a checkpoint that hold a network. */
export type NetworkFile = Extract<
  CheckpointFile,
  "generator" | "generator-average" | "discriminator"
>;

/** Reads a run. Throws `CheckpointError` if the folder is not a run, is damaged, or has no such checkpoint. */
export function readRunToExport(path: string, which: WhichCheckpoint = "last"): RunToExport {
  const record = readRunRecord(path);
  const recipe = recipeOf(record, path);
  return { path, record, recipe, checkpoint: readCheckpoint(runFolder(path), which) };
}

/** Returns the file of the network that draws: the generator's, or that of its moving average. */
export const drawingFile = ({ average }: Recipe): NetworkFile =>
  average > 0 ? "generator-average" : "generator";

/** Returns a safetensors file of a checkpoint. Throws `CheckpointError`. */
export function tensorsOf({ checkpoint }: RunToExport, file: CheckpointFile): SafetensorsFile {
  const { files, path } = checkpoint;
  const name = `${file}.safetensors`;
  return decodeSafetensors(fileOf(files, name, path), `${path}/${name}`);
}

/** Returns the shape of what a network takes, and its layers. */
export function layersOf(
  recipe: Recipe,
  file: NetworkFile,
): { readonly input: readonly number[]; readonly layers: readonly Layer[] } {
  return file === "discriminator"
    ? { input: recipe.image, layers: recipe.discriminator(recipe) }
    : { input: [recipe.latent + conditionCount(recipe)], layers: recipe.generator(recipe) };
}

/** Returns a network of a run's checkpoint. Throws `CheckpointError` unless the file has its arrays and no others. */
export function networkOf(run: RunToExport, file: NetworkFile): PlainNetwork {
  const tensors = tensorsOf(run, file);
  const used = new Set<string>();
  const { input, layers } = layersOf(run.recipe, file);
  const network = plainNetwork(file.replace("-", "_"), input, layers, (name, shape) => {
    used.add(name);
    return readTensor(tensors, name, "F32", shape);
  });
  if (tensors.tensors.size !== used.size) {
    throw new CheckpointError(
      `${tensors.name}: holds ${tensors.tensors.size} tensors, but the model has ${used.size}; it belongs to another model`,
    );
  }
  return network;
}

/** Returns the state of a network's optimizer. Throws `CheckpointError`. */
export function momentsOf(run: RunToExport, file: "generator" | "discriminator"): Moments {
  const tensors = tensorsOf(run, `${file}-adam`);
  const { input, layers } = layersOf(run.recipe, file);
  const moment = (which: "first" | "second"): PlainNetwork =>
    plainNetwork(file, input, layers, (name, shape) =>
      isLearned(name)
        ? readTensor(tensors, `${name}.${which}`, "F32", shape)
        : new Float32Array(sizeOf(shape)),
    );
  return {
    first: moment("first"),
    second: moment("second"),
    corrections: readTensor(tensors, "corrections", "F32", [2]),
    steps: run.checkpoint.step,
  };
}

/** Whether an array is learned by gradients: the others are running statistics, and the vectors of spectral norms. */
export const isLearned = (name: string): boolean => !/\.(?:running|u)$/.test(name);

/** Returns the share of a run's images in each cluster; undefined if its recipe has none. */
function sharesIn(run: RunToExport): Float32Array | undefined {
  const { clusters = 0 } = run.recipe;
  if (clusters === 0) return undefined;
  return readTensor(tensorsOf(run, "clusters"), "shares", "F32", [clusters]);
}

/** Returns what an exported file says about its run in its metadata: strings by name. */
export function metadataOf(run: RunToExport, file: string): Record<string, string> {
  const { recipe, record, checkpoint } = run;
  const shares = sharesIn(run);
  return {
    recipe: recipe.name,
    constants: JSON.stringify(constantsOf(recipe)),
    network: file,
    step: String(checkpoint.step),
    seed: String(record.seed),
    batch: String(record.batch),
    ...(shares ? { cluster_shares: JSON.stringify(Array.from(shares)) } : {}),
  };
}
