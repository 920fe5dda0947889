// Rows of resize and upsample: both modes, every coordinate and rounding at sizes full of ties, up,
// down, to and from one pixel.
import { upsample, type UpsampleAttributes } from "../../src/autograd/compositions.ts";
import { resize } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import type { ResizeAttributes } from "../../src/kernels/resize.ts";
import { createRandom, randomRef, type Ref } from "../reference/array.ts";
import type { Pair } from "../reference/conv.ts";
import * as reference from "../reference/resize.ts";
import { type Case, exactly, ofTerms, type Refusal, refuser, type Row } from "../case.ts";
import { cubicUpsample, filterRow, SIZES } from "./filter.ts";
import { withInvalidFlow } from "./invalid-flow.ts";

type Name = "resize" | "upsample";

const random = createRandom(22);

/** The attributes in the reference's terms; `steps` are the scales' reciprocals as fractions. */
function optionsOf(
  { size, mode, coordinates = "halfPixel", rounding, edges }: ResizeAttributes,
  steps?: readonly [Pair, Pair],
): reference.ResizeOptions {
  const otherwise = coordinates === "asymmetric" ? "floor" : "preferCeil";
  return {
    size,
    bilinear: mode === "bilinear",
    coordinates,
    rounding: rounding ?? otherwise,
    mirror: edges === "mirror",
    ...(steps ? { steps } : {}),
  };
}

function describe(shape: readonly number[], attributes: object): string {
  const words = Object.entries(attributes).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return [`(${shape.join(", ")})`, ...words].join(", ").replaceAll('"', "");
}

function caseOf(
  x: Ref,
  name: string,
  run: (x: Tensor) => Tensor,
  options: reference.ResizeOptions,
): Case {
  const forward = (at: Ref): Ref => reference.resize(at, options);
  return {
    name,
    inputs: [x],
    run: (at) => run(at!),
    value: (at) => (options.bilinear ? ofTerms((of) => forward(of!), at!) : exactly(forward(at!))),
    gradients: (dy, at) => [ofTerms((of) => reference.resizeGrad(of!, at!.shape, options), dy)],
  };
}

function resized(
  shape: readonly number[],
  attributes: ResizeAttributes,
  steps?: readonly [Pair, Pair],
): Case {
  const run = (at: Tensor): Tensor => resize(at, attributes);
  const name = describe(shape, attributes);
  return caseOf(randomRef(shape, random), name, run, optionsOf(attributes, steps));
}

function upsampled(
  shape: readonly number[],
  attributes: UpsampleAttributes,
  [down, across]: Pair,
): Case {
  const { mode = "nearest" } = attributes;
  const size = [shape[1]! * down, shape[2]! * across] as const;
  const coordinates = mode === "nearest" ? "asymmetric" : "halfPixel";
  const run = (at: Tensor): Tensor => upsample(at, attributes);
  const options = optionsOf({ size, mode, coordinates });
  return caseOf(randomRef(shape, random), describe(shape, attributes), run, options);
}

/** By coordinates: a shape and a size with halves along both axes. */
const TIES = {
  halfPixel: [
    [1, 8, 6, 3],
    [4, 15],
  ],
  alignCorners: [
    [1, 5, 4, 3],
    [9, 7],
  ],
  asymmetric: [
    [1, 5, 7, 3],
    [10, 4],
  ],
} as const;
const COORDINATES = ["halfPixel", "alignCorners", "asymmetric"] as const;
const ROUNDINGS = ["floor", "ceil", "preferFloor", "preferCeil"] as const;

const ties = COORDINATES.flatMap((coordinates) =>
  ROUNDINGS.map((rounding) => {
    const [shape, size] = TIES[coordinates];
    return resized(shape, { size, coordinates, rounding });
  }),
);

const blends = COORDINATES.flatMap((coordinates) =>
  SIZES.map(([shape, size]) => resized(shape, { size, coordinates, mode: "bilinear" })),
);

/** Past the ends by less than a pixel, by none, and by several times the image. */
const mirrors = (
  [
    [[2, 5, 7, 3], { size: [13, 11] }],
    [[1, 28, 28, 1], { size: [32, 32] }],
    [[1, 13, 11, 3], { size: [5, 7] }],
    [[1, 1, 2, 5], { size: [4, 9] }],
    [[1, 5, 4, 3], { size: [9, 7], coordinates: "asymmetric" }],
    [[1, 5, 4, 3], { size: [9, 7], coordinates: "alignCorners" }],
  ] as const
).map(([shape, rest]) => resized(shape, { ...rest, mode: "bilinear", edges: "mirror" }));

/** Both ends of each image invalid, and a pixel inside: only what has a share of them may be. */
function invalid(attributes: ResizeAttributes): Case {
  const made = resized([1, 5, 6, 3], attributes);
  const { data } = made.inputs[0]!;
  data[0] = Number.NaN;
  data[(2 * 6 + 3) * 3 + 1] = Infinity;
  data[(4 * 6 + 5) * 3 + 2] = -Infinity;
  return { ...made, name: `NaN and infinities: ${made.name}`, smooth: false };
}

/** So much smaller that input pixels lie between outputs, and belong to none. */
function invalidFlow(mode: "nearest" | "bilinear"): Case {
  const attributes = { size: [3, 2], mode } as const;
  const options = optionsOf(attributes);
  return withInvalidFlow(resized([1, 13, 11, 3], attributes), {
    forward: (x) => reference.resize(x, options),
    backward: (dy, x) => reference.resizeGrad(dy, x.shape, options),
  });
}

const refused = refuser({ resize, upsample });

function attribute(op: Name, name: string, says: string, attributes: object): Refusal {
  return refused(op, name, AttributeError, says, attributes);
}

function shared(op: Name, attributes: object): Refusal[] {
  return [
    refused(op, "rank 3", ShapeError, "takes images \\(N, H, W, C\\)", attributes, [6, 5, 4]),
    refused(op, "no pixels", ShapeError, "takes images of at least one", attributes, [2, 6, 0, 4]),
    attribute(op, "another mode", "mode must be 'nearest' or 'bilinear' or 'cubic'; got \"area\"", {
      ...attributes,
      mode: "area",
    }),
    attribute(op, "an unknown attribute", "got an unknown attribute method", {
      ...attributes,
      method: "area",
    }),
  ];
}

const size = [3, 4] as const;

/** Rows by the name of their op. */
export const resizeRows: Readonly<Record<Name, Row>> = {
  resize: {
    cases: [
      resized([1, 1, 1, 1], { size: [1, 1] }),
      resized([0, 5, 6, 3], { size: [3, 7] }),
      resized([2, 5, 6, 0], { size: [3, 7], mode: "bilinear" }),
      ...ties,
      resized([1, 7, 5, 3], { size: [7, 9], coordinates: "asymmetric" }),
      resized([1, 9, 1, 8], { size: [1, 9], coordinates: "alignCorners" }),
      ...blends,
      ...mirrors,
      resized([1, 31, 29, 2], { size: [3, 2], mode: "bilinear" }),
      resized([1, 28, 28, 1], { size: [32, 32], mode: "bilinear" }),
      // 0.6, as double and as float32, is 3/5; past the image's end its last pixel is repeated.
      ...COORDINATES.filter((coordinates) => coordinates !== "alignCorners").flatMap(
        (coordinates) =>
          (["nearest", "bilinear"] as const).map((mode) =>
            resized(
              [1, 10, 6, 3],
              { size: [7, 15], mode, coordinates, scales: [Math.fround(0.6), 1.5] },
              [
                [5, 3],
                [2, 3],
              ],
            ),
          ),
      ),
      // Each axis past its end by many times its length.
      resized(
        [1, 4, 3, 2],
        { size: [40, 33], mode: "bilinear", edges: "mirror", scales: [0.5, 1] },
        [
          [2, 1],
          [1, 1],
        ],
      ),
      invalid({ size: [9, 11], mode: "bilinear", coordinates: "alignCorners" }),
      invalid({ size: [5, 6], mode: "bilinear" }),
      invalid({ size: [9, 11], mode: "bilinear", edges: "mirror" }),
      invalidFlow("nearest"),
      invalidFlow("bilinear"),
      ...filterRow.cases,
    ],
    refusals: [
      ...filterRow.refusals,
      ...shared("resize", { size }),
      attribute("resize", "no size", "size must be 2 whole numbers ≥ 1; got undefined", {}),
      attribute("resize", "a size of 0", "size must be", { size: [3, 0] }),
      attribute("resize", "half a pixel", "size must be", { size: [3, 1.5] }),
      attribute("resize", "a size for each axis of the tensor", "size must be", {
        size: [2, 3, 4, 4],
      }),
      attribute("resize", "other coordinates", "coordinates must be 'halfPixel'", {
        size,
        coordinates: "half_pixel",
      }),
      attribute("resize", "another rounding", "rounding must be", { size, rounding: "round" }),
      attribute("resize", "rounding beside bilinear", "rounding 'floor' has no meaning with", {
        size,
        mode: "bilinear",
        rounding: "floor",
      }),
      attribute("resize", "other edges", "edges must be 'clamp' or 'mirror'; got \"reflect\"", {
        size,
        mode: "bilinear",
        edges: "reflect",
      }),
      attribute("resize", "mirrored edges beside nearest", "edges 'mirror' has no meaning with", {
        size,
        edges: "mirror",
      }),
      attribute("resize", "a scale of 0", "scales must be two numbers in", {
        size,
        scales: [1, 0],
      }),
      attribute("resize", "a scale of NaN", "scales must be", { size, scales: [Number.NaN, 1] }),
      attribute("resize", "one scale", "scales must be", { size, scales: 2 }),
      attribute("resize", "scales beside alignCorners", "scales \\[2,2\\] have no meaning", {
        size,
        coordinates: "alignCorners",
        scales: [2, 2],
      }),
      refused(
        "resize",
        "sizes whose exact coordinates outgrow 32 bits",
        AttributeError,
        "from 30010 to 29989 pixels, coordinates are multiples of 1/",
        { size: [29_989, 1] },
        [1, 30_010, 1, 1],
      ),
      refused(
        "resize",
        "scales whose exact coordinates outgrow 32 bits",
        AttributeError,
        "from 10000 to 31416 pixels at scale 3.14159265",
        { size: [31_416, 1], scales: [3.14159265, 1] },
        [1, 10_000, 1, 1],
      ),
    ],
  },
  upsample: {
    cases: [
      upsampled([2, 4, 5, 3], { scale: 2 }, [2, 2]),
      upsampled([0, 4, 5, 3], { scale: 2 }, [2, 2]),
      upsampled([1, 7, 4, 3], { scale: [1, 3] }, [1, 3]),
      upsampled([1, 3, 7, 4], { scale: 2, mode: "bilinear" }, [2, 2]),
      upsampled([1, 5, 5, 3], { scale: [4, 3], mode: "bilinear" }, [4, 3]),
      cubicUpsample,
    ],
    refusals: [
      ...shared("upsample", { scale: 2 }),
      attribute("upsample", "no scale", "scale must be a whole number ≥ 1, or two of them", {}),
      attribute("upsample", "a scale of 0", "scale must be", { scale: 0 }),
      attribute("upsample", "half as large", "scale must be", { scale: [2, 0.5] }),
      attribute("upsample", "coordinates", "got an unknown attribute coordinates", {
        scale: 2,
        coordinates: "asymmetric",
      }),
    ],
  },
};
