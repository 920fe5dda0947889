// What a network's layers make of an input: one program that keeps the output of every layer on the device.
import { abs, concat, max, reshape } from "../../autograd/ops.ts";
import { noGrad, Tensor } from "../../autograd/tensor.ts";
import type { GpuArray } from "../../gpu/array.ts";
import { compile, type Program } from "../../gpu/program.ts";
import { parameterCount } from "../../nn/parameters.ts";
import type { Network } from "../../nn/network.ts";

/** A layer of a network, in words and figures. */
export interface LayerFacts {
  /** The network's name and the layer's, as launches have it: `discriminator.conv2d_1`. */
  readonly name: string;
  /** Such as `Conv2d`. */
  readonly kind: string;
  /** Such as `64, 5×5, stride 2`. */
  readonly detail: string;
  /** The shapes of an example's input and output. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  /** How many values it has learned. */
  readonly parameters: number;
  /** The shapes of its parameters, by name. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

/** Returns a network's layers from its input on. */
export function layersOf({ name, inputShape, layers }: Network): readonly LayerFacts[] {
  let input = inputShape;
  return layers.map(({ name: own, layer, outputShape, parameters }) => {
    const facts: LayerFacts = {
      name: `${name}.${own}`,
      kind: layer.kind,
      detail: layer.detail,
      inputShape: input,
      outputShape,
      parameters: parameterCount(Object.values(parameters)),
      shapes: Object.fromEntries(
        Object.entries(parameters).map(([key, { tensor }]) => [key, tensor.shape]),
      ),
    };
    input = outputShape;
    return facts;
  });
}

/** A program that shows what a network's layers make of an input. */
export interface Activations {
  /** (count, …the network's input): write it before a run. */
  readonly inputs: GpuArray;
  readonly program: Program;
  /** The output of each layer after a run, (count, …the layer's output). */
  readonly outputs: readonly GpuArray[];
  /** The largest magnitude in each layer's output, (layers), after a run. */
  readonly peaks: GpuArray;
}

/**
 * Compiles a look at every layer for `count` inputs: without dropout, with the running statistics of batch norms, and
 * with the network's current weights at each run. No layer runs in another's kernel, so that each has an output.
 */
export async function compileActivations(network: Network, count: number): Promise<Activations> {
  const { device } = network.arena;
  const label = `activations.${network.name}`;
  const inputs = device.persistent([count, ...network.inputShape], "f32", `${label}.inputs`);
  const program: Program = await compile(device, label, () =>
    noGrad(() => {
      let value = new Tensor(inputs);
      const found = network.layers.map(({ layer, parameters, buffers }) => {
        const tensors = Object.fromEntries(
          Object.entries(parameters).map(([key, { tensor }]) => [key, tensor]),
        );
        value = layer.forward(value, tensors, buffers, { training: false });
        return value;
      });
      const peaks = concat(
        found.map((each) => reshape(max(abs(each)), { shape: [1] })),
        { axis: 0 },
      );
      return { ...Object.fromEntries(found.map((each, i) => [`layer${i}`, each])), peaks };
    }),
  );
  const { outputs } = program;
  return {
    inputs,
    program,
    outputs: network.layers.map((_, i) => outputs[`layer${i}`]!),
    peaks: outputs["peaks"]!,
  };
}
