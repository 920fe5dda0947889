// A network off the device: its layers as data and its arrays as numbers. Other formats are written from it and read
// into it.
import { sizeOf } from "../gpu/array.ts";
import { UsageError } from "../gpu/errors.ts";
import type { Layer } from "../nn/layer.ts";
import type { LayerForm } from "../nn/layer-form.ts";
import { draftLayers } from "../nn/run-layers.ts";

/** Numbers with a shape, row-major. */
export interface PlainArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** A layer of a plain network. Shapes leave out the batch axis. */
export interface PlainLayer {
  readonly name: string;
  /** Its kind and details for a person: `Conv2d 64, 5×5, stride 2`. */
  readonly words: string;
  readonly form: LayerForm;
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  /** Parameters and buffers by their own names, such as `filter`, in Longhand's layouts. */
  readonly arrays: Readonly<Record<string, PlainArray>>;
}

/** A stack of layers. */
export interface PlainNetwork {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly layers: readonly PlainLayer[];
}

/** Returns the array of a name, such as `dense.kernel`, which must have this shape. */
export type ArrayOf = (name: string, shape: readonly number[]) => Float32Array;

/**
 * Returns layers as a plain network, with arrays from `arrayOf`. Throws `UsageError` on a layer that other formats
 * don't know, and what `arrayOf` throws.
 */
export function plainNetwork(
  name: string,
  inputShape: readonly number[],
  layers: readonly Layer[],
  arrayOf: ArrayOf,
): PlainNetwork {
  let shape = inputShape;
  const plain = draftLayers(layers, inputShape).map((draft): PlainLayer => {
    const { kind, detail, form } = draft.layer;
    if (!form) {
      throw new UsageError(
        `export: ${name}'s layer ${draft.name} (${kind}) has no counterpart in other formats; export a network without it`,
      );
    }
    const given = shape;
    shape = draft.outputShape;
    const arrays = Object.entries({ ...draft.parameters, ...draft.buffers }).map(
      ([key, { shape: own }]): [string, PlainArray] => [
        key,
        { shape: own, data: arrayOf(`${draft.name}.${key}`, own) },
      ],
    );
    return {
      name: draft.name,
      words: `${kind} ${detail}`.trim(),
      form,
      inputShape: given,
      outputShape: draft.outputShape,
      arrays: Object.fromEntries(arrays),
    };
  });
  return { name, inputShape, layers: plain };
}

/** Returns an array with its axes in another order, as NumPy's `transpose` does. */
export function transposed({ shape, data }: PlainArray, axes: readonly number[]): PlainArray {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const own = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const at = own.map(() => 0);
  const out = new Float32Array(data.length);
  let from = 0;
  for (let i = 0; i < out.length; i += 1) {
    out[i] = data[from]!;
    for (let axis = own.length - 1; axis >= 0; axis -= 1) {
      at[axis]! += 1;
      from += steps[axis]!;
      if (at[axis]! < own[axis]!) break;
      from -= own[axis]! * steps[axis]!;
      at[axis] = 0;
    }
  }
  return { shape: own, data: out };
}

/** Returns the order of axes that undoes another. */
export const inverse = (axes: readonly number[]): readonly number[] =>
  axes.map((_, axis) => axes.indexOf(axis));

/** Returns a network whose layers have longer names, to put it next to another. */
export const withNames = (network: PlainNetwork, prefix: string): PlainNetwork => ({
  ...network,
  layers: network.layers.map((layer) => ({ ...layer, name: `${prefix}${layer.name}` })),
});
