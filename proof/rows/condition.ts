// Rows of comparisons, logic and where: all special values compared with one another, in every type.
import * as ops from "../../src/autograd/ops.ts";
import type { OfPair } from "../../src/autograd/lift.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf, zip } from "../reference/array.ts";
import { broadcastShape, broadcastTo, sumTo } from "../reference/shape-ops.ts";
import { type Case, exactly, type InputType, type Refusal, type Row, sumOf } from "../case.ts";

type Comparison = "equal" | "notEqual" | "less" | "lessEqual" | "greater" | "greaterEqual";
type Name = Comparison | "logicalAnd" | "logicalOr" | "logicalNot" | "where";
type Kind = "f32" | "i32" | "u32";
type Holds = (a: number, b: number) => boolean;
type Shape = readonly number[];

const random = createRandom(33);
const LEAST = -(2 ** 31);

/** Values of each type that are easily mistaken for others. */
const SPECIAL: Readonly<Record<Kind, readonly number[]>> = {
  f32: [0, -0, 1, -1, 2 ** -149, -(2 ** -149), 2 ** -126, 1e-40, 3e38, -3e38, 1 + 2 ** -23]
    .concat(Infinity, -Infinity, Number.NaN)
    .map(Math.fround),
  i32: [0, 1, -1, LEAST, LEAST + 1, 2 ** 31 - 1, 2 ** 31 - 2, 16_777_216, 16_777_217],
  u32: [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 2 ** 32 - 1, 2 ** 32 - 2, 16_777_217],
};
const vector = (values: readonly number[]): Ref => refOf([values.length], [...values]);
const column = (values: readonly number[]): Ref => refOf([values.length, 1], [...values]);
const whole = (shape: Shape): Ref => map(randomRef(shape, random, -2, 2), Math.round);

function pairCase(
  name: string,
  run: OfPair,
  holds: Holds,
  inputs: readonly [Ref, Ref],
  dtypes: readonly [InputType, InputType] = ["f32", "f32"],
): Case {
  return {
    name,
    inputs,
    dtypes,
    run: (a, b) => run(a!, b!),
    value(a, b) {
      const shape = broadcastShape(a!.shape, b!.shape);
      const [x, y] = [broadcastTo(a!, shape), broadcastTo(b!, shape)];
      return exactly(zip(x, y, (p, q) => Number(holds(p, q))));
    },
    gradients: () => [],
    smooth: false,
  };
}

const SHAPES: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 7, 11],
    [3, 7, 11],
  ],
  [
    [4, 1, 5],
    [3, 5],
  ],
  [[], [65]],
  [[0, 3], [3]],
  [
    [2, 1, 3, 1, 2, 1, 2],
    [1, 2, 1, 2, 1, 3, 1],
  ],
];

const ALIKE: readonly (readonly [Kind, Kind])[] = [
  ["f32", "f32"],
  ["i32", "i32"],
  ["u32", "u32"],
];
const MIXED: typeof ALIKE = [
  ["f32", "i32"],
  ["u32", "f32"],
];

function pairRow(name: Name, run: OfPair, holds: Holds, mixed: boolean): Row {
  const kinds = mixed ? [...ALIKE, ...MIXED] : ALIKE;
  // One way of stretching for all, which share a kernel.
  const shapes = name === "equal" ? SHAPES : SHAPES.slice(1, 2);
  return {
    cases: [
      ...shapes.map(([a, b]) =>
        pairCase(`(${a.join(", ")}) and (${b.join(", ")})`, run, holds, [whole(a), whole(b)]),
      ),
      ...kinds.map(([a, b]) => {
        const inputs = [column(SPECIAL[a]), vector(SPECIAL[b])] as const;
        return pairCase(`special values, ${a} and ${b}`, run, holds, inputs, [a, b]);
      }),
    ],
    refuses: "u8",
    refusals: [
      {
        name: "shapes that don't broadcast",
        kind: ShapeError,
        says: new RegExp(`^${name}: \\(2, 3\\) and \\(2\\) don't broadcast`),
        run: (device) => run(floats(device, 2, 3), floats(device, 2)),
      },
    ],
  };
}

const floats = (device: Device, ...shape: number[]): Tensor => new Tensor(device.empty(shape));
const integers = (device: Device, dtype: "i32" | "u32"): Tensor =>
  new Tensor(device.empty([2], dtype));

function comparison(name: Comparison, run: OfPair, holds: Holds): Row {
  const { refusals, ...row } = pairRow(name, run, holds, false);
  const more: readonly Refusal[] = [
    {
      name: "two types",
      kind: DTypeError,
      says: new RegExp(
        `^${name}: inputs 0 and 1 must have the same type; got f32 and i32; cast one`,
      ),
      run: (device) => run(floats(device, 2), integers(device, "i32")),
    },
    {
      name: "a number that the other's type can't hold",
      kind: DTypeError,
      says: new RegExp(`^${name}: input 1 must be a whole number in .* next to .* i32; got 0.5$`),
      run: (device) => run(integers(device, "i32"), 0.5),
    },
  ];
  return { ...row, refusals: [...refusals, ...more] };
}

const isTrue = (x: number): boolean => x !== 0; // of NaN too

function not(values: Ref, dtype: InputType): Case {
  return {
    name: `(${values.shape.join(", ")}), ${dtype}`,
    inputs: [values],
    dtypes: [dtype],
    run: (x) => ops.logicalNot(x!),
    value: (x) => exactly(map(x!, (each) => Number(!isTrue(each)))),
    gradients: () => [],
    smooth: false,
  };
}

function chosenOf(condition: Ref, a: Ref, b: Ref): Ref {
  const shape = broadcastShape(condition.shape, a.shape, b.shape);
  const [x, y] = [broadcastTo(a, shape), broadcastTo(b, shape)];
  const { data } = broadcastTo(condition, shape);
  return { shape, data: data.map((each, i) => (isTrue(each) ? x : y).data[i]!) };
}

/** A choice between floats by u32, with gradients. */
function choice(name: string, inputs: readonly [Ref, Ref, Ref], smooth = true): Case {
  const back = (condition: Ref, dy: Ref, side: boolean, of: Ref): Ref => {
    const flows = zip(broadcastTo(condition, dy.shape), dy, (c, flow) =>
      isTrue(c) === side ? flow : 0,
    );
    return sumTo(flows, of.shape);
  };
  return {
    name,
    inputs,
    dtypes: ["u32", "f32", "f32"],
    run: (condition, a, b) => ops.where(condition!, a!, b!),
    value: (condition, a, b) => exactly(chosenOf(condition!, a!, b!)),
    gradients: (dy, condition, a, b) => [
      sumOf(back(condition!, dy, true, a!), back(condition!, abs(dy), true, a!)),
      sumOf(back(condition!, dy, false, b!), back(condition!, abs(dy), false, b!)),
    ],
    smooth,
  };
}

const bits = (shape: Shape): Ref => map(randomRef(shape, random, 0, 2), Math.floor);

function stretched(condition: Shape, a: Shape, b: Shape): Case {
  const name = `(${condition.join(", ")}) ? (${a.join(", ")}) : (${b.join(", ")})`;
  return choice(name, [bits(condition), randomRef(a, random), randomRef(b, random)]);
}

/** A choice between integers, by whatever type. */
function wholeChoice(condition: Kind, dtype: "i32" | "u32"): Case {
  const from = condition === "f32" ? SPECIAL.f32 : [0, 1, 2, 2 ** 31 - 1];
  const inputs = [column(from), vector(SPECIAL[dtype]), refOf([1], [7])] as const;
  return {
    ...choice(`${dtype} by ${condition}`, inputs, false),
    dtypes: [condition, dtype, dtype],
    gradients: () => [],
  };
}

const whereRow: Row = {
  cases: [
    stretched([3, 7, 11], [3, 7, 11], [3, 7, 11]),
    stretched([4, 1, 5], [3, 1], [5]),
    stretched([65], [], [1]),
    stretched([], [2, 3], [3]),
    stretched([0, 3], [3], [1, 3]),
    stretched([2, 1, 3, 1, 2, 1, 2], [1, 2, 1, 2, 1, 3, 1], [2]),
    choice(
      "NaN and infinities, each where it was chosen",
      [
        refOf([6], [1, 1, 1, 0, 0, 0]),
        refOf([6], [Number.NaN, Infinity, -0, Number.NaN, Infinity, 1]),
        refOf([6], [Infinity, Number.NaN, 1, -Infinity, 2, Number.NaN]),
      ],
      false,
    ),
    wholeChoice("f32", "i32"),
    wholeChoice("i32", "u32"),
    wholeChoice("u32", "i32"),
  ],
  refuses: "u8",
  refusals: [
    {
      name: "values of two types",
      kind: DTypeError,
      says: /^where: inputs 1 and 2 must have the same type; got f32 and i32; cast one of them$/,
      run: (device) => ops.where(floats(device, 2), floats(device, 2), integers(device, "i32")),
    },
    {
      name: "a condition that doesn't broadcast",
      kind: ShapeError,
      says: /^where: \(3\) and \(2, 2\) don't broadcast/,
      run: (device) => ops.where(floats(device, 3), floats(device, 2, 2), 1),
    },
    {
      name: "a number below 0 next to u32",
      kind: DTypeError,
      says: /^where: input 2 must be a whole number in \[0, 4294967295\] next to .* u32; got -1$/,
      run: (device) => ops.where(floats(device, 2), integers(device, "u32"), -1),
    },
  ],
};

/** Rows by the name of their op. */
export const conditionRows: Readonly<Record<Name, Row>> = {
  equal: comparison("equal", ops.equal, (a, b) => a === b),
  notEqual: comparison("notEqual", ops.notEqual, (a, b) => a !== b),
  less: comparison("less", ops.less, (a, b) => a < b),
  lessEqual: comparison("lessEqual", ops.lessEqual, (a, b) => a <= b),
  greater: comparison("greater", ops.greater, (a, b) => a > b),
  greaterEqual: comparison("greaterEqual", ops.greaterEqual, (a, b) => a >= b),
  logicalAnd: pairRow("logicalAnd", ops.logicalAnd, (a, b) => isTrue(a) && isTrue(b), true),
  logicalOr: pairRow("logicalOr", ops.logicalOr, (a, b) => isTrue(a) || isTrue(b), true),
  logicalNot: {
    cases: [
      not(whole([3, 7, 11]), "f32"),
      not(vector(SPECIAL.f32), "f32"),
      not(vector(SPECIAL.i32), "i32"),
      not(vector(SPECIAL.u32), "u32"),
    ],
    refuses: "u8",
    refusals: [],
  },
  where: whereRow,
};
