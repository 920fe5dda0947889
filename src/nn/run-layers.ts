// Runs layers one after another, in a network or inside a layer, and derives their names and shapes.
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { within } from "../gpu/place.ts";
import type { EpilogueAttributes, OutputAttributes } from "../kernels/epilogue-attributes.ts";
import type { Layer, Mode, ParameterSpec } from "./layer.ts";

/** A layer before its arrays are made. */
export interface LayerDraft {
  /** Its kind and, from the second of a kind on, a number: `conv2d_1`. */
  readonly name: string;
  readonly layer: Layer;
  readonly outputShape: readonly number[];
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly buffers: Readonly<Record<string, ParameterSpec>>;
}

/** A layer with its arrays. */
export interface LayerToRun {
  /** The name that its launches are inspected by. Default: that of the layer that it is a part of. */
  readonly name?: string;
  readonly layer: Layer;
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly buffers: Readonly<Record<string, GpuArray>>;
}

const snake = (kind: string): string => kind.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();

/** Returns layers with their names and shapes, given the shape of the first one's input. Throws if one doesn't fit. */
export function draftLayers(
  layers: readonly Layer[],
  inputShape: readonly number[],
): readonly LayerDraft[] {
  const counts = new Map<string, number>();
  let shape = inputShape;
  return layers.map((layer) => {
    const kind = snake(layer.kind);
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const input = shape;
    shape = layer.outputShape(input);
    return {
      name: count === 0 ? kind : `${kind}_${count}`,
      layer,
      outputShape: shape,
      parameters: layer.parameters(input),
      buffers: layer.buffers(input),
    };
  });
}

/** Returns the activation and dropout that come next as the epilogue of a layer, and how many layers they are. */
function epilogueOf(
  { takesEpilogue = [] }: Layer,
  next: readonly LayerToRun[],
  mode: Mode,
): { readonly epilogue: EpilogueAttributes | undefined; readonly layers: number } {
  let epilogue: EpilogueAttributes | undefined;
  let layers = 0;
  for (const { layer } of mode.fuse === false ? [] : next) {
    const more = layer.asEpilogue?.(mode);
    if (!more || (more.dropout && !takesEpilogue.includes("dropout"))) break;
    if (takesEpilogue.length === 0 || !follows(more, epilogue)) break;
    epilogue = { ...epilogue, ...more };
    layers += 1;
  }
  return { epilogue, layers };
}

/** Whether an epilogue can follow another in one launch: an activation, then dropout, at most one of each. */
function follows(more: EpilogueAttributes, before: EpilogueAttributes = {}): boolean {
  if (more.activation) return before.activation === undefined && before.dropout === undefined;
  const { activation = "relu" } = before;
  return before.dropout === undefined && (activation === "relu" || activation === "leakyRelu");
}

/** Whether to store a layer's result as f16: if the layers that read it take f16, and it isn't the last layer. */
function storesF16({ takesF16 }: Layer, next: readonly LayerToRun[], mode: Mode): boolean {
  if (mode.activationType !== "f16" || takesF16 !== "stores") return false;
  return next.find(({ layer }) => layer.takesF16 !== "views")?.layer.takesF16 === "stores";
}

/** Runs layers one after another. A layer that can do so also runs the activation and dropout that follow it. */
export function runLayers(run: readonly LayerToRun[], x: Tensor, mode: Mode): Tensor {
  let value = x;
  for (let at = 0; at < run.length;) {
    const { name, layer, tensors, buffers } = run[at]!;
    const { epilogue, layers: done } = epilogueOf(layer, run.slice(at + 1), mode);
    at += 1 + done;
    const output: OutputAttributes = {
      ...(epilogue ? { epilogue } : {}),
      ...(storesF16(layer, run.slice(at), mode) ? { activationType: "f16" } : {}),
    };
    const input = value;
    const forward = (): Tensor => layer.forward(input, tensors, buffers, mode, output);
    value = name === undefined ? forward() : within({ layer: name }, forward);
  }
  return value;
}
