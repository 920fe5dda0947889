// Networks as Keras's files: a `.keras` file, which is a zip of a config and weights; the weights alone; and the `.h5`
// file of older versions.
import { zipSync, type ZippableFile } from "fflate";
import type { PlainArray, PlainNetwork } from "../plain-network.ts";
import { legacyConfig, modelConfig } from "./config.ts";
import { encodeHdf5, type Hdf5Group } from "./hdf5-file.ts";
import { grouped, kerasLayers, type KerasLayer } from "./layers.ts";

/** Where the files say which run they are of: an attribute of the root, which Keras doesn't read. */
export const ABOUT = "longhand";
/** Names of the files in a `.keras` file. */
export const IN_ZIP = {
  config: "config.json",
  metadata: "metadata.json",
  weights: "model.weights.h5",
} as const;

/** The layout of the weights is this version's and all later ones'. */
const KERAS = "3.0.0";
/** The last version that writes `.h5` files by default. */
const OLDER = { version: "2.15.0", backend: "tensorflow" };
const EPOCH = new Date(1980, 0, 1); // the earliest time that a zip can hold

/** The files of a network, by their endings. */
export type KerasFiles = Readonly<Record<".keras" | ".weights.h5" | ".h5", Uint8Array>>;

/** Returns a network's files. `about` says which run it is of. Throws `UsageError` on a layer that Keras lacks. */
export async function kerasFiles(
  network: PlainNetwork,
  about: Readonly<Record<string, string>>,
): Promise<KerasFiles> {
  const layers = kerasLayers(network);
  const { name, inputShape } = network;
  const texts = { [ABOUT]: JSON.stringify(about) };
  const weights = await encodeHdf5({ ...weightGroups(layers), texts });
  const model = legacyConfig(name, inputShape, layers);
  const older = await encodeHdf5({
    groups: new Map([["model_weights", legacyGroups(layers)]]),
    texts: {
      ...texts,
      keras_version: OLDER.version,
      backend: OLDER.backend,
      model_config: JSON.stringify(model),
    },
  });
  const stored = (data: Uint8Array): ZippableFile => [data, { level: 0, mtime: EPOCH }];
  const text = (value: unknown) => stored(new TextEncoder().encode(JSON.stringify(value)));
  const zip = zipSync({
    [IN_ZIP.metadata]: text({ keras_version: KERAS }),
    [IN_ZIP.config]: text(modelConfig(name, inputShape, layers)),
    [IN_ZIP.weights]: stored(weights),
  });
  return { ".keras": zip, ".weights.h5": weights, ".h5": older };
}

/** Weights as Keras 3 lays them out: `layers/conv2d_1/vars/0`. Every layer has a group, with or without weights. */
function weightGroups(layers: readonly KerasLayer[]): Hdf5Group {
  const vars = (arrays: Iterable<PlainArray>): Hdf5Group => ({
    groups: new Map([
      ["vars", { arrays: new Map([...arrays].map((array, i) => [String(i), array])) }],
    ]),
  });
  const each = grouped(layers).map(
    ([group, { weights }]) => [group, vars(weights.values())] as const,
  );
  return { groups: new Map([...vars([]).groups!, ["layers", { groups: new Map(each) }]]) };
}

/** Weights as Keras 2 lays them out: `conv2d/conv2d/kernel:0`, with the order in attributes. */
function legacyGroups(layers: readonly KerasLayer[]): Hdf5Group {
  const each = layers.map(({ name, weights }) => {
    if (weights.size === 0) return [name, {}] as const;
    const own = [...weights].map(
      ([full, array]) => [`${full.split(".").at(-1)}:0`, array] as const,
    );
    return [
      name,
      {
        groups: new Map([[name, { arrays: new Map(own) }]]),
        texts: { weight_names: own.map(([key]) => `${name}/${key}`) },
      },
    ] as const;
  });
  return {
    groups: new Map(each),
    texts: {
      layer_names: layers.map(({ name }) => name),
      keras_version: OLDER.version,
      backend: OLDER.backend,
    },
  };
}
