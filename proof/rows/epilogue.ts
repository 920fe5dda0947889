// Cases of ops that end in an epilogue, alone and in chains: in a chain each backward multiplies the
// derivative of the epilogue before it into its own store.
import { conv2d, convTranspose2d, dense, reshape } from "../../src/autograd/ops.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import type { EpilogueAttributes } from "../../src/kernels/epilogue-attributes.ts";
import { createRng } from "../../src/kernels/random.ts";
import { createRandom, map, randomRef, type Ref, refOf, scalar } from "../reference/array.ts";
import { sameGeometry } from "../reference/conv.ts";
import { keepMask } from "../reference/philox.ts";
import * as tape from "../reference/tape.ts";
import { leakyRelu, relu, sigmoid, tanh, type Unary } from "../reference/unary.ts";
import { type Case, close, type Refusal } from "../case.ts";

/** A layer of a chain; images are padded to 'same', and flattened before the first dense one. */
export interface Stage {
  readonly op: "conv2d" | "convTranspose2d" | "dense";
  /** Of the filter or kernel. */
  readonly shape: readonly number[];
  readonly strides?: 1 | 2;
  readonly bias?: boolean;
  readonly activation?: NonNullable<EpilogueAttributes["activation"]>;
  readonly rate?: number;
}

const ALPHA = 0.3;
const SEED = 3 * 2 ** 32 + 5;
const STEP = 2;
const FUNCTIONS: Readonly<Record<NonNullable<Stage["activation"]>, Unary>> = {
  relu,
  leakyRelu: leakyRelu(ALPHA),
  tanh,
  sigmoid,
};

const random = createRandom(29);

/** Uniform weights that keep a layer's results about as large as its inputs. */
function weights(shape: readonly number[]): Ref {
  const terms = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  return map(randomRef(shape, random), (value) => Math.fround(value / Math.sqrt(terms / 3)));
}

const outputsOf = ({ op, shape }: Stage): number =>
  op === "convTranspose2d" ? shape.at(-2)! : shape.at(-1)!;

/** A chain's inputs: x, then each stage's weights, and its bias if it has one. */
function inputsOf(x: readonly number[], stages: readonly Stage[]): Ref[] {
  return [
    randomRef(x, random),
    ...stages.flatMap((stage) => [
      weights(stage.shape),
      ...(stage.bias ? [randomRef([outputsOf(stage)], random)] : []),
    ]),
  ];
}

function run(stages: readonly Stage[], inputs: readonly Tensor[]): Tensor {
  const [x, ...rest] = inputs;
  const rng = createRng(x!.array.device, SEED, STEP);
  return stages.reduce((value, { op, strides = 1, bias, activation, rate }) => {
    const weight = rest.shift()!;
    const epilogue = {
      ...(activation === undefined ? {} : { activation }),
      ...(activation === "leakyRelu" ? { alpha: ALPHA } : {}),
      ...(rate === undefined ? {} : { dropout: { rate, rng } }),
    };
    const attributes = { ...(bias ? { bias: rest.shift()! } : {}), epilogue };
    if (op === "conv2d") return conv2d(value, weight, { strides, padding: "same", ...attributes });
    if (op === "convTranspose2d") {
      return convTranspose2d(value, weight, { strides, padding: "same", ...attributes });
    }
    return dense(reshape(value, { shape: [value.shape[0]!, -1] }), weight, attributes);
  }, x!);
}

function model(stages: readonly Stage[], inputs: readonly tape.Node[]): tape.Node {
  const [x, ...rest] = inputs;
  let stream = 0;
  return stages.reduce((value, { op, strides = 1, bias, activation, rate, shape }) => {
    const weight = rest.shift()!;
    const [batch, height, width] = value.value.shape as [number, number, number];
    const kernel = [shape[0]!, shape[1]!] as const;
    let y: tape.Node;
    if (op === "conv2d") {
      y = tape.conv(value, weight, sameGeometry([height, width], kernel, [strides, strides]));
    } else if (op === "convTranspose2d") {
      const size = [height * strides, width * strides] as const;
      y = tape.convTranspose(value, weight, sameGeometry(size, kernel, [strides, strides]), size);
    } else {
      y = tape.dense(tape.view(value, [batch, value.value.data.length / batch]), weight);
    }
    if (bias) y = tape.bias(y, rest.shift()!);
    if (activation) y = tape.activate(FUNCTIONS[activation], y);
    if (rate !== undefined) {
      const draw = { seed: [5, 3] as const, step: STEP, stream, domain: 0 };
      stream += 1;
      const extent = y.value.data.length;
      y = tape.drop(y, refOf(y.value.shape, keepMask(extent, rate, draw)), rate);
    }
    return y;
  }, x!);
}

/** Σ y · dy, through which `dy` flows into y. */
function flowing(y: tape.Node, dy: Ref): tape.Node {
  const sum = y.value.data.reduce((total, value, i) => total + value * dy.data[i]!, 0);
  return tape.node(scalar(sum), [y, (by) => map(dy, (value) => value * by.data[0]!)]);
}

/** Of what is largest in an answer: chains of two or three layers were seen 4e-7 off. */
const TOLERANCE = 2e-6;

const within = (value: Ref) =>
  close(value, TOLERANCE * Math.max(0, ...value.data.map(Math.abs)), TOLERANCE);

/** Layers one after another on x. */
export function chain(x: readonly number[], ...stages: readonly Stage[]): Case {
  const said = stages.map(({ op, shape, strides = 1, bias, activation, rate }) =>
    [
      `${op} (${shape.join(", ")})`,
      ...(strides > 1 ? [`strides ${strides}`] : []),
      ...(bias ? ["bias"] : []),
      ...(activation ? [activation] : []),
      ...(rate === undefined ? [] : [`dropout ${rate}`]),
    ].join(" "),
  );
  return {
    name: `(${x.join(", ")}) through ${said.join(", then ")}`,
    inputs: inputsOf(x, stages),
    run: (...tensors) => run(stages, tensors),
    value: (...inputs) =>
      within(
        model(
          stages,
          inputs.map((input) => tape.node(input)),
        ).value,
      ),
    gradients(dy, ...inputs) {
      const leaves = inputs.map((input) => tape.node(input));
      return tape.gradients(flowing(model(stages, leaves), dy), leaves).map(within);
    },
  };
}

/** Epilogues that an op must refuse. */
export function epilogueRefusals(
  op: Stage["op"],
  call: (device: Device, epilogue: unknown) => void,
): Refusal[] {
  const dropout = (device: Device, rate: number): object => ({
    rate,
    rng: createRng(device, 0),
  });
  const refused = (name: string, says: string, epilogue: (device: Device) => unknown): Refusal => ({
    name,
    kind: AttributeError,
    says: new RegExp(`^${op}: epilogue${says}`),
    run: (device) => call(device, epilogue(device)),
  });
  return [
    refused("an activation that there isn't", ": activation must be 'relu' or", () => ({
      activation: "gelu",
    })),
    refused("a negative slope behind", ": alpha must be", () => ({
      activation: "leakyRelu",
      alpha: -1,
    })),
    refused("a slope of no leakyRelu", ": alpha is only for leakyRelu", () => ({ alpha: 0.1 })),
    refused("a drop rate of 1 behind", ": dropout: rate must be", (device) => ({
      dropout: dropout(device, 1),
    })),
    refused("dropout behind tanh", ": dropout can't follow tanh", (device) => ({
      activation: "tanh",
      dropout: dropout(device, 0.5),
    })),
  ];
}
