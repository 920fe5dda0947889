// Rows of the convolutions: strides, padding, dilation, groups and kernels crossed with sizes on, and
// one off, a tile.
import { conv2d, convTranspose2d } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError, type LonghandError, ShapeError } from "../../src/gpu/errors.ts";
import type {
  ConvolutionAttributes,
  TransposedAttributes,
} from "../../src/kernels/conv2d-geometry.ts";
import type { Pair } from "../reference/conv.ts";
import { convolution, KERNELS, type Shape, transposed, withBias } from "./conv-cases.ts";
import { chain, epilogueRefusals } from "./epilogue.ts";
import { SOAK } from "../variants.ts";
import type { Case, Refusal, Row } from "../case.ts";

type Name = "conv2d" | "convTranspose2d";
const KERNELS_SPLIT: readonly string[] = ["conv2d-forward", "conv2d-weight-gradient"];
const biased = (x: Shape, filter: Shape, attributes: ConvolutionAttributes): Case =>
  withBias(convolution(x, filter, attributes), conv2d, filter[3], attributes);

/** NaN in an image and an infinity in a filter: each reaches what it is multiplied into, and no more. */
function invalid(): Case {
  const made = convolution([1, 7, 8, 3], [3, 3, 3, 5], { padding: "same" });
  const [x, filter] = made.inputs;
  x!.data[(2 * 8 + 1) * 3 + 1] = Number.NaN;
  filter!.data[4 * 3 * 5 + 4] = Infinity;
  return {
    ...made,
    name: "NaN and infinities stay in their windows",
    smooth: false,
    workgroup: true,
    split: ["conv2d-weight-gradient"],
  };
}

/** An infinite weight of a filter, which the padding below it doesn't turn into NaN. The way back has no padding. */
function infiniteCorner(): Case {
  const made = convolution([1, 5, 6, 3], [3, 3, 3, 2], { padding: [2, 2, 2, 2] });
  made.inputs[1]!.data[0] = Infinity;
  const split = ["conv2d-forward"];
  return { ...made, name: "an infinite weight over padding", smooth: false, tiles: false, split };
}

type Attributes = TransposedAttributes;

function refused(
  op: Name,
  name: string,
  kind: new (message: string) => LonghandError,
  says: RegExp,
  x: readonly number[],
  filter: readonly number[],
  attributes: Attributes = {},
): Refusal {
  const run = op === "conv2d" ? conv2d : convTranspose2d;
  return {
    name,
    kind,
    says,
    run: (device) => run(new Tensor(device.empty(x)), new Tensor(device.empty(filter)), attributes),
  };
}

/** Refusals that a convolution and its transpose share. */
function shared(op: Name): Refusal[] {
  const x = [2, 6, 6, 4];
  const filter = op === "conv2d" ? [3, 3, 4, 2] : [3, 3, 2, 4];
  const attribute = (name: string, says: string, attributes: Attributes): Refusal =>
    refused(op, name, AttributeError, new RegExp(`^${op}: ${says}`), x, filter, attributes);
  const rank = new RegExp(`^${op}: takes an input \\(N, H, W, C\\) and a filter of rank 4`);
  return [
    refused(op, "an input of rank 3", ShapeError, rank, [6, 6, 4], filter),
    refused(op, "a filter of rank 3", ShapeError, rank, x, [3, 4, 2]),
    attribute("a stride of 0", "strides must be a whole number ≥ 1", { strides: 0 }),
    attribute("half a stride", "strides must be", { strides: [1, 0.5] }),
    attribute("a dilation of 0", "dilations must be", { dilations: [0, 1] }),
    attribute("negative padding", "padding must be", { padding: [0, 0, -1, 0] }),
    attribute("no groups", "groups must be a whole number", { groups: 0 }),
    attribute("groups that don't divide", "groups must divide 4 input", { groups: 3 }),
    ...epilogueRefusals(op, (device, epilogue) => {
      const run = op === "conv2d" ? conv2d : convTranspose2d;
      const tensors = [new Tensor(device.empty(x)), new Tensor(device.empty(filter))] as const;
      Reflect.apply(run, undefined, [...tensors, { epilogue }]);
    }),
  ];
}

/**
 * Attributes crossed with each other, all of them in the soak. The quick suite takes every `step`-th:
 * a prime, so that each value of each attribute still meets many of the others.
 */
function crossed(make: (attributes: ConvolutionAttributes, kernel: Pair) => Case): Case[] {
  const all = KERNEL_SIZES.flatMap((kernel) =>
    STRIDES.flatMap((strides) =>
      PADDINGS.flatMap((padding) =>
        DILATIONS.flatMap((dilations) =>
          GROUPS.map((groups) => make({ strides, padding, dilations, groups }, kernel)),
        ),
      ),
    ),
  );
  return all.filter((_, i) => SOAK || i % 13 === 0).map((each) => ({ ...each, tiles: SOAK }));
}

const KERNEL_SIZES: readonly Pair[] = [
  [1, 1],
  [3, 2],
  [2, 4],
];
const STRIDES = [1, 2, [1, 3]] as const;
const PADDINGS = ["same", "valid", [2, 0, 1, 3]] as const;
const DILATIONS = [1, [2, 1]] as const;
const GROUPS = [1, 2, 4] as const; // the last is depthwise

/** Epilogues of every kind in the stores of every kernel, and their derivatives in the stores behind. */
const finishedCases: Readonly<Record<Name, readonly Case[]>> = {
  conv2d: [
    {
      ...chain(
        [3, 9, 7, 4],
        { op: "conv2d", shape: [3, 3, 4, 16], bias: true, activation: "leakyRelu", rate: 0.3 },
        { op: "conv2d", shape: [5, 5, 16, 20], strides: 2, activation: "relu" },
      ),
      lanes: ["conv2d-weight-gradient"],
      workgroup: "one",
    },
    {
      ...chain(
        [2, 5, 4, 3],
        { op: "conv2d", shape: [3, 3, 3, 5], bias: true, rate: 0.5 },
        { op: "conv2d", shape: [2, 2, 5, 1], strides: 2, activation: "tanh" },
        { op: "conv2d", shape: [2, 2, 1, 3], activation: "sigmoid" },
      ),
      lanes: KERNELS,
      workgroup: "one",
      split: KERNELS_SPLIT,
    },
  ],
  convTranspose2d: [
    {
      ...chain(
        [2, 4, 3, 8],
        { op: "convTranspose2d", shape: [3, 3, 16, 8], activation: "leakyRelu" },
        { op: "convTranspose2d", shape: [5, 5, 1, 16], strides: 2, bias: true, activation: "tanh" },
        { op: "conv2d", shape: [3, 3, 1, 4] },
      ),
      lanes: KERNELS,
    },
    {
      ...chain(
        [2, 4, 3, 8],
        { op: "conv2d", shape: [3, 3, 8, 12], activation: "relu", rate: 0.2 },
        { op: "convTranspose2d", shape: [3, 3, 16, 12], strides: 2, activation: "sigmoid" },
      ),
      lanes: ["conv2d-weight-gradient"],
      workgroup: "one",
    },
  ],
};

/** Batches so large that a tile of lanes is one pixel of many images: it walks over the taps inside alone. */
const onePixel: readonly Case[] = [
  convolution([32, 3, 4, 8], [3, 5, 8, 16], { padding: "same" }),
  convolution([32, 5, 4, 4], [3, 2, 4, 32], { strides: [2, 1], padding: [3, 0, 1, 4] }),
  convolution([32, 4, 5, 4], [2, 3, 4, 32], { dilations: [2, 3], padding: [0, 5, 7, 2] }),
].map((each) => ({ ...each, tiles: false, lanes: true as const }));

/** More than four images, and four at a time: how a tile of one tap of the filter's gradient takes them. */
const imagesByFours: readonly Case[] = [
  convolution([4, 5, 4, 32], [3, 2, 32, 8], { strides: [2, 1], padding: [3, 0, 1, 4] }),
  convolution([8, 4, 5, 32], [2, 3, 32, 4], { dilations: [2, 3], padding: [0, 5, 7, 2] }),
  biased([6, 2, 3, 12], [1, 1, 12, 36], { padding: [1, 0, 0, 2] }),
].map((each) => ({ ...each, tiles: false, lanes: ["conv2d-weight-gradient"] as const }));

/** Rows by the name of their op. */
export const convRows: Readonly<Record<Name, Row>> = {
  conv2d: {
    cases: [
      convolution([1, 1, 1, 1], [1, 1, 1, 1], {}),
      convolution([0, 7, 8, 3], [3, 3, 3, 5], { padding: "same" }),
      biased([2, 5, 4, 3], [3, 3, 3, 5], {}),
      convolution([1, 7, 8, 3], [3, 3, 3, 5], { padding: "same" }),
      { ...convolution([1, 8, 9, 8], [2, 4, 8, 7], { strides: [1, 3] }), workgroup: true },
      {
        ...convolution([2, 7, 8, 9], [2, 2, 9, 16], { strides: 3, padding: [1, 0, 2, 1] }),
        lanes: ["conv2d-weight-gradient"],
      },
      {
        ...convolution([2, 7, 6, 8], [3, 2, 8, 12], { padding: "same", strides: [1, 2] }),
        tiles: false,
        lanes: true,
      },
      convolution([1, 9, 11, 8], [3, 2, 8, 9], { dilations: 2, padding: [0, 3, 1, 2] }),
      { ...convolution([1, 8, 8, 136], [1, 1, 136, 136], {}), workgroup: true, lanes: true },
      ...[
        biased([3, 7, 6, 32], [3, 4, 32, 16], { padding: [1, 2, 2, 1], strides: [1, 2] }),
        biased([5, 9, 5, 3], [4, 2, 3, 20], { strides: 3 }),
      ].map((each) => ({
        ...each,
        workgroup: true,
        lanes: true as const,
        split: ["conv2d-weight-gradient"],
      })),
      convolution([2, 28, 28, 1], [5, 5, 1, 16], { strides: 2, padding: "same" }),
      {
        ...convolution([2, 14, 14, 16], [5, 5, 16, 32], { strides: 2, padding: "same" }),
        lanes: true,
      },
      ...[
        convolution([2, 9, 7, 4], [5, 5, 4, 8], { padding: "same", strides: 2 }),
        convolution([2, 7, 8, 3], [2, 2, 3, 4], { strides: 3, padding: [1, 0, 2, 1] }),
        convolution([1, 8, 8, 4], [3, 3, 2, 6], { groups: 2, strides: 2, padding: "same" }),
        convolution([2, 6, 7, 5], [3, 3, 1, 10], { groups: 5, dilations: [1, 2] }),
      ].map((each) => ({ ...each, tiles: false })),
      ...[
        convolution([2, 4, 4, 128], [3, 3, 128, 1], { padding: "same" }),
        convolution([3, 5, 6, 7], [2, 3, 7, 4], { strides: 2, dilations: [1, 2] }),
      ].map((each) => ({ ...each, tiles: false, split: KERNELS_SPLIT })),
      ...[
        biased([3, 9, 9, 5], [2, 2, 5, 7], {}),
        biased([2, 9, 11, 8], [3, 3, 8, 12], { padding: "same" }),
        convolution([2, 9, 9, 3], [5, 5, 3, 67], { padding: "same" }),
      ].map((each) => ({ ...each, tiles: false, split: ["conv2d-weight-gradient"] })),
      ...onePixel,
      ...imagesByFours,
      invalid(),
      infiniteCorner(),
      ...finishedCases.conv2d,
      ...crossed((attributes, [kh, kw]) =>
        convolution([2, 7, 6, 4], [kh, kw, 4 / attributes.groups!, 8], attributes),
      ),
    ],
    refusals: [
      ...shared("conv2d"),
      refused(
        "conv2d",
        "channels that differ",
        ShapeError,
        /^conv2d: input has 3 channels but filter \(5, 5, 1, 64\) takes 1; got input \(32, 28, 28, 3\)$/,
        [32, 28, 28, 3],
        [5, 5, 1, 64],
      ),
      refused(
        "conv2d",
        "a filter larger than the image",
        ShapeError,
        /^conv2d: filter \(5, 5, 1, 2\) reaches past the padded input/,
        [1, 4, 8, 1],
        [5, 5, 1, 2],
      ),
    ],
  },
  convTranspose2d: {
    cases: [
      transposed([1, 1, 1, 1], [1, 1, 1, 1], {}),
      transposed([0, 4, 4, 3], [3, 3, 5, 3], { strides: 2 }),
      withBias(transposed([2, 4, 4, 3], [3, 3, 5, 3], { strides: 2 }), convTranspose2d, 5, {
        strides: 2,
      }),
      { ...transposed([2, 7, 7, 64], [5, 5, 32, 64], { padding: "same" }), lanes: true },
      {
        ...transposed([2, 7, 7, 32], [5, 5, 16, 32], { strides: 2, padding: "same" }),
        workgroup: true,
        lanes: true,
      },
      {
        ...transposed([2, 14, 14, 16], [5, 5, 1, 16], { strides: 2, padding: "same" }),
        lanes: ["conv2d-weight-gradient"],
        split: ["conv2d-weight-gradient"],
      },
      ...[
        transposed([2, 4, 5, 5], [4, 4, 3, 5], { strides: 2, padding: [1, 1, 1, 1] }),
        transposed([1, 4, 3, 8], [3, 3, 9, 8], {
          strides: [2, 3],
          padding: [1, 0, 0, 2],
          outputPadding: [1, 2],
        }),
        transposed([1, 4, 4, 3], [2, 2, 5, 3], { strides: 3, padding: "same" }),
        transposed([1, 5, 4, 4], [3, 2, 4, 4], { dilations: 2 }),
        transposed([1, 4, 5, 4], [3, 3, 3, 4], { groups: 2, strides: 2, padding: "same" }),
      ].map((each) => ({ ...each, tiles: false })),
      ...finishedCases.convTranspose2d,
      ...crossed((attributes, [kh, kw]) =>
        transposed([2, 4, 5, 4], [kh + 2, kw + 2, 2, 4], attributes),
      ),
    ],
    refusals: [
      ...shared("convTranspose2d"),
      refused(
        "convTranspose2d",
        "channels that differ",
        ShapeError,
        /^convTranspose2d: input has 3 channels but filter \(5, 5, 64, 1\)/,
        [2, 7, 7, 3],
        [5, 5, 64, 1],
      ),
      refused(
        "convTranspose2d",
        "padding that crops everything",
        ShapeError,
        /^convTranspose2d: padding \[3,3,0,0\] crops the whole output/,
        [1, 2, 2, 1],
        [3, 3, 1, 1],
        { padding: [3, 3, 0, 0] },
      ),
      refused(
        "convTranspose2d",
        "output padding as long as a stride",
        AttributeError,
        /^convTranspose2d: outputPadding must be/,
        [1, 2, 2, 1],
        [3, 3, 1, 1],
        { strides: 2, outputPadding: [0, 2] },
      ),
      refused(
        "convTranspose2d",
        "output padding beside 'same'",
        AttributeError,
        /^convTranspose2d: outputPadding/,
        [1, 2, 2, 1],
        [3, 3, 1, 1],
        { strides: 2, padding: "same", outputPadding: [1, 1] },
      ),
    ],
  },
};
