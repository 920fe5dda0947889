// A network: layers one after another, with all parameters in one arena and all gradients in another.
import { arrayOf, type Tensor } from "../autograd/tensor.ts";
import { checkName } from "../gpu/arguments.ts";
import { checkShape, formatShape, type GpuArray } from "../gpu/array.ts";
import { checkStored } from "../gpu/binding.ts";
import { checkDevice } from "../gpu/check-device.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import {
  anything,
  checkArgument,
  checkAttributes,
  extent,
  flag,
  needed,
  oneOf,
  type Check,
  type Checks,
} from "../kernels/attributes.ts";
import { isRng, type Rng } from "../kernels/random.ts";
import { isLayer, SIGMOID, type Layer, type Mode, type ParameterSpec } from "./layer.ts";
import { draftLayers, runLayers } from "./run-layers.ts";
import { summaryOf } from "./summary.ts";
import { layOut, type Parameter, type ParameterGroup } from "./parameters.ts";

/** A layer in a network, with its output shape (without the batch axis) and its arrays. */
export interface PlacedLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly outputShape: readonly number[];
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly buffers: Readonly<Record<string, GpuArray>>;
}

/** A stack of layers on a device. Made by `sequential`. */
export interface Network extends ParameterGroup {
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly layers: readonly PlacedLayer[];
  /** Parameters and buffers by name, such as `conv2d_1.filter`. A checkpoint saves them. */
  readonly state: ReadonlyMap<string, GpuArray>;
  readonly forward: (x: Tensor, mode: Mode) => Tensor;
  /** Returns a table of the layers, with their output shapes and their numbers of parameters. */
  readonly summary: () => string;
}

/** Returns the layers that a forward runs. */
function layersOf(layers: readonly PlacedLayer[], { logits }: Mode): readonly PlacedLayer[] {
  return logits && layers.at(-1)?.layer.kind === SIGMOID ? layers.slice(0, -1) : layers;
}

const networks = new WeakSet<object>();

/** Accepts only networks that `sequential` made. */
export const isNetwork: Check = {
  expects: "a network that sequential made",
  accepts: (value) => typeof value === "object" && value !== null && networks.has(value),
};

const isLayers: Check = {
  expects: 'a list of layers, such as [layers.dense(1), layers.apply("mine", f)]',
  accepts: (value) => Array.isArray(value) && Array.from(value).every(isLayer.accepts),
};

/** The checks of a forward's mode. */
const modeChecks: Checks<Mode> = {
  training: needed(flag),
  rng: isRng,
  track: flag,
  fuse: flag,
  logits: flag,
  batches: extent(1),
  activationType: oneOf("f32", "f16"),
  ranks: anything("the ranks that share the batch"),
};

function checkMode(name: string, mode: Mode | undefined): void {
  if (mode === undefined) {
    throw new AttributeError(
      `${name}: forward takes a mode after its input, such as { training: false }; got none`,
    );
  }
  checkAttributes<Mode>(name, mode, modeChecks);
}

/**
 * Builds a network on a device and draws its initial parameters from `rng`. `inputShape` leaves out the batch axis.
 * Throws `ShapeError` if a layer doesn't fit the one before it.
 */
export function sequential(
  device: Device,
  name: string,
  inputShape: readonly number[],
  layers: readonly Layer[],
  rng: Rng,
): Network {
  checkDevice("sequential", device);
  checkName("sequential", name);
  checkShape(name, inputShape);
  checkArgument(name, "the layers", layers, isLayers);
  checkArgument(name, "the Rng of its initial parameters", rng, isRng);
  const drafts = draftLayers(layers, inputShape);

  const all = drafts.flatMap((draft) => Object.values(draft.parameters));
  const { arena, gradients, take } = layOut(
    device,
    name,
    all.map(({ shape: own }) => own),
  );
  const parameters: Parameter[] = [];
  const state = new Map<string, GpuArray>();
  const place = (full: string, spec: ParameterSpec): Parameter => {
    const parameter = device.scope(() => take(full, spec.shape, spec.initialiser(rng, spec.shape)));
    parameters.push(parameter);
    state.set(full, parameter.tensor.array);
    return parameter;
  };
  const keep = (full: string, spec: ParameterSpec): GpuArray => {
    const array = device.persistent(spec.shape, "f32", `${name}.${full}`);
    device.scope(() => device.moveInto(spec.initialiser(rng, spec.shape), array));
    state.set(full, array);
    return array;
  };
  const placed = drafts.map((draft): PlacedLayer => {
    const build = <T>(
      specs: Readonly<Record<string, ParameterSpec>>,
      make: (full: string, spec: ParameterSpec) => T,
    ): Record<string, T> =>
      Object.fromEntries(
        Object.entries(specs).map(([key, spec]) => [key, make(`${draft.name}.${key}`, spec)]),
      );
    return {
      ...draft,
      parameters: build(draft.parameters, place),
      buffers: build(draft.buffers, keep),
    };
  });

  const network = {
    name,
    inputShape,
    outputShape: drafts.at(-1)?.outputShape ?? inputShape,
    layers: placed,
    parameters,
    arena,
    gradients,
    state,
    forward(x: Tensor, mode: Mode) {
      arrayOf(name, 0, x);
      checkMode(name, mode);
      if (formatShape(x.shape.slice(1)) !== formatShape(inputShape)) {
        throw new ShapeError(
          `${name}: takes a batch of examples ${formatShape(inputShape)}; got ${formatShape(x.shape)}`,
        );
      }
      checkStored(name, device.gpu, mode.activationType ?? "f32");
      const run = layersOf(placed, mode).map(
        ({ name: own, layer, parameters: learned, buffers }) => ({
          name: `${name}.${own}`,
          layer,
          buffers,
          tensors: Object.fromEntries(
            Object.entries(learned).map(([key, parameter]) => [key, parameter.tensor]),
          ),
        }),
      );
      return runLayers(run, x, mode);
    },
  };
  const finished: Network = { ...network, summary: () => summaryOf(network) };
  networks.add(finished);
  return finished;
}
