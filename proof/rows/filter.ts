// More cases of resize: cubic, and filters that widen when images shrink.
import { upsample } from "../../src/autograd/compositions.ts";
import { resize } from "../../src/autograd/ops.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import type { ResizeAttributes } from "../../src/kernels/resize.ts";
import { abs, createRandom, randomRef, type Ref } from "../reference/array.ts";
import type { Pair } from "../reference/conv.ts";
import * as reference from "../reference/resize-filter.ts";
import { type Case, refuser, type Row, sumOf } from "../case.ts";
import { withInvalidFlow } from "./invalid-flow.ts";

const random = createRandom(45);

function optionsOf(
  { size, mode, coordinates = "halfPixel", edges, antialias = false, ...rest }: ResizeAttributes,
  steps?: readonly [Pair, Pair],
): reference.FilterOptions {
  const { cubicCoefficient = antialias ? -0.5 : -0.75 } = rest;
  return {
    size,
    cubic: mode === "cubic",
    coefficient: Math.fround(cubicCoefficient),
    antialias,
    coordinates,
    mirror: edges === "mirror",
    ...(steps ? { steps } : {}),
  };
}

function filtered(
  shape: readonly number[],
  attributes: ResizeAttributes,
  steps?: readonly [Pair, Pair],
): Case {
  const options = optionsOf(attributes, steps);
  const words = Object.entries(attributes).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return {
    name: [`(${shape.join(", ")})`, ...words].join(", ").replaceAll('"', ""),
    inputs: [randomRef(shape, random)],
    run: (x) => resize(x!, attributes),
    value: (x) =>
      sumOf(reference.resizeFilter(x!, options), reference.resizeFilter(abs(x!), options, true)),
    gradients: (dy, x) => [
      sumOf(
        reference.resizeFilterGrad(dy, x!.shape, options),
        reference.resizeFilterGrad(abs(dy), x!.shape, options, true),
      ),
    ],
  };
}

const COORDINATES = ["halfPixel", "alignCorners", "asymmetric"] as const;
/** Images and the sizes that they are resized to: larger, smaller, and to and from one pixel. */
export const SIZES = [
  [
    [2, 5, 7, 3],
    [13, 11],
  ],
  [
    [1, 13, 11, 3],
    [5, 7],
  ],
  [
    [1, 6, 1, 20],
    [1, 4],
  ],
] as const;

const everywhere = (attributes: Omit<ResizeAttributes, "size">): Case[] =>
  COORDINATES.flatMap((coordinates) =>
    SIZES.map(([shape, size]) => filtered(shape, { size, coordinates, ...attributes })),
  );

const mirrors = (
  [
    [[2, 5, 7, 3], { size: [13, 11] }],
    [[1, 13, 11, 3], { size: [5, 7] }],
    [[1, 1, 2, 5], { size: [4, 9] }],
    [[1, 5, 4, 3], { size: [9, 7], coordinates: "asymmetric" }],
  ] as const
).map(([shape, rest]) => filtered(shape, { ...rest, mode: "cubic", edges: "mirror" }));

/** Past the image's ends by many times its length, or by some pixels. */
const far = (attributes: Omit<ResizeAttributes, "size" | "scales">): Case =>
  filtered([1, 4, 3, 2], { size: [40, 33], scales: [0.5, 1], ...attributes }, [
    [2, 1],
    [1, 1],
  ]);

function invalid(attributes: ResizeAttributes): Case {
  const made = filtered([1, 5, 6, 3], attributes);
  const { data } = made.inputs[0]!;
  data[0] = Number.NaN;
  data[(2 * 6 + 3) * 3 + 1] = Infinity;
  data[(4 * 6 + 5) * 3 + 2] = -Infinity;
  return { ...made, name: `NaN and infinities: ${made.name}`, smooth: false };
}

function invalidFlow(attributes: ResizeAttributes): Case {
  const options = optionsOf(attributes);
  const forward = (x: Ref): Ref => reference.resizeFilter(x, options);
  const made = withInvalidFlow(filtered([1, 9, 7, 2], attributes), {
    forward,
    backward: (dy, x) => reference.resizeFilterGrad(dy, x.shape, options),
  });
  return {
    ...made,
    value: (x, by) => {
      const y = forward(x!);
      const product = { shape: y.shape, data: y.data.map((v, i) => v * by!.data[i]!) };
      return sumOf(product, reference.resizeFilter(abs(x!), options, true));
    },
    gradients(dy, x, by) {
      const flow = { shape: dy.shape, data: dy.data.map((v, i) => v * by!.data[i]!) };
      const y = forward(x!);
      return [
        sumOf(
          reference.resizeFilterGrad(flow, x!.shape, options),
          reference.resizeFilterGrad(abs(dy), x!.shape, options, true),
        ),
        sumOf(
          { shape: y.shape, data: y.data.map((v, i) => v * dy.data[i]!) },
          reference.resizeFilter(abs(x!), options, true),
        ),
      ];
    },
  };
}

const upsampled: Case = {
  ...filtered([1, 3, 4, 2], { size: [9, 8], mode: "cubic" }),
  name: "(1, 3, 4, 2), scale 3,2, mode cubic",
  run: (x) => upsample(x!, { scale: [3, 2], mode: "cubic" }),
};

const refused = refuser({ resize });
const attribute = (name: string, says: string, attributes: object): Row["refusals"][number] =>
  refused("resize", name, AttributeError, says, { size: [3, 4], ...attributes });

/** Cases that go with those of resize-rows.ts, and what else is refused. */
export const filterRow: Row = {
  cases: [
    ...everywhere({ mode: "cubic" }),
    ...everywhere({ mode: "bilinear", antialias: true }),
    ...everywhere({ mode: "cubic", antialias: true }),
    ...mirrors,
    filtered([1, 5, 7, 3], { size: [9, 4], mode: "cubic", cubicCoefficient: -0.5 }),
    filtered([1, 31, 29, 2], {
      size: [3, 2],
      mode: "cubic",
      antialias: true,
      cubicCoefficient: -1,
    }),
    filtered([1, 2, 31, 1], { size: [1, 300], mode: "bilinear", antialias: true }),
    filtered([0, 5, 6, 3], { size: [3, 7], mode: "cubic" }),
    filtered([2, 5, 6, 0], { size: [3, 7], mode: "bilinear", antialias: true }),
    far({ mode: "cubic" }),
    far({ mode: "cubic", edges: "mirror" }),
    far({ mode: "bilinear", antialias: true }),
    invalid({ size: [9, 11], mode: "cubic", coordinates: "alignCorners" }),
    invalid({ size: [5, 6], mode: "cubic" }),
    invalid({ size: [3, 2], mode: "bilinear", antialias: true }),
    invalidFlow({ size: [3, 2], mode: "cubic" }),
    invalidFlow({ size: [4, 3], mode: "bilinear", antialias: true }),
  ],
  refusals: [
    attribute("antialias beside nearest", "antialias has no meaning with mode 'nearest'", {
      antialias: true,
    }),
    attribute("antialias in words", 'antialias must be true or false; got "yes"', {
      mode: "cubic",
      antialias: "yes",
    }),
    attribute("edges beside antialias", "edges 'clamp' has no meaning with antialias", {
      mode: "cubic",
      antialias: true,
      edges: "clamp",
    }),
    attribute("a coefficient beside bilinear", "cubicCoefficient -0.5 has no meaning with mode", {
      mode: "bilinear",
      cubicCoefficient: -0.5,
    }),
    attribute("an infinite coefficient", "cubicCoefficient must be a finite number; got Infinity", {
      mode: "cubic",
      cubicCoefficient: Infinity,
    }),
    attribute("rounding beside cubic", "rounding 'floor' has no meaning with mode 'cubic'", {
      mode: "cubic",
      rounding: "floor",
    }),
  ],
};

/** A case of upsample. */
export const cubicUpsample: Case = upsampled;
