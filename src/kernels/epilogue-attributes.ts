// How an op finishes its result, as its caller writes it: which activation, whether dropout comes behind, and in
// how many bits it is stored.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { anything, checkAttributes, finite, oneOf, type Checks } from "./attributes.ts";
import type { Epilogue, EpilogueGradient } from "./epilogue.ts";
import { dropoutChecks, takeStream, type DropoutAttributes } from "./random.ts";
import { constantName } from "./unary.ts";

/** What an op applies to its result, after a bias: an activation, then dropout. */
export interface EpilogueAttributes {
  /** A function of each element (none). */
  readonly activation?: "relu" | "leakyRelu" | "tanh" | "sigmoid";
  /** The slope of `leakyRelu` below 0, ≥ 0 (0.3). */
  readonly alpha?: number;
  /** Dropout behind the activation, which is relu, leakyRelu or none then (none). */
  readonly dropout?: DropoutAttributes;
}

/** How a result is stored: in 32 bits, or rounded to 16, for adapters with `shader-f16`. */
export type ActivationType = "f32" | "f16";

/** Attributes of an op that has an epilogue. */
export interface OutputAttributes {
  readonly epilogue?: EpilogueAttributes;
  /** The result's type (f32). All is computed in f32; past ±65,504 an f16 is infinite. */
  readonly activationType?: ActivationType;
}

/** How an op says what these may be; `resolveEpilogue` checks what is in an epilogue. */
export const outputChecks: Checks<OutputAttributes> = {
  epilogue: anything("an epilogue: activation, alpha, dropout"),
  activationType: oneOf("f32", "f16"),
};

/** What an op with an epilogue takes as its first input, and as its others: weights, which aren't stored as f16. */
export const STORED: readonly (readonly ActivationType[])[] = [["f32", "f16"], ["f32"]];

/** Checks an epilogue and takes its stream; nothing for nothing. Throws `AttributeError`. */
function resolveEpilogue(
  op: string,
  attributes: EpilogueAttributes | undefined,
): Epilogue | undefined {
  if (attributes === undefined) return undefined;
  const name = `${op}: epilogue`;
  checkAttributes<EpilogueAttributes>(name, attributes, {
    activation: oneOf("relu", "leakyRelu", "tanh", "sigmoid"),
    alpha: finite(0),
    dropout: anything("a rate and an Rng"),
  });
  const { activation, alpha = 0.3, dropout } = attributes;
  if (attributes.alpha !== undefined && activation !== "leakyRelu") {
    throw new AttributeError(`${name}: alpha is leakyRelu's; got activation ${activation}`);
  }
  const constants = {
    ...(activation === undefined ? {} : { OP: constantName(activation) }),
    ...(activation === "leakyRelu" ? { ALPHA: alpha } : {}),
  };
  if (dropout === undefined) return activation && { constants, state: undefined };
  checkAttributes<DropoutAttributes>(`${name}: dropout`, dropout, dropoutChecks);
  if (activation === "tanh" || activation === "sigmoid") {
    throw new AttributeError(
      `${name}: dropout behind ${activation} needs what it drops to go back; use the op dropout`,
    );
  }
  const { rate, rng } = dropout;
  const STREAM = takeStream(rng);
  const mask = { DROPS: true, STREAM, RATE: rate, SCALE: 1 / (1 - rate) };
  return { constants: { ...constants, ...mask }, state: rng.state };
}

/** What `launch` makes with an op's epilogue and stores as asked, and the way back. Throws `AttributeError`. */
export function withEpilogue(
  op: string,
  attributes: OutputAttributes,
  launch: (epilogue: Epilogue | undefined, activationType: ActivationType) => GpuArray,
): { readonly out: GpuArray; readonly epilogueGradient: EpilogueGradient | undefined } {
  const epilogue = resolveEpilogue(op, attributes.epilogue);
  const out = launch(epilogue, attributes.activationType ?? "f32");
  return { out, epilogueGradient: epilogue && { epilogue, kept: out, first: 0 } };
}

/** Throws `ShapeError` unless the bias, if there is one, has an element for each output channel. */
export function checkBias(op: string, bias: GpuArray | undefined, channels: number): void {
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== channels)) {
    throw new ShapeError(
      `${op}: bias must be (${channels}), one for each output channel; got ${formatShape(bias.shape)}`,
    );
  }
}
