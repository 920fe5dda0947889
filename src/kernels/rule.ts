// What an op is to the tape: a forward that says what its backward needs, and a backward that
// returns gradients and adds nothing.
import type { DType, GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError } from "../gpu/errors.ts";

/** Whether each input's gradient is asked for, in input order. */
export type Needs = readonly boolean[];

/** Gradients by input, in input order; undefined where not asked for, or where there is none. */
export type Gradients = readonly (GpuArray | undefined)[];

/** What a forward leaves: the output, and how to get gradients from the output's. */
export interface Recorded {
  readonly out: GpuArray;
  readonly backward: (dout: GpuArray, needs: Needs) => Gradients;
}

/** An op as the tape sees it. `Inputs` are raw arrays, `Attributes` whatever else it takes. */
export interface Rule<Inputs extends readonly GpuArray[], Attributes> {
  readonly name: string;
  readonly apply: (inputs: Inputs, attributes: Attributes) => Recorded;
}

/**
 * Makes a rule from a forward and a backward that stand side by side. `saved` is what the forward
 * hands to the backward, of whatever type; the tape only keeps it.
 */
export function defineRule<Inputs extends readonly GpuArray[], Attributes, Saved>(rule: {
  readonly name: string;
  readonly forward: (
    inputs: Inputs,
    attributes: Attributes,
  ) => { readonly out: GpuArray; readonly saved: Saved };
  readonly backward: (
    dout: GpuArray,
    saved: Saved,
    attributes: Attributes,
    needs: Needs,
  ) => Gradients;
}): Rule<Inputs, Attributes> {
  return {
    name: rule.name,
    apply(inputs, attributes) {
      inputs.forEach((input, index) => {
        checkArray(rule.name, `input ${index}`, input, inputs[0]!);
      });
      const { out, saved } = rule.forward(inputs, attributes);
      return { out, backward: (dout, needs) => rule.backward(dout, saved, attributes, needs) };
    },
  };
}

/**
 * Throws unless an op can use an array beside its first input: `AttributeError` if they live on two
 * devices, `DTypeError` if it isn't of the type that the op takes there.
 */
export function checkArray(
  op: string,
  what: string,
  array: GpuArray,
  first: GpuArray,
  dtype: DType = "f32",
): void {
  if (array.device !== first.device) {
    throw new AttributeError(
      `${op}: ${what} lives on another device than input 0; read it, and upload it there`,
    );
  }
  if (array.dtype !== dtype) {
    throw new DTypeError(`${op}: ${what} must be ${dtype}; got ${array.dtype}`);
  }
}
