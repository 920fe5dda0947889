// The parts of a row of the op table: cases with float64 answers and how far a device may be from them, and calls that
// must be refused.
import type { GpuArray } from "../src/gpu/array.ts";
import type { Device } from "../src/gpu/device.ts";
import type { LonghandError } from "../src/gpu/errors.ts";
import { Tensor } from "../src/autograd/tensor.ts";
import { abs, type Ref, toF32 } from "./reference/array.ts";
import {
  compareBySteps,
  type Comparison,
  compareToOracle,
  compareToTerms,
} from "./reference/compare.ts";

/** A float64 value, and what is allowed of a float32 one. */
export interface Answer {
  readonly value: Ref;
  readonly compare: (actual: ArrayLike<number>) => Comparison;
}

/** What a case's inputs may hold. */
export type InputType = "f32" | "i32" | "u32" | "f16";

/** One call of an op. */
export interface Case {
  readonly name: string;
  /** Exactly representable in float32, so that device and reference get the same. */
  readonly inputs: readonly Ref[];
  /** The inputs' types, where one isn't f32; integers have no gradient. */
  readonly dtypes?: readonly InputType[];
  readonly run: (...inputs: Tensor[]) => Tensor;
  readonly value: (...inputs: Ref[]) => Answer;
  /** The answer for the gradient of each input of floats, given the output's; none if that is of integers. */
  readonly gradients: (dy: Ref, ...inputs: Ref[]) => readonly Answer[];
  /** False at kinks, poles and NaN, where central differences can't check the reference. */
  readonly smooth?: boolean;
  /** Shaders that can't run as tiles in this case, even when told to. */
  readonly untiled?: readonly string[];
  /**
   * False where tiles would prove nothing that another case doesn't: lavapipe compiles a tile for a
   * second or two. With LONGHAND_SOAK set every case runs in every variant.
   */
  readonly tiles?: boolean;
  /** True where tiles whose loads lanes share are proved as well, or the kernels that can't do so here. */
  readonly lanes?: true | readonly string[];
  /**
   * True if tiles through workgroup memory are proved as well, in all their shapes. They compile for as long again, so
   * a chain of several heavy kernels is proved in `one` shape, except in the soak.
   */
  readonly workgroup?: boolean | "one";
  /** The kernels that must run as sums shared by lanes, in some launch, where those are proved as well. */
  readonly split?: readonly string[];
  /** True if every row that the case reduces is contiguous, so that subgroups can reduce all of them. */
  readonly subgroup?: boolean;
}

/** A call that must throw, in one line, before it launches anything. */
export interface Refusal {
  readonly name: string;
  readonly kind: new (message: string) => LonghandError;
  readonly says: RegExp;
  readonly run: (device: Device) => unknown;
}

/** Everything that proves one op. */
export interface Row {
  readonly cases: readonly Case[];
  /** A type that the first input may not be of. Default i32. */
  readonly refuses?: "i32" | "u8" | "f32";
  readonly refusals: readonly Refusal[];
}

/** No error at all: data movement, relu, and whatever else never rounds. */
export function exactly(value: Ref): Answer {
  return withinUlp(value, 0);
}

/** Within so many float32 steps. */
export function withinUlp(value: Ref, steps: number): Answer {
  const tolerance = { type: "ulp", value: steps } as const;
  return { value, compare: (actual) => compareToOracle(actual, value, tolerance) };
}

/** Within so many float32 steps, or less than a normal float32 away: subnormal results may be flushed to 0. */
export function withinUlpOrFlushed(value: Ref, steps: number): Answer {
  return { value, compare: (actual) => compareBySteps(actual, value, steps) };
}

/** |error| ≤ atol + rtol·|expected|. */
export function close(value: Ref, atol: number, rtol: number): Answer {
  const tolerance = { type: "atol_rtol", atol, rtol } as const;
  return { value, compare: (actual) => compareToOracle(actual, value, tolerance) };
}

/** |error| ≤ 16 · 2⁻²⁴ · Σ|terms|: sums, products, convolutions and their gradients. */
export function sumOf(value: Ref, terms: Ref): Answer {
  return { value, compare: (actual) => compareToTerms(actual, value, terms) };
}

/** `sumOf` for an op whose Σ|terms| is the op itself on absolute values. */
export function ofTerms(op: (...inputs: Ref[]) => Ref, ...inputs: Ref[]): Answer {
  return sumOf(op(...inputs), abs(op(...inputs.map(abs))));
}

/** `ofTerms` for an op with several results. */
export function eachOfTerms(op: (...inputs: Ref[]) => readonly Ref[], ...inputs: Ref[]): Answer[] {
  const terms = op(...inputs.map(abs));
  return op(...inputs).map((value, i) => sumOf(value, abs(terms[i]!)));
}

/** Puts a reference array on a device. */
export function upload(device: Device, x: Ref, dtype: InputType = "f32"): GpuArray {
  if (dtype === "i32") return device.upload(Int32Array.from(x.data), x.shape, dtype);
  if (dtype === "u32") return device.upload(Uint32Array.from(x.data), x.shape, dtype);
  return device.upload(toF32(x), x.shape, dtype);
}

/** A case's inputs on a device. */
export function uploadInputs(device: Device, { inputs, dtypes }: Case): GpuArray[] {
  return inputs.map((input, i) => upload(device, input, dtypes?.[i]));
}

/**
 * Makes refusals of some ops of one tensor: calls whose errors must start with the op's name, and go on
 * as said. By Reflect: callers without types get these errors too.
 */
export function refuser<Name extends string>(
  ops: Readonly<Record<Name, (x: Tensor, attributes: never) => Tensor>>,
): (
  op: Name,
  name: string,
  kind: Refusal["kind"],
  says: string,
  attributes: object,
  shape?: readonly number[],
) => Refusal {
  return (op, name, kind, says, attributes, shape = [2, 6, 5, 4]) => ({
    name,
    kind,
    says: new RegExp(`^${op}: ${says}`),
    run: (device) =>
      Reflect.apply(ops[op], undefined, [new Tensor(device.empty(shape)), attributes]),
  });
}
