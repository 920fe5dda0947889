// Activations stored as f16: each op compared with float64, chains compared with the same in f32, and refusals.
import { type Variant } from "../../src/kernels/variant.ts";
import { describe, expect, test } from "vitest";
import { conv2d, convTranspose2d, dense, neg, reshape } from "../../src/autograd/ops.ts";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { DTypeError } from "../../src/gpu/errors.ts";
import { fromHalves, toHalves } from "../../src/gpu/half.ts";
import type { ActivationType } from "../../src/kernels/epilogue-attributes.ts";
import { createRng } from "../../src/kernels/random.ts";
import { createRandom } from "../../proof/reference/array.ts";
import { testDevice } from "../support/device.ts";
import { upload } from "../../proof/case.ts";
import { f16Cases, wholeNumbers } from "../../proof/rows/f16.ts";
import { refusalOf } from "./prove.ts";
import { problemsOf } from "../../proof/problems.ts";
import { WORKGROUP_VARIANTS } from "../../src/kernels/workgroup-tile.ts";
import { withVariant } from "../../proof/variants.ts";

const device = await testDevice();
const able = device.gpu.features.has("shader-f16");
if (!able) console.log("skipped where f16 is stored: the adapter has no shader-f16");

describe.skipIf(!able).each(Object.entries(f16Cases))("%s stored as f16", (_op, cases) => {
  test.each(cases.map((each) => [each.name, each] as const))("%s", async (_name, each) => {
    expect(await problemsOf(device, each)).toEqual([]);
  });
});

/** Layers whose results f16 holds exactly, of whole numbers: no sum rounds, in whatever order. */
function runChain(activationType: ActivationType, wide: boolean): GpuArray[] {
  const random = createRandom(8);
  const whole = (most: number, ...shape: number[]): Tensor =>
    variable(upload(device, wholeNumbers(shape, random, most)));
  const [inner, outer] = wide ? [16, 8] : [5, 3];
  const rng = createRng(device, 7, 1);
  const leaky = { activation: "leakyRelu", alpha: 0.5 } as const;
  const dropout = { rate: 0.5, rng };
  const wrt = [
    whole(2, 3, 10),
    whole(1, 10, 3 * 3 * inner),
    whole(1, 3 * 3 * inner),
    whole(1, 3, 3, outer, inner),
    whole(1, 2, 2, outer, inner),
    whole(2, inner),
    whole(1, outer),
  ];
  const [x, kernel, bias, up, down, downBias, upBias] = wrt;
  const hidden = dense(x!, kernel!, { bias: bias!, activationType, epilogue: leaky });
  const image = reshape(hidden, { shape: [3, 3, 3, inner] });
  const grown = convTranspose2d(image, up!, {
    strides: 2,
    padding: "same",
    bias: upBias!,
    activationType,
    epilogue: { activation: "relu", dropout },
  });
  const shrunk = conv2d(grown, down!, {
    strides: 2,
    padding: "same",
    bias: downBias!,
    activationType,
    epilogue: { ...leaky, dropout },
  });
  const dy = upload(device, wholeNumbers(shrunk.shape, random, 2));
  return [hidden.array, grown.array, shrunk.array, ...vectorJacobianArrays(shrunk, dy, wrt)];
}

const floats = async (array: GpuArray): Promise<Float32Array> =>
  array.dtype === "f16" ? array.read("f16") : array.read();

describe.skipIf(!able)("a chain whose results f16 holds exactly", () => {
  const ways: { variant: Variant; fours: boolean }[] = [
    { variant: "direct", fours: true },
    { variant: "direct", fours: false },
    { variant: "tiled", fours: true },
    { variant: "tiled", fours: false },
    { variant: "narrow", fours: true },
    ...WORKGROUP_VARIANTS.flatMap((variant) => [true, false].map((fours) => ({ variant, fours }))),
    ...(device.lanes > 0 ? [{ variant: "lanes" as const, fours: true }] : []),
  ];
  test.each(ways)("has the values of f32 as $variant, by fours: $fours", async (way) => {
    const { variant, fours } = way;
    const as32 = await withVariant(device, "direct", () => runChain("f32", fours));
    const as16 = await withVariant(device, variant, () => runChain("f16", fours));
    expect(as16.slice(0, 4).map(({ dtype }) => dtype)).toEqual(["f16", "f16", "f16", "f32"]);
    for (const [index, array] of as32.entries()) {
      const values = await floats(array);
      expect(new Set(values).size, `array ${index}`).toBeGreaterThan(2);
      expect(await floats(as16[index]!), `array ${index}`).toEqual(values);
    }
  });
});

describe.skipIf(!able)("arrays of f16", () => {
  const values = Float32Array.from({ length: 21 }, (_, i) => (i - 9) / 7);
  const rounded = fromHalves(toHalves(values));

  test("come back as they were rounded, whole and by rows that start inside words", async () => {
    const array = device.upload(values, [3, 7], "f16");
    expect(await array.read("f16")).toEqual(rounded);
    expect(await array.rows(1, 2).read("f16")).toEqual(rounded.subarray(7));
    expect(() => array.rows(1, 1).write(values.slice(7, 14))).toThrow(
      /^write: the array must start at a 32-bit word/,
    );
  });

  test("are read by kernels from inside a word on", async () => {
    const rows = device.upload(values, [3, 7], "f16").rows(1, 2);
    const kernel = device.upload(Float32Array.of(1, 0, 0, 0, 0, 0, 2), [7, 1], "f32");
    const { array } = dense(new Tensor(rows), new Tensor(kernel), {});
    const expected = [0, 1].map((row) => rounded[7 + 7 * row]! + 2 * rounded[13 + 7 * row]!);
    expect(await array.read()).toEqual(Float32Array.from(expected));
  });

  test("are placed in one another as they are", async () => {
    const whole = device.upload(new Float32Array(16), [2, 8], "f16");
    device.moveInto(device.upload(values.subarray(0, 8), [8], "f16"), whole.rows(1, 1).view([8]));
    expect(await whole.read("f16")).toEqual(
      Float32Array.from([...new Float32Array(8), ...rounded.subarray(0, 8)]),
    );
  });

  test("past 65,504 are infinite", async () => {
    const x = new Tensor(device.upload(Float32Array.of(65_504, 65_600, -7e4), [3, 1], "f32"));
    const one = new Tensor(device.upload(Float32Array.of(1), [1, 1], "f32"));
    const { array } = dense(x, one, { activationType: "f16" });
    const [fits, , far] = await array.read("f16");
    expect([fits, far]).toEqual([65_504, -Infinity]);
  });

  test("are refused by ops that take words of 32 bits, and by shaders that don't know them", async () => {
    const half = device.upload(values, [3, 7], "f16");
    expect(await refusalOf(device, DTypeError, () => neg(new Tensor(half)))).toBe(
      'neg: input 0 must be f32; got f16: write cast(x, { to: "f32" })',
    );
    const bind = { inp: half, out: device.empty([21]) };
    const launch = { shader: "unary", entry: "forward", constants: { COUNT: 21 } };
    expect(
      await refusalOf(device, DTypeError, () =>
        device.launch({ ...launch, bind, workgroups: [1, 1, 1] }),
      ),
    ).toBe("unary.wgsl: inp must have a 32-bit type; got f16");
  });
});

describe("f16 is refused", () => {
  test("as another type than f32 and f16", async () => {
    const [x, kernel] = [device.empty([2, 3]), device.empty([3, 2])].map((a) => new Tensor(a));
    const call = (): unknown =>
      Reflect.apply(dense, undefined, [x, kernel, { activationType: "f64" }]);
    expect(() => call()).toThrow(/^dense: activationType must be 'f32' or 'f16'; got "f64"$/);
  });

  test.skipIf(able)("where the adapter has no shader-f16", async () => {
    const [x, kernel] = [device.empty([2, 3]), device.empty([3, 2])].map((a) => new Tensor(a));
    const says = /: f16 needs an adapter with the feature shader-f16, which this one lacks/;
    for (const call of [
      () => device.empty([4], "f16"),
      () => dense(x!, kernel!, { activationType: "f16" }),
    ]) {
      expect(await refusalOf(device, DTypeError, call)).toMatch(says);
    }
  });
});
