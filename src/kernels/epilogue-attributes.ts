// An op's epilogue and activation type as its caller writes them: activation, dropout, and bits per stored element.
import { formatShape, type GpuArray } from "../gpu/array.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { anything, checkAttributes, finite, oneOf, type Checks } from "./attributes.ts";
import type { Epilogue, EpilogueGradient } from "./epilogue.ts";
import { drawnConstants, dropoutChecks, takeStream, type DropoutAttributes } from "./random.ts";
import { constantName } from "./unary.ts";

/** What an op applies to its result after a bias: an activation, then dropout. */
export interface EpilogueAttributes {
  /** A function of each element (none). */
  readonly activation?: "relu" | "leakyRelu" | "tanh" | "sigmoid";
  /** The slope of `leakyRelu` below 0, ≥ 0 (0.3). */
  readonly alpha?: number;
  /** Dropout after the activation, which must then be relu, leakyRelu or none (none). */
  readonly dropout?: DropoutAttributes;
}

/** How a result is stored: in 32 bits, or rounded to 16 on adapters with `shader-f16`. */
export type ActivationType = "f32" | "f16";

/** Attributes of an op that has an epilogue. */
export interface OutputAttributes {
  readonly epilogue?: EpilogueAttributes;
  /** The result's type (f32). Everything is computed in f32; beyond ±65,504 an f16 is infinite. */
  readonly activationType?: ActivationType;
}

/** The checks of these attributes; `resolveEpilogue` checks what is in an epilogue. */
export const outputChecks: Checks<OutputAttributes> = {
  epilogue: anything("an epilogue: activation, alpha, dropout"),
  activationType: oneOf("f32", "f16"),
};

/** The types that an op with an epilogue takes: its first input, and its others, weights, which are never f16. */
export const STORED: readonly (readonly ActivationType[])[] = [["f32", "f16"], ["f32"]];

/** Checks an epilogue of so many elements and takes a stream for its dropout. Throws `AttributeError`. */
function resolveEpilogue(
  op: string,
  attributes: EpilogueAttributes | undefined,
  elements: number,
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
    throw new AttributeError(`${name}: alpha is only for leakyRelu; got activation ${activation}`);
  }
  const constants = {
    ...(activation === undefined ? {} : { OP: constantName(activation) }),
    ...(activation === "leakyRelu" ? { ALPHA: alpha } : {}),
  };
  if (dropout === undefined) return activation && { constants, state: undefined };
  checkAttributes<DropoutAttributes>(`${name}: dropout`, dropout, dropoutChecks);
  if (activation === "tanh" || activation === "sigmoid") {
    throw new AttributeError(
      `${name}: dropout can't follow ${activation}, whose gradient needs the dropped values; use the op dropout`,
    );
  }
  const { rate, rng, batches } = dropout;
  const STREAM = takeStream(rng);
  const mask = { DROPS: true, STREAM, RATE: rate, SCALE: 1 / (1 - rate) };
  const drawn = drawnConstants(rng, elements, batches);
  return { constants: { ...constants, ...mask, ...drawn }, state: rng.state };
}

/**
 * Calls `launch` with an op's epilogue and activation type, for a result of so many elements. Returns the result and the
 * epilogue's gradient. Throws `AttributeError`.
 */
export function withEpilogue(
  op: string,
  attributes: OutputAttributes,
  elements: number,
  launch: (epilogue: Epilogue | undefined, activationType: ActivationType) => GpuArray,
): { readonly out: GpuArray; readonly epilogueGradient: EpilogueGradient | undefined } {
  const epilogue = resolveEpilogue(op, attributes.epilogue, elements);
  const out = launch(epilogue, attributes.activationType ?? "f32");
  return { out, epilogueGradient: epilogue && { epilogue, kept: out, first: 0 } };
}

/** Throws `ShapeError` unless the bias, if there is one, has one element per output channel. */
export function checkBias(op: string, bias: GpuArray | undefined, channels: number): void {
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== channels)) {
    throw new ShapeError(
      `${op}: bias must have shape (${channels}), one element per output channel; got ${formatShape(bias.shape)}`,
    );
  }
}
