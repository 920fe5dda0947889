// What an op is to the tape: a forward that says what its backward needs, and a backward that
// returns gradients and adds nothing.
import type { GpuArray } from "../gpu/array.ts";

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
      const { out, saved } = rule.forward(inputs, attributes);
      return { out, backward: (dout, needs) => rule.backward(dout, saved, attributes, needs) };
    },
  };
}
