// What an op is to the tape: a forward that saves what its backward needs, and a backward that returns gradients. Only
// the tape adds gradients up.
import { checkGpuArray } from "../gpu/arguments.ts";
import type { DType, GpuArray } from "../gpu/array.ts";
import { AttributeError, DTypeError } from "../gpu/errors.ts";
import { checkAttributes, type Checks } from "./attributes.ts";
import type { EpilogueGradient } from "./epilogue.ts";

/** The types of ops that move elements and compute nothing: all 32-bit types. */
export const WORDS: readonly DType[] = ["f32", "i32", "u32"];

/** Whether each input's gradient is asked for, in input order. */
export type Needs = readonly boolean[];

/** Gradients in input order; undefined if not asked for, or if the input has none. */
export type Gradients = readonly (GpuArray | undefined)[];

/** The epilogue gradients of inputs that a backward can apply in its own stores, in input order. */
export type EpilogueGradients = readonly (EpilogueGradient | undefined)[];

/** What a forward returns: the output, and how to compute gradients from the output's. */
export interface Recorded {
  readonly out: GpuArray;
  /** The way back through the output's epilogue, if it has one; `backward` then takes the gradient before it. */
  readonly epilogueGradient: EpilogueGradient | undefined;
  /** The inputs whose epilogue gradients `backward` can apply. */
  readonly takesEpilogueGradients: readonly number[];
  readonly backward: (
    dout: GpuArray,
    needs: Needs,
    epilogueGradients?: EpilogueGradients,
  ) => Gradients;
  /** Returns, as views, what the forward of some rows of its first input would return without an epilogue. */
  readonly rows: ((first: number, count: number) => Recorded) | undefined;
  /** Whether rows of the first input that are in one group affect each other. */
  readonly groupsRows: boolean;
}

/** An op as the tape sees it. `Inputs` are raw arrays; `Attributes` are everything else that it takes. */
export interface Op<Inputs extends readonly GpuArray[], Attributes> {
  readonly name: string;
  readonly apply: (inputs: Inputs, attributes: Attributes) => Recorded;
}

/**
 * Makes an op from a forward and a backward. `attributes` holds the check of each attribute. `takes` lists the types
 * that each input may have (f32 unless given); its last entry holds for all further inputs. The forward passes `saved`
 * to the backward; the tape only keeps it.
 *
 * Three members save launches. A forward that ends in an epilogue also returns its `epilogueGradient`.
 * `takesEpilogueGradients` lists the inputs whose epilogue gradients the backward applies in its own stores. `rows`
 * returns what the forward would have computed and saved for some rows of its first input; it is for ops that treat
 * rows separately, or groups of them: such an op has `groupsRows` set, and throws `AttributeError` on rows that cut a
 * group.
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
  readonly groupsRows?: boolean;
}): Op<Inputs, Attributes> {
  const { takes = [["f32"]], rows, groupsRows = false, takesEpilogueGradients: taken = [] } = op;
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
        groupsRows,
      });
      const { out, saved, epilogueGradient } = op.forward(inputs, attributes);
      return record(out, saved, epilogueGradient);
    },
  };
}

/**
 * Throws unless an op can use an array together with its first input: `AttributeError` if they are on different
 * devices, `DTypeError` if the op doesn't take the array's type.
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
      `${op}: ${what} must be on the same device as input 0; copy with read and upload`,
    );
  }
  if (!dtypes.includes(array.dtype)) {
    throw new DTypeError(
      `${op}: ${what} must be ${dtypes.join(" or ")}; got ${array.dtype}${castTo(dtypes[0]!, array.dtype)}`,
    );
  }
}

/** Returns how to convert an input; `u8` has no conversions. */
function castTo(to: DType, from: DType): string {
  return to === "u8" || from === "u8" ? "" : `: write cast(x, { to: "${to}" })`;
}
