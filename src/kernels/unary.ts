// Element-wise functions of one array, such as relu, exp and clip.
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { floatBits, type Constant } from "../gpu/shader.ts";
import { finite, number, type Checks } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** The functions that the shader computes, and whether their derivatives are computed from the input or the output. */
const KEEPS = {
  relu: "output",
  leakyRelu: "input",
  tanh: "output",
  sigmoid: "output",
  softplus: "input",
  exp: "output",
  log: "input",
  sqrt: "output",
  square: "input",
  abs: "input",
  neg: "input",
  reciprocal: "output",
  elu: "input",
  clip: "input",
} as const;

/** The name of a function of one element. */
export type UnaryOperation = keyof typeof KEEPS;

/** Returns an operation's name as shaders write it: LEAKY_RELU for `leakyRelu`. */
export const constantName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** An operation's attributes as constants of the shader. */
interface Settings {
  readonly ALPHA?: number;
  readonly LOW_BITS?: number;
  readonly HIGH_BITS?: number;
}

/** A function of one element: a shader with the entry points and bindings of unary.wgsl. */
export interface ElementFunction {
  readonly name: string;
  readonly shader: "unary" | "gates" | "rounding" | "trigonometry";
  /** What the shader computes the derivative from. */
  readonly keeps: "input" | "output";
}

type Constants = Readonly<Record<string, Constant>>;

/** Computes f(x) for every element of a raw array. */
export function launchForward(
  { name, shader }: Omit<ElementFunction, "keeps">,
  inp: GpuArray,
  constants: Constants,
): GpuArray {
  const out = inp.device.empty(inp.shape, "f32", name);
  inp.device.launch({
    shader,
    entry: "forward",
    constants: { ...constants, COUNT: inp.size },
    bind: { inp, out },
    workgroups: inp.device.linear(inp.size),
    flop: inp.size,
  });
  return out;
}

function launchBackward(
  { name, shader }: ElementFunction,
  dout: GpuArray,
  kept: GpuArray,
  constants: Constants,
): GpuArray {
  const dinp = dout.device.empty(dout.shape, "f32", `${name}.backward`);
  dout.device.launch({
    shader,
    entry: "backward",
    constants: { ...constants, COUNT: dout.size },
    bind: { dout, kept, dinp },
    workgroups: dout.device.linear(dout.size),
    flop: 2 * dout.size,
  });
  return dinp;
}

/** Makes the op of a function of one element. `constantsOf` turns its attributes into constants of the shader. */
export function elementOp<A>(
  of: ElementFunction,
  attributes: Checks<NoInfer<A>>,
  constantsOf: (attributes: A) => Constants,
): Op<readonly [GpuArray], A> {
  return defineOp({
    name: of.name,
    attributes,
    forward([x], given: A) {
      const constants = constantsOf(given);
      const out = launchForward(of, x, constants);
      return { out, saved: { kept: of.keeps === "input" ? x : out, constants } };
    },
    backward: (dout, { kept, constants }) => [launchBackward(of, dout, kept, constants)],
  });
}

/** Computes a function of unary.wgsl for every element of a raw array. */
export function unary(name: UnaryOperation, inp: GpuArray, settings: Settings = {}): GpuArray {
  const of: ElementFunction = { name, shader: "unary", keeps: KEEPS[name] };
  return launchForward(of, inp, { OP: constantName(name), ...settings });
}

const opOf = <A>(
  name: UnaryOperation,
  attributes: Checks<NoInfer<A>>,
  settingsOf: (attributes: A) => Settings,
): Op<readonly [GpuArray], A> =>
  elementOp<A>({ name, shader: "unary", keeps: KEEPS[name] }, attributes, (given) => ({
    OP: constantName(name),
    ...settingsOf(given),
  }));

/** The attributes of an op that takes none. */
export type NoAttributes = Readonly<Record<never, never>>;

const plain = (name: UnaryOperation): Op<readonly [GpuArray], NoAttributes> =>
  opOf<NoAttributes>(name, {}, () => ({}));

/** The attribute of `leakyRelu`. */
export interface LeakyReluAttributes {
  /** The slope below 0 (0.3). */
  readonly alpha?: number;
}

/** The attribute of `elu`. */
export interface EluAttributes {
  /** The function tends to −alpha far below 0 (1). */
  readonly alpha?: number;
}

/** The attributes of `clip`. */
export interface ClipAttributes {
  /** The least result (−∞). */
  readonly min?: number;
  /** The greatest result (∞). */
  readonly max?: number;
}

function limits({ min = -Infinity, max = Infinity }: ClipAttributes): Settings {
  if (min > max) {
    throw new AttributeError(`clip: min must not exceed max; got min ${min} and max ${max}`);
  }
  return { LOW_BITS: floatBits(min), HIGH_BITS: floatBits(max) };
}

type Only<A> = Op<readonly [GpuArray], A>;

/** The ops of the functions of one element, by name. */
export const unaryRules: {
  readonly [Name in Exclude<UnaryOperation, "leakyRelu" | "elu" | "clip">]: Only<NoAttributes>;
} & {
  readonly leakyRelu: Only<LeakyReluAttributes>;
  readonly elu: Only<EluAttributes>;
  readonly clip: Only<ClipAttributes>;
} = {
  relu: plain("relu"),
  leakyRelu: opOf<LeakyReluAttributes>(
    "leakyRelu",
    { alpha: finite() },
    ({ alpha = 0.3 }): Settings => ({ ALPHA: alpha }),
  ),
  tanh: plain("tanh"),
  sigmoid: plain("sigmoid"),
  softplus: plain("softplus"),
  exp: plain("exp"),
  log: plain("log"),
  sqrt: plain("sqrt"),
  square: plain("square"),
  abs: plain("abs"),
  neg: plain("neg"),
  reciprocal: plain("reciprocal"),
  elu: opOf<EluAttributes>("elu", { alpha: finite() }, ({ alpha = 1 }): Settings => ({
    ALPHA: alpha,
  })),
  clip: opOf<ClipAttributes>("clip", { min: number, max: number }, limits),
};
