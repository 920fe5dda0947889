// Runs models in TensorFlow.js on the CPU, which is installed into the cache folder when it is first asked for.
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { cachedPackage } from "./cached-package.ts";

interface Tensor {
  readonly shape: readonly number[];
  readonly data: () => Promise<Float32Array>;
  readonly dispose: () => void;
}

interface LayersModel {
  readonly weights: readonly { readonly originalName: string }[];
  readonly predict: (input: Tensor) => Tensor;
  readonly getUserDefinedMetadata: () => unknown;
  readonly save: (handler: object) => Promise<unknown>;
}

/** What TensorFlow.js hands to whoever saves a model. */
export interface SavedArtifacts {
  readonly modelTopology: object;
  readonly weightSpecs: readonly object[];
  readonly weightData: ArrayBuffer;
}

/** A model in TensorFlow.js. */
export interface TfjsModel {
  readonly model: LayersModel;
  /** Returns outputs for inputs of this shape, in inference. */
  readonly run: (
    inputs: Float32Array,
    shape: readonly number[],
  ) => Promise<{ readonly shape: readonly number[]; readonly data: Float32Array }>;
}

interface Tfjs {
  readonly tensor: (data: Float32Array, shape: readonly number[]) => Tensor;
  readonly setBackend: (name: string) => Promise<boolean>;
}

/** Returns a function that loads the model of a `.json` file, strictly. Installing TensorFlow.js takes some seconds. */
export async function tfjs(): Promise<(path: string) => Promise<TfjsModel>> {
  const load = await cachedPackage("tfjs", "@tensorflow/tfjs-layers");
  const core = load("@tensorflow/tfjs-core") as Tfjs;
  const layers = load("@tensorflow/tfjs-layers") as {
    readonly loadLayersModel: (handler: object) => Promise<LayersModel>;
  };
  load("@tensorflow/tfjs-backend-cpu");
  await core.setBackend("cpu");
  return async (path) => {
    // As its own handler for files does, which is in another package with TensorFlow's C library.
    const json = JSON.parse(readFileSync(path, "utf8"));
    const [{ paths, weights }] = json.weightsManifest;
    const parts = paths.map((name: string) => readFileSync(join(dirname(path), basename(name))));
    const handler = {
      load: async () => ({
        modelTopology: json.modelTopology,
        userDefinedMetadata: json.userDefinedMetadata,
        weightSpecs: weights,
        weightData: Uint8Array.from(Buffer.concat(parts)).buffer,
      }),
    };
    const model = await layers.loadLayersModel(handler);
    return {
      model,
      async run(inputs, shape) {
        const input = core.tensor(inputs, shape);
        const output = model.predict(input);
        const data = await output.data();
        const found = { shape: output.shape, data };
        input.dispose();
        output.dispose();
        return found;
      },
    };
  };
}
