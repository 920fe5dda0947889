// Loads the PyTorch answers in test/fixtures/oracle: float64 results on float32 inputs. Each file
// is a list of cases; their layouts are this reference's (NHWC, HWIO, padding top bottom left right).
import { readFileSync } from "node:fs";
import { z } from "zod";
import type { AdamOptions } from "../../proof/reference/adam.ts";
import type { Tolerance } from "../../proof/reference/compare.ts";
import { type Ref, refOf, roundToF32 } from "../../proof/reference/array.ts";

/** One case: an op with its attributes, inputs (each exactly float32) and expected outputs. */
export interface OracleCase {
  readonly name: string;
  readonly op: string;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly inputs: ReadonlyMap<string, Ref>;
  readonly expected: ReadonlyMap<string, Ref>;
  readonly tolerance: Tolerance;
}

// JSON has no NaN nor infinities, so the files spell them.
const value = z.union([z.number(), z.enum(["NaN", "Infinity", "-Infinity"]).transform(Number)]);

const array = z.object({ name: z.string(), shape: z.array(z.int()), data: z.array(value) });

const file = z.array(
  z.object({
    name: z.string(),
    op: z.string(),
    attrs: z.record(z.string(), z.unknown()),
    inputs: z.array(array),
    expected: z.array(array),
    tolerance: z.discriminatedUnion("type", [
      z.object({ type: z.literal("ulp"), value: z.number() }),
      z.object({ type: z.literal("atol"), value: z.number() }),
      z.object({ type: z.literal("atol_rtol"), atol: z.number(), rtol: z.number() }),
    ]),
  }),
);

/**
 * The cases of a file in test/fixtures/oracle, such as `conv2d.json`. Throws when it can't be read
 * or isn't of the format.
 */
export function loadCases(fileName: string): OracleCase[] {
  const url = new URL(`../fixtures/oracle/${fileName}`, import.meta.url);
  return file.parse(JSON.parse(readFileSync(url, "utf8"))).map((each) => ({
    ...each,
    inputs: new Map(each.inputs.map((x) => [x.name, roundToF32(refOf(x.shape, x.data))])),
    expected: new Map(each.expected.map((x) => [x.name, refOf(x.shape, x.data)])),
  }));
}

/** The named input of a case. Throws when it has none. */
export function inputOf(oracleCase: OracleCase, name: string): Ref {
  const x = oracleCase.inputs.get(name);
  if (x === undefined) throw new Error(`"${oracleCase.name}" has no input "${name}".`);
  return x;
}

/** The named expected output of a case. Throws when it has none. */
export function expectedOf(oracleCase: OracleCase, name: string): Ref {
  const x = oracleCase.expected.get(name);
  if (x === undefined) throw new Error(`"${oracleCase.name}" expects no "${name}".`);
  return x;
}

/** A number among a case's attributes. Throws when it isn't one. */
export function numberAttr(oracleCase: OracleCase, name: string): number {
  return z.number().parse(oracleCase.attrs[name]);
}

/** A pair of numbers among a case's attributes: strides, dilations, a size. Throws otherwise. */
export function pairAttr(oracleCase: OracleCase, name: string): [number, number] {
  return z.tuple([z.number(), z.number()]).parse(oracleCase.attrs[name]);
}

/** The padding [top, bottom, left, right] among a case's attributes. Throws otherwise. */
export function paddingAttr(oracleCase: OracleCase): [number, number, number, number] {
  return z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .parse(oracleCase.attrs["padding"]);
}

/**
 * A resampling from a case's attributes: the output's size, the mode and the coordinates, as the engine
 * names them. Nearest pixels are always rounded down. Throws on another.
 */
export function resampleAttr(oracleCase: OracleCase): {
  size: [number, number];
  bilinear: boolean;
  coordinates: "halfPixel" | "alignCorners" | "asymmetric";
} {
  const { mode, coords, outSize } = resampling.parse(oracleCase.attrs);
  const coordinates = {
    half_pixel: "halfPixel",
    align_corners: "alignCorners",
    asymmetric: "asymmetric",
  } as const;
  return { size: outSize, bilinear: mode === "bilinear", coordinates: coordinates[coords] };
}

const resampling = z.object({
  mode: z.enum(["nearest", "bilinear"]),
  outSize: z.tuple([z.number(), z.number()]),
  coords: z.enum(["half_pixel", "align_corners", "asymmetric"]),
  rounding: z.literal("floor").optional(),
});

/** Adam's constants, from a case's attributes or one of them: {lr, beta1, beta2, epsilon}. */
export function adamAttr(attribute: unknown): AdamOptions {
  const { lr, ...rest } = adamConstants.parse(attribute);
  return { convention: "pytorch", learningRate: lr, ...rest };
}

const adamConstants = z.object({
  lr: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  epsilon: z.number(),
});
