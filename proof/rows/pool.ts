// Rows of the poolings: strides, padding, dilation and ceil crossed with windows that overlap, touch,
// leave gaps and lie in the padding.
import { avgPool, maxPool } from "../../src/autograd/ops.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { AvgPoolAttributes } from "../../src/kernels/pool.ts";
import { abs, createRandom, map, randomRef, type Ref, refOf, zeros } from "../reference/array.ts";
import { type Pair, samePadding } from "../reference/conv.ts";
import * as reference from "../reference/pool.ts";
import { type Case, exactly, ofTerms, type Refusal, refuser, type Row, sumOf } from "../case.ts";
import { withInvalidFlow } from "./invalid-flow.ts";

type Name = "maxPool" | "avgPool";

const random = createRandom(21);

const both = (value: number | Pair = 1): Pair =>
  typeof value === "number" ? [value, value] : value;

/** The attributes in the reference's terms, for an image of the given shape. */
function geometryOf(
  [, height, width]: readonly number[],
  { size, strides = size, padding = "valid", dilations, ceil, countPadding }: AvgPoolAttributes,
): reference.PoolGeometry {
  const of = { size: both(size), strides: both(strides), dilations: both(dilations) };
  const same = (length: number, axis: 0 | 1): [number, number] =>
    samePadding(length, of.size[axis], of.strides[axis], of.dilations[axis]);
  return {
    ...of,
    padding:
      padding === "same"
        ? [...same(height!, 0), ...same(width!, 1)]
        : padding === "valid"
          ? [0, 0, 0, 0]
          : padding,
    ceil: ceil ?? false,
    countPadding: countPadding ?? false,
  };
}

/** Shuffled multiples of 1/64: further apart than finite differences reach. */
function distinct(shape: readonly number[]): Ref {
  const keys = randomRef(shape, random).data;
  const order = [...keys.keys()].sort((a, b) => keys[a]! - keys[b]!);
  const x = zeros(shape);
  order.forEach((at, rank) => {
    x.data[at] = (rank - order.length / 2) / 64;
  });
  return x;
}

function describe(shape: readonly number[], attributes: object): string {
  const words = Object.entries(attributes).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return [`(${shape.join(", ")})`, ...words].join(", ").replaceAll('"', "");
}

function maximum(x: Ref, attributes: AvgPoolAttributes): Case {
  const geometry = geometryOf(x.shape, attributes);
  return {
    name: describe(x.shape, attributes),
    inputs: [x],
    run: (at) => maxPool(at!, attributes),
    value: (at) => exactly(reference.maxPool(at!, geometry)),
    gradients: (dy, at) => [
      sumOf(
        reference.maxPoolGrad(dy, at!, geometry),
        reference.maxPoolGrad(abs(dy), at!, geometry),
      ),
    ],
  };
}

function average(x: Ref, attributes: AvgPoolAttributes): Case {
  const geometry = geometryOf(x.shape, attributes);
  return {
    name: describe(x.shape, attributes),
    inputs: [x],
    run: (at) => avgPool(at!, attributes),
    value: (at) => ofTerms((of) => reference.avgPool(of!, geometry), at!),
    gradients: (dy, at) => [ofTerms((of) => reference.avgPoolGrad(of!, at!.shape, geometry), dy)],
  };
}

/** Shapes and windows for either pooling. */
const SHAPES: readonly (readonly [readonly number[], AvgPoolAttributes])[] = [
  [[1, 1, 1, 1], { size: 1 }],
  [[0, 7, 6, 3], { size: 2 }],
  [[2, 7, 6, 0], { size: 2 }],
  [[2, 12, 12, 5], { size: 2 }],
  [[2, 7, 11, 3], { size: [2, 3] }],
  [[1, 8, 7, 2], { size: 3, padding: [0, 2, 0, 1] }],
  [[2, 13, 11, 3], { size: [3, 2], strides: [2, 1] }],
  [[1, 12, 13, 3], { size: 3, strides: 2, padding: "same" }],
  [[2, 8, 9, 2], { size: 2, strides: 3, padding: "same" }],
  [[2, 9, 10, 2], { size: 3, strides: 1, padding: "same", dilations: 2 }],
  [[1, 9, 12, 3], { size: [2, 3], strides: [3, 2], dilations: [3, 2], padding: [2, 1, 0, 4] }],
  [[1, 9, 10, 3], { size: 3, strides: 2, padding: [1, 0, 2, 1], ceil: true }],
  // The last windows would start in the padding after the end: they are dropped.
  [[1, 9, 10, 2], { size: 2, strides: 2, padding: [1, 1, 1, 1], ceil: true }],
  [[1, 5, 7, 2], { size: [6, 3], strides: [2, 5], ceil: true }],
  [[1, 31, 29, 2], { size: [31, 29] }],
  // Some windows have no tap in the image at all.
  [[2, 1, 17, 3], { size: 2, strides: 1, dilations: [3, 1], padding: [3, 3, 0, 0] }],
];

const COUNTED: typeof SHAPES = [
  [[1, 12, 13, 3], { size: 3, strides: 2, padding: "same", countPadding: true }],
  [[1, 9, 10, 3], { size: 3, strides: 3, padding: [1, 1, 2, 2], ceil: true, countPadding: true }],
  [
    [1, 9, 8, 3],
    { size: 2, dilations: 3, strides: 4, padding: [3, 2, 1, 3], ceil: true, countPadding: true },
  ],
];

/** Ties, NaN first, last and twice in a window, infinities, and a window of nothing but −∞. */
function special(): Ref {
  const levels = map(randomRef([2, 9, 10, 2], random), (value) => Math.round(2 * value));
  levels.data.set([Number.NaN, 3, 4, Number.NaN, Number.NaN, 5], 40);
  levels.data.set([Infinity, Infinity, -Infinity, 0, Number.NaN], 100);
  levels.data.fill(-Infinity, 180, 320);
  return levels;
}

/** PyTorch's arithmetic by hand: the last window of each row holds one pixel and one of padding. */
function byHand(): Case {
  const attributes = { size: [1, 3], strides: [1, 3], padding: [0, 0, 1, 1], ceil: true } as const;
  const made = average(refOf([1, 1, 6, 1], [2, 4, 8, 16, 32, 64]), {
    ...attributes,
    countPadding: true,
  });
  return {
    ...made,
    name: "six pixels by hand",
    value: () => exactly(refOf([1, 1, 3, 1], [(0 + 2 + 4) / 3, (8 + 16 + 32) / 3, (64 + 0) / 2])),
    smooth: false,
  };
}

/** Windows that overlap, with tap-less gaps between. */
const OVERLAPPING: AvgPoolAttributes = { size: 2, strides: 1, dilations: 2 };

/** Each window passes on its own gradient alone. */
function invalidFlow(op: typeof maximum, attributes: AvgPoolAttributes = OVERLAPPING): Case {
  const made = op(distinct([1, 7, 9, 2]), attributes);
  const geometry = geometryOf(made.inputs[0]!.shape, attributes);
  return op === maximum
    ? withInvalidFlow(made, {
        forward: (x) => reference.maxPool(x, geometry),
        backward: (dy, x) => reference.maxPoolGrad(dy, x, geometry),
      })
    : withInvalidFlow(made, {
        forward: (x) => reference.avgPool(x, geometry),
        backward: (dy, x) => reference.avgPoolGrad(dy, x.shape, geometry),
      });
}

const refused = refuser({ maxPool, avgPool });

function shared(op: Name): Refusal[] {
  const attribute = (name: string, says: string, attributes: object): Refusal =>
    refused(op, name, AttributeError, says, attributes);
  return [
    refused(
      op,
      "rank 3",
      ShapeError,
      "takes images \\(N, H, W, C\\); got \\(6, 5, 4\\)",
      { size: 2 },
      [6, 5, 4],
    ),
    refused(
      op,
      "images without rows",
      ShapeError,
      "takes images of at least one pixel",
      { size: 1 },
      [2, 0, 5, 4],
    ),
    refused(op, "windows larger than the image", ShapeError, "windows of size \\[7, 7\\]", {
      size: 7,
    }),
    refused(op, "dilated windows larger than the image", ShapeError, "windows of size \\[3, 3\\]", {
      size: 3,
      dilations: [3, 1],
    }),
    refused(op, "windows too large to be rounded up to", ShapeError, "windows of size \\[8, 8\\]", {
      size: 8,
      strides: 2,
      ceil: true,
    }),
    attribute(
      "no size",
      "size must be a whole number ≥ 1, or two of them, below 2\\^31; got undefined",
      {},
    ),
    attribute("a size of 0", "size must be", { size: [2, 0] }),
    attribute("three sizes", "size must be", { size: [2, 2, 2] }),
    attribute("half a stride", "strides must be", { size: 2, strides: 0.5 }),
    attribute("a stride of 0", "strides must be", { size: 2, strides: [1, 0] }),
    attribute("a dilation of 0", "dilations must be", { size: 2, dilations: 0 }),
    attribute("negative padding", "padding must be", { size: 2, padding: [0, -1, 0, 0] }),
    attribute("padding in one number", "padding must be 'same', 'valid' or four", {
      size: 2,
      padding: 1,
    }),
    attribute("padding of another name", "padding must be", { size: 2, padding: "full" }),
    attribute(
      "padding as large as a window",
      "padding must be smaller than a window, which spans 2 pixels; got 0 before and 2 after",
      { size: 2, padding: [0, 2, 0, 0] },
    ),
    attribute("a number beyond 32 bits", "dilations must be a whole number ≥ 1", {
      size: 1,
      dilations: 2 ** 31,
    }),
    attribute(
      "numbers that reach beyond 32 bits",
      "windows, strides, dilations and padded images must span at most",
      {
        size: 3,
        dilations: 2 ** 31 - 1,
      },
    ),
    attribute("ceil in words", "ceil must be true or false", { size: 2, ceil: "yes" }),
    attribute("an unknown attribute", "got an unknown attribute kernel", { size: 2, kernel: 2 }),
  ];
}

/** Rows by the name of their op. */
export const poolRows: Readonly<Record<Name, Row>> = {
  maxPool: {
    cases: [
      ...SHAPES.map(([shape, attributes]) => {
        const made = maximum(distinct(shape), attributes);
        // −∞ in the output has no central difference.
        return attributes.dilations && shape[1] === 1 ? { ...made, smooth: false } : made;
      }),
      ...([{ size: 3, strides: 1, padding: "same" }, { size: 2 }] as const).map((attributes) => ({
        ...maximum(special(), attributes),
        name: `ties, NaN and infinities, size ${attributes.size}`,
        smooth: false,
      })),
      invalidFlow(maximum),
      invalidFlow(maximum, { size: 2 }),
    ],
    refusals: [
      ...shared("maxPool"),
      refused(
        "maxPool",
        "counting padding",
        AttributeError,
        "got an unknown attribute countPadding",
        {
          size: 2,
          countPadding: true,
        },
      ),
    ],
  },
  avgPool: {
    cases: [
      ...[...SHAPES, ...COUNTED].map(([shape, attributes]) =>
        average(randomRef(shape, random), attributes),
      ),
      byHand(),
      {
        ...average(special(), { size: 2 }),
        name: "NaN and infinities stay in their windows",
        smooth: false,
      },
      invalidFlow(average),
    ],
    refusals: [
      ...shared("avgPool"),
      refused("avgPool", "counting padding in words", AttributeError, "countPadding must be", {
        size: 2,
        countPadding: "yes",
      }),
    ],
  },
};
