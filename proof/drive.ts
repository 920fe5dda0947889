// Runs a case of the op table on a device in every way that must give the same bits: eagerly, repeated, with launches
// laid out in two dimensions, and as a program whose temporaries start as NaN.
import type { Device } from "../src/gpu/device.ts";
import type { Dispatch } from "../src/gpu/dispatch.ts";
import { compile } from "../src/gpu/program.ts";
import { vectorJacobianArrays } from "../src/autograd/backward.ts";
import { Tensor, variable } from "../src/autograd/tensor.ts";
import type { DType, GpuArray } from "../src/gpu/array.ts";
import { createRandom, randomRef, type Ref } from "./reference/array.ts";
import { compareWhole } from "./reference/compare.ts";
import { gradientError } from "./reference/finite-differences.ts";
import { type Case, upload, uploadInputs } from "./case.ts";
import { guarded, SLACK, withSlack } from "./guard.ts";

/** The output's elements, then each input's gradient's. */
type Bits = readonly (Float32Array | Int32Array | Uint32Array)[];

/** What is wrong with a case, in words (nothing, if none), and what it launched. */
export interface Verdict {
  readonly problems: readonly string[];
  readonly dispatches: readonly Dispatch[];
}

/** Whether gradients flow to arrays of a type. */
const isFloat = (dtype: DType): boolean => dtype === "f32" || dtype === "f16";

/** The gradient that flows into a case's output: signed, and the same each time. */
export function flowOf({ inputs, value }: Case): Ref {
  return randomRef(value(...inputs).value.shape, createRandom(5));
}

/** Runs a case forwards and backwards, as launches on arrays that are already on the device. */
export function launchCase(
  each: Case,
  inputs: readonly GpuArray[],
  dy: GpuArray,
): { y: GpuArray; gradients: GpuArray[] } {
  const tensors = inputs.map((input) =>
    input.dtype === "f32" ? variable(input) : new Tensor(input, isFloat(input.dtype)),
  );
  const y = each.run(...tensors);
  const tracked = isFloat(y.array.dtype) ? tensors.filter((tensor) => tensor.tracked) : [];
  return { y: y.array, gradients: tracked.length ? vectorJacobianArrays(y, dy, tracked) : [] };
}

/** The output alone (0), or the gradient of one input alone (from 1). */
function launchOne(each: Case, inputs: readonly GpuArray[], dy: GpuArray, which: number): GpuArray {
  const floats = inputs.filter(({ dtype }) => isFloat(dtype));
  const tensors = inputs.map((input) => new Tensor(input, input === floats[which - 1]));
  const y = each.run(...tensors);
  if (which === 0) return y.array;
  const wanted = tensors.find((tensor) => tensor.tracked)!;
  return vectorJacobianArrays(y, dy, [wanted])[0]!;
}

/**
 * What a case launches for its output alone, and for each gradient alone, with the fewest workgroups a
 * dimension in which all of that can still be laid out. Runs nothing.
 */
export function narrowly(
  device: Device,
  each: Case,
): { launch: () => GpuArray; dispatches: readonly Dispatch[]; limit: number }[] {
  const inputs = uploadInputs(device, each);
  const dy = upload(device, flowOf(each));
  const outputs = 1 + each.gradients(flowOf(each), ...each.inputs).length;
  return Array.from({ length: outputs }, (_, which) => {
    const launch = (): GpuArray => launchOne(each, inputs, dy, which);
    const { dispatches } = device.record(each.name, () => void launch());
    return { launch, dispatches, limit: narrowestLimit(dispatches) };
  });
}

/** Records what a case launches, and runs nothing. */
export function recordCase(device: Device, each: Case): readonly Dispatch[] {
  const inputs = uploadInputs(device, each);
  const dy = upload(device, flowOf(each));
  return device.record(each.name, () => void launchCase(each, inputs, dy)).dispatches;
}

/** Runs a case in every way on the device, and compares it with itself and with its answers. */
export async function judge(device: Device, each: Case, slack: number = SLACK): Promise<Verdict> {
  return withSlack(device, slack, () => judgeWithSlack(device, each));
}

async function judgeWithSlack(device: Device, each: Case): Promise<Verdict> {
  const flow = flowOf(each);
  const inputs = uploadInputs(device, each);
  const dy = upload(device, flow);
  const problems: string[] = [];
  const eager = async (): Promise<Bits> => {
    const { result, strays } = await guarded(
      device,
      () => {
        const own = uploadInputs(device, each);
        return launchCase(each, own, upload(device, flow));
      },
      ({ y, gradients }) => Promise.all([y, ...gradients].map(bitsOf)),
    );
    problems.push(...strays.map((label) => `something wrote outside ${label}`));
    return result;
  };
  const bits = await eager();
  problems.push(...disagreements(each, flow, bits));
  const same = (way: string, other: Bits): void => {
    const off = other.findIndex((array, i) => !sameBits(array, bits[i]!));
    if (off >= 0) problems.push(`${nameOf(off)} has other bits ${way}`);
  };
  same("the second time", await eager());
  same("as a program", await asProgram(device, each, inputs, dy));
  const twoDimensional = narrowly(device, each).map(({ launch, limit }) =>
    bitsOf(atLimit(device, limit, launch)),
  );
  same("in two dimensions", await Promise.all(twoDimensional));
  return { problems, dispatches: recordCase(device, each) };
}

async function bitsOf(array: GpuArray): Promise<Bits[number]> {
  if (array.dtype === "u32") return array.read("u32");
  if (array.dtype === "i32") return array.read("i32");
  return array.dtype === "f16" ? array.read("f16") : array.read();
}

function disagreements(each: Case, flow: Ref, bits: Bits): string[] {
  const answers = [each.value(...each.inputs), ...each.gradients(flow, ...each.inputs)];
  return answers.flatMap(({ value, compare }, i) => {
    const found = bits[i]!;
    // An integer is right or wrong, and float32, in which answers are compared, can't tell large ones apart.
    const { why } = found instanceof Float32Array ? compare(found) : compareWhole(found, value);
    return why === undefined ? [] : [`${nameOf(i)}${why}`];
  });
}

const nameOf = (index: number): string => (index === 0 ? "the output" : `gradient ${index - 1}`);

function sameBits(a: Bits[number], b: Bits[number]): boolean {
  const [x, y] = [new Uint32Array(a.slice().buffer), new Uint32Array(b.slice().buffer)];
  return x.length === y.length && x.every((word, i) => word === y[i]);
}

async function asProgram(
  device: Device,
  each: Case,
  inputs: readonly GpuArray[],
  dy: GpuArray,
): Promise<Bits> {
  const program = await compile(device, each.name, () => {
    const { y, gradients } = launchCase(each, inputs, dy);
    return { y, ...Object.fromEntries(gradients.map((array, i) => [`d${i}`, array])) };
  });
  await program.run({ poison: true });
  return Promise.all(Object.values<GpuArray>(program.outputs).map(bitsOf));
}

/** The fewest workgroups a dimension in which every one of some dispatches can still be laid out. */
function narrowestLimit(dispatches: readonly Dispatch[]): number {
  const needs = dispatches.map(({ workgroups: [x, y, z] }) =>
    Math.max(Math.ceil(Math.sqrt(x * y)), z),
  );
  return Math.max(1, ...needs);
}

function atLimit<T>(device: Device, limit: number, body: () => T): T {
  const before = device.maxWorkgroups;
  device.maxWorkgroups = limit;
  try {
    return body();
  } finally {
    device.maxWorkgroups = before;
  }
}

/** How far a case's float64 gradients are from central differences of its float64 value. */
export function referenceError({ inputs, dtypes, value, gradients }: Case): number {
  const floating = (i: number): boolean => isFloat(dtypes?.[i] ?? "f32");
  const floats = inputs.filter((_, i) => floating(i));
  const all = (at: readonly Ref[]): Ref[] => {
    const left = [...at];
    return inputs.map((input, i) => (floating(i) ? left.shift()! : input));
  };
  return gradientError(
    (...at) => value(...all(at)).value,
    (dy, ...at) => gradients(dy, ...all(at)).map((answer) => answer.value),
    floats,
  );
}
