// Functions of one element.
import type { GpuArray } from "../gpu/array.ts";
import { AttributeError } from "../gpu/errors.ts";
import { floatBits } from "../gpu/shader.ts";
import { finite, number, type Checks } from "./attributes.ts";
import { defineOp, type Op } from "./op.ts";

/** What the shader can compute, and which side of the function its derivative is taken from. */
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

/** The name of an operation as shaders write it: `leakyRelu` is LEAKY_RELU there. */
export const constantName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** What an operation's attributes are in the shader. */
interface Settings {
  readonly ALPHA?: number;
  readonly LOW_BITS?: number;
  readonly HIGH_BITS?: number;
}

/** f(x) for every element, on raw arrays. */
export function unary(name: UnaryOperation, inp: GpuArray, settings: Settings = {}): GpuArray {
  const out = inp.device.empty(inp.shape, "f32", name);
  inp.device.launch({
    shader: "unary",
    entry: "forward",
    constants: { OP: constantName(name), ...settings, COUNT: inp.size },
    bind: { inp, out },
    workgroups: inp.device.linear(inp.size),
    flop: inp.size,
  });
  return out;
}

function unaryBackward(
  name: UnaryOperation,
  dout: GpuArray,
  kept: GpuArray,
  settings: Settings,
): GpuArray {
  const dinp = dout.device.empty(dout.shape, "f32", `${name}.backward`);
  dout.device.launch({
    shader: "unary",
    entry: "backward",
    constants: { OP: constantName(name), ...settings, COUNT: dout.size },
    bind: { dout, kept, dinp },
    workgroups: dout.device.linear(dout.size),
    flop: 2 * dout.size,
  });
  return dinp;
}

function opOf<A>(
  name: UnaryOperation,
  attributes: Checks<NoInfer<A>>,
  settingsOf: (attributes: A) => Settings,
): Op<readonly [GpuArray], A> {
  return defineOp({
    name,
    attributes,
    forward([x], given: A) {
      const settings = settingsOf(given);
      const out = unary(name, x, settings);
      return { out, saved: { kept: KEEPS[name] === "input" ? x : out, settings } };
    },
    backward: (dout, { kept, settings }) => [unaryBackward(name, dout, kept, settings)],
  });
}

type NoAttributes = Readonly<Record<never, never>>;

const plain = (name: UnaryOperation): Op<readonly [GpuArray], NoAttributes> =>
  opOf<NoAttributes>(name, {}, () => ({}));

/** The attribute of `leakyRelu`. */
export interface LeakyReluAttributes {
  /** Slope below 0 (0.3). */
  readonly alpha?: number;
}

/** The attribute of `elu`. */
export interface EluAttributes {
  /** What the function tends to far below 0, with its sign changed (1). */
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

/** An op for each function of one element, by name. */
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
