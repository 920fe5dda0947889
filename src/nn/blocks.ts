// Layers made of layers: a sequence inside a network, and a residual block.
import { add } from "../autograd/ops.ts";
import type { Tensor } from "../autograd/tensor.ts";
import type { GpuArray } from "../gpu/array.ts";
import { formatShape } from "../gpu/array.ts";
import { ShapeError } from "../gpu/errors.ts";
import { checkArgument, checkAttributes, type Check } from "../kernels/attributes.ts";
import { isLayer, type Layer, type Mode, type ParameterSpec } from "./layer.ts";
import { draftLayers, runLayers, type LayerDraft } from "./run-layers.ts";

const isLayers: Check = {
  expects: "a list of one layer or more, such as [layers.dense(8), layers.relu()]",
  accepts: (value) =>
    Array.isArray(value) && value.length > 0 && Array.from(value).every(isLayer.accepts),
};

type Specs = Readonly<Record<string, ParameterSpec>>;

/** Returns the parameters or the buffers of several layers, named after their layers: `conv2d.filter`. */
function gathered(drafts: readonly LayerDraft[], what: "parameters" | "buffers"): Specs {
  return Object.fromEntries(
    drafts.flatMap((draft) =>
      Object.entries(draft[what]).map(([key, spec]) => [`${draft.name}.${key}`, spec]),
    ),
  );
}

/** Returns the arrays whose names start with `name` and a dot, without that prefix. */
function under<T>(name: string, all: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(all).filter(([key]) => key.startsWith(`${name}.`));
  return Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]));
}

function through(
  layers: readonly Layer[],
  x: Tensor,
  parameters: Readonly<Record<string, Tensor>>,
  buffers: Readonly<Record<string, GpuArray>>,
  mode: Mode,
): Tensor {
  const run = draftLayers(layers, x.shape.slice(1)).map(({ name, layer }) => ({
    layer,
    tensors: under(name, parameters),
    buffers: under(name, buffers),
  }));
  return runLayers(run, x, mode);
}

const outputOf = (layers: readonly Layer[], input: readonly number[]): readonly number[] =>
  draftLayers(layers, input).at(-1)?.outputShape ?? input;

const detailOf = (layers: readonly Layer[]): string => layers.map(({ kind }) => kind).join(", ");

/** Runs layers one after another as one layer. Its arrays have names such as `block.dense.kernel`. */
export function block(layers: readonly Layer[]): Layer {
  checkArgument("Block", "layers", layers, isLayers);
  return {
    kind: "Block",
    detail: detailOf(layers),
    outputShape: (input) => outputOf(layers, input),
    parameters: (input) => gathered(draftLayers(layers, input), "parameters"),
    buffers: (input) => gathered(draftLayers(layers, input), "buffers"),
    forward: (x, parameters, buffers, mode) => through(layers, x, parameters, buffers, mode),
  };
}

/** The options of a residual block. */
export interface ResidualOptions {
  /** Layers that bring the input to the result's shape. Default none, for equal shapes. */
  readonly shortcut?: readonly Layer[];
}

/** x + f(x), where f runs layers one after another; with a shortcut, shortcut(x) + f(x) (He et al. 2016). */
export function residual(layers: readonly Layer[], options: ResidualOptions = {}): Layer {
  checkArgument("Residual", "layers", layers, isLayers);
  checkAttributes<ResidualOptions>("Residual", options, { shortcut: isLayers });
  const { shortcut = [] } = options;
  const inner = (input: readonly number[]): readonly LayerDraft[] => draftLayers(layers, input);
  const beside = (input: readonly number[]): readonly LayerDraft[] =>
    draftLayers(shortcut, input).map((draft) => ({ ...draft, name: `shortcut.${draft.name}` }));
  const all = (input: readonly number[]): readonly LayerDraft[] => [
    ...inner(input),
    ...beside(input),
  ];
  return {
    kind: "Residual",
    detail: detailOf(layers),
    outputShape(input) {
      const [out, kept] = [outputOf(layers, input), outputOf(shortcut, input)];
      if (formatShape(out) === formatShape(kept)) return out;
      throw new ShapeError(
        `Residual: the result of its layers must have the shape that it is added to; got ${formatShape(out)} from ${formatShape(input)}, and ${formatShape(kept)}: give a shortcut whose layers make that shape`,
      );
    },
    parameters: (input) => gathered(all(input), "parameters"),
    buffers: (input) => gathered(all(input), "buffers"),
    forward(x, parameters, buffers, mode) {
      const made = through(layers, x, parameters, buffers, mode);
      const [own, kept] = [under("shortcut", parameters), under("shortcut", buffers)];
      return add(through(shortcut, x, own, kept, mode), made);
    },
  };
}
