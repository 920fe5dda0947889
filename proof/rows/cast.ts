// The row of cast: each pair of types that needs no feature, over their whole ranges; and cases of f16, for
// f16.test.ts.
import * as ops from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { fromHalves, toHalves } from "../../src/gpu/half.ts";
import type { CastAttributes } from "../../src/kernels/cast.ts";
import { createRandom, map, randomRef, type Ref, refOf } from "../reference/array.ts";
import { type Case, exactly, type InputType, type Row } from "../case.ts";

const random = createRandom(34);
const vector = (values: readonly number[]): Ref => refOf([values.length], [...values]);

const MOST = { i32: 2 ** 31 - 1, u32: 2 ** 32 - 1 } as const;

/** What a value becomes. */
function converted(value: number, from: InputType, to: InputType): number {
  if (to === "f32") return Math.fround(value);
  if (to === "f16") return fromHalves(toHalves([value]))[0]!;
  if (from === "i32" || from === "u32") return to === "i32" ? value | 0 : value >>> 0;
  if (Number.isNaN(value)) return 0;
  return Math.trunc(Math.min(Math.max(value, to === "i32" ? -(2 ** 31) : 0), MOST[to]));
}

function castCase(x: Ref, from: InputType, to: CastAttributes["to"], name: string): Case {
  const floats = [from, to].every((type) => type === "f32" || type === "f16");
  return {
    name: `${from} to ${to}, ${name}`,
    inputs: [x],
    dtypes: [from],
    run: (at) => ops.cast(at!, { to }),
    value: (at) => exactly(map(at!, (value) => converted(value, from, to))),
    gradients: (dy) => (floats ? [exactly(dy)] : []),
    smooth: false,
  };
}

/** Next to every power of 2, where integers end, and what is no number. */
const FLOATS = vector(
  [
    ...Array.from({ length: 300 }, (_, i) => 2 ** (i - 149) * (1 + random())),
    ...Array.from({ length: 34 }, (_, e) => 2 ** e).flatMap((x) => [x, x - 0.5, x + 0.5]),
  ]
    .concat(0, 0.5, 1 - 2 ** -24, 2_147_483_520, 4_294_967_040, 3e38, Infinity, 1e-40)
    .flatMap((x) => [x, -x])
    .concat(Number.NaN)
    .map(Math.fround),
);

/** Next to every power of 2, and ties between two floats, to even and to odd. */
const WHOLES = [
  ...Array.from({ length: 31 }, (_, e) => 2 ** e).flatMap((x) => [x - 1, x, x + 1]),
  ...Array.from({ length: 300 }, () => Math.floor(2 ** 31 * random())),
].concat(16_777_217, 16_777_219, 33_554_434, 33_554_438, 2 ** 30 + 64, 2 ** 30 + 192, 2 ** 31 - 1);
const SIGNED = vector(WHOLES.flatMap((x) => [x, -x]).concat(-(2 ** 31)));
const UNSIGNED = vector(WHOLES.flatMap((x) => [x, x + 2 ** 31]));

/** One in 32 of all f16, which has each exponent and subnormal numbers, and what lies between two of f16. */
const HALVES = fromHalves(Uint16Array.from({ length: 2048 }, (_, i) => i * 32));
const BETWEEN = vector(
  [...HALVES]
    .flatMap((x) => [x, x * (1 + 2 ** -11), x * (1 + 2 ** -12), x * (1 + 3 * 2 ** -11)])
    .concat(65_504, 65_519.996, 65_520, -65_520, 1e30, Infinity, Number.NaN)
    .concat(2 ** -25, 2 ** -25 + 2 ** -40, 3 * 2 ** -25, 2 ** -14 - 2 ** -25, -(2 ** -26))
    .map(Math.fround),
);

/** Cases that take an adapter that stores f16. */
export const halfCasts: readonly Case[] = [
  castCase(BETWEEN, "f32", "f16", "all exponents and between"),
  castCase(vector([...HALVES]), "f16", "f32", "all exponents"),
  castCase(vector([...HALVES]), "f16", "i32", "all exponents"),
  castCase(vector([...HALVES]), "f16", "u32", "all exponents"),
  castCase(SIGNED, "i32", "f16", "next to powers of 2"),
  castCase(UNSIGNED, "u32", "f16", "next to powers of 2"),
  castCase(vector([...HALVES]), "f16", "f16", "the same"),
];

/** The row by the name of its op. */
export const castRows: { readonly cast: Row } = {
  cast: {
    cases: [
      castCase(randomRef([3, 7, 11], random, -40, 40), "f32", "i32", "(3, 7, 11)"),
      castCase(FLOATS, "f32", "i32", "the whole range"),
      castCase(FLOATS, "f32", "u32", "the whole range"),
      castCase(FLOATS, "f32", "f32", "the same"),
      castCase(SIGNED, "i32", "f32", "next to powers of 2"),
      castCase(UNSIGNED, "u32", "f32", "next to powers of 2"),
      castCase(SIGNED, "i32", "u32", "bit by bit"),
      castCase(UNSIGNED, "u32", "i32", "bit by bit"),
      castCase(SIGNED, "i32", "i32", "the same"),
      castCase(refOf([0, 3], []), "f32", "i32", "(0, 3)"),
    ],
    refuses: "u8",
    refusals: [
      {
        name: "no type",
        kind: AttributeError,
        says: /^cast: to must be 'f32' or 'i32' or 'u32' or 'f16'; got undefined$/,
        run: (device) => Reflect.apply(ops.cast, undefined, [new Tensor(device.empty([2])), {}]),
      },
      {
        name: "bytes as the result",
        kind: AttributeError,
        says: /^cast: to must be .*; got "u8"$/,
        run: (device) =>
          Reflect.apply(ops.cast, undefined, [new Tensor(device.empty([2])), { to: "u8" }]),
      },
    ],
  },
};
