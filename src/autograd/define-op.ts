// Custom ops: from a shader's text and its forward and backward launches, makes a function of tensors.
import { checkGpuArray, checkName } from "../gpu/arguments.ts";
import { isPlain } from "../gpu/options.ts";
import { formatShape, type DType, type GpuArray } from "../gpu/array.ts";
import { wordsIntoBinding } from "../gpu/binding.ts";
import type { Device } from "../gpu/device.ts";
import { AttributeError, ShapeError } from "../gpu/errors.ts";
import { quote, show } from "../gpu/foreign-text.ts";
import { bindingsOf, type Constant } from "../gpu/shader.ts";
import {
  anything,
  callback,
  checkArgument,
  checkAttributes,
  finite,
  flag,
  needed,
  whole,
  type Check,
} from "../kernels/attributes.ts";
import { defineOp as opOf, type Gradients, type Needs } from "../kernels/op.ts";
import { apply, tensorOf, type Tensor } from "./tensor.ts";

/** One launch of an entry point. */
export interface KernelCall {
  /** The arrays to bind, by the names of the shader's storage variables. */
  readonly bind: Readonly<Record<string, GpuArray>>;
  /** How many invocations are needed, in workgroups of 64: usually one per element of the output. */
  readonly count: number;
  /** Values for the shader's lines `const NAME = …;`, by name. */
  readonly constants?: Readonly<Record<string, Constant>>;
  /** Floating-point operations, for plans and profiles (0). */
  readonly flop?: number;
}

/** What `forward` and `backward` work with. */
export interface Kernels {
  /** Returns a new array with undefined contents, of type f32 unless `dtype` is given. */
  readonly empty: (shape: readonly number[], dtype?: DType) => GpuArray;
  /** Launches an entry point of the op's shader, or records it in the program that is being traced. */
  readonly launch: (entry: string, call: KernelCall) => void;
}

/** Attribute values: numbers, booleans and strings. */
export type AttributeValues = Readonly<Record<string, number | boolean | string>>;

type Arrays<Names extends readonly string[]> = { readonly [I in keyof Names]: GpuArray };
type Tensors<Names extends readonly string[]> = { readonly [I in keyof Names]: Tensor };

/** The definition of an op, for `defineOp`. */
export interface OpDefinition<
  Names extends readonly string[],
  Attributes extends AttributeValues,
  Saved,
> {
  /** The name that errors and profiles use. */
  readonly name: string;
  /** The text of its shader, which may end in lines such as `// appended: lib/invocation.wgsl`. */
  readonly wgsl: string;
  /** The names of its tensors, in the order of its arguments. Errors use them. */
  readonly inputs: Names;
  /** The types of the tensors that aren't f32, by name. Gradients flow only to f32. */
  readonly dtypes?: Readonly<Partial<Record<Names[number], DType>>>;
  /** Its attributes with their defaults. A value must be of its default's kind, and a number must be finite. */
  readonly attributes?: Attributes;
  /** Launches the kernels that compute the output. `saved` is what `backward` needs. */
  readonly forward: (
    kernels: Kernels,
    inputs: Arrays<Names>,
    attributes: Attributes,
  ) => { readonly out: GpuArray; readonly saved: Saved };
  /**
   * Returns the gradient of each input, given the output's; undefined for an input that gets none. An op without
   * `backward` has no gradients.
   */
  readonly backward?: (
    kernels: Kernels,
    dout: GpuArray,
    saved: Saved,
    attributes: Attributes,
    needs: Needs,
  ) => Gradients;
}

/** An op that `defineOp` made. It takes its tensors, then its attributes. */
export type DefinedOp<Names extends readonly string[], Attributes> = (
  ...args: [...tensors: Tensors<Names>, attributes?: Partial<Attributes>]
) => Tensor;

/**
 * Makes a custom differentiable op from a shader. Eager code launches it, compiled programs record and replay it, and
 * `grad` flows through it, as with the library's own ops. `checkGradients` shows whether its backward is right.
 *
 * In the shader, storage variables are `@group(0) @binding(n) var<storage, read | read_write> name: array<f32>`, each
 * with a binding of its own in the whole file. A constant specialises the line `const COUNT = 1u;` of its name. With
 * `// appended: lib/invocation.wgsl` at its end, an entry point `@compute @workgroup_size(64) fn forward(at: Invocation)`
 * finds its element by `flat_index(at)`, which may be past the last one.
 * Throws: `AttributeError` on an invalid definition. A call of the op throws if its tensors, its attributes, or its
 * names of bindings, constants and entry points are wrong.
 */
export function defineOp<
  const Names extends readonly string[],
  Attributes extends AttributeValues = Readonly<Record<never, never>>,
  Saved = undefined,
>(definition: OpDefinition<Names, Attributes, Saved>): DefinedOp<Names, Attributes>;
export function defineOp(
  definition: OpDefinition<readonly string[], AttributeValues, unknown>,
): (...args: readonly unknown[]) => Tensor {
  checkDefinition(definition);
  const { name, inputs, dtypes = {}, forward, backward, attributes: defaults = {} } = definition;
  const op = opOf({
    name,
    attributes: Object.fromEntries(
      Object.entries(defaults).map(([key, value]) => [key, checkFor(value)]),
    ),
    takes: inputs.map((input) => [dtypes[input] ?? "f32"]),
    forward(arrays: readonly GpuArray[], given: AttributeValues) {
      const kernels = kernelsOf(definition, arrays[0]!.device);
      const attributes = { ...defaults, ...given };
      const { out, saved } = forward(kernels, arrays, attributes);
      return { out, saved: { kernels, own: saved, arrays, attributes } };
    },
    backward(dout, { kernels, own, arrays, attributes }, _given, needs) {
      const found = backward?.(kernels, dout, own, attributes, needs) ?? [];
      checkGradientShapes(name, inputs, found, arrays);
      return found;
    },
  });
  return (...args) => {
    const tensors = inputs.map((_, index) => tensorOf(name, index, args[index]));
    if (args.length > inputs.length + 1) {
      throw new AttributeError(
        `${name}: takes ${inputs.join(", ")} and attributes; got ${args.length} arguments`,
      );
    }
    const arrays = tensors.map(({ array }) => array);
    return apply(op, tensors, arrays, attributesOf(name, args[inputs.length]));
  };
}

/** Returns the check of an attribute, by the kind of its default. */
function checkFor(value: number | boolean | string): Check {
  if (typeof value === "number") return finite();
  return typeof value === "boolean" ? flag : word;
}

const word: Check = { expects: "a string", accepts: (value) => typeof value === "string" };

/** Returns the attributes of a call; the op checks each. Throws `AttributeError` unless they are an object. */
function attributesOf(op: string, given: unknown = {}): AttributeValues {
  if (isPlain(given)) return { ...given };
  throw new AttributeError(`${op}: attributes must be an object; got ${show(given)}`);
}

function checkDefinition(
  definition: OpDefinition<readonly string[], AttributeValues, unknown>,
): void {
  checkAttributes<object>("defineOp", definition, {
    name: needed(anything("a name")),
    wgsl: needed(word),
    inputs: needed({
      expects: "a list of one name or more",
      accepts: (value) =>
        Array.isArray(value) && value.length > 0 && Array.from(value).every(word.accepts),
    }),
    dtypes: { expects: "an object of types by input name", accepts: isPlain },
    attributes: {
      expects: "an object of defaults by name: numbers, booleans or strings",
      accepts: (value: unknown) =>
        isPlain(value) &&
        Object.values(value).every((each) => ["number", "boolean", "string"].includes(typeof each)),
    },
    forward: needed(callback),
    backward: callback,
  });
  checkName("defineOp", definition.name);
}

/** Returns the functions with which an op launches its shader on a device. */
function kernelsOf(
  { name, wgsl }: Pick<OpDefinition<readonly string[], AttributeValues, unknown>, "name" | "wgsl">,
  device: Device,
): Kernels {
  const shader = device.pipelines.add(name, wgsl);
  const declared = new Set(bindingsOf(wgsl).map((binding) => binding.name));
  return {
    empty: (shape, dtype = "f32") => device.empty(shape, dtype, name),
    launch(entry, { bind, count, constants = {}, flop = 0 }) {
      checkNames(name, "storage variable", Object.keys(bind), (each) => declared.has(each));
      checkNames(name, "line `const NAME = …;` for", Object.keys(constants), (each) =>
        new RegExp(`^const ${each} = `, "m").test(wgsl),
      );
      checkNames(name, "entry point", [entry], (each) =>
        new RegExp(`\\bfn\\s+${each}\\s*\\(`).test(wgsl),
      );
      checkArgument(name, "a launch's count", count, whole(0));
      device.launch({
        shader,
        entry,
        constants,
        bind: Object.fromEntries(
          Object.entries(bind).map(([key, array]) => [key, fromStart(key, array, wgsl)]),
        ),
        workgroups: device.linear(count),
        flop,
      });
    },
  };
}

/** Throws `AttributeError` on the first name that the shader doesn't have. */
function checkNames(
  op: string,
  what: string,
  names: readonly string[],
  has: (name: string) => boolean,
): void {
  const stray = names.find((each) => !/^[A-Za-z_]\w*$/.test(each) || !has(each));
  if (stray !== undefined) {
    throw new AttributeError(
      `${op}: its shader has no ${what} ${quote(stray)}; add it, or correct the name`,
    );
  }
}

/**
 * Returns an array that starts where its binding does: a copy if need be. A shader that knows of other starts (by
 * `INP_AT` for `inp`) gets the array as it is.
 */
function fromStart(name: string, array: GpuArray, wgsl: string): GpuArray {
  if (wordsIntoBinding(array) === 0 || wgsl.includes(`${name.toUpperCase()}_AT`)) return array;
  const { device, shape, dtype } = array;
  const copied = device.empty(shape, dtype, name);
  device.moveInto(array, copied);
  return copied;
}

/** Throws `ShapeError` unless each gradient has its input's shape. */
function checkGradientShapes(
  op: string,
  names: readonly string[],
  found: Gradients,
  inputs: readonly GpuArray[],
): void {
  found.forEach((gradient, index) => {
    const input = inputs[index];
    if (!gradient) return;
    checkGpuArray(op, "a gradient", gradient);
    if (input && formatShape(gradient.shape) === formatShape(input.shape)) return;
    throw new ShapeError(
      `${op}: the gradient of ${names[index] ?? `input ${index}`} must have the input's shape, ${input ? formatShape(input.shape) : "none"}; backward returned ${formatShape(gradient.shape)}`,
    );
  });
}
