// The reference's layers and losses: every backward compared with central differences, and values and properties that
// can be computed by hand.
import { describe, expect, test } from "vitest";
import {
  absTerms,
  createRandom,
  dot,
  full,
  randomRef,
  type Ref,
  refOf,
} from "../../proof/reference/array.ts";
import {
  batchNormInference,
  batchNormInferenceGrad,
  batchNormTraining,
  batchNormTrainingGrad,
} from "../../proof/reference/batch-norm.ts";
import { add, binary, sub } from "../../proof/reference/binary.ts";
import {
  conv2d,
  conv2dFilterGrad,
  conv2dInputGrad,
  convGeometry,
  convOutputSize,
  convTranspose2d,
  convTranspose2dFilterGrad,
  convTranspose2dInputGrad,
  convTransposeOutputSize,
  type Pair,
  sameGeometry,
  samePadding,
} from "../../proof/reference/conv.ts";
import { dropout, dropoutGrad } from "../../proof/reference/dropout.ts";
import { gradientError } from "../../proof/reference/finite-differences.ts";
import * as losses from "../../proof/reference/losses.ts";
import { addBias, biasGrad, matmul, matmulGrad } from "../../proof/reference/matmul.ts";
import * as reduce from "../../proof/reference/reduce.ts";
import * as shapes from "../../proof/reference/shape-ops.ts";

const CLOSE = 1e-7;

const random = createRandom(7);
const uniform = (...shape: number[]): Ref => randomRef(shape, random);
const positive = (...shape: number[]): Ref => randomRef(shape, random, 0.5, 2);

describe("convolution", () => {
  const cases = [
    {
      name: "same, stride 2",
      size: [7, 6],
      kernel: [5, 5],
      ...sameGeometry([7, 6], [5, 5], [2, 2]),
    },
    {
      name: "dilation 2, asymmetric",
      size: [8, 7],
      kernel: [3, 2],
      ...convGeometry({ dilations: [2, 2], padding: [1, 0, 2, 3] }),
    },
    {
      name: "groups 2, strides 2 and 1",
      size: [5, 6],
      kernel: [3, 3],
      ...convGeometry({ groups: 2, strides: [2, 1], padding: [1, 1, 0, 2] }),
    },
    {
      name: "stride past the kernel",
      size: [8, 8],
      kernel: [2, 2],
      ...convGeometry({ strides: [3, 3] }),
    },
  ] satisfies { name: string; size: Pair; kernel: Pair }[];

  test.each(cases)("conv2d and its gradients: $name", ({ size, kernel, ...geometry }) => {
    const inputs = [uniform(2, ...size, 4), uniform(...kernel, 4 / geometry.groups, 6)];
    const error = gradientError(
      (x, filter) => conv2d(x, filter, geometry),
      (dy, x, filter) => [
        conv2dInputGrad(dy, filter, x.shape, geometry),
        conv2dFilterGrad(dy, x, filter.shape, geometry),
      ],
      inputs,
    );
    expect(error).toBeLessThan(CLOSE);
  });

  test.each(cases)("convTranspose2d and its gradients: $name", ({ size, kernel, ...geometry }) => {
    const from = convOutputSize(size, kernel, geometry);
    const inputs = [uniform(2, ...from, 6), uniform(...kernel, 4 / geometry.groups, 6)];
    const error = gradientError(
      (x, filter) => convTranspose2d(x, filter, geometry, size),
      (dy, x, filter) => [
        convTranspose2dInputGrad(dy, filter, x.shape, geometry),
        convTranspose2dFilterGrad(dy, x, filter.shape, geometry),
      ],
      inputs,
    );
    expect(error).toBeLessThan(CLOSE);
  });

  // Σ over taps of (the padded image, shifted and strided) · (the tap's matrix), group by group.
  test("conv2d as a sum of shifted matrix products, everything different by axis", () => {
    const geometry = convGeometry({
      strides: [2, 3],
      padding: [1, 2, 3, 0],
      dilations: [3, 2],
      groups: 2,
    });
    const [x, filter] = [uniform(2, 9, 11, 4), uniform(3, 2, 2, 6)];
    const padded = shapes.pad(x, [0, 1, 3, 0], [0, 2, 0, 0]);
    const [height, width] = convOutputSize([9, 11], [3, 2], geometry);
    const groups = [0, 1].map((g) => {
      let total = full([2, height, width, 3], 0);
      for (let ky = 0; ky < 3; ky++) {
        for (let kx = 0; kx < 2; kx++) {
          const at = [0, 3 * ky, 2 * kx, 2 * g];
          const shifted = shapes.slice(padded, at, [2, height, width, 2], [1, 2, 3, 1]);
          const tap = shapes.slice(filter, [ky, kx, 0, 3 * g], [1, 1, 2, 3]);
          total = binary(add, total, matmul(shifted, tap));
        }
      }
      return total;
    });
    const expected = shapes.concat(groups, 3);
    const y = conv2d(x, filter, geometry);
    expect(y.shape).toEqual([2, 3, 4, 6]);
    const error = binary(sub, y, expected).data.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
    expect(error).toBeLessThan(1e-12);
  });

  test("an output of a plain convolution, by hand", () => {
    const x = refOf([1, 2, 2, 1], [1, 2, 3, 4]);
    const filter = refOf([2, 2, 1, 1], [10, 20, 30, 40]);
    expect([...conv2d(x, filter, convGeometry()).data]).toEqual([300]);
    const same = conv2d(x, filter, sameGeometry([2, 2], [2, 2]));
    expect([...same.data]).toEqual([300, 2 * 10 + 4 * 30, 3 * 10 + 4 * 20, 4 * 10]);
  });

  test("samePadding is TensorFlow's", () => {
    expect(samePadding(28, 5, 2)).toEqual([1, 2]);
    expect(samePadding(7, 5, 2)).toEqual([2, 2]);
    expect(samePadding(14, 3, 2)).toEqual([0, 1]);
    expect(samePadding(7, 5, 1)).toEqual([2, 2]);
    expect(samePadding(8, 2, 3)).toEqual([0, 0]);
    expect(samePadding(9, 3, 1, 2)).toEqual([2, 2]);
  });

  test("a transposed convolution with 'same' is the adjoint of the convolution", () => {
    const geometry = sameGeometry([14, 14], [5, 5], [2, 2]);
    const [x, y, filter] = [uniform(2, 14, 14, 3), uniform(2, 7, 7, 4), uniform(5, 5, 3, 4)];
    const forth = dot(conv2d(x, filter, geometry), y);
    const back = dot(x, convTranspose2d(y, filter, geometry, [14, 14]));
    expect(back).toBeCloseTo(forth, 10);
    expect(convTransposeOutputSize([7, 7], [5, 5], geometry)).toEqual([14, 14]);
  });

  test("output padding lengthens the output", () => {
    const geometry = convGeometry({ strides: [2, 2], padding: [2, 2, 2, 2] });
    expect(convTransposeOutputSize([7, 7], [5, 5], geometry, [1, 1])).toEqual([14, 14]);
  });

  test("shapes that don't fit are refused", () => {
    expect(() => conv2d(uniform(1, 4, 4, 3), uniform(3, 3, 2, 4), convGeometry())).toThrow(
      RangeError,
    );
  });
});

describe("matmul and bias", () => {
  test.each([
    { a: [3, 4], b: [4, 5], flags: {} },
    { a: [4, 3], b: [4, 5], flags: { transposeA: true } },
    { a: [3, 4], b: [5, 4], flags: { transposeB: true } },
    { a: [2, 4, 3], b: [5, 4], flags: { transposeA: true, transposeB: true } },
    { a: [2, 1, 3, 4], b: [3, 4, 2], flags: {} },
  ])("gradients of $a by $b, $flags", ({ a, b, flags }) => {
    const error = gradientError(
      (x, y) => matmul(x, y, flags),
      (dy, x, y) => Object.values(matmulGrad(dy, x, y, flags)),
      [uniform(...a), uniform(...b)],
    );
    expect(error).toBeLessThan(CLOSE);
  });

  test("a product by hand, and Σ|terms|", () => {
    const a = refOf([1, 2], [1, -2]);
    const b = refOf([2, 1], [3, 4]);
    expect([...matmul(a, b).data]).toEqual([-5]);
    expect([...absTerms((x, y) => matmul(x, y), a, b).data]).toEqual([11]);
  });

  test("bias", () => {
    const error = gradientError(
      (x, b) => addBias(x, b),
      (dy) => [dy, biasGrad(dy)],
      [uniform(2, 3, 3, 4), uniform(4)],
    );
    expect(error).toBeLessThan(CLOSE);
  });
});

describe("batch normalisation", () => {
  const options = { epsilon: 1e-3, momentum: 0.9 };
  const running = { mean: uniform(3), variance: positive(3) };

  test("gradients in training", () => {
    const error = gradientError(
      (x, gamma, beta) => batchNormTraining(x, gamma, beta, running, options).y,
      (dy, x, gamma) => Object.values(batchNormTrainingGrad(dy, x, gamma, options.epsilon)),
      [uniform(2, 3, 2, 3), positive(3), uniform(3)],
    );
    expect(error).toBeLessThan(CLOSE);
  });

  test("gradients in inference", () => {
    const error = gradientError(
      (x, gamma, beta) => batchNormInference(x, gamma, beta, running, options.epsilon),
      (dy, x, gamma) =>
        Object.values(batchNormInferenceGrad(dy, x, gamma, running, options.epsilon)),
      [uniform(2, 3, 2, 3), positive(3), uniform(3)],
    );
    expect(error).toBeLessThan(CLOSE);
  });

  test("running statistics with the population and the unbiased variance", () => {
    const x = refOf([3, 1], [1, 2, 6]); // mean 3, population variance 14/3, unbiased 7
    const old = { mean: full([1], 10), variance: full([1], 1) };
    const [gamma, beta] = [full([1], 1), full([1], 0)];
    const population = batchNormTraining(x, gamma, beta, old, options).running;
    expect(population.mean.data[0]).toBeCloseTo(9 + 0.3, 12);
    expect(population.variance.data[0]).toBeCloseTo(0.9 + 1.4 / 3, 12);
    const unbiased = { ...options, runningVariance: "unbiased" as const };
    const other = batchNormTraining(x, gamma, beta, old, unbiased).running;
    expect(other.variance.data[0]).toBeCloseTo(0.9 + 0.7, 12);
  });
});

describe("losses and softmax", () => {
  test.each(["mean", "sum"] as const)("sigmoid cross-entropy, %s", (reduction) => {
    const targets = randomRef([4, 3], random, 0, 1);
    const error = gradientError(
      (x) => losses.sigmoidCrossEntropy(x, targets, reduction),
      (dy, x) => [losses.sigmoidCrossEntropyGrad(dy, x, targets, reduction)],
      [randomRef([4, 3], random, -4, 4)],
    );
    expect(error).toBeLessThan(CLOSE);
  });

  test("sigmoid cross-entropy keeps its digits at large logits", () => {
    const one = full([1], 1);
    const loss = losses.sigmoidCrossEntropy(full([1], 20), one);
    expect(loss.data[0]! / Math.exp(-20)).toBeCloseTo(1, 8); // ln(1 + e⁻²⁰) ≈ e⁻²⁰ − e⁻⁴⁰/2
    const grad = losses.sigmoidCrossEntropyGrad(full([], 1), full([1], 40), one);
    expect(grad.data[0]! / -Math.exp(-40)).toBeCloseTo(1, 12);
  });

  test("softmax, logSoftmax and softmax cross-entropy", () => {
    const x = randomRef([5, 4], random, -3, 3);
    const labels = refOf([5], [0, 3, 1, 1, 2]);
    const errors = [
      gradientError(
        (at) => losses.softmax(at),
        (dy, at) => [losses.softmaxGrad(dy, at)],
        [x],
      ),
      gradientError(
        (at) => losses.logSoftmax(at),
        (dy, at) => [losses.logSoftmaxGrad(dy, at)],
        [x],
      ),
      gradientError(
        (at) => losses.softmaxCrossEntropy(at, labels),
        (dy, at) => [losses.softmaxCrossEntropyGrad(dy, at, labels)],
        [x],
      ),
    ];
    expect(Math.max(...errors)).toBeLessThan(CLOSE);
    const rows = reduce.sum(losses.softmax(full([2, 3], 1000)), [1]);
    expect(rows.data[0]).toBeCloseTo(1, 12);
  });

  test("dropout", () => {
    const mask = refOf([4], [1, 0, 0, 1]);
    const x = refOf([4], [1, 2, Number.NaN, 4]);
    expect([...dropout(x, mask, 0.5).data]).toEqual([2, 0, 0, 8]);
    const error = gradientError(
      (at) => dropout(at, mask, 0.3),
      (dy) => [dropoutGrad(dy, mask, 0.3)],
      [uniform(4)],
    );
    expect(error).toBeLessThan(CLOSE);
  });
});
