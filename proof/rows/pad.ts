// The row of padding. Its result is exact. Its gradient is exact if it adds a constant, otherwise a sum over the
// copies.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { Device } from "../../src/gpu/device.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import type { AxisPadding, PadAttributes } from "../../src/kernels/pad.ts";
import { createRandom, randomRef, type Ref } from "../reference/array.ts";
import * as shapes from "../reference/shape-ops.ts";
import { type Case, exactly, type InputType, type Row } from "../case.ts";
import {
  type Indices,
  onIntegers,
  refusals,
  type Shape,
  SPECIAL,
  startsWith,
  taking,
  tensor,
  text,
  whole,
} from "./moves.ts";

type Copying = Exclude<PadAttributes["mode"], undefined | "constant">;

const COPYING: readonly Copying[] = ["reflect", "symmetric", "edge"];
const random = createRandom(23);

/** (before, after) for each axis, from what goes before all axes and what goes after. */
const pairs = (before: Shape, after: Shape): AxisPadding[] =>
  before.map((first, axis) => [first, after[axis]!]);

const copies = (mode: Copying, shape: Shape, before: Shape, after: Shape): Indices =>
  shape.map((n, axis) => shapes.padIndices(mode, n, before[axis]!, after[axis]!));

const copied = (
  mode: Copying,
  shape: Shape,
  before: Shape,
  after: Shape,
  x: Ref = randomRef(shape, random),
): Case =>
  taking(
    `${text(shape)} by ${text(before)} and ${text(after)}, ${mode}`,
    x,
    (at) => ops.pad(at, { padding: pairs(before, after), mode }),
    copies(mode, shape, before, after),
  );

/** Cropped first, where padding is negative, then padded. */
function surrounded(
  shape: Shape,
  before: Shape,
  after: Shape,
  value?: number,
  x: Ref = randomRef(shape, random),
  dtype: InputType = "f32",
): Case {
  const padding = pairs(before, after);
  const cut = before.map((n) => Math.max(-n, 0));
  const sizes = shape.map((n, axis) => n - cut[axis]! - Math.max(-after[axis]!, 0));
  const [first, last] = [before, after].map((list) => list.map((n) => Math.max(n, 0))) as [
    number[],
    number[],
  ];
  return {
    name: `${text(shape)} by ${text(before)} and ${text(after)} of ${value ?? "default"}, ${dtype}`,
    inputs: [x],
    dtypes: [dtype],
    run: (at) => ops.pad(at!, { padding, ...(value === undefined ? {} : { value }) }),
    value: (at) => exactly(shapes.pad(shapes.slice(at!, cut, sizes), first, last, value)),
    gradients: (dy) =>
      dtype === "f32"
        ? [exactly(shapes.sliceGrad(shapes.padGrad(dy, sizes, first), shape, cut))]
        : [],
    smooth: x.data.every(Number.isFinite) && Number.isFinite(value ?? 0),
  };
}

const CROP = "would crop more elements than it has";
const FEW = "or more elements to copy from";

/** Paddings of (2, 3), with what is wrong with them. */
const attempts: readonly (readonly [PadAttributes, string])[] = [
  [{ padding: pairs([1], [1]) }, "padding must have one pair per axis of (2, 3); got 1"],
  [
    { padding: pairs([1, 1, 1], [1, 1, 1]) },
    "padding must have one pair per axis of (2, 3); got 3",
  ],
  [
    { padding: pairs([0, -2], [0, -2]) },
    `axis 1 of 3 elements can't be padded by (-2, -2): that ${CROP}`,
  ],
  [
    { padding: pairs([-3, 0], [5, 0]) },
    `axis 0 of 2 elements can't be padded by (-3, 5): that ${CROP}`,
  ],
  [
    { padding: pairs([2, 0], [0, 0]), mode: "reflect" },
    `axis 0 of 2 elements can't be padded by (2, 0): mode 'reflect' needs 3 ${FEW}`,
  ],
  [
    { padding: pairs([0, 0], [0, 4]), mode: "symmetric" },
    `axis 1 of 3 elements can't be padded by (0, 4): mode 'symmetric' needs 4 ${FEW}`,
  ],
  ...COPYING.map(
    (mode) =>
      [
        { padding: pairs([0, 1], [0, -1]), mode },
        `axis 1 of 3 elements can't be padded by (1, -1): mode '${mode}' can't crop`,
      ] as const,
  ),
  [
    { padding: pairs([0.5], [0]) },
    "padding must be a list of pairs of whole numbers; got [[0.5, 0]]",
  ],
];

const row: Row = {
  cases: [
    surrounded([3, 5], [1, 3], [2, 0]),
    surrounded([7, 13], [0, 2], [0, 1], 0.1),
    surrounded([2, 3], [1, 0], [1, 1], -Infinity),
    surrounded([2, 3], [1, 1], [1, 0], Number.NaN),
    surrounded([5, 7], [-1, 3], [2, -2], 2),
    surrounded([5, 17], [-1, 0], [-2, -3]),
    surrounded([5], [-3], [-2]),
    surrounded([3], [-3], [2], 1),
    surrounded([0, 2], [1, 0], [2, 1], -0.5),
    surrounded([2, 3], [0, 0], [0, 0]),
    surrounded([], [], []),
    surrounded([2, 4], [1, 0], [0, 1], 1, SPECIAL),
    surrounded([3, 5], [1, 2], [0, 2], -7, whole([3, 5], "i32"), "i32"),
    surrounded([3, 5], [1, 2], [0, 2], 7, whole([3, 5], "u32"), "u32"),
    copied("reflect", [13, 17], [12, 0], [2, 6]),
    copied("symmetric", [5, 7], [5, 0], [2, 7]),
    copied("edge", [5, 7], [9, 0], [2, 8]),
    copied("reflect", [3, 4, 2], [1, 2, 1], [1, 2, 0]),
    copied("symmetric", [1, 3], [1, 2], [1, 1]),
    copied("edge", [1, 3], [2, 0], [1, 1]),
    copied("reflect", [2, 1], [1, 0], [1, 0]),
    copied("reflect", [0, 3], [0, 1], [0, 1]),
    copied("edge", [2, 3], [0, 0], [0, 0]),
    copied("symmetric", [2, 4], [1, 0], [1, 0], SPECIAL),
    ...COPYING.flatMap((mode) =>
      onIntegers(
        [5, 3],
        (x) => ops.pad(x, { padding: pairs([1, 0], [3, 0]), mode }),
        copies(mode, [5, 3], [1, 0], [3, 0]),
      ).map((each) => ({ ...each, name: `${mode} ${each.name}` })),
    ),
  ],
  refuses: "u8",
  refusals: [
    ...refusals(
      AttributeError,
      attempts.map(([attributes, says]) => [
        JSON.stringify(attributes),
        startsWith(`pad: ${says}`),
        (device: Device) => ops.pad(tensor(device, 2, 3), attributes),
      ]),
    ),
    ...refusals(
      AttributeError,
      (
        [
          [{ padding: [[1]] }, "padding must be a list of pairs of whole numbers; got [[1]]"],
          [{}, "padding must be a list of pairs of whole numbers; got undefined"],
          [{ padding: [[1, 1]], mode: "wrap" }, "mode must be 'constant' or 'reflect' or"],
          [{ padding: [[1, 1]], value: "0" }, 'value must be a number; got "0"'],
          [{ padding: [[1, 1]], constant: 1 }, "got an unknown attribute constant"],
        ] as const
      ).map(([attributes, says]) => [
        JSON.stringify(attributes),
        startsWith(`pad: ${says}`),
        (device: Device) => Reflect.apply(ops.pad, undefined, [tensor(device, 2), attributes]),
      ]),
    ),
    ...refusals(AttributeError, [
      [
        "nothing to repeat",
        startsWith(
          `pad: axis 0 of 0 elements can't be padded by (1, 0): mode 'edge' needs 1 ${FEW}`,
        ),
        (device) => ops.pad(tensor(device, 0), { padding: pairs([1], [0]), mode: "edge" }),
      ],
    ]),
    ...refusals(
      AttributeError,
      (
        [
          ["i32", 0.5, "[-2147483648, 2147483647] for i32; got 0.5"],
          ["i32", Number.NaN, "[-2147483648, 2147483647] for i32; got NaN"],
          ["u32", -1, "[0, 4294967295] for u32; got -1"],
        ] as const
      ).map(([dtype, value, says]) => [
        `${value} around ${dtype}`,
        startsWith(`pad: value must be a whole number in ${says}`),
        (device: Device) =>
          ops.pad(new Tensor(device.empty([2], dtype)), { padding: pairs([1], [1]), value }),
      ]),
    ),
  ],
};

/** Rows by the name of their op. */
export const padRows: Readonly<Record<"pad", Row>> = { pad: row };
