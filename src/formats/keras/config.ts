// Models as Keras describes them: a stack of layers, in the words of Keras 3, or in the older ones, which tf.keras 2.x
// and TensorFlow.js read.
import type { KerasLayer } from "./layers.ts";

/** What JSON can hold. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json };

const batched = (shape: readonly number[]): readonly Json[] => [null, ...shape];

/** Returns a model for the `config.json` of a `.keras` file. */
export function modelConfig(
  name: string,
  inputShape: readonly number[],
  layers: readonly KerasLayer[],
): Json {
  const wrapped = (className: string, config: Json): Json => ({
    module: "keras.layers",
    class_name: className,
    config,
    registered_name: null,
  });
  const input = { batch_shape: batched(inputShape), dtype: "float32", name: "inputs" };
  return {
    module: "keras",
    class_name: "Sequential",
    config: {
      name,
      layers: [
        wrapped("InputLayer", input),
        ...layers.map((layer) =>
          wrapped(layer.className, { name: layer.name, dtype: "float32", ...layer.config }),
        ),
      ],
      build_input_shape: batched(inputShape),
    },
    registered_name: null,
  };
}

/** Returns a model for the attribute `model_config` of an `.h5` file, or for TensorFlow.js. */
export function legacyConfig(
  name: string,
  inputShape: readonly number[],
  layers: readonly KerasLayer[],
): Json {
  const input = { batch_input_shape: batched(inputShape), dtype: "float32", name: "inputs" };
  return {
    class_name: "Sequential",
    config: {
      name,
      layers: [
        { class_name: "InputLayer", config: input },
        ...layers.map(({ className, name: own, config }) => {
          const { negative_slope: slope = null, ...rest } = config;
          const told = className === "LeakyReLU" ? { alpha: slope } : config;
          return {
            class_name: className,
            config: { name: own, trainable: true, dtype: "float32", ...rest, ...told },
          };
        }),
      ],
    },
  };
}
