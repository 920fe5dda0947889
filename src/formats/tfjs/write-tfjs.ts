// Networks as layers models of TensorFlow.js: a JSON file with the model in Keras's older words, and the weights in one
// file of floats.
import { UsageError } from "../../gpu/errors.ts";
import { legacyConfig } from "../keras/config.ts";
import { kerasLayers, type KerasLayer } from "../keras/layers.ts";
import type { PlainNetwork } from "../plain-network.ts";

/** What a model's file says that it is. */
export const FORMAT = "layers-model";

/** The version of Keras in whose words the model is. */
const KERAS = "2.15.0";

/** The files of a network, by their endings. */
export type TfjsFiles = Readonly<Record<".json" | ".bin", Uint8Array>>;

/** Returns a network's files. `about` says which run it is of. Throws `UsageError` on a layer that is lacking there. */
export function tfjsFiles(
  network: PlainNetwork,
  about: Readonly<Record<string, string>>,
): TfjsFiles {
  const { name, inputShape } = network;
  const layers = kerasLayers(network).map(withoutGroups);
  const weights = layers.flatMap((layer) => [...layer.weights]);
  const json = {
    format: FORMAT,
    generatedBy: `Longhand ${about["longhand"] ?? ""}`.trim(),
    convertedBy: null,
    userDefinedMetadata: about,
    modelTopology: { keras_version: KERAS, model_config: legacyConfig(name, inputShape, layers) },
    weightsManifest: [
      {
        paths: [`${name}.bin`],
        weights: weights.map(([full, { shape }]) => ({
          name: full.replace(".", "/"),
          shape,
          dtype: "float32",
        })),
      },
    ],
  };
  const bytes = weights.map(([, { data }]) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return {
    ".json": new TextEncoder().encode(JSON.stringify(json)),
    ".bin": Uint8Array.from(Buffer.concat(bytes)),
  };
}

/** TensorFlow.js's convolutions know no groups. */
function withoutGroups(layer: KerasLayer): KerasLayer {
  const { groups = 1, ...config } = layer.config;
  if (groups === 1) return { ...layer, config };
  throw new UsageError(
    `export: the layer ${layer.name} has groups, which TensorFlow.js's layers don't have; use --format onnx`,
  );
}
