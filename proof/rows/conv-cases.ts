// Cases of the convolutions: one call each, with its answers.
import { conv2d, convTranspose2d } from "../../src/autograd/ops.ts";
import type {
  ConvolutionAttributes,
  TransposedAttributes,
} from "../../src/kernels/conv2d-geometry.ts";
import type { OutputAttributes } from "../../src/kernels/epilogue-attributes.ts";
import { abs, createRandom, randomRef, type Ref } from "../reference/array.ts";
import * as binaries from "../reference/binary.ts";
import { binary } from "../reference/binary.ts";
import * as reference from "../reference/conv.ts";
import { sumTo } from "../reference/shape-ops.ts";
import { type Case, eachOfTerms, ofTerms, sumOf } from "../case.ts";

/** Of images, or of a filter. */
export type Shape = readonly [number, number, number, number];

const random = createRandom(15);
/** The kernels of a convolution and its gradients. */
export const KERNELS: readonly string[] = [
  "conv2d-forward",
  "conv2d-data-gradient",
  "conv2d-weight-gradient",
];

const both = (value: number | readonly [number, number] = 1): reference.Pair =>
  typeof value === "number" ? [value, value] : value;

/** The attributes in the reference's terms, for an image of the given size. */
function geometryOf(
  attributes: ConvolutionAttributes,
  size: reference.Pair,
  kernel: reference.Pair,
): reference.ConvGeometry {
  const strides = both(attributes.strides);
  const dilations = both(attributes.dilations);
  const groups = attributes.groups ?? 1;
  if (attributes.padding === "same") {
    return { ...reference.sameGeometry(size, kernel, strides, dilations), groups };
  }
  const padding = attributes.padding ?? "valid";
  return {
    strides,
    dilations,
    groups,
    padding: padding === "valid" ? [0, 0, 0, 0] : padding,
  };
}

function describe(x: Shape, filter: Shape, attributes: object): string {
  const words = Object.entries(attributes).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
  return [`(${x.join(", ")}) by (${filter.join(", ")})`, ...words].join(", ").replaceAll('"', "");
}

function untiledBy({ groups = 1, dilations = 1 }: ConvolutionAttributes): readonly string[] {
  if (groups > 1) return KERNELS;
  return Math.max(...both(dilations)) > 1 ? ["conv2d-data-gradient"] : [];
}

/** conv2d of random images, with attributes that don't change the reference's terms. */
export function convolution(
  xShape: Shape,
  filterShape: Shape,
  attributes: ConvolutionAttributes & OutputAttributes,
): Case {
  const [, height, width] = xShape;
  const [kh, kw] = filterShape;
  const geometry = geometryOf(attributes, [height, width], [kh, kw]);
  return {
    name: describe(xShape, filterShape, attributes),
    inputs: [randomRef(xShape, random), randomRef(filterShape, random)],
    run: (x, filter) => conv2d(x!, filter!, attributes),
    value: (...inp) => ofTerms((x, filter) => reference.conv2d(x!, filter!, geometry), ...inp),
    gradients: (...all) =>
      eachOfTerms(
        (dy, x, filter) => [
          reference.conv2dInputGrad(dy!, filter!, x!.shape, geometry),
          reference.conv2dFilterGrad(dy!, x!, filter!.shape, geometry),
        ],
        ...all,
      ),
    untiled: untiledBy(attributes),
  };
}

/** The same for convTranspose2d. */
export function transposed(
  xShape: Shape,
  filterShape: Shape,
  attributes: TransposedAttributes & OutputAttributes,
): Case {
  const [, height, width] = xShape;
  const [kh, kw] = filterShape;
  const [sh, sw] = both(attributes.strides);
  const geometry = geometryOf(attributes, [height * sh, width * sw], [kh, kw]);
  const size =
    attributes.padding === "same"
      ? ([height * sh, width * sw] as const)
      : reference.convTransposeOutputSize(
          [height, width],
          [kh, kw],
          geometry,
          both(attributes.outputPadding ?? 0),
        );
  return {
    name: describe(xShape, filterShape, attributes),
    inputs: [randomRef(xShape, random), randomRef(filterShape, random)],
    run: (x, filter) => convTranspose2d(x!, filter!, attributes),
    value: (...inp) =>
      ofTerms((x, filter) => reference.convTranspose2d(x!, filter!, geometry, size), ...inp),
    gradients: (...all) =>
      eachOfTerms(
        (dy, x, filter) => [
          reference.convTranspose2dInputGrad(dy!, filter!, x!.shape, geometry),
          reference.convTranspose2dFilterGrad(dy!, x!, filter!.shape, geometry),
        ],
        ...all,
      ),
    untiled: untiledBy(attributes),
  };
}

/** A convolution of either kind with a bias, which adds to each output and gathers its gradients. */
export function withBias(
  made: Case,
  op: typeof conv2d,
  channels: number,
  attributes: object,
): Case {
  return {
    ...made,
    name: `${made.name}, with a bias`,
    inputs: [...made.inputs, randomRef([channels], random)],
    run: (x, filter, bias) => op(x!, filter!, { ...attributes, bias: bias! }),
    value(x, filter, bias) {
      const terms = (at: readonly Ref[]): Ref =>
        binary(binaries.add, made.value(at[0]!, at[1]!).value, at[2]!);
      const all = [x!, filter!, bias!];
      return sumOf(terms(all), terms(all.map(abs)));
    },
    gradients: (dy, x, filter, bias) => [
      ...made.gradients(dy, x!, filter!),
      ofTerms((at) => sumTo(at!, bias!.shape), dy),
    ],
    tiles: false,
  };
}
