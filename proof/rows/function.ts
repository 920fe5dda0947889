// Rows of sin, cos, erf and the functions that round: everywhere in float32, and where they are hardest.
import * as ops from "../../src/autograd/ops.ts";
import type { Tensor } from "../../src/autograd/tensor.ts";
import { createRandom, randomRef, type Ref } from "../reference/array.ts";
import * as functions from "../reference/functions.ts";
import type { Unary } from "../reference/unary.ts";
import type { Row } from "../case.ts";
import { caseOf, exact, rounded, row, SWEEP, ulps, vector } from "./unary.ts";

type Name = "sin" | "cos" | "erf" | "floor" | "ceil" | "round" | "trunc" | "sign";

const random = createRandom(31);
const SHAPE = [3, 7, 11];
const within = (high: number): Ref => randomRef(SHAPE, random, -high, high);

/** Next to multiples of π/2, small and large, where sin or cos has few digits left to lose. */
const NEAR_ZEROS = vector(
  ...Array.from({ length: 400 }, (_, k) => (k + 1) * (Math.PI / 2)),
  ...Array.from({ length: 400 }, () => Math.floor(2 ** (30 * random())) * (Math.PI / 2)),
  16_367_173 * 2 ** 72, // of all float32 numbers the nearest to a multiple
  -16_367_173 * 2 ** 72,
  ...Array.from({ length: 400 }, () => 2 ** (127 * random()) * (random() < 0.5 ? -1 : 1)),
  Math.PI / 4,
  -Math.PI / 4,
);

/** Halves, whole numbers and their neighbours, up to where all numbers are whole. */
const STEPS = vector(
  ...Array.from({ length: 41 }, (_, i) => (i - 20) / 4),
  ...[0, 1, 2, 22, 23, 24, 31].flatMap((e) =>
    [-0.5, -(2 ** -24), 0, 2 ** -23, 0.5].flatMap((d) => [2 ** e + d, -(2 ** e) - d]),
  ),
  ...[2 ** 22 + 0.5, 2 ** 22 + 1.5, 2 ** 23 - 0.5, 2 ** 24 - 1].flatMap((x) => [x, -x]),
  0.49999997,
  -0.49999997,
);

function angles(run: (x: Tensor) => Tensor, f: Unary): Row {
  const hard = caseOf("next to zeros", NEAR_ZEROS, run, rounded(f), ulps(1, 2), false);
  const { cases } = row(run, f, ulps(1, 2), within(7)); // 0.8, 0.8
  return { cases: [...cases, hard], refusals: [] };
}

/** Rounds exactly; what flows back is 0, of whatever flows in. */
function steps(run: (x: Tensor) => Tensor, f: Unary): Row {
  // Central differences would straddle steps: away from them.
  const apart = vector(...Array.from({ length: 231 }, (_, i) => i - 115 + 0.1 + 0.3 * random()));
  const cases = [
    caseOf("between steps", apart, run, f, exact),
    caseOf("at steps", STEPS, run, f, exact, false),
    caseOf("the whole range", SWEEP, run, f, exact, false),
  ];
  return { cases, refusals: [] };
}

/** Rows by the name of their op. */
export const functionRows: Readonly<Record<Name, Row>> = {
  sin: angles(ops.sin, functions.sin),
  cos: angles(ops.cos, functions.cos),
  erf: row(ops.erf, functions.erf, ulps(2, 4), within(3)), // 1.2, 2.8
  floor: steps(ops.floor, functions.floor),
  ceil: steps(ops.ceil, functions.ceil),
  round: steps(ops.round, functions.round),
  trunc: steps(ops.trunc, functions.trunc),
  sign: steps(ops.sign, functions.sign),
};
