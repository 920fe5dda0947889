// Parses Keras's files: `.keras`, a zip with the model and its weights, and `.weights.h5`, the weights alone.
import { z } from "zod";
import { parseJson } from "../../checkpoint/json.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import { isZip, storedFiles, type Refuse } from "../stored-zip.ts";
import { readHdf5 } from "./read-hdf5.ts";
import type { WeightsFile } from "./read-layers.ts";
import { toldLayers } from "./told-layers.ts";
import { ABOUT, IN_ZIP } from "./write-keras.ts";

/** The most bytes of a model's JSON: parsed, it takes many times as much. */
export const MOST_MODEL: number = 2 ** 17;

const AGAIN = "save it again with model.save";
const strings = z.record(z.string(), z.string());

/** Parses a file; errors call it `name`. Throws `CheckpointError`. */
export async function parseKeras(bytes: Uint8Array, name: string): Promise<WeightsFile> {
  const refuse: Refuse = (what) => {
    throw new CheckpointError(`${name}: ${what}`);
  };
  if (!name.endsWith(".keras")) return weightsIn(bytes, name, refuse);
  if (!isZip(bytes)) return refuse(`is no zip, as Keras writes .keras files; ${AGAIN}`);
  const files = storedFiles(bytes, refuse, AGAIN);
  const [config, weights] = [IN_ZIP.config, IN_ZIP.weights].map(
    (own) => files.get(own) ?? refuse(`holds no ${quote(own)}; ${AGAIN}`),
  ) as [Uint8Array, Uint8Array];
  const json = parseJson(z.unknown(), config, `${name}: ${IN_ZIP.config}`, MOST_MODEL);
  return { ...(await weightsIn(weights, name, refuse)), model: toldLayers(json, refuse) };
}

async function weightsIn(bytes: Uint8Array, name: string, refuse: Refuse): Promise<WeightsFile> {
  const { arrays, text } = await readHdf5(bytes, ABOUT, refuse);
  const own = Object.entries(arrays).map(
    // As tf.keras 2.12 to 2.15 call the group of all layers.
    ([key, array]) => [key.replace(/^_layer_checkpoint_dependencies\//, "layers/"), array] as const,
  );
  return {
    names: "groups",
    arrays: new Map(own),
    model: undefined,
    metadata: text === undefined ? {} : aboutIn(text, name),
  };
}

const aboutIn = (text: string, name: string): Readonly<Record<string, string>> =>
  parseJson(strings, new TextEncoder().encode(text), `${name}: its attribute ${quote(ABOUT)}`);
