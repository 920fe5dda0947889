// The row of pow: broadcasting, C99's special cases crossed with one another, and pairs from the whole range.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf } from "../reference/array.ts";
import { type Binary, binary, binaryGrad, pow } from "../reference/binary.ts";
import { type Case, type Row, sumOf, withinUlpOrFlushed } from "../case.ts";

const random = createRandom(21);

/** Steps that pow was seen off by: 1.3, and its gradients 2.9 and 2.6 before dy is multiplied in. */
const VALUE = 2;
const TO_BASE = 4;
const TO_EXPONENT = 4;

const run = (a?: Tensor, b?: Tensor): Tensor => ops.pow(a!, b!);

/** Sums of what flows back: their terms are off by a few steps each. */
function broadcast(a: readonly number[], b: readonly number[]): Case {
  const magnitudes: Binary = {
    value: pow.value,
    slopeA: (x, y) => Math.abs(pow.slopeA(x, y)),
    slopeB: (x, y) => Math.abs(pow.slopeB(x, y)),
  };
  return {
    name: `(${a.join(", ")}) and (${b.join(", ")})`,
    inputs: [randomRef(a, random, 0.3, 3), randomRef(b, random, -2, 3)],
    run,
    value: (x, y) => withinUlpOrFlushed(binary(pow, x!, y!), VALUE),
    gradients(dy, x, y) {
      const { da, db } = binaryGrad(pow, dy, x!, y!);
      const terms = binaryGrad(magnitudes, abs(dy), x!, y!);
      return [sumOf(da, terms.da), sumOf(db, terms.db)];
    },
  };
}

/** Pairs, element by element, with slopes of float32. */
function pairs(name: string, all: readonly (readonly [number, number])[]): Case {
  const side = (which: 0 | 1): Ref =>
    map(
      refOf(
        [all.length],
        all.map((p) => p[which]),
      ),
      Math.fround,
    );
  const rounded: Binary = {
    value: pow.value,
    slopeA: (x, y) => Math.fround(pow.slopeA(x, y)),
    slopeB: (x, y) => Math.fround(pow.slopeB(x, y)),
  };
  return {
    name,
    inputs: [side(0), side(1)],
    run,
    value: (x, y) => withinUlpOrFlushed(binary(pow, x!, y!), VALUE),
    gradients(dy, x, y) {
      const { da, db } = binaryGrad(rounded, dy, x!, y!);
      return [withinUlpOrFlushed(da, TO_BASE), withinUlpOrFlushed(db, TO_EXPONENT)];
    },
    smooth: false,
  };
}

/** Zeros, infinities, NaN; odd, even and broken exponents up to where all are even; neighbours of 1. */
const NEAR_1 = [1 + 2 ** -23, 1 - 2 ** -24];
const WHOLE = [2, 3, 2 ** 23 + 1, 2 ** 24 - 1, 2 ** 24, 1e10, 1e30, 3e38];
const SPECIAL = [0, 0.5, 1, 1.5, 2 ** 22 + 0.5, 1e-30, Infinity, ...NEAR_1, ...WHOLE].flatMap(
  (x) => [x, -x],
);
const GRID = [...SPECIAL, Number.NaN, 2 ** -149, -(2 ** -149)].flatMap((a) =>
  [...SPECIAL, Number.NaN].map((b) => [a, b] as const),
);

/** Pairs whose powers cover all exponents, and go past them. */
const SWEEP = Array.from({ length: 3000 }, (_, i): readonly [number, number] => {
  const spread = 2 * random() - 1;
  const nearOne = 1 + spread * 2 ** (-23 * random());
  const a = Math.fround([2 ** (250 * random() - 125), nearOne, 10 * random()][i % 3]!);
  const wanted = 300 * (random() - 0.5); // the binary logarithm of the power
  if (i % 3 === 2) return [i % 2 === 0 ? a : -a, Math.round(40 * (random() - 0.5))];
  return [a, wanted / (Math.log2(a) || 1)];
});

/** The row by the name of its op. */
export const powerRows: { readonly pow: Row } = {
  pow: {
    cases: [
      broadcast([3, 7, 11], [3, 7, 11]),
      broadcast([4, 1, 5], [3, 5]),
      broadcast([65], []),
      broadcast([], [7]),
      broadcast([0, 3], [3]),
      broadcast([2, 1, 3, 1, 2, 1, 2], [1, 2, 1, 2, 1, 3, 1]),
      pairs("special values", GRID),
      pairs("the whole range", SWEEP),
    ],
    refusals: [
      {
        name: "shapes that don't broadcast",
        kind: ShapeError,
        says: /^pow: \(2, 3\) and \(2\) don't broadcast/,
        run: (device) => ops.pow(new Tensor(device.empty([2, 3])), new Tensor(device.empty([2]))),
      },
    ],
  },
};
