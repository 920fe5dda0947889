// The reference's element-wise functions, reductions and movements of values: every backward compared with central
// differences, and values that can be computed by hand; and its comparisons.
import { describe, expect, test } from "vitest";
import {
  createRandom,
  full,
  randomAwayFromZero,
  randomRef,
  type Ref,
  refOf,
} from "../../proof/reference/array.ts";
import * as binaries from "../../proof/reference/binary.ts";
import { binary, binaryGrad } from "../../proof/reference/binary.ts";
import { compareToOracle, compareToTerms } from "../../proof/reference/compare.ts";
import { gradientError } from "../../proof/reference/finite-differences.ts";
import * as reduce from "../../proof/reference/reduce.ts";
import * as shapes from "../../proof/reference/shape-ops.ts";
import * as unaries from "../../proof/reference/unary.ts";
import { type Unary, unary, unaryGrad } from "../../proof/reference/unary.ts";

const CLOSE = 1e-7;

const random = createRandom(7);
const uniform = (...shape: number[]): Ref => randomRef(shape, random);
const positive = (...shape: number[]): Ref => randomRef(shape, random, 0.5, 2);

/** Values further apart than finite differences reach, so that no two of them tie or swap. */
function distinct(...shape: number[]): Ref {
  const x = uniform(...shape);
  const order = x.data.map((_, i) => i).sort((a, b) => x.data[a]! - x.data[b]!);
  order.forEach((at, rank) => {
    x.data[at] = rank / 8 - 2;
  });
  return x;
}

describe("element-wise functions", () => {
  const anywhere: Record<string, Unary> = {
    relu: unaries.relu,
    leakyRelu: unaries.leakyRelu(0.3),
    elu: unaries.elu(1.5),
    tanh: unaries.tanh,
    sigmoid: unaries.sigmoid,
    softplus: unaries.softplus,
    exp: unaries.exp,
    square: unaries.square,
    absolute: unaries.absolute,
    neg: unaries.neg,
    reciprocal: unaries.reciprocal,
    clip: unaries.clip(-0.55, 0.45),
  };
  const aboveZero: Record<string, Unary> = { log: unaries.log, sqrt: unaries.sqrt };

  test.each(Object.entries(anywhere))("%s", (_, f) => {
    const x = randomAwayFromZero([60], random, 0.1, 2);
    expect(
      gradientError(
        (at) => unary(f, at),
        (dy, at) => [unaryGrad(f, dy, at)],
        [x],
      ),
    ).toBeLessThan(CLOSE);
  });

  test.each(Object.entries(aboveZero))("%s", (_, f) => {
    const x = positive(60);
    expect(
      gradientError(
        (at) => unary(f, at),
        (dy, at) => [unaryGrad(f, dy, at)],
        [x],
      ),
    ).toBeLessThan(CLOSE);
  });

  test("NaN passes through, and extremes stay finite", () => {
    for (const f of Object.values(anywhere)) expect(f.value(Number.NaN)).toBeNaN();
    expect(unaries.sigmoid.value(-1000)).toBe(0);
    expect(unaries.sigmoid.value(1000)).toBe(1);
    expect(unaries.softplus.value(1000)).toBe(1000);
    expect(unaries.softplus.value(-20) / Math.exp(-20)).toBeCloseTo(1, 8);
    expect(unaries.tanh.slope(1000)).toBe(0);
  });

  test("at a kink the derivative is PyTorch's", () => {
    expect(unaries.relu.slope(0)).toBe(0);
    expect(unaries.leakyRelu(0.2).slope(0)).toBe(0.2);
    expect(unaries.absolute.slope(0)).toBe(0);
    expect(unaries.clip(-1, 1).slope(1)).toBe(1);
  });
});

describe("element-wise functions of two arrays", () => {
  const functions: Record<string, binaries.Binary> = {
    add: binaries.add,
    sub: binaries.sub,
    mul: binaries.mul,
    div: binaries.div,
    pow: binaries.pow,
    maximum: binaries.maximum,
    minimum: binaries.minimum,
  };
  const broadcasts = [
    { a: [2, 3], b: [2, 3] },
    { a: [2, 3, 4], b: [3, 1] },
    { a: [1, 4], b: [2, 3, 1] },
    { a: [], b: [5] },
  ];

  test.each(Object.entries(functions))("%s", (_, f) => {
    for (const { a, b } of broadcasts) {
      const error = gradientError(
        (x, y) => binary(f, x, y),
        (dy, x, y) => Object.values(binaryGrad(f, dy, x, y)),
        [positive(...a), positive(...b)],
      );
      expect(error).toBeLessThan(CLOSE);
    }
  });

  test("a tie shares its gradient", () => {
    const same = full([1], 2);
    for (const f of [binaries.maximum, binaries.minimum]) {
      const { da, db } = binaryGrad(f, full([1], 1), same, same);
      expect([da.data[0], db.data[0]]).toEqual([0.5, 0.5]);
    }
  });

  test("pow at 0", () => {
    expect(binaries.pow.slopeA(0, 0)).toBe(0);
    expect(binaries.pow.slopeB(0, 2)).toBe(0);
    expect(binaries.pow.slopeA(0, 1)).toBe(1);
  });

  test("shapes that don't broadcast are refused", () => {
    expect(() => binary(binaries.add, uniform(2, 3), uniform(2))).toThrow(RangeError);
  });
});

describe("reductions", () => {
  const axesList = [[0], [1, 2], [-1], [0, 1, 2]];

  test.each(axesList.map((axes) => ({ axes })))("gradients over axes $axes", ({ axes }) => {
    const x = distinct(2, 3, 4);
    for (const keepDims of [false, true]) {
      const errors = [
        gradientError(
          (at) => reduce.sum(at, axes, keepDims),
          (dy, at) => [reduce.sumGrad(dy, at.shape, axes)],
          [x],
        ),
        gradientError(
          (at) => reduce.mean(at, axes, keepDims),
          (dy, at) => [reduce.meanGrad(dy, at.shape, axes)],
          [x],
        ),
        gradientError(
          (at) => reduce.max(at, axes, keepDims),
          (dy, at) => [reduce.maxGrad(dy, at, axes)],
          [x],
        ),
        gradientError(
          (at) => reduce.min(at, axes, keepDims),
          (dy, at) => [reduce.minGrad(dy, at, axes)],
          [x],
        ),
      ];
      expect(Math.max(...errors)).toBeLessThan(CLOSE);
    }
  });

  test("shapes, values, ties and NaN", () => {
    const x = refOf([2, 3], [1, 5, 5, 2, 0, -1]);
    expect(reduce.sum(x, [0], true)).toEqual(refOf([1, 3], [3, 5, 4]));
    expect(reduce.mean(x, [1])).toEqual(refOf([2], [11 / 3, 1 / 3]));
    expect(reduce.max(x, [0, 1])).toEqual(refOf([], [5]));
    expect(reduce.min(x, [1])).toEqual(refOf([2], [1, -1]));
    const dx = reduce.maxGrad(refOf([2], [1, 1]), x, [1]);
    expect([...dx.data]).toEqual([0, 0.5, 0.5, 1, 0, 0]);
    expect(reduce.max(refOf([2], [Number.NaN, 1]), [0]).data[0]).toBeNaN();
  });
});

describe("moving values", () => {
  test("gradients", () => {
    const x = uniform(3, 4, 5);
    const parts = [uniform(2, 1, 3), uniform(2, 4, 3)];
    const errors = [
      gradientError(
        (at) => shapes.transpose(at, [2, 0, 1]),
        (dy) => [shapes.transposeGrad(dy, [2, 0, 1])],
        [x],
      ),
      gradientError(
        (at) => shapes.slice(at, [0, 1, 1], [2, 3, 2], [2, 1, 3]),
        (dy, at) => [shapes.sliceGrad(dy, at.shape, [0, 1, 1], [2, 1, 3])],
        [x],
      ),
      gradientError(
        (at) => shapes.pad(at, [1, 0, 2], [0, 3, 1], 9),
        (dy, at) => [shapes.padGrad(dy, at.shape, [1, 0, 2])],
        [x],
      ),
      gradientError(
        (...each) => shapes.concat(each, 1),
        (dy, ...each) =>
          shapes.concatGrad(
            dy,
            each.map((part) => part.shape),
            1,
          ),
        parts,
      ),
      gradientError(
        (at) => shapes.broadcastTo(at, [2, 3, 4]),
        (dy, at) => [shapes.sumTo(dy, at.shape)],
        [uniform(3, 1)],
      ),
    ];
    expect(Math.max(...errors)).toBeLessThan(CLOSE);
  });

  test("values, by hand", () => {
    const x = refOf([2, 3], [1, 2, 3, 4, 5, 6]);
    expect(shapes.transpose(x, [1, 0])).toEqual(refOf([3, 2], [1, 4, 2, 5, 3, 6]));
    expect(shapes.slice(x, [0, 0], [2, 2], [1, 2])).toEqual(refOf([2, 2], [1, 3, 4, 6]));
    expect(shapes.pad(x, [0, 1], [0, 0], 7)).toEqual(refOf([2, 4], [7, 1, 2, 3, 7, 4, 5, 6]));
    expect(shapes.concat([x, x], 0).shape).toEqual([4, 3]);
    expect(shapes.concat([refOf([2, 1], [8, 9]), x], 1)).toEqual(
      refOf([2, 4], [8, 1, 2, 3, 9, 4, 5, 6]),
    );
    expect(() => shapes.slice(x, [0, 2], [2, 2])).toThrow(RangeError);
  });
});

describe("comparisons", () => {
  const nan = Number.NaN;

  test("compareToOracle", () => {
    const e = refOf([3], [1, nan, Infinity]);
    expect(compareToOracle([1, nan, Infinity], e, { type: "ulp", value: 0 }).ok).toBe(true);
    expect(compareToOracle([1 + 2 ** -23, nan, Infinity], e, { type: "ulp", value: 1 }).ok).toBe(
      true,
    );
    expect(compareToOracle([1 + 2 ** -22, nan, Infinity], e, { type: "ulp", value: 1 }).ok).toBe(
      false,
    );
    expect(compareToOracle([1, 0, Infinity], e, { type: "ulp", value: 9 }).why).toContain("[1]");
    expect(compareToOracle([1, nan, -Infinity], e, { type: "atol", value: 1 }).ok).toBe(false);
    expect(compareToOracle([1], e, { type: "atol", value: 1 }).why).toContain("1 values");
    const tiny = refOf([1], [0]);
    expect(compareToOracle([-(2 ** -149)], tiny, { type: "ulp", value: 1 }).ok).toBe(true);
    const hundred = refOf([1], [100]);
    const relative = { type: "atol_rtol", atol: 0.5, rtol: 0.01 } as const;
    expect(compareToOracle([101.4], hundred, relative).ok).toBe(true);
    expect(compareToOracle([101.6], hundred, relative).ok).toBe(false);
  });

  test("compareToTerms", () => {
    const e = refOf([1], [0]);
    const unit = 2 ** -24;
    expect(compareToTerms([16 * unit], e, refOf([1], [1])).ok).toBe(true);
    expect(compareToTerms([17 * unit], e, refOf([1], [1])).ok).toBe(false);
    expect(compareToTerms([1e-3], e, refOf([1], [nan])).ok).toBe(false);
    expect(compareToTerms([nan], e, refOf([1], [1])).ok).toBe(false);
  });
});
