// What a layer computes, as data: for other formats, which can't run a forward.
import type { RunningVariance } from "../kernels/batch-norm.ts";
import type { Padding } from "../kernels/conv2d-geometry.ts";

/** One number for rows and one for columns. */
type Pair = readonly [number, number];

/** A convolution or a transposed one; the filter's shape says the rest. */
export interface ConvolutionForm {
  readonly op: "conv2d" | "convTranspose2d";
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly groups: number;
  readonly padding: Padding;
}

/** Batch normalisation, with all its constants. */
export interface BatchNormForm {
  readonly op: "batchNorm";
  readonly epsilon: number;
  readonly momentum: number;
  readonly runningVariance: RunningVariance;
}

/** What a layer computes. Shapes and arrays are the layer's own. */
export type LayerForm =
  | { readonly op: "dense" | "relu" | "tanh" | "sigmoid" | "reshape" }
  | { readonly op: "leakyRelu"; readonly alpha: number }
  | { readonly op: "dropout"; readonly rate: number }
  | { readonly op: "upsample"; readonly scale: number }
  | {
      readonly op: "maxPool";
      readonly size: Pair;
      readonly strides: Pair;
      readonly padding: Padding;
    }
  | ConvolutionForm
  | BatchNormForm
  /** The layer `of`, with its weights divided by their largest singular value. */
  | { readonly op: "spectral"; readonly of: LayerForm };
