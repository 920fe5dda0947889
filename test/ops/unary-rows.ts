// Rows of functions of one element: one case of 231 elements each, three workgroups and a part, and
// the values where each function is known to go wrong.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import type { UnaryOperation } from "../../src/kernels/unary.ts";
import {
  createRandom,
  randomAwayFromZero,
  randomRef,
  type Ref,
  refOf,
} from "../reference/array.ts";
import * as unaries from "../reference/unary.ts";
import { type Unary, unary, unaryGrad } from "../reference/unary.ts";
import { type Answer, type Case, close, exactly, type Row, withinUlp } from "./case.ts";

const random = createRandom(11);
const SHAPE = [3, 7, 11];
const signed = (high: number): Ref => randomAwayFromZero(SHAPE, random, 0.01, high);
const positive = (low: number, high: number): Ref => randomRef(SHAPE, random, low, high);
const vector = (...values: number[]): Ref => refOf([values.length], values.map(Math.fround));

/** How far an op's value, and its gradient, may be from float64. */
interface Bounds {
  readonly value: (x: Ref) => Answer;
  readonly gradient: (x: Ref) => Answer;
}

const exact: Bounds = { value: exactly, gradient: exactly };
const ulps = (value: number, gradient: number): Bounds => ({
  value: (x) => withinUlp(x, value),
  gradient: (x) => withinUlp(x, gradient),
});
/**
 * What exp leaves: SwiftShader and lavapipe were seen at 5.9e-7 of the value, and, as some gradients
 * are made from the rounded output, at 2.7e-7 beside 6.5e-7 of the gradient, for dy of up to 1.
 */
const exponential: Bounds = {
  value: (x) => close(x, 0, 7e-7),
  gradient: (x) => close(x, 3e-7, 7e-7),
};

function caseOf(
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

function row(run: (x: Tensor) => Tensor, f: Unary, bounds: Bounds, x: Ref, special?: Ref): Row {
  const specials = special ? [caseOf("special values", special, run, f, bounds, false)] : [];
  return { cases: [caseOf("(3, 7, 11)", x, run, f, bounds), ...specials], refusals: [] };
}

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
        "slope 0.2, special values",
        vector(0, -1, 1, Infinity, -Infinity, -3e38),
        (x) => ops.leakyRelu(x, { alpha: 0.2 }),
        unaries.leakyRelu(0.2),
        ulps(1, 1),
        false,
      ),
    ],
    refusals: [
      {
        name: "a slope that isn't a number",
        kind: AttributeError,
        says: /^leakyRelu: alpha must be a finite number; got NaN$/,
        run: (device) => ops.leakyRelu(new Tensor(device.empty([2])), { alpha: Number.NaN }),
      },
    ],
  },
  tanh: row(
    ops.tanh,
    unaries.tanh,
    exponential,
    signed(4),
    vector(0, 1e-30, 1e30, -1e30, 20, -9, 0.35, -0.349, 1e-4),
  ),
  sigmoid: row(
    ops.sigmoid,
    unaries.sigmoid,
    exponential,
    signed(8),
    vector(0, 80, -80, 1e30, -1e30),
  ),
  softplus: row(
    ops.softplus,
    unaries.softplus,
    exponential,
    signed(8),
    vector(0, 80, -80, 1e30, -20),
  ),
  exp: row(ops.exp, unaries.exp, exponential, signed(8)),
  log: row(
    ops.log,
    unaries.log,
    { value: (x) => close(x, 3e-7, 0), gradient: (x) => withinUlp(x, 3) },
    positive(0.05, 9),
  ),
  sqrt: row(ops.sqrt, unaries.sqrt, ulps(3, 4), positive(0.05, 9)),
  square: row(ops.square, unaries.square, ulps(0, 1), signed(4)),
  abs: row(ops.abs, unaries.absolute, exact, signed(4), vector(0, -0, Infinity, -Infinity)),
  neg: row(ops.neg, unaries.neg, exact, signed(4)),
  reciprocal: row(ops.reciprocal, unaries.reciprocal, ulps(3, 6), signed(4)),
};
