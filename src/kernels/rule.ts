// What an op is to the tape: a forward that says what its backward needs, and a backward that
// returns gradients and adds nothing.
import { GpuArray, type DType } from "../gpu/array.ts";
import { AttributeError, DTypeError } from "../gpu/errors.ts";
import { checkAttributes, show, type Checks } from "./attributes.ts";

/** The types that an op may take which moves elements and computes nothing: all of 32 bits. */
export const WORDS: readonly DType[] = ["f32", "i32", "u32"];

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
 * Makes a rule from a forward and a backward that stand side by side. `attributes` says what each may
 * be; `takes` says of which types each input may be (f32 unless given; the last one holds for all
 * inputs after it). `saved` is what the forward hands to the backward; the tape only keeps it.
 */
export function defineRule<Inputs extends readonly GpuArray[], Attributes, Saved>(rule: {
  readonly name: string;
  readonly attributes: Checks<NoInfer<Attributes>>;
  readonly takes?: readonly (readonly DType[])[];
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
  const { takes = [["f32"]] } = rule;
  return {
    name: rule.name,
    apply(inputs, attributes) {
      inputs.forEach((input, index) => {
        const dtypes = takes[Math.min(index, takes.length - 1)]!;
        checkArray(rule.name, `input ${index}`, input, inputs[0]!, dtypes);
      });
      checkAttributes(rule.name, attributes, rule.attributes);
      const { out, saved } = rule.forward(inputs, attributes);
      return { out, backward: (dout, needs) => rule.backward(dout, saved, attributes, needs) };
    },
  };
}

/**
 * Throws unless an op can use an array beside its first input: `AttributeError` if they live on two
 * devices, `DTypeError` if it isn't of a type that the op takes there.
 */
export function checkArray(
  op: string,
  what: string,
  array: GpuArray,
  first: GpuArray,
  dtypes: readonly DType[] = ["f32"],
): void {
  if (!(array instanceof GpuArray)) {
    throw new DTypeError(`${op}: ${what} must be an array on a device; got ${show(array)}`);
  }
  if (array.device !== first.device) {
    throw new AttributeError(
      `${op}: ${what} lives on another device than input 0; read it, and upload it there`,
    );
  }
  if (!dtypes.includes(array.dtype)) {
    throw new DTypeError(`${op}: ${what} must be ${dtypes.join(" or ")}; got ${array.dtype}`);
  }
}
