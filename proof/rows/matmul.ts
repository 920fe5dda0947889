// Rows of matmul and dense: thin and square, plain, transposed, batched and broadcast.
import { dense, matmul } from "../../src/autograd/ops.ts";
import type { ActivationType } from "../../src/kernels/epilogue-attributes.ts";
import { chain, epilogueRefusals } from "./epilogue.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { MatmulAttributes } from "../../src/kernels/matmul.ts";
import { createRandom, randomRef, type Ref, refOf, reshape } from "../reference/array.ts";
import * as binaries from "../reference/binary.ts";
import { binary } from "../reference/binary.ts";
import * as reference from "../reference/matmul.ts";
import { sumTo } from "../reference/shape-ops.ts";
import { type Case, eachOfTerms, ofTerms, type Refusal, type Row } from "../case.ts";

type Shape = readonly number[];

const random = createRandom(14);
const empty = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));
const A: MatmulAttributes = { transposeA: true };
const B: MatmulAttributes = { transposeB: true };
const BOTH: MatmulAttributes = { transposeA: true, transposeB: true };

function caseOf(name: string, inputs: readonly Ref[], flags: MatmulAttributes): Case {
  return {
    name,
    inputs,
    run: (a, b) => matmul(a!, b!, flags),
    value: (...inp) => ofTerms((a, b) => reference.matmul(a!, b!, flags), ...inp),
    gradients: (...all) =>
      eachOfTerms((dy, a, b) => Object.values(reference.matmulGrad(dy!, a!, b!, flags)), ...all),
  };
}

function product(a: Shape, b: Shape, flags: MatmulAttributes = {}): Case {
  const mark = (x: Shape, transposed = false): string =>
    `(${x.join(", ")})${transposed ? "ᵀ" : ""}`;
  const name = `${mark(a, flags.transposeA)} · ${mark(b, flags.transposeB)}`;
  return caseOf(name, [randomRef(a, random), randomRef(b, random)], flags);
}

/** A vector is a row on the left and a column on the right, and its axis is gone from the product. */
function vectors(a: Shape, b: Shape): Case {
  const matrices = (x: Ref, y: Ref): [Ref, Ref] => [
    x.shape.length > 1 ? x : reshape(x, [1, ...x.shape]),
    y.shape.length > 1 ? y : reshape(y, [...y.shape, 1]),
  ];
  const made = product(a, b);
  const out = [...b.slice(0, -2), ...a.slice(0, -1), ...(b.length > 1 ? b.slice(-1) : [])];
  const value = (x: Ref, y: Ref): Ref => reshape(reference.matmul(...matrices(x, y)), out);
  return {
    ...made,
    value: (x, y) => ofTerms((p, q) => value(p!, q!), x!, y!),
    gradients: (...all) =>
      eachOfTerms(
        (dy, x, y) => {
          const [left, right] = matrices(x!, y!);
          const full = reference.matmul(left, right).shape;
          const { da, db } = reference.matmulGrad(reshape(dy!, full), left, right);
          return [reshape(da, x!.shape), reshape(db, y!.shape)];
        },
        ...all,
      ),
  };
}

/** NaN and infinities, each of which may reach one row or column of the product and no other. */
function invalid(): Case {
  const a = randomRef([7, 13], random);
  const b = randomRef([13, 9], random);
  a.data[2 * 13 + 1] = Number.NaN;
  a.data[6 * 13 + 12] = Infinity;
  b.data[3 * 9 + 8] = Number.NaN;
  return {
    ...caseOf("NaN and infinities stay in their rows and columns", [a, b], {}),
    smooth: false,
    workgroup: true,
  };
}

function refused(name: string, a: Shape, b: Shape, says: RegExp): Refusal {
  return {
    name,
    kind: ShapeError,
    says,
    run: (device) => matmul(new Tensor(device.empty(a)), new Tensor(device.empty(b))),
  };
}

/** dense of random rows. */
export function connected(
  x: Shape,
  outputs: number,
  bias: boolean,
  storage: ActivationType = "f32",
): Case {
  const inputs = [x, [x.at(-1)!, outputs], ...(bias ? [[outputs]] : [])];
  return {
    name: `(${x.join(", ")}) to ${outputs}${bias ? ", with a bias" : ""}`,
    inputs: inputs.map((shape) => randomRef(shape, random)),
    run: (at, kernel, b) =>
      dense(at!, kernel!, { activationType: storage, ...(b ? { bias: b } : {}) }),
    value: (...inp) =>
      ofTerms(
        (at, kernel, b) => {
          const y = reference.matmul(at!, kernel!);
          return b ? binary(binaries.add, y, b) : y;
        },
        ...inp,
      ),
    gradients: (dy, at, kernel, b) => [
      ...eachOfTerms(
        (g, left, right) => Object.values(reference.matmulGrad(g!, left!, right!)),
        dy,
        at!,
        kernel!,
      ),
      ...(b ? [ofTerms((g) => sumTo(g!, b.shape), dy)] : []),
    ],
    tiles: false,
  };
}

const denseRefused = (
  name: string,
  x: Shape,
  kernel: Shape,
  says: RegExp,
  bias?: Shape,
): Refusal => ({
  name,
  kind: ShapeError,
  says,
  run(device) {
    const b = bias ? { bias: new Tensor(device.empty(bias)) } : {};
    return dense(new Tensor(device.empty(x)), new Tensor(device.empty(kernel)), b);
  },
});

const denseRow: Row = {
  cases: [
    connected([5, 7], 9, true),
    connected([3, 4, 5], 6, true),
    connected([1, 7], 3, false),
    connected([0, 7], 3, true),
    connected([3, 0], 4, true),
    {
      ...chain(
        [33, 40],
        { op: "dense", shape: [40, 64], bias: true, activation: "leakyRelu", rate: 0.3 },
        { op: "dense", shape: [64, 1], bias: true, activation: "sigmoid" },
      ),
      lanes: ["conv2d-forward", "conv2d-data-gradient", "conv2d-weight-gradient"],
      split: ["conv2d-forward", "conv2d-weight-gradient"],
    },
    {
      ...chain(
        [5, 3, 2, 8],
        { op: "conv2d", shape: [3, 3, 8, 16], activation: "relu" },
        { op: "dense", shape: [96, 12], activation: "tanh" },
      ),
      tiles: false,
    },
  ],
  refusals: [
    denseRefused(
      "features that differ",
      [2, 3],
      [4, 5],
      /^dense: takes x \(…, I\).*\(2, 3\) and \(4, 5\)$/,
    ),
    ...epilogueRefusals("dense", (device, epilogue) => {
      const tensors = [new Tensor(device.empty([2, 3])), new Tensor(device.empty([3, 4]))] as const;
      Reflect.apply(dense, undefined, [...tensors, { epilogue }]);
    }),
    denseRefused("a kernel of rank 3", [2, 3], [3, 5, 1], /^dense: takes x/),
    denseRefused("a scalar", [], [1, 1], /^dense: takes x/),
    denseRefused(
      "a bias of another length",
      [2, 3],
      [3, 5],
      /^dense: bias must have shape \(5\).*got \(3\)$/,
      [3],
    ),
  ],
};

const matmulRow: Row = {
  cases: [
    product([7, 13], [13, 9]),
    product([8, 64], [64, 8]),
    { ...product([96, 8], [8, 96]), workgroup: true, lanes: true },
    { ...product([4, 25], [25, 784]), lanes: true },
    { ...product([13, 21], [21, 36]), lanes: true, tiles: false },
    { ...product([7, 20], [36, 20], B), lanes: true, tiles: false },
    { ...product([2, 1, 9, 12], [3, 12, 8]), lanes: true, tiles: false },
    { ...product([10, 40], [10, 36], A), lanes: true, tiles: false },
    { ...product([2, 12, 36], [40, 12], BOTH), lanes: true, tiles: false },
    { ...product([3, 9, 7], [3, 8, 9], BOTH), workgroup: true },
    { ...product([65, 37], [37, 33]), workgroup: true, tiles: false }, // several slices, none of them whole
    { ...product([36, 68], [68, 100]), workgroup: true, tiles: false }, // the same by fours
    ...[
      product([5, 2600], [2600, 3]),
      product([1, 5000], [5000, 1]),
      product([3, 600], [600, 40]),
      product([300, 35], [300, 2], A),
      product([2, 2, 70], [3, 1, 35, 70], B),
      product([4, 40], [2, 17, 40], B),
    ].map((each) => ({ ...each, tiles: false, split: ["matmul"] })),
    ...[
      product([1, 1], [1, 1]),
      product([63, 3], [3, 65]),
      product([1, 17], [17, 9]),
      product([17, 5], [5, 1]),
      product([4, 392], [392, 1]),
      product([5, 7], [5, 9], A),
      product([7, 5], [8, 5], B),
      product([5, 7], [8, 5], BOTH),
      product([3, 4, 5], [3, 5, 8]),
      product([4, 5], [3, 5, 6]),
      product([2, 4, 5], [1, 5, 4]),
      product([1, 5, 4], [3, 5, 8], A),
      product([3, 5, 4], [7, 5], BOTH),
      { ...product([2, 1, 4, 5], [3, 5, 8]), workgroup: true },
      product([2, 1, 2, 3, 4], [1, 3, 1, 4, 5]),
      product([3, 2, 5, 4], [2, 8, 5], BOTH),
      product([2, 3, 1, 4], [4, 8]),
      product([0, 4, 5], [5, 6]),
      vectors([7], [7]),
      vectors([7], [2, 7, 5]),
      vectors([3, 4, 7], [7]),
    ].map((each) => ({ ...each, tiles: false })),
    invalid(),
    {
      ...caseOf("an empty sum is 0", [refOf([4, 0], []), refOf([0, 5], [])], {}),
      smooth: false,
      tiles: false,
    },
  ],
  refusals: [
    refused("a scalar", [], [3], /^matmul: takes vectors, matrices .* got \(\) and \(3\)/),
    {
      ...refused(
        "a vector to transpose",
        [3],
        [3, 2],
        /^matmul: a vector has nothing to transpose/,
      ),
      kind: AttributeError,
      run: (device) => matmul(empty(device, 3), empty(device, 3, 2), A),
    },
    refused(
      "inner sizes that differ",
      [2, 3],
      [4, 5],
      /^matmul: .* as \(2, 3\) · \(4, 5\): the inner sizes/,
    ),
    refused(
      "batches that differ",
      [2, 3, 4],
      [3, 4, 5],
      /^matmul: \(2\) and \(3\) don't broadcast/,
    ),
  ],
};

/** Rows by the name of their op. */
export const matmulRows: { readonly matmul: Row; readonly dense: Row } = {
  matmul: matmulRow,
  dense: denseRow,
};
