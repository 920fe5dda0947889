// Spectral normalisation on the host, in float64, as inference computes it on the device (src/nn/spectral.ts).
import type { PlainArray, PlainLayer } from "./plain-network.ts";

/** The vectors by which weights w (rest, outputs) are normalised: σ = vᵀ·w·u. */
export interface Spectral {
  /** The name of the weights: `kernel` or `filter`. */
  readonly key: string;
  readonly sigma: number;
  /** (outputs) and (rest), each of length 1. */
  readonly u: Float64Array;
  readonly v: Float64Array;
}

const normalised = (vector: Float64Array): Float64Array => {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
};

/** w (rest, outputs) · u. */
function product({ data }: PlainArray, u: Float64Array): Float64Array {
  const rows = data.length / u.length;
  return Float64Array.from({ length: rows }, (_, row) =>
    u.reduce((sum, value, i) => sum + data[row * u.length + i]! * value, 0),
  );
}

/** Returns the vectors of a layer with spectral normalisation. */
export function spectralOf({ arrays }: PlainLayer): Spectral {
  const key = "kernel" in arrays ? "kernel" : "filter";
  const u = normalised(Float64Array.from(arrays["u"]!.data));
  const reached = product(arrays[key]!, u);
  const v = normalised(reached);
  const sigma = v.reduce((sum, value, i) => sum + value * reached[i]!, 0);
  return { key, sigma, u, v };
}

/** Returns a layer whose weights are already divided by σ; a layer without spectral normalisation as it is. */
export function withoutSpectral(layer: PlainLayer): PlainLayer {
  if (layer.form.op !== "spectral") return layer;
  const { key, sigma } = spectralOf(layer);
  const { u: _, ...arrays } = layer.arrays;
  const { shape, data } = arrays[key]!;
  const divided = { shape, data: data.map((value) => value / sigma) };
  return { ...layer, form: layer.form.of, arrays: { ...arrays, [key]: divided } };
}
