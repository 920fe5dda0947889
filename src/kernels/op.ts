// What an op is to the tape: a forward that says what its backward needs, and a backward that
// returns gradients and adds nothing.
import { checkGpuArray } from "../gpu/arguments.ts";
import type { DType, GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError } from "../gpu/errors.ts";
import { checkAttributes, type Checks } from "./attributes.ts";
import type { EpilogueGradient } from "./epilogue.ts";

/** The types that an op may take which moves elements and computes nothing: all of 32 bits. */
export const WORDS: readonly DType[] = ["f32", "i32", "u32"];

/** Whether each input's gradient is asked for, in input order. */
export type Needs = readonly boolean[];

/** Gradients by input, in input order; undefined where not asked for, or where there is none. */
export type Gradients = readonly (GpuArray | undefined)[];

/** The epilogue gradients of inputs that a backward may take in its own stores, in input order. */
export type EpilogueGradients = readonly (EpilogueGradient | undefined)[];

/** What a forward leaves: the output, and how to get gradients from the output's. */
export interface Recorded {
  readonly out: GpuArray;
  /** The way back through the epilogue that the output has had; `backward` takes what flows before it. */
  readonly epilogueGradient: EpilogueGradient | undefined;
  /** Which inputs' epilogue gradients `backward` can take. */
  readonly takesEpilogueGradients: readonly number[];
  readonly backward: (
    dout: GpuArray,
    needs: Needs,
    epilogueGradients?: EpilogueGradients,
  ) => Gradients;
  /** Returns what it would have left for some rows of its first input, without an epilogue: views, nothing computed. */
  readonly rows: ((first: number, count: number) => Recorded) | undefined;
}

/** An op as the tape sees it. `Inputs` are raw arrays, `Attributes` whatever else it takes. */
export interface Op<Inputs extends readonly GpuArray[], Attributes> {
  readonly name: string;
  readonly apply: (inputs: Inputs, attributes: Attributes) => Recorded;
}

/**
 * Makes an op from a forward and a backward that stand side by side. `attributes` says what each may
 * be; `takes` says of which types each input may be (f32 unless given; the last one holds for all
 * inputs after it). `saved` is what the forward hands to the backward; the tape only keeps it.
 *
 * For gradients that need no launch of their own: a forward that ends in an epilogue also hands out its
 * `epilogueGradient`; `takesEpilogueGradients` names the inputs whose epilogue gradients the backward takes in its stores; `rows` gives what the
 * forward would have saved and made for some rows of its first input, for ops that treat rows apart.
 */
export function defineOp<Inputs extends readonly GpuArray[], Attributes, Saved>(op: {
  readonly name: string;
  readonly attributes: Checks<NoInfer<Attributes>>;
  readonly takes?: readonly (readonly DType[])[];
  readonly takesEpilogueGradients?: readonly number[];
  readonly forward: (
    inputs: Inputs,
    attributes: Attributes,
  ) => {
    readonly out: GpuArray;
    readonly saved: Saved;
    readonly epilogueGradient?: EpilogueGradient | undefined;
  };
  readonly backward: (
    dout: GpuArray,
    saved: Saved,
    attributes: Attributes,
    needs: Needs,
    epilogueGradients: EpilogueGradients,
  ) => Gradients;
  readonly rows?: (
    saved: NoInfer<Saved>,
    out: GpuArray,
    first: number,
    count: number,
  ) => { readonly out: GpuArray; readonly saved: NoInfer<Saved> };
}): Op<Inputs, Attributes> {
  const { takes = [["f32"]], rows, takesEpilogueGradients: taken = [] } = op;
  return {
    name: op.name,
    apply(inputs, attributes) {
      inputs.forEach((input, index) => {
        const dtypes = takes[Math.min(index, takes.length - 1)]!;
        checkArray(op.name, `input ${index}`, input, inputs[0]!, dtypes);
      });
      checkAttributes(op.name, attributes, op.attributes);
      const record = (
        out: GpuArray,
        saved: Saved,
        epilogueGradient: EpilogueGradient | undefined,
      ): Recorded => ({
        out,
        epilogueGradient,
        takesEpilogueGradients: taken,
        backward: (dout, needs, epilogueGradients = []) =>
          op.backward(dout, saved, attributes, needs, epilogueGradients),
        rows: rows
          ? (first, count) => {
              const part = rows(saved, out, first, count);
              return record(part.out, part.saved, undefined);
            }
          : undefined,
      });
      const { out, saved, epilogueGradient } = op.forward(inputs, attributes);
      return record(out, saved, epilogueGradient);
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
  checkGpuArray(op, what, array);
  if (array.device !== first.device) {
    throw new AttributeError(
      `${op}: ${what} lives on another device than input 0; read it, and upload it there`,
    );
  }
  if (!dtypes.includes(array.dtype)) {
    throw new DTypeError(`${op}: ${what} must be ${dtypes.join(" or ")}; got ${array.dtype}`);
  }
}
