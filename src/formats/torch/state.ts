// Networks and Adam's moments as the tensors of PyTorch's state dicts.
import type { NativeTensor } from "../../checkpoint/safetensors.ts";
import { partFrom, partsFrom, partsOf } from "../parts.ts";
import type { PlainArray, PlainLayer, PlainNetwork } from "../plain-network.ts";
import { spectralOf } from "../spectral-weights.ts";

/** Tensors by name. */
export type Tensors = Map<string, NativeTensor>;

const floats = ({ shape, data }: PlainArray): NativeTensor => ({ dtype: "F32", shape, data });

/** Returns a network's state dict. `steps` is the number of batches that batch norm counts. */
export function stateDict({ layers }: PlainNetwork, steps: number): Tensors {
  return new Map(layers.flatMap((layer) => [...layerState(layer, steps)]));
}

function layerState(layer: PlainLayer, steps: number): Tensors {
  const tensors: Tensors = new Map(
    [...partsFrom(layer)].map(([name, array]) => [name, floats(array)]),
  );
  if (layer.form.op === "batchNorm") {
    const data = BigInt64Array.of(BigInt(steps));
    tensors.set(`${layer.name}.num_batches_tracked`, { dtype: "I64", shape: [], data });
  }
  return layer.form.op === "spectral" ? parametrized(layer, tensors) : tensors;
}

/** PyTorch's names for spectral normalisation, with both vectors in its order of axes. */
export const SPECTRAL = {
  weight: "parametrizations.weight.original",
  u: "parametrizations.weight.0._u",
  v: "parametrizations.weight.0._v",
} as const;

function parametrized(layer: PlainLayer, tensors: Tensors): Tensors {
  const { name } = layer;
  const { key, u, v } = spectralOf(layer);
  const { shape } = layer.arrays[key]!;
  const [part] = partsOf(layer.form, [key]) as [ReturnType<typeof partsOf>[number]];
  // v has an element per weight of one output, in the order of the weights here.
  const like: PlainLayer = {
    ...layer,
    arrays: { [key]: { shape: [...shape.slice(0, -1), 1], data: Float32Array.from(v) } },
  };
  const [, { data }] = partFrom(like, part);
  const original = tensors.get(`${name}.weight`)!;
  tensors.delete(`${name}.weight`);
  return new Map([
    ...tensors,
    [`${name}.${SPECTRAL.weight}`, original],
    [`${name}.${SPECTRAL.u}`, floats({ shape: [u.length], data: Float32Array.from(u) })],
    [`${name}.${SPECTRAL.v}`, floats({ shape: [data.length], data })],
  ]);
}

/** Adam's moments and what it counts. */
export interface Moments {
  /** Networks whose parameters are the running means of gradients, and of their squares. */
  readonly first: PlainNetwork;
  readonly second: PlainNetwork;
  /** 1 − β₁ᵗ and 1 − β₂ᵗ as the device has them. */
  readonly corrections: Float32Array;
  readonly steps: number;
}

/** Names of the moments, after the parameter's own: those of PyTorch's optimizers. */
export const MOMENTS = { first: "exp_avg", second: "exp_avg_sq" } as const;

/**
 * Returns Adam's state: the moments of each parameter in PyTorch's layouts, the steps, and the corrections, which
 * PyTorch has none of.
 */
export function adamState({ first, second, corrections, steps }: Moments): Tensors {
  const tensors: Tensors = new Map();
  for (const [moment, { layers }] of [
    [MOMENTS.first, first],
    [MOMENTS.second, second],
  ] as const) {
    for (const [name, array] of layers.flatMap((layer) => [...learnedParts(layer)])) {
      tensors.set(`${name}.${moment}`, floats(array));
    }
  }
  tensors.set("step", { dtype: "F32", shape: [], data: Float32Array.of(steps) });
  tensors.set("corrections", { dtype: "F32", shape: [2], data: corrections });
  return tensors;
}

/** Returns the parts of a layer that are learned: all but running statistics. */
export const learnedParts = (layer: PlainLayer): ReadonlyMap<string, PlainArray> =>
  new Map(
    partsOf(layer.form, Object.keys(layer.arrays))
      .filter(({ row }) => row === undefined)
      .map((part) => partFrom(layer, part)),
  );
