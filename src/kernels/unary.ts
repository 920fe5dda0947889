// Functions of one element.
import type { GpuArray } from "../gpu/array.ts";
import { finite } from "./attributes.ts";
import { defineRule, type Rule } from "./rule.ts";

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
} as const;

/** The name of a function of one element. */
export type UnaryOperation = keyof typeof KEEPS;

const constantName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** f(x) for every element, on raw arrays. `alpha` is leaky relu's slope below 0. */
export function unary(name: UnaryOperation, inp: GpuArray, alpha = 0): GpuArray {
  const out = inp.device.empty(inp.shape, "f32", name);
  inp.device.launch({
    shader: "unary",
    entry: "forward",
    constants: { OP: constantName(name), ALPHA: alpha, COUNT: inp.size },
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
  alpha: number,
): GpuArray {
  const dinp = dout.device.empty(dout.shape, "f32", `${name}.backward`);
  dout.device.launch({
    shader: "unary",
    entry: "backward",
    constants: { OP: constantName(name), ALPHA: alpha, COUNT: dout.size },
    bind: { dout, kept, dinp },
    workgroups: dout.device.linear(dout.size),
    flop: 2 * dout.size,
  });
  return dinp;
}

/** The one attribute that a function of one element may take. */
export interface AlphaAttribute {
  /** Slope of leaky relu below 0; others ignore it. */
  readonly alpha?: number;
}

function rule(name: UnaryOperation): Rule<readonly [GpuArray], AlphaAttribute> {
  return defineRule({
    name,
    attributes: { alpha: finite() },
    forward([x], { alpha = 0 }: AlphaAttribute) {
      const out = unary(name, x, alpha);
      return { out, saved: { kept: KEEPS[name] === "input" ? x : out, alpha } };
    },
    backward: (dout, { kept, alpha }) => [unaryBackward(name, dout, kept, alpha)],
  });
}

/** A rule for each function of one element, by name. */
export const unaryRules: {
  readonly [Name in UnaryOperation]: Rule<readonly [GpuArray], AlphaAttribute>;
} = {
  relu: rule("relu"),
  leakyRelu: rule("leakyRelu"),
  tanh: rule("tanh"),
  sigmoid: rule("sigmoid"),
  softplus: rule("softplus"),
  exp: rule("exp"),
  log: rule("log"),
  sqrt: rule("sqrt"),
  square: rule("square"),
  abs: rule("abs"),
  neg: rule("neg"),
  reciprocal: rule("reciprocal"),
};
