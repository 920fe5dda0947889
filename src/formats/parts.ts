// The arrays of layers as other programs have them: their names, layouts and shapes. Formats are written and read by
// these tables: one for PyTorch and ONNX, one for Keras and TensorFlow.js.
import type { LayerForm } from "../nn/layer-form.ts";
import { inverse, transposed, type PlainArray, type PlainLayer } from "./plain-network.ts";

/** An array of a layer elsewhere. */
export interface Part {
  /** Its name elsewhere, such as `weight`. */
  readonly name: string;
  /** The name of the array here that it is, or is a row of. */
  readonly key: string;
  /** The order of the axes elsewhere, in axes here. Without it, layouts are equal. */
  readonly axes?: readonly number[];
  /** Which row of the array here it is. */
  readonly row?: number;
}

/** (in, out) here, (out, in) elsewhere. */
const DENSE = [1, 0];
/** (rows, columns, in, out) here, (out, in, rows, columns) elsewhere; (…, out, in) for a transposed convolution. */
const FILTER = [3, 2, 0, 1];

/** Returns the parts of a layer that has a form, given its arrays' names, in the order in which a program lists them. */
export type PartsOf = (form: LayerForm, keys: readonly string[]) => readonly Part[];

/** PyTorch's parts, and ONNX's. */
export function partsOf(form: LayerForm, keys: readonly string[]): readonly Part[] {
  const bias: readonly Part[] = keys.includes("bias") ? [{ name: "bias", key: "bias" }] : [];
  switch (form.op) {
    case "dense":
      return [{ name: "weight", key: "kernel", axes: DENSE }, ...bias];
    case "conv2d":
    case "convTranspose2d":
      return [{ name: "weight", key: "filter", axes: FILTER }, ...bias];
    case "batchNorm":
      return [
        { name: "weight", key: "gamma" },
        { name: "bias", key: "beta" },
        { name: "running_mean", key: "running", row: 0 },
        { name: "running_var", key: "running", row: 1 },
      ];
    case "spectral":
      return partsOf(form.of, keys);
    default:
      return [];
  }
}

/** Keras's parts, and TensorFlow.js's. Layouts are those here. */
export function kerasPartsOf(form: LayerForm, keys: readonly string[]): readonly Part[] {
  if (form.op === "spectral") return kerasPartsOf(form.of, keys);
  if (form.op === "batchNorm") {
    return [
      { name: "gamma", key: "gamma" },
      { name: "beta", key: "beta" },
      { name: "moving_mean", key: "running", row: 0 },
      { name: "moving_variance", key: "running", row: 1 },
    ];
  }
  return partsOf(form, keys).map(({ key }) => ({ key, name: key === "bias" ? key : "kernel" }));
}

/** Returns one part of a layer with a name such as `dense.weight`, in its layout elsewhere. */
export function partFrom({ name, arrays }: PlainLayer, part: Part): readonly [string, PlainArray] {
  const { shape, data } = arrays[part.key]!;
  const full = `${name}.${part.name}`;
  if (part.row !== undefined) {
    const size = data.length / shape[0]!;
    const row = data.subarray(part.row * size, (part.row + 1) * size);
    return [full, { shape: shape.slice(1), data: row }];
  }
  return [full, part.axes ? transposed({ shape, data }, part.axes) : { shape, data }];
}

/** Returns all parts of a layer by name. */
export const partsFrom = (
  layer: PlainLayer,
  parts: PartsOf = partsOf,
): ReadonlyMap<string, PlainArray> =>
  new Map(parts(layer.form, Object.keys(layer.arrays)).map((part) => partFrom(layer, part)));

/**
 * Returns a layer with arrays that come from elsewhere. `take` returns the numbers of a part, which must have the given
 * name and shape; undefined leaves the layer's own.
 */
export function withParts(
  layer: PlainLayer,
  take: (name: string, shape: readonly number[]) => Float32Array | undefined,
  parts: PartsOf = partsOf,
): PlainLayer {
  const arrays: Record<string, PlainArray> = Object.fromEntries(
    Object.entries(layer.arrays).map(([key, { shape, data }]) => [
      key,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  for (const part of parts(layer.form, Object.keys(arrays))) {
    const [name, { shape }] = partFrom(layer, part);
    const given = take(name, shape);
    if (!given) continue;
    const { data } = arrays[part.key]!;
    const own = part.axes ? transposed({ shape, data: given }, inverse(part.axes)).data : given;
    data.set(own, (part.row ?? 0) * own.length);
  }
  return { ...layer, arrays };
}
