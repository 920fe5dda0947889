// What the table can't say about gather, oneHot and argmax: unsigned data, types of results, gradients that hold NaN,
// and that argmax has none.
import { expect, test } from "vitest";
import { argmax, gather, mul, oneHot, sum } from "../../src/autograd/ops.ts";
import { gradArrays, vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { AttributeError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const floats = (...values: number[]): GpuArray =>
  device.upload(Float32Array.from(values), [values.length], "f32");
const indices = (...values: number[]): Tensor =>
  new Tensor(device.upload(Int32Array.from(values), [values.length], "i32"));

test("gather moves integers of either kind word by word", async () => {
  const by = indices(2, -3, 1, 0);
  const signed = indices(2 ** 31 - 1, -(2 ** 31), -1);
  expect([...(await gather(signed, by).read("i32"))]).toEqual([
    -1,
    2 ** 31 - 1,
    -(2 ** 31),
    2 ** 31 - 1,
  ]);
  const words = device.upload(Uint32Array.of(2 ** 32 - 1, 0x7fc0_0123, 7), [3], "u32");
  expect([...(await gather(new Tensor(words), by).read("u32"))]).toEqual([
    7,
    2 ** 32 - 1,
    0x7fc0_0123,
    2 ** 32 - 1,
  ]);
});

test("a NaN in gather's gradient stays with the element that it belongs to", async () => {
  const x = variable(floats(1, 2, 3, 4));
  const y = gather(x, indices(1, 3, 1, -1, 0));
  const [dx] = vectorJacobianArrays(y, floats(1, 2, Number.NaN, 4, Infinity), [x]);
  expect([...(await dx!.read())]).toEqual([Infinity, Number.NaN, 0, 6]);
});

test("argmax finds what oneHot and gather go by", async () => {
  const x = variable(device.upload(Float32Array.of(1, 5, 2, 9, 0, 3), [2, 3], "f32"));
  const best = argmax(x, { axes: [1] });
  expect(best.array.dtype).toBe("i32");
  expect([...(await best.read("i32"))]).toEqual([1, 0]);
  const picked = mul(x, oneHot(best, { depth: 3 }));
  expect([...(await sum(picked, { axes: [1] }).read())]).toEqual([5, 9]);
  const [dx] = gradArrays(sum(gather(x, best, { batchDims: 1 })), [x]);
  expect([...(await dx!.read())]).toEqual([0, 1, 0, 1, 0, 0]);
});

test("a gradient through argmax is refused in one line", async () => {
  const x = variable(floats(1, 2));
  const says = /^grad: tensor 0 of shape \(2\) does not lead to the loss; .*ops without a gradient/;
  expect(await messageOf(AttributeError, () => gradArrays(argmax(x), [x]))).toMatch(says);
  const through = sum(oneHot(argmax(x, { keepDims: true }), { depth: 2 }));
  expect(await messageOf(AttributeError, () => gradArrays(through, [x]))).toMatch(says);
});
