// Folds batch norm in inference, y = x · scale + shift per channel, into a linear layer next to it: for smaller and
// faster files. Outputs change by rounding alone.
import type { PlainArray, PlainLayer, PlainNetwork } from "./plain-network.ts";

/** A network after folding. */
export interface Folded {
  readonly network: PlainNetwork;
  /** The names of the batch norms that are gone, and of those that stay. */
  readonly folded: readonly string[];
  readonly left: readonly string[];
}

interface Affine {
  readonly scale: Float64Array;
  readonly shift: Float64Array;
}

/** scale = γ / √(variance + ε), shift = β − mean · scale. */
function affineOf({ form, arrays }: PlainLayer): Affine {
  const epsilon = form.op === "batchNorm" ? form.epsilon : 0;
  const [gamma, beta, running] = ["gamma", "beta", "running"].map((key) => arrays[key]!.data);
  const channels = gamma!.length;
  const scale = Float64Array.from(
    gamma!,
    (g, c) => g / Math.sqrt(running![channels + c]! + epsilon),
  );
  const shift = Float64Array.from(beta!, (b, c) => b - running![c]! * scale[c]!);
  return { scale, shift };
}

/** Returns a linear layer that also does the work of the batch norm after it; undefined if it can't. */
function withNext(layer: PlainLayer, { scale, shift }: Affine): PlainLayer | undefined {
  const { op } = layer.form;
  if (op !== "dense" && op !== "conv2d" && op !== "convTranspose2d") return undefined;
  const key = op === "dense" ? "kernel" : "filter";
  const weight = layer.arrays[key]!;
  const channels = scale.length;
  // A transposed convolution's outputs are the last axis but one, in groups; all others end in them.
  const inputs = op === "convTranspose2d" ? weight.shape.at(-1)! : 1;
  const grouped = op === "convTranspose2d" && weight.shape.at(-2) !== channels;
  if (grouped) return undefined;
  const scaled = weight.data.map((value, i) => value * scale[Math.floor(i / inputs) % channels]!);
  const bias = layer.arrays["bias"]?.data ?? new Float32Array(channels);
  return withArrays(
    layer,
    key,
    scaled,
    bias.map((value, c) => value * scale[c]! + shift[c]!),
  );
}

/** Returns a dense layer that also does the work of the batch norm before it; undefined if it isn't dense. */
function withPrevious(layer: PlainLayer, { scale, shift }: Affine): PlainLayer | undefined {
  const kernel = layer.arrays["kernel"];
  if (layer.form.op !== "dense" || !kernel) return undefined;
  const [, units] = kernel.shape as readonly [number, number];
  const scaled = kernel.data.map((value, i) => value * scale[Math.floor(i / units)]!);
  const own = layer.arrays["bias"]?.data;
  const bias = Float32Array.from({ length: units }, (_, unit) =>
    shift.reduce(
      (sum, value, row) => sum + value * kernel.data[row * units + unit]!,
      own?.[unit] ?? 0,
    ),
  );
  return withArrays(layer, "kernel", scaled, bias);
}

function withArrays(
  layer: PlainLayer,
  key: string,
  data: Float32Array,
  bias: Float32Array,
): PlainLayer {
  const weight: PlainArray = { shape: layer.arrays[key]!.shape, data };
  return { ...layer, arrays: { [key]: weight, bias: { shape: [bias.length], data: bias } } };
}

/**
 * Folds each batch norm into the linear layer right before it, or else into the dense layer right after it. Others
 * stay: after a nonlinear layer and before a padded convolution, folding would not be exact.
 */
export function foldBatchNorm(network: PlainNetwork): Folded {
  const layers = [...network.layers];
  const folded: string[] = [];
  const left: string[] = [];
  for (let at = 0; at < layers.length; at += 1) {
    const layer = layers[at]!;
    if (layer.form.op !== "batchNorm") continue;
    const affine = affineOf(layer);
    const before = at > 0 ? withNext(layers[at - 1]!, affine) : undefined;
    const next = layers[at + 1];
    const after = before || !next ? undefined : withPrevious(next, affine);
    if (!before && !after) {
      left.push(layer.name);
      continue;
    }
    folded.push(layer.name);
    if (before) layers.splice(at - 1, 2, before);
    else layers.splice(at, 2, after!);
    at -= 1;
  }
  return { network: { ...network, layers }, folded, left };
}
