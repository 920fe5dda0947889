// What a layer is: shapes and parameters, declared first so that a network can lay them out, and a forward.
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import type { Ranks } from "../gpu/ranks.ts";
import type { Check } from "../kernels/attributes.ts";
import type {
  EpilogueAttributes,
  OutputAttributes,
  ActivationType,
} from "../kernels/epilogue-attributes.ts";
import type { Rng } from "../kernels/random.ts";
import type { Initialiser } from "./initialisers.ts";
import type { LayerForm } from "./layer-form.ts";

/** The kind of the sigmoid layer, which `Mode.logits` leaves out at the end of a network. */
export const SIGMOID = "sigmoid";

/** A parameter to be made: its shape and its initial values. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
}

/** How a forward runs: training uses batch statistics and dropout, inference neither. */
export interface Mode {
  readonly training: boolean;
  /** The source of dropout's masks, required in training. */
  readonly rng?: Rng;
  /** Whether training updates running statistics. Default true. */
  readonly track?: boolean;
  /** Whether to leave out a sigmoid at the end of the network, for losses of logits. Default false. */
  readonly logits?: boolean;
  /**
   * How many batches of equal size the input holds, one after another, such as real and then generated images. Layers
   * that compare examples, which is `minibatchStddev`, keep them apart; batch norm doesn't. Default 1.
   */
  readonly batches?: number;
  /** Whether layers also run the activation and dropout that follow them. Default true; tests compare both. */
  readonly fuse?: boolean;
  /**
   * The type of results that are only read by layers that take it. `f16` needs an adapter with `shader-f16`. A
   * network's output is always f32. Default f32.
   */
  readonly activationType?: ActivationType;
  /** Ranks that share the batch, for layers that normalise over all of it. Default none. */
  readonly ranks?: Ranks | undefined;
}

/** A layer of a network. Shapes leave out the batch axis. */
export interface Layer {
  /** Its common name: `Conv2d`. */
  readonly kind: string;
  /** What else describes it: `64, 5×5, stride 2`. */
  readonly detail: string;
  readonly outputShape: (input: readonly number[]) => readonly number[];
  readonly parameters: (input: readonly number[]) => Readonly<Record<string, ParameterSpec>>;
  /** State that isn't learned by gradients, such as running statistics. */
  readonly buffers: (input: readonly number[]) => Readonly<Record<string, ParameterSpec>>;
  readonly forward: (
    x: Tensor,
    parameters: Readonly<Record<string, Tensor>>,
    buffers: Readonly<Record<string, GpuArray>>,
    mode: Mode,
    output?: OutputAttributes,
  ) => Tensor;
  /**
   * What `forward` does with f16 inputs: with `stores`, it can also store its own result as f16; with `views`, it views
   * them.
   */
  readonly takesF16?: "stores" | "views";
  /** The parts of an epilogue that `forward` can run. Default none. */
  readonly takesEpilogue?: readonly ("activation" | "dropout")[];
  /** Returns the layer as an epilogue, if the layer before it can do its work. */
  readonly asEpilogue?: (mode: Mode) => EpilogueAttributes;
  /** What it computes, as data. Layers without a form can't be exported to other formats. */
  readonly form?: LayerForm;
}

/** Accepts a value that has what a layer must have. */
export const isLayer: Check = {
  expects: "a layer, such as layers.dense(1)",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    ["outputShape", "parameters", "buffers", "forward"].every(
      (name) => typeof Reflect.get(value, name) === "function",
    ) &&
    "kind" in value &&
    typeof value.kind === "string" &&
    "detail" in value &&
    typeof value.detail === "string",
};
