// Reads networks from the files of Keras and TensorFlow.js: the model that a file describes, and each array's name, type
// and shape, must be the expected ones.
import { quote } from "../../gpu/foreign-text.ts";
import { kerasPartsOf, withParts } from "../parts.ts";
import type { PlainNetwork } from "../plain-network.ts";
import { grouped, kerasLayers, type KerasLayer } from "./layers.ts";
import type { Hdf5Array } from "./read-hdf5.ts";
import { layerFaults, stepsOf, type ToldLayer } from "./told-layers.ts";

/** A file of weights that was parsed. */
export interface WeightsFile {
  /** How arrays are named: by Keras's groups, or by the layers' own names. */
  readonly names: "groups" | "layers";
  readonly arrays: ReadonlyMap<string, Hdf5Array>;
  /** The model that the file describes, if it does. */
  readonly model: { readonly name: string; readonly layers: readonly ToldLayer[] } | undefined;
  /** What the file says about its run. */
  readonly metadata: Readonly<Record<string, string>>;
}

interface Found {
  readonly value: PlainNetwork;
  readonly faults: readonly string[];
}

/** The same steps as a file's layers are turned into. */
const expectedSteps = (layers: readonly KerasLayer[]): readonly KerasLayer[] =>
  layers.filter(({ className }) => className !== "Dropout");

/** Arrays that belong to no layer, in whole files of training: of optimizers, metrics and random numbers. */
const BESIDE = /^(?:optimizer|metrics|loss|compile_metrics)\b|\/seed_generator\//;

/** Reads a network of the same layers as `network`. */
export function readLayers(network: PlainNetwork, file: WeightsFile): Found {
  const layers = kerasLayers(network);
  const steps = expectedSteps(layers);
  const told = file.model ? stepsOf(file.model.layers) : undefined;
  const faults = [...(told ? layerFaults(told, steps) : [])];
  if (faults.length > 0) return { value: network, faults };
  const keys = new Map<string, string>(); // of arrays in the file, by names here
  const groups = new Map(grouped(layers).map(([group, { name }]) => [name, group]));
  for (const [i, { name, weights }] of steps.entries()) {
    for (const [at, full] of [...weights.keys()].entries()) {
      const part = full.slice(name.length + 1);
      const inFile = told?.[i]?.name ?? name;
      keys.set(
        full,
        file.names === "groups" ? `layers/${groups.get(name)}/vars/${at}` : `${inFile}/${part}`,
      );
    }
  }
  const wanted = new Map(steps.flatMap(({ weights }) => [...weights]));
  for (const [full, { shape }] of wanted) {
    const key = keys.get(full)!;
    const given = file.arrays.get(key);
    const due = `expected float32 ${words(shape)}, ${full}`;
    if (!given) faults.push(`has no ${quote(key)}: ${due}`);
    else if (!given.data || given.shape.join() !== shape.join()) {
      faults.push(`${quote(key)} is ${given.type} ${words(given.shape)}, ${due}`);
    }
  }
  const known = new Set(keys.values());
  for (const [key, { type, shape }] of file.arrays) {
    if (known.has(key) || BESIDE.test(key)) continue;
    faults.push(`${quote(key)} (${type} ${words(shape)}) belongs to no layer`);
  }
  if (faults.length > 0) return { value: network, faults };
  const read = network.layers.map((layer) =>
    withParts(layer, (name) => file.arrays.get(keys.get(name)!)?.data, kerasPartsOf),
  );
  return { value: { ...network, layers: read }, faults };
}

const words = (shape: readonly number[]): string => `[${shape.slice(0, 16).join(", ")}]`;
