// Tensors from host data: what goes in comes out, and what can't go in is refused in one line.
import { expect, test } from "vitest";
import { tensor } from "../../src/autograd/from-host.ts";
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

test("an array is read as what it is", async () => {
  const x = tensor(device, [1], [1], { dtype: "i32" });
  await expect(x.read()).rejects.toThrow(/^read: the array is i32/);
});
