// Values that people pass by mistake, of every kind, for any argument of any function.
import type { Device } from "../../src/gpu/device.ts";
import { LonghandError } from "../../src/gpu/errors.ts";
import { show } from "../../src/gpu/foreign-text.ts";
import { Tensor } from "../../src/index.ts";
import { isOneLine } from "./one-line.ts";

/** Returns wrong values by name. `device` is the one in use, `other` another one. */
export function wrongValues(device: Device, other: Device): ReadonlyMap<string, unknown> {
  const freed = device.empty([2, 2], "f32", "freed");
  device.free(freed.storage);
  return new Map<string, unknown>([
    ["undefined", undefined],
    ["null", null],
    ["true", true],
    ["3", 3],
    ["-3", -3],
    ["0.5", 0.5],
    ["NaN", Number.NaN],
    ["Infinity", Infinity],
    ["1e300", 1e300],
    ["a word", "seven\u001b\n"],
    ["no word", ""],
    ["a bigint", 3n],
    ["a symbol", Symbol("s\u001b")],
    ["a function", () => 1],
    ["an async function", async () => ({})],
    ["a promise", Promise.resolve(1)],
    ["an object", {}],
    ["an object of words", { "a\u001b": "b" }],
    ["a date", new Date(0)],
    ["an object without a prototype", Object.create(null)],
    ["an empty list", []],
    ["a list of numbers", [1, 2]],
    ["a list of lists", [[1, 2], [3]]],
    ["a list of words", ["a", "b"]],
    ["a list with a hole", Object.assign([], { length: 2 })],
    ["a list with NaN", [Number.NaN, 2]],
    ["a negative list", [-1, 2.5]],
    ["a Float32Array", Float32Array.of(1, 2)],
    ["a Float64Array", Float64Array.of(1, 2)],
    ["an Int32Array", Int32Array.of(1, 2)],
    ["a DataView", new DataView(new ArrayBuffer(8))],
    ["an array on the device", device.empty([2, 2])],
    ["a tensor", new Tensor(device.empty([2, 2]))],
    ["a tensor of integers", new Tensor(device.empty([2, 2], "i32"))],
    ["a scalar", new Tensor(device.empty([]))],
    ["a tensor of no elements", new Tensor(device.empty([0, 2]))],
    ["a tensor of seven axes", new Tensor(device.empty([1, 1, 1, 1, 1, 1, 1]))],
    ["an array of bytes", new Tensor(device.empty([4], "u8"))],
    ["a tensor that was given back", new Tensor(freed)],
    ["another device's tensor", new Tensor(other.empty([2, 2]))],
    ["a list of tensors", [new Tensor(device.empty([2, 2]))]],
    ["a device", device],
  ]);
}

/** Returns what is wrong with how a call ended, if anything is: it may work, or throw one line of Longhand's. */
export async function faultOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (error instanceof LonghandError && isOneLine(error.message)) {
      return /\bundefined is|\[object |NaN bytes/.test(error.message) ? error.message : undefined;
    }
    const stack = error instanceof Error ? (error.stack ?? "").split("\n    at ") : [];
    const where = stack.find((line) => line.includes("/src/")) ?? "";
    return `${error instanceof Error ? `${error.name}: ${error.message}` : show(error)} ${where.replace(/.*\/src\//, "src/")}`;
  }
}

/** Yields calls in which each argument in turn is left out, or is each of the wrong values. */
export function* mistaken(
  args: readonly unknown[],
  wrong: ReadonlyMap<string, unknown>,
): Generator<{ readonly what: string; readonly args: readonly unknown[] }> {
  for (let count = 0; count < args.length; count += 1) {
    yield { what: `${count} arguments`, args: args.slice(0, count) };
  }
  for (const index of args.keys()) {
    for (const [name, value] of wrong) {
      yield { what: `${name} as argument ${index}`, args: args.with(index, value) };
    }
  }
}

/** Yields the same for each of an object's entries, and with one unknown entry. */
export function* mistakenEntries(
  options: Readonly<Record<string, unknown>>,
  wrong: ReadonlyMap<string, unknown>,
): Generator<{ readonly what: string; readonly options: Readonly<Record<string, unknown>> }> {
  for (const key of Object.keys(options)) {
    for (const [name, value] of wrong) {
      yield { what: `${name} as ${key}`, options: { ...options, [key]: value } };
    }
  }
}
