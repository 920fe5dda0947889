// Layers without parameters that keep every shape: activations and dropout.
import {
  dropout as dropoutOp,
  elu as eluOp,
  gelu as geluOp,
  hardSwish as hardSwishOp,
  leakyRelu as leakyReluOp,
  relu as reluOp,
  sigmoid as sigmoidOp,
  silu as siluOp,
  softmax as softmaxOp,
  tanh as tanhOp,
} from "../autograd/ops.ts";
import type { Tensor } from "../autograd/tensor.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { belowOne, checkArgument, finite, oneOf } from "../kernels/attributes.ts";
import type { EpilogueAttributes } from "../kernels/epilogue-attributes.ts";
import type { GeluAttributes } from "../kernels/gates.ts";
import type { DropoutAttributes } from "../kernels/random.ts";
import { SIGMOID, type Layer, type Mode } from "./layer.ts";
import type { LayerForm } from "./layer-form.ts";

const none = (): Readonly<Record<never, never>> => ({});
const same = (shape: readonly number[]): readonly number[] => shape;

function activation(
  kind: string,
  detail: string,
  f: (x: Tensor) => Tensor,
  epilogue: EpilogueAttributes | undefined,
  form?: LayerForm,
): Layer {
  return {
    kind,
    detail,
    outputShape: same,
    parameters: none,
    buffers: none,
    forward: (x) => f(x),
    ...(epilogue ? { asEpilogue: () => epilogue } : {}),
    ...(form ? { form } : {}),
  };
}

/** max(x, 0). */
export function relu(): Layer {
  return activation("ReLU", "", (x) => reluOp(x), { activation: "relu" }, { op: "relu" });
}

/** x above 0, α·x elsewhere. */
export function leakyRelu(alpha = 0.3): Layer {
  checkArgument("LeakyReLU", "alpha", alpha, finite());
  // With a negative slope the output doesn't show the input's sign, so it can't be an epilogue.
  const epilogue = alpha >= 0 ? ({ activation: "leakyRelu", alpha } as const) : undefined;
  const form = { op: "leakyRelu", alpha } as const;
  return activation("LeakyReLU", String(alpha), (x) => leakyReluOp(x, { alpha }), epilogue, form);
}

/** x above 0, α·(eˣ − 1) elsewhere. Takes a launch of its own, because its output doesn't show its slope. */
export function elu(alpha = 1): Layer {
  checkArgument("ELU", "alpha", alpha, finite());
  return activation("ELU", String(alpha), (x) => eluOp(x, { alpha }), undefined);
}

/** Probabilities along the last axis. For a loss, use logits with `softmaxCrossEntropy` instead. */
export function softmax(): Layer {
  return {
    ...activation("Softmax", "", (x) => softmaxOp(x), undefined),
    outputShape(input) {
      if (input.length > 0) return input;
      throw new ShapeError(
        "Softmax: takes vectors or images; got scalars, which have no axis for it",
      );
    },
  };
}

/** The hyperbolic tangent. */
export function tanh(): Layer {
  return activation("tanh", "", (x) => tanhOp(x), { activation: "tanh" }, { op: "tanh" });
}

/** 1 / (1 + exp(−x)). */
export function sigmoid(): Layer {
  return activation(SIGMOID, "", (x) => sigmoidOp(x), { activation: "sigmoid" }, { op: "sigmoid" });
}

/** x · Φ(x), or its approximation by tanh. Takes a launch of its own, because its output doesn't show its slope. */
export function gelu(approximation: NonNullable<GeluAttributes["approximation"]> = "none"): Layer {
  checkArgument("GELU", "approximation", approximation, oneOf("none", "tanh"));
  const detail = approximation === "none" ? "" : approximation;
  return activation("GELU", detail, (x) => geluOp(x, { approximation }), undefined);
}

/** x · sigmoid(x), also called swish. Takes a launch of its own. */
export function silu(): Layer {
  return activation("SiLU", "", (x) => siluOp(x), undefined);
}

/** x · relu6(x + 3) / 6. Takes a launch of its own. */
export function hardSwish(): Layer {
  return activation("hard swish", "", (x) => hardSwishOp(x), undefined);
}

/** Returns what a mask of dropout is drawn from, and how many batches it is for. */
function drawOf({ rng, batches = 1 }: Mode): Omit<DropoutAttributes, "rate"> {
  if (rng) return { rng, batches };
  throw new AttributeError(
    "Dropout: training needs an Rng in the mode; got none: pass { training: true, rng }",
  );
}

/** Sets each element to 0 with the probability `rate` in training; does nothing in inference. */
export function dropout(rate: number): Layer {
  checkArgument("Dropout", "rate", rate, belowOne);
  return {
    kind: "Dropout",
    detail: String(rate),
    outputShape: same,
    parameters: none,
    buffers: none,
    forward: (x, _parameters, _buffers, mode) =>
      mode.training ? dropoutOp(x, { rate, ...drawOf(mode) }) : x,
    asEpilogue: (mode) => (mode.training ? { dropout: { rate, ...drawOf(mode) } } : {}),
    form: { op: "dropout", rate },
  };
}
