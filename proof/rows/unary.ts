// Rows of functions of one element: each has a case of 231 elements, three workgroups and a part, and one of about two
// thousand over all of float32.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import type { UnaryOperation } from "../../src/kernels/unary.ts";
import {
  createRandom,
  map,
  randomAwayFromZero,
  randomRef,
  type Ref,
  refOf,
} from "../reference/array.ts";
import * as unaries from "../reference/unary.ts";
import { type Unary, unary, unaryGrad } from "../reference/unary.ts";
import {
  type Answer,
  type Case,
  close,
  exactly,
  type Refusal,
  type Row,
  withinUlpOrFlushed,
} from "../case.ts";

const random = createRandom(11);
export const SHAPE: readonly number[] = [3, 7, 11];
/** Numbers of either sign, away from 0. */
export const signed = (high: number): Ref => randomAwayFromZero(SHAPE, random, 0.01, high);
const positive = (low: number, high: number): Ref => randomRef(SHAPE, random, low, high);
/** Numbers as float32 holds them. */
export const vector = (...values: number[]): Ref => refOf([values.length], values.map(Math.fround));

/** Every exponent, with both signs; what functions of e and of sums with 1 are made for; and the rest. */
export const SWEEP: Ref = vector(
  ...Array.from({ length: 255 }, (_, i) => 2 ** (i - 127) * (1 + random())).flatMap((x) => [x, -x]),
  ...Array.from({ length: 800 }, () => (2 * random() - 1) * 110),
  ...Array.from({ length: 400 }, () => (2 * random() - 1) * 4),
  ...Array.from({ length: 300 }, () => 1 + (2 * random() - 1) * 2 ** (-23 * random())),
  ...[0, 1, 1e30, 3e38, Infinity, 2 ** -149, 1e-40, 88.72283, 88.72284].flatMap((x) => [x, -x]),
  Number.NaN,
  -87.3365,
  -103.9,
  -104.1,
);
/** The same without subnormal numbers, which an adapter may take for 0. */
export const SWEEP_NORMAL: Ref = map(SWEEP, (x) => (Math.abs(x) < 2 ** -126 ? 0 * x : x));

/** How far an op's value, and its gradient, may be from float64. */
export interface Bounds {
  readonly value: (x: Ref) => Answer;
  readonly gradient: (x: Ref) => Answer;
}

/** No error at all. */
export const exact: Bounds = { value: exactly, gradient: exactly };
/** Within so many float32 steps. */
export const ulps = (value: number, gradient: number): Bounds => ({
  value: (x) => withinUlpOrFlushed(x, value),
  gradient: (x) => withinUlpOrFlushed(x, gradient),
});
/** Gradients made from the rounded output: 1 − y has no more digits than y leaves it. */
const fromOutput = (value: number, gradient: number): Bounds => ({
  value: (x) => withinUlpOrFlushed(x, value),
  gradient: (x) => close(x, gradient, 0),
});

/** One call of a function of one element. */
export function caseOf(
  name: string,
  x: Ref,
  run: (x: Tensor) => Tensor,
  f: Unary,
  bounds: Bounds,
  smooth = true,
): Case {
  return {
    name,
    inputs: [x],
    run,
    value: (at) => bounds.value(unary(f, at!)),
    gradients: (dy, at) => [bounds.gradient(unaryGrad(f, dy, at!))],
    smooth,
  };
}

/** The function, with slopes of float32: past its range they are infinite. */
export const rounded = ({ value, slope }: Unary): Unary => ({
  value,
  slope: (x) => Math.fround(slope(x)),
});

/**
 * A smooth case, and one of the whole range of float32. What was seen there, on lavapipe and SwiftShader
 * alike, is said beside the bounds as "value, gradient" in float32 steps, before dy is multiplied in.
 */
export function row(
  run: (x: Tensor) => Tensor,
  f: Unary,
  bounds: Bounds,
  x: Ref,
  range: Ref = SWEEP,
): Row {
  const everywhere = caseOf("the whole range", range, run, rounded(f), bounds, false);
  return { cases: [caseOf("(3, 7, 11)", x, run, f, bounds), everywhere], refusals: [] };
}

/** The logarithms of subnormal numbers; their slopes overflow where an adapter takes them for 0. */
function subnormalLogs(): Case {
  const tiny = vector(2 ** -149, 2 ** -140, 1e-40, 2 ** -127, -(2 ** -149));
  const each = caseOf("subnormal numbers", tiny, ops.log, unaries.log, ulps(1, 1), false);
  return {
    ...each,
    gradients: (dy, x) =>
      each
        .gradients(dy, x!)
        .map((answer) => ({ ...answer, compare: () => ({ ok: true, worst: 0 }) })),
  };
}

/** A call that must be refused, on (2). */
export const refuse = (name: string, says: RegExp, run: (x: Tensor) => unknown): Refusal => ({
  name,
  kind: AttributeError,
  says,
  run: (device) => run(new Tensor(device.empty([2]))),
});

/** Rows by the name of their op. */
export const unaryRows: Readonly<Record<UnaryOperation, Row>> = {
  relu: {
    cases: [[1], [63], [64], [65], SHAPE]
      .map((shape) =>
        caseOf(
          `(${shape.join(", ")})`,
          randomAwayFromZero(shape, random),
          ops.relu,
          unaries.relu,
          exact,
        ),
      )
      .concat(
        caseOf(
          "special values",
          vector(0, -0, Number.NaN, Infinity, -Infinity, 2e-38, -2e-38, 3e38),
          ops.relu,
          unaries.relu,
          exact,
          false,
        ),
      ),
    refusals: [],
  },
  leakyRelu: {
    cases: [
      caseOf("slope 0.3 by default", signed(4), ops.leakyRelu, unaries.leakyRelu(0.3), ulps(1, 1)),
      caseOf(
        "slope 0.2, the whole range",
        SWEEP_NORMAL,
        (x) => ops.leakyRelu(x, { alpha: 0.2 }),
        unaries.leakyRelu(Math.fround(0.2)),
        ulps(0, 1),
        false,
      ),
    ],
    refusals: [
      refuse("a slope of NaN", /^leakyRelu: alpha must be a finite number; got NaN$/, (x) =>
        ops.leakyRelu(x, { alpha: Number.NaN }),
      ),
    ],
  },
  elu: {
    cases: [
      ...row(ops.elu, unaries.elu(), ulps(1, 2), signed(4)).cases, // 0.8, 1.2
      caseOf(
        "alpha -0.7",
        signed(4),
        (x) => ops.elu(x, { alpha: -0.7 }),
        unaries.elu(Math.fround(-0.7)),
        ulps(2, 2),
      ),
      caseOf("(0, 3)", refOf([0, 3], []), ops.elu, unaries.elu(), exact),
    ],
    refusals: [
      refuse("an infinite alpha", /^elu: alpha must be a finite number; got Infinity$/, (x) =>
        ops.elu(x, { alpha: Infinity }),
      ),
      refuse("an alpha past float32", /^elu: alpha must be a finite number; got 1e\+39$/, (x) =>
        ops.elu(x, { alpha: 1e39 }),
      ),
      refuse("a slip of the pen", /^elu: got an unknown attribute aplha; it takes alpha$/, (x) =>
        Reflect.apply(ops.elu, undefined, [x, { aplha: 1 }]),
      ),
    ],
  },
  clip: {
    cases: [
      ...[{ min: -1, max: 2 }, { min: 0.5 }, { max: -0.25 }].map((limits) =>
        caseOf(
          JSON.stringify(limits),
          signed(4),
          (x) => ops.clip(x, limits),
          unaries.clip(limits.min ?? -Infinity, limits.max ?? Infinity),
          exact,
        ),
      ),
      ...[
        { min: -1, max: 1 },
        { min: 0, max: 0 },
        { min: -Infinity, max: Infinity },
        { min: -Infinity, max: -Infinity },
      ].map((limits) =>
        caseOf(
          `[${limits.min}, ${limits.max}], the whole range`,
          SWEEP_NORMAL,
          (x) => ops.clip(x, limits),
          unaries.clip(limits.min, limits.max),
          exact,
          false,
        ),
      ),
      caseOf("(0, 3)", refOf([0, 3], []), ops.clip, unaries.clip(-Infinity, Infinity), exact),
    ],
    refusals: [
      refuse("min above max", /^clip: min must not exceed max; got min 2 and max 1$/, (x) =>
        ops.clip(x, { min: 2, max: 1 }),
      ),
      refuse("a limit of NaN", /^clip: min must be a number; got NaN$/, (x) =>
        ops.clip(x, { min: Number.NaN }),
      ),
      refuse("a word for a limit", /^clip: max must be a number; got "1"$/, (x) =>
        Reflect.apply(ops.clip, undefined, [x, { max: "1" }]),
      ),
    ],
  },
  tanh: row(ops.tanh, unaries.tanh, fromOutput(3, 3e-7), signed(4)), // 2.5; 2.9e-7
  sigmoid: row(ops.sigmoid, unaries.sigmoid, fromOutput(2, 1e-7), signed(8)), // 2.3; 8.4e-8
  softplus: row(ops.softplus, unaries.softplus, ulps(3, 3), signed(8)), // 3.1, 2.3
  exp: {
    ...row(ops.exp, unaries.exp, ulps(1, 2), signed(8)), // 1.2, 1.2
    refusals: [
      refuse("an attribute", /^exp: got an unknown attribute alpha; it takes none$/, (x) =>
        Reflect.apply(ops.exp, undefined, [x, { alpha: 1 }]),
      ),
    ],
  },
  log: {
    cases: [
      ...row(ops.log, unaries.log, ulps(1, 2), positive(0.05, 9), SWEEP_NORMAL).cases, // 0.8, 0.5
      subnormalLogs(),
    ],
    refusals: [],
  },
  sqrt: row(ops.sqrt, unaries.sqrt, ulps(1, 2), positive(0.05, 9), SWEEP_NORMAL), // 0.5, 1.5
  square: row(ops.square, unaries.square, ulps(0, 1), signed(4)),
  abs: row(ops.abs, unaries.absolute, ulps(0, 0), signed(4), SWEEP_NORMAL),
  neg: row(ops.neg, unaries.neg, ulps(0, 0), signed(4)),
  reciprocal: row(ops.reciprocal, unaries.reciprocal, ulps(1, 3), signed(4), SWEEP_NORMAL), // 0.5, 1.9
};
