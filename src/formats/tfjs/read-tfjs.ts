// Parses layers models of TensorFlow.js: a JSON file, and the files of weights that it names.
import { z } from "zod";
import { parseJson } from "../../checkpoint/json.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { printable, quote, show } from "../../gpu/foreign-text.ts";
import { MOST_MODEL } from "../keras/read-keras.ts";
import type { Hdf5Array } from "../keras/read-hdf5.ts";
import type { WeightsFile } from "../keras/read-layers.ts";
import { toldLayers } from "../keras/told-layers.ts";
import type { Refuse } from "../stored-zip.ts";
import { FORMAT } from "./write-tfjs.ts";

const MOST_FILES = 100;
/** Bytes of an element. */
const SIZES: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  complex64: 8,
  float16: 2,
  uint16: 2,
  uint8: 1,
  bool: 1,
};

const extent = z
  .int()
  .min(0)
  .max(2 ** 31);
const weight = z.object({
  name: z.string(),
  shape: z.array(extent).max(8),
  dtype: z.string(),
  group: z.string().optional(),
  quantization: z.object({ dtype: z.string() }).optional(),
});
const schema = z.object({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(
    z.object({ paths: z.array(z.string()).max(MOST_FILES), weights: z.array(weight) }),
  ),
  userDefinedMetadata: z.record(z.string(), z.string()).optional().catch(undefined),
});

/**
 * Parses a model's JSON; errors call it `name`. `beside` returns the bytes of a file next to it. Throws
 * `CheckpointError`, and what `beside` throws.
 */
export function parseTfjs(
  bytes: Uint8Array,
  name: string,
  beside: (file: string) => Uint8Array,
): WeightsFile {
  const refuse: Refuse = (what) => {
    throw new CheckpointError(`${name}: ${what}`);
  };
  const { format, modelTopology, weightsManifest, userDefinedMetadata } = parseJson(
    schema,
    bytes,
    name,
    MOST_MODEL,
  );
  if (format !== undefined && format !== FORMAT) {
    return refuse(`its format is ${show(format)}; only a layers model, ${quote(FORMAT)}, is read`);
  }
  const model = toldLayers(modelTopology["model_config"] ?? modelTopology, refuse);
  const arrays = new Map<string, Hdf5Array>();
  const all = weightsManifest.flatMap(({ paths }) => paths);
  const twice = all.find((path, i) => all.indexOf(path) !== i);
  if (twice !== undefined) return refuse(`names ${quote(twice)} twice`);
  for (const { paths, weights } of weightsManifest) {
    const data = joined(paths, beside, refuse);
    let at = 0;
    for (const { name: key, shape, dtype, group, quantization } of weights) {
      const type = quantization ? `${dtype} in ${quantization.dtype}` : dtype;
      const size = SIZES[quantization?.dtype ?? dtype];
      if (size === undefined)
        return refuse(`${quote(key)} is of type ${show(type)}, which isn't read`);
      const end = at + shape.reduce((product, each) => product * each, size);
      if (end > data.length) {
        return refuse(`${quote(key)} ends at byte ${end} of ${data.length} in ${namesOf(paths)}`);
      }
      if (arrays.has(key)) return refuse(`has ${quote(key)} twice`);
      const whole = type === "float32";
      const floats = whole ? { data: new Float32Array(data.slice(at, end).buffer) } : {};
      if (group !== "optimizer") arrays.set(key, { type: printable(type, 40), shape, ...floats });
      at = end;
    }
    if (at !== data.length) {
      return refuse(`${namesOf(paths)} has ${data.length} bytes, but its weights take ${at}`);
    }
  }
  return { names: "layers", arrays, model, metadata: userDefinedMetadata ?? {} };
}

const namesOf = (paths: readonly string[]): string => printable(paths.slice(0, 4).join(", "));

/** Returns the bytes of files next to the model, one after the other. Files elsewhere are refused. */
function joined(
  paths: readonly string[],
  beside: (file: string) => Uint8Array,
  refuse: Refuse,
): Uint8Array {
  const parts = paths.map((path) => {
    if (!/^[^/\\:]+$/.test(path) || path.startsWith("..") || path.includes("\0")) {
      return refuse(`names ${quote(path)}; weights must be in files next to it`);
    }
    return beside(path);
  });
  const [first] = parts;
  if (parts.length === 1 && first) return first;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
