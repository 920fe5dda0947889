// Reads networks and Adam's moments from the tensors of PyTorch's state dicts: every name, shape and element type must
// be the expected one, and nothing else may be there.
import type { SafetensorsFile } from "../../checkpoint/safetensors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import { withParts } from "../parts.ts";
import type { PlainNetwork } from "../plain-network.ts";
import { adamState, MOMENTS, SPECTRAL, stateDict, type Moments, type Tensors } from "./state.ts";

/** Something read, and what doesn't fit. Without faults, it is whole. */
export interface Read<T> {
  readonly value: T;
  readonly faults: readonly string[];
}

const COUNTED = ".num_batches_tracked";
const shapeWords = (shape: readonly number[]): string => `[${shape.slice(0, 16).join(", ")}]`;

/** Returns what differs between a file's tensors and the expected ones. `optional` says which may be missing. */
function faultsOf(
  { tensors }: SafetensorsFile,
  expected: Tensors,
  optional: (name: string) => boolean,
): readonly string[] {
  const faults: string[] = [];
  for (const [name, { dtype, shape }] of expected) {
    const wanted = `expected ${dtype} ${shapeWords(shape)}`;
    const given = tensors.get(name);
    if (!given) {
      if (!optional(name)) faults.push(`has no ${quote(name)}: ${wanted}`);
    } else if (given.dtype !== dtype || given.shape.join() !== shape.join()) {
      faults.push(`${quote(name)} is ${given.dtype} ${shapeWords(given.shape)}, ${wanted}`);
    }
  }
  for (const [name, { dtype, shape }] of tensors) {
    if (expected.has(name)) continue;
    faults.push(`${quote(name)} (${dtype} ${shapeWords(shape)}) belongs to no layer`);
  }
  return faults;
}

const floatsIn = (file: SafetensorsFile, name: string): Float32Array | undefined => {
  const tensor = file.tensors.get(name);
  return tensor?.dtype === "F32" ? tensor.data : undefined;
};

/** Reads a network of the same layers as `network`. The counts of batches may be missing; they aren't used. */
export function readState(network: PlainNetwork, file: SafetensorsFile): Read<PlainNetwork> {
  const expected = stateDict(network, 0);
  const faults = faultsOf(file, expected, (name) => name.endsWith(COUNTED));
  if (faults.length > 0) return { value: network, faults };
  const layers = network.layers.map((layer) => {
    const isSpectral = layer.form.op === "spectral";
    const read = withParts(layer, (name) =>
      floatsIn(file, isSpectral ? name.replace(/weight$/, SPECTRAL.weight) : name),
    );
    const u = isSpectral ? floatsIn(file, `${layer.name}.${SPECTRAL.u}`) : undefined;
    if (!u) return read;
    return { ...read, arrays: { ...read.arrays, u: { shape: [u.length, 1], data: u } } };
  });
  return { value: { ...network, layers }, faults };
}

/**
 * Reads Adam's moments of a network's parameters. Without `corrections`, they follow from the steps: 1 − β₁ᵗ and
 * 1 − β₂ᵗ.
 */
export function readAdam(
  network: PlainNetwork,
  file: SafetensorsFile,
  [beta1, beta2]: readonly [number, number],
): Read<Moments> {
  const like = { first: network, second: network, corrections: new Float32Array(2), steps: 0 };
  const faults = faultsOf(file, adamState(like), (name) => name === "corrections");
  if (faults.length > 0) return { value: like, faults };
  const moment = (which: string): PlainNetwork => ({
    ...network,
    layers: network.layers.map((layer) =>
      withParts(layer, (name) => floatsIn(file, `${name}.${which}`)),
    ),
  });
  const [steps = 0] = floatsIn(file, "step")!;
  const corrections =
    floatsIn(file, "corrections") ?? Float32Array.of(1 - beta1 ** steps, 1 - beta2 ** steps);
  return {
    value: { first: moment(MOMENTS.first), second: moment(MOMENTS.second), corrections, steps },
    faults,
  };
}
