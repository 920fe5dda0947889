// Saves a model to one safetensors file, and loads it.
import { basename, dirname } from "node:path";
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { show } from "../gpu/foreign-text.ts";
import { checkPath } from "../gpu/options.ts";
import { readFileBytes, writeFileAtomic } from "./files.ts";
import { checkpointFiles, restoreArrays } from "./arrays.ts";

/** What can be saved: a network, an optimizer, or anything else that has its arrays by name. */
export interface Saveable {
  readonly state: ReadonlyMap<string, GpuArray>;
}

const NAME = "model";

/**
 * Writes all arrays of a network (or an optimizer) to a safetensors file, which PyTorch and others can read. It
 * replaces an older file only when it is whole. Rejects with `OutputError` if it can't be written, `DivergedError` if a
 * number isn't finite.
 */
export async function save(model: Saveable, path: string): Promise<void> {
  checkSaveable("save", model);
  checkPath("save", "the file", path);
  const files = await checkpointFiles({ [NAME]: model.state });
  writeFileAtomic(path, files[`${NAME}.safetensors`]!);
}

/**
 * Reads what `save` wrote into a network (or an optimizer) of the same layers. Everything is checked before the first
 * array changes. Throws `CheckpointError` if a tensor is missing, has another shape, or is one too many.
 */
export function load(model: Saveable, path: string): void {
  checkSaveable("load", model);
  checkPath("load", "the file", path);
  const name = basename(path).replace(/\.safetensors$/, "");
  const files = new Map([[`${name}.safetensors`, readFileBytes(path)]]);
  restoreArrays({ [name]: model.state }, files, dirname(path));
}

/** Throws `AttributeError` unless a value has arrays by name. */
function checkSaveable(op: string, model: unknown): void {
  const has = typeof model === "object" && model !== null && "state" in model;
  if (has && model.state instanceof Map && [...model.state.values()].every(isArray)) return;
  throw new AttributeError(
    `${op}: takes a network or an optimizer; got ${show(model)}: pass what sequential or adam returned`,
  );
}

const isArray = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "storage" in value && "dtype" in value;
