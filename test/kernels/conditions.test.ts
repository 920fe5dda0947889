// What the table can't say about comparisons, where, cast and the roundings: types of results, numbers instead of
// tensors, bits of NaN and of zeros, gradients that hold NaN, and that conditions have none.
import { expect, test } from "vitest";
import * as ops from "../../src/autograd/ops.ts";
import { gradArrays, vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const floats = (...values: number[]): GpuArray =>
  device.upload(Float32Array.from(values), [values.length], "f32");
const words = (...values: number[]): GpuArray =>
  device.upload(Uint32Array.from(values), [values.length], "u32");
const integers = (...values: number[]): GpuArray =>
  device.upload(Int32Array.from(values), [values.length], "i32");

/** Words as floats, whatever they stand for: no host array of floats keeps a NaN's bits for sure. */
const asFloats = (array: GpuArray): Tensor =>
  new Tensor(device.viewAt(array, 0, array.shape, "f32"));
const bitsOf = async ({ array }: Tensor): Promise<number[]> => [
  ...(await device.viewAt(array, 0, array.shape, "u32").read("u32")),
];

test("comparisons take numbers of the other input's type on either side", async () => {
  const x = new Tensor(floats(-1, 0.5, 2));
  const wholes = new Tensor(integers(-(2 ** 31), 5, 2 ** 31 - 1));
  const results = [ops.less(x, 0.5), ops.less(0.5, x), ops.equal(wholes, 2 ** 31 - 1)];
  expect(results.map(({ array }) => array.dtype)).toEqual(["u32", "u32", "u32"]);
  const read = await Promise.all(results.map(({ array }) => array.read("u32")));
  expect(read.map((each) => [...each])).toEqual([
    [1, 0, 0],
    [0, 0, 1],
    [0, 0, 1],
  ]);
});

test("what a comparison finds chooses, is cast, and leads nowhere back", async () => {
  const x = variable(floats(-2, 3, -4));
  const positive = ops.greater(x, 0);
  const y = ops.mul(ops.where(positive, x, 0), ops.cast(positive, { to: "f32" }));
  expect([...(await y.read())]).toEqual([0, 3, 0]);
  const [dx] = gradArrays(ops.sum(y), [x]);
  expect([...(await dx!.read())]).toEqual([0, 1, 0]);
  const count = ops.sum(ops.cast(positive, { to: "f32" }));
  expect(await messageOf(AttributeError, () => gradArrays(count, [x]))).toMatch(
    /^grad: tensor 0 of shape \(3\) does not lead to the loss; /,
  );
});

test("where takes numbers for either side or for both", async () => {
  const condition = new Tensor(words(1, 0, 7));
  expect([...(await ops.where(condition, 1.5, -2).read())]).toEqual([1.5, -2, 1.5]);
  const chosen = ops.where(condition, new Tensor(integers(1, 2, 3)), -(2 ** 31));
  expect([...(await chosen.read("i32"))]).toEqual([1, -(2 ** 31), 3]);
});

test("where moves bits: of NaN too, which a condition counts as true", async () => {
  const [a, b] = [
    [0x7f80_0001, 0xffc0_1234, 0x8000_0000],
    [0x7fc0_0001, 0x0000_0001, 0x7f80_0002],
  ] as const;
  const condition = asFloats(words(0x7fc0_0001, 0x0000_0001, 0x8000_0000));
  const y = ops.where(condition, asFloats(words(...a)), asFloats(words(...b)));
  expect(await bitsOf(y)).toEqual([a[0], a[1], b[2]]);
});

test("where keeps a gradient's NaN and infinities on the side that was chosen", async () => {
  const [a, b] = [variable(floats(1, 2, 3, 4)), variable(floats(5, 6, 7, 8))];
  const y = ops.where(new Tensor(words(1, 0, 1, 0)), a, b);
  const dy = floats(Number.NaN, Infinity, 3, Number.NaN);
  const [da, db] = vectorJacobianArrays(y, dy, [a, b]);
  expect([...(await da!.read())]).toEqual([Number.NaN, 0, 3, 0]);
  expect([...(await db!.read())]).toEqual([0, Infinity, 0, Number.NaN]);
});

test("roundings keep the sign of what becomes 0, and let no NaN flow back", async () => {
  const x = variable(floats(-0.25, 0.25, -0, -(2 ** -149)));
  const [zero, negative, one] = [0, 0x8000_0000, 0x3f80_0000] as const;
  const minusOne = one + negative;
  expect(await bitsOf(ops.round(x))).toEqual([negative, zero, negative, negative]);
  expect(await bitsOf(ops.trunc(x))).toEqual([negative, zero, negative, negative]);
  expect(await bitsOf(ops.ceil(x))).toEqual([negative, one, negative, negative]);
  expect(await bitsOf(ops.floor(x))).toEqual([minusOne, zero, negative, minusOne]);
  expect(await bitsOf(ops.sign(x))).toEqual([minusOne, one, negative, minusOne]);
  const [dx] = vectorJacobianArrays(ops.floor(x), floats(Number.NaN, Infinity, 1, 2), [x]);
  expect([...(await dx!.read())]).toEqual([0, 0, 0, 0]);
});

test("cast to the type that it has, or between integers, is a view", async () => {
  const x = integers(-1, 7);
  const unsigned = ops.cast(new Tensor(x), { to: "u32" });
  expect(unsigned.array.storage).toBe(x.storage);
  expect([...(await unsigned.array.read("u32"))]).toEqual([2 ** 32 - 1, 7]);
});
