// Tensors from host data: what goes in comes out, and what can't go in is refused in one line.
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { tensor } from "../../src/autograd/from-host.ts";
import { argmax, equal } from "../../src/autograd/ops.ts";
import { DTypeError, ShapeError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

test("lists, floats and integers come back as they were", async () => {
  expect(await tensor(device, [1, -0.5, Infinity], [3, 1]).read()).toEqual(
    Float32Array.of(1, -0.5, Infinity),
  );
  expect(tensor(device, Float32Array.of(1, 2)).shape).toEqual([2]);
  const integers = Int32Array.of(2 ** 31 - 1, -(2 ** 31), 7);
  expect(await tensor(device, integers).read("i32")).toEqual(integers);
  expect(await tensor(device, [3, -4], [2], { dtype: "i32" }).read("i32")).toEqual(
    Int32Array.of(3, -4),
  );
  expect(await tensor(device, [], [0, 3]).read()).toEqual(new Float32Array(0));
  expect(tensor(device, [5], [], { tracked: true }).tracked).toBe(true);
});

test.each([
  ["too few values", ShapeError, [1, 2], [3], {}, "shape (3) takes 3 values; got 2"],
  ["half an extent", ShapeError, [1], [0.5], {}, "shape must be a list of whole numbers ≥ 0"],
  ["a fraction as i32", DTypeError, [1.5], [1], { dtype: "i32" }, "whole numbers"],
  ["too large an i32", DTypeError, [2 ** 31], [1], { dtype: "i32" }, "got 2147483648"],
] as const)("%s is refused", async (_name, kind, values, shape, options, says) => {
  const message = await messageOf(kind, () => tensor(device, values, shape, options));
  expect(message).toContain(says);
});

test("values of another kind are refused", async () => {
  const bytes: unknown = new Uint8Array(3);
  const message = await messageOf(DTypeError, () =>
    Reflect.apply(tensor, undefined, [device, bytes, [3]]),
  );
  expect(message).toMatch(/^tensor: takes numbers, lists of them.*got Uint8Array$/);
});

test("a tensor is read as what it is, and says what it is", async () => {
  const x = tensor(device, [[1, 2]], undefined, { dtype: "i32" });
  expect([x.dtype, x.shape]).toEqual(["i32", [1, 2]]);
  expect(await x.read()).toEqual(Int32Array.of(1, 2));
  expect(await x.read("i32")).toEqual(Int32Array.of(1, 2));
  expect(await equal(x, 2).read()).toEqual(Uint32Array.of(0, 1));
  expect(await argmax(tensor(device, [1, 3, 2])).item()).toBe(1);
  expect(await tensor(device, 3).read()).toEqual(Float32Array.of(3));
  await expect(x.read("f32")).rejects.toThrow(/^read: the values are i32; got a request for "f32"/);
});

test("Node prints a tensor in one line", () => {
  const x = tensor(device, [[1], [2]], undefined, { tracked: true });
  expect(inspect(x)).toBe("Tensor (2, 1) f32, tracked");
  expect(inspect([argmax(x.detach())])).toBe("[ Tensor () i32 ]");
});
