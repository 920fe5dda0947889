// Rows of the activations with gates, and of prelu.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import {
  abs,
  createRandom,
  randomAwayFromZero,
  randomRef,
  type Ref,
  refOf,
} from "../reference/array.ts";
import { type Binary, binary, binaryGrad } from "../reference/binary.ts";
import * as functions from "../reference/functions.ts";
import type { Unary } from "../reference/unary.ts";
import { type Case, close, type Row, sumOf, withinUlpOrFlushed } from "../case.ts";
import { type Bounds, caseOf, refuse, rounded, row, SWEEP, ulps, vector } from "./unary.ts";

type Name = "gelu" | "silu" | "hardSigmoid" | "hardSwish" | "prelu";

const random = createRandom(32);
const SHAPE = [3, 7, 11];
const within = (high: number): Ref => randomRef(SHAPE, random, -high, high);

/** Values in float32 steps; gradients, which pass 0 on their way, by their distance. */
const gateBounds = (steps: number, gradient: number): Bounds => ({
  value: (x) => withinUlpOrFlushed(x, steps),
  gradient: (x) => close(x, gradient, gradient),
});

/** Far below 0, where what a gate lets through is small but not yet subnormal. */
const TAIL = vector(...Array.from({ length: 800 }, (_, i) => -i / 8), ...within(14).data);

function gateRow(run: (x: Tensor) => Tensor, f: Unary, bounds: Bounds): readonly Case[] {
  const tail = caseOf("the tail", TAIL, run, rounded(f), bounds, false);
  return [...row(run, f, bounds, within(6)).cases, tail];
}

const tanhGelu = (x: Tensor): Tensor => ops.gelu(x, { approximation: "tanh" });

const tanhCases = gateRow(tanhGelu, functions.geluTanh, gateBounds(4, 4e-7)); // 3.7; 2.1e-7

/** Away from where α·x + β is 0 or 1. */
const INSIDE = vector(...Array.from({ length: 231 }, (_, i) => (i - 115) / 16 + 0.01));

function hardSigmoid(alpha: number, beta: number, x: Ref, smooth: boolean): Case {
  const f = functions.hardSigmoid(Math.fround(alpha), Math.fround(beta));
  const run = (at: Tensor): Tensor => ops.hardSigmoid(at, { alpha, beta });
  // Next to where the line is 0 it has the digits that rounding leaves of β.
  const bounds: Bounds = {
    value: (y) => close(y, 1.2e-7 * Math.max(1, Math.abs(beta)), 1.2e-7),
    gradient: (y) => withinUlpOrFlushed(y, 1),
  };
  const name = `alpha ${alpha}, beta ${beta}, ${smooth ? "by sixteenths" : "the whole range"}`;
  return caseOf(name, x, run, f, bounds, smooth);
}

const slopes: Binary = {
  value: (x, slope) => (x > 0 ? x : slope * x),
  slopeA: (x, slope) => (x > 0 ? 1 : slope),
  slopeB: (x) => (x > 0 ? 0 : x),
};

function prelu(inputs: readonly [Ref, Ref], name?: string): Case {
  const [x, slope] = inputs;
  const sizes = { ...slopes, slopeA: magnitude(slopes.slopeA), slopeB: magnitude(slopes.slopeB) };
  return {
    name: name ?? `(${x.shape.join(", ")}) by (${slope.shape.join(", ")})`,
    inputs,
    run: (a, b) => ops.prelu(a!, b!),
    value: (a, b) => withinUlpOrFlushed(binary(slopes, a!, b!), 0),
    gradients(dy, a, b) {
      const { da, db } = binaryGrad(slopes, dy, a!, b!);
      const terms = binaryGrad(sizes, abs(dy), a!, b!);
      return [withinUlpOrFlushed(da, 0), sumOf(db, terms.db)];
    },
    smooth: name === undefined,
  };
}

const magnitude =
  (f: Binary["slopeA"]): Binary["slopeA"] =>
  (a, b) =>
    Math.abs(f(a, b));

const sloped = (x: readonly number[], slope: readonly number[]): Case =>
  prelu([randomAwayFromZero(x, random), randomRef(slope, random)]);

/** Rows by the name of their op. */
export const activationRows: Readonly<Record<Name, Row>> = {
  gelu: {
    cases: [
      ...gateRow(ops.gelu, functions.gelu, gateBounds(5, 4e-7)), // 4.9; 1.3e-7
      ...tanhCases.map((each) => ({ ...each, name: `by tanh: ${each.name}` })),
    ],
    refusals: [
      refuse(
        "another approximation",
        /^gelu: approximation must be 'none' or 'tanh'; got "sigmoid"$/,
        (x) => Reflect.apply(ops.gelu, undefined, [x, { approximation: "sigmoid" }]),
      ),
    ],
  },
  silu: { cases: gateRow(ops.silu, functions.silu, gateBounds(4, 4e-7)), refusals: [] }, // 3.1; 1.9e-7
  hardSigmoid: {
    cases: [
      caseOf(
        "the defaults",
        INSIDE,
        ops.hardSigmoid,
        functions.hardSigmoid(Math.fround(1 / 6), 0.5),
        { value: (y) => close(y, 1.2e-7, 1.2e-7), gradient: ulps(0, 1).gradient },
      ),
      hardSigmoid(0.2, 0.5, INSIDE, true),
      { ...hardSigmoid(1, -2, vector(2, 2.5, 3, 1, 4), false), name: "at its ends" },
      hardSigmoid(1, -2, SWEEP, false),
      hardSigmoid(0.2, 0.5, SWEEP, false),
      hardSigmoid(0, 0.25, SWEEP, false),
    ],
    refusals: [
      refuse("a slope below 0", /^hardSigmoid: alpha must be a finite number ≥ 0; got -1$/, (x) =>
        ops.hardSigmoid(x, { alpha: -1 }),
      ),
      refuse("an endless beta", /^hardSigmoid: beta must be a finite number; got Infinity$/, (x) =>
        ops.hardSigmoid(x, { beta: Infinity }),
      ),
    ],
  },
  hardSwish: {
    cases: [
      caseOf("by sixteenths", INSIDE, ops.hardSwish, functions.hardSwish, gateBounds(3, 4e-7)),
      caseOf(
        "at its ends",
        vector(-3, 3, -2.9999998, 2.9999998, -3.0000002, 3.0000002, 0, -1.5),
        ops.hardSwish,
        functions.hardSwish,
        gateBounds(3, 4e-7),
        false,
      ),
      caseOf(
        "the whole range",
        SWEEP,
        ops.hardSwish,
        functions.hardSwish,
        gateBounds(3, 4e-7),
        false,
      ),
    ],
    refusals: [],
  },
  prelu: {
    cases: [
      sloped(SHAPE, [11]),
      sloped(SHAPE, SHAPE),
      sloped([65], []),
      sloped([4, 3, 5], [3, 1]),
      sloped([0, 3], [3]),
      sloped([2, 1, 3, 1, 2, 1, 2, 3], [1, 3, 1, 2, 1, 2, 1]),
      prelu(
        [
          refOf([7], [0, -0, Number.NaN, Infinity, -Infinity, Infinity, 2]),
          refOf([7], [2, 2, 2, -Infinity, 0.5, 0, Number.NaN]),
        ],
        "special values",
      ),
    ],
    refusals: [
      {
        name: "a slope that doesn't broadcast",
        kind: ShapeError,
        says: /^prelu: \(2, 3\) and \(2\) don't broadcast/,
        run: (device) => ops.prelu(new Tensor(device.empty([2, 3])), new Tensor(device.empty([2]))),
      },
      {
        name: "a slope of more axes",
        kind: ShapeError,
        says: /^prelu: the slope must broadcast to x \(3\); got \(2, 3\)$/,
        run: (device) => ops.prelu(new Tensor(device.empty([3])), new Tensor(device.empty([2, 3]))),
      },
    ],
  },
};
