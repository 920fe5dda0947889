// Rows of element-wise arithmetic of two arrays: broadcasting in every way for `add`, whose gradients
// are sums over what was stretched, and a few shapes for the others, which share its kernel.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, randomAwayFromZero, type Ref, refOf } from "../reference/array.ts";
import * as binaries from "../reference/binary.ts";
import { type Binary, binary, binaryGrad } from "../reference/binary.ts";
import {
  type Answer,
  type Case,
  exactly,
  type Refusal,
  type Row,
  sumOf,
  withinUlpOrFlushed,
} from "../case.ts";

type Op = (a: Tensor, b: Tensor) => Tensor;
type Name = "add" | "sub" | "mul" | "div" | "maximum" | "minimum";
type Shapes = readonly [a: readonly number[], b: readonly number[]];

const random = createRandom(12);
const EQUAL: Shapes = [
  [3, 7, 11],
  [3, 7, 11],
];
const STRETCHED: Shapes = [
  [4, 1, 5],
  [3, 5],
];
/** Ties, in both signs, and NaN on either side. */
const TIED: readonly [Ref, Ref] = [
  refOf([6], [1, -2, 3, Number.NaN, 5, -Infinity]),
  refOf([6], [1, -2, 4, 1, Number.NaN, 2]),
];

/** The same function with Σ|terms| for values: `terms` of the value, magnitudes of the slopes. */
function magnitudes(f: Binary, terms: Binary["value"]): Binary {
  return {
    value: terms,
    slopeA: (a, b) => Math.abs(f.slopeA(a, b)),
    slopeB: (a, b) => Math.abs(f.slopeB(a, b)),
  };
}

function caseOf(
  name: string,
  inputs: readonly Ref[],
  op: Op,
  f: Binary,
  terms: Binary["value"] | "exact",
): Case {
  const g = magnitudes(f, terms === "exact" ? f.value : terms);
  return {
    name,
    inputs,
    run: (a, b) => op(a!, b!),
    value(a, b) {
      const value = binary(f, a!, b!);
      return terms === "exact" ? exactly(value) : sumOf(value, binary(g, a!, b!));
    },
    gradients(dy, a, b): Answer[] {
      const { da, db } = binaryGrad(f, dy, a!, b!);
      const sums = binaryGrad(g, abs(dy), a!, b!);
      return [sumOf(da, sums.da), sumOf(db, sums.db)];
    },
    smooth: inputs !== TIED,
  };
}

function row(
  name: Name,
  op: Op,
  f: Binary,
  terms: Binary["value"] | "exact",
  shapes: readonly Shapes[] = [EQUAL, STRETCHED],
): Row {
  const cases = shapes.map(([a, b]) => {
    const inputs = [randomAwayFromZero(a, random, 0.2, 2), randomAwayFromZero(b, random, 0.2, 2)];
    return caseOf(`(${a.join(", ")}) and (${b.join(", ")})`, inputs, op, f, terms);
  });
  const tied = terms === "exact" ? [caseOf("ties and NaN", TIED, op, f, terms)] : [];
  const refusal: Refusal = {
    name: "shapes that don't broadcast",
    kind: ShapeError,
    says: new RegExp(`^${name}: \\(2, 3\\) and \\(2\\) don't broadcast`),
    run: (device) => op(new Tensor(device.empty([2, 3])), new Tensor(device.empty([2]))),
  };
  return { cases: [...cases, ...tied], refusals: [refusal] };
}

/** Quotients over half of float32's range, and of zeros, infinities and NaN: seen within 0.5, 1.0 and 1.9 steps. */
function quotients(): Case {
  const special = [0, 1, 3e38, Infinity].flatMap((x) => [x, -x]).concat(Number.NaN);
  const spread = (): number => 2 ** (80 * random() - 40) * (random() < 0.5 ? -1 : 1);
  const grid = special.flatMap((a) => special.map((b) => [a, b] as const));
  const all = [...grid, ...Array.from({ length: 1000 }, () => [spread(), spread()] as const)];
  const side = (which: 0 | 1): Ref =>
    refOf(
      [all.length],
      all.map((p) => Math.fround(p[which])),
    );
  const f = binaries.div;
  return {
    name: "special values, and quotients from 2⁻⁸⁰ to 2⁸⁰",
    inputs: [side(0), side(1)],
    run: (a, b) => ops.div(a!, b!),
    value: (a, b) => withinUlpOrFlushed(binary(f, a!, b!), 1),
    gradients(dy, a, b) {
      const { da, db } = binaryGrad(f, dy, a!, b!);
      return [withinUlpOrFlushed(da, 1), withinUlpOrFlushed(db, 3)];
    },
    smooth: false,
  };
}

const div = row("div", ops.div, binaries.div, (a, b) => Math.abs(a / b));

/** Rows by the name of their op. */
export const binaryRows: Readonly<Record<Name, Row>> = {
  add: row("add", ops.add, binaries.add, (a, b) => Math.abs(a) + Math.abs(b), [
    EQUAL,
    STRETCHED,
    [[1], [1]],
    [[], [7]],
    [[65], [1]],
    [[2, 3, 5], [5]],
    [
      [2, 3, 5],
      [3, 1],
    ],
    [
      [2, 1, 5],
      [3, 1],
    ],
    [
      [2, 3, 4, 1, 2, 3],
      [3, 1, 5, 1, 3],
    ],
    [
      [2, 1, 3, 1, 2, 1, 3],
      [2, 1, 3, 1, 2, 1],
    ],
  ]),
  sub: row("sub", ops.sub, binaries.sub, (a, b) => Math.abs(a) + Math.abs(b)),
  mul: row("mul", ops.mul, binaries.mul, (a, b) => Math.abs(a * b)),
  div: { ...div, cases: [...div.cases, quotients()] },
  maximum: row("maximum", ops.maximum, binaries.maximum, "exact"),
  minimum: row("minimum", ops.minimum, binaries.minimum, "exact"),
};
