// Runs ONNX files in onnxruntime, which is installed into the cache folder when it is first asked for.
import { cachedPackage } from "./cached-package.ts";

const NAME = "onnxruntime-node";

/** A tensor of onnxruntime. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint8Array;
}

/** A model in onnxruntime. */
export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly run: (feeds: Readonly<Record<string, OrtTensor>>) => Promise<Record<string, OrtTensor>>;
}

/** What is used of onnxruntime. */
export interface Ort {
  readonly InferenceSession: { readonly create: (bytes: Uint8Array) => Promise<OrtSession> };
  readonly Tensor: new (
    type: string,
    data: OrtTensor["data"],
    dims: readonly number[],
  ) => OrtTensor;
}

/** Returns onnxruntime in the version that test/onnxruntime pins. Installing it takes 290 MB and some seconds. */
export async function onnxRuntime(): Promise<Ort> {
  const load = await cachedPackage("onnxruntime", NAME);
  return load(NAME) as Ort;
}
