// What a layer is: shapes and parameters declared first, so that a network can lay them in one arena;
// then a forward over tensors.
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import type { Check } from "../kernels/attributes.ts";
import type {
  EpilogueAttributes,
  OutputAttributes,
  ActivationType,
} from "../kernels/epilogue-attributes.ts";
import type { Rng } from "../kernels/random.ts";
import type { Initialiser } from "./initialisers.ts";

/** What the sigmoid layer is called: the one that `Mode.logits` leaves out at the end. */
export const SIGMOID = "sigmoid";

/** A parameter to be made: its shape and its first values. */
export interface ParameterSpec {
  readonly shape: readonly number[];
  readonly initialiser: Initialiser;
}

/** How a forward runs: training uses batch statistics and dropout, inference neither. */
export interface Mode {
  readonly training: boolean;
  /** Where dropout draws its masks; needed in training. */
  readonly rng?: Rng;
  /** Whether training updates running statistics. Default true. */
  readonly track?: boolean;
  /** Whether a sigmoid that the network ends in is left out, so that a loss can be taken of logits. Default false. */
  readonly logits?: boolean;
  /** Whether layers end in the activation and dropout behind them. Default true; tests compare both. */
  readonly fuse?: boolean;
  /**
   * How layers store results that only layers read which take them so: `f16` on adapters with `shader-f16`.
   * A network's output is f32 whatever this says. Default f32.
   */
  readonly activationType?: ActivationType;
}

/** A layer of a network. Shapes leave out the batch axis. */
export interface Layer {
  /** As people call it: `Conv2d`. */
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
  /** What `forward` does with inputs stored as f16: takes them and can store its own result so, or views them. */
  readonly takesF16?: "stores" | "views";
  /** Which parts of an epilogue `forward` takes. Default none. */
  readonly takesEpilogue?: readonly ("activation" | "dropout")[];
  /** What the layer is as the epilogue of the one before it, which then does its work. */
  readonly asEpilogue?: (mode: Mode) => EpilogueAttributes;
}

/** What a layer must have. */
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
