// The table's checks can fail: kernels with deliberate faults are caught, each by the check meant for it.
import { expect, test } from "vitest";
import { relu, add } from "../../src/autograd/ops.ts";
import type { Device } from "../../src/gpu/device.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { randomRef, createRandom, abs, map, zip } from "../../proof/reference/array.ts";
import { testDevice } from "../support/device.ts";
import { type Case, exactly } from "../../proof/case.ts";
import { judge } from "../../proof/drive.ts";
import { spoilt } from "./spoilt.ts";

const device = await testDevice();
const random = createRandom(41);

const rectified: Case = {
  name: "relu of 100",
  inputs: [map(randomRef([100], random, 0.5, 1), (x) => x)],
  run: (x) => relu(x!),
  value: (x) => exactly(abs(x!)),
  gradients: (dy) => [exactly(dy)],
};
const added: Case = {
  name: "add of 100",
  inputs: [randomRef([100], random), randomRef([100], random)],
  run: (a, b) => add(a!, b!),
  value: (a, b) => exactly(zip(a!, b!, (p, q) => Math.fround(p + q))),
  gradients: (dy) => [exactly(dy), exactly(dy)],
};

/** Problems of a case on a device whose `unary` and `binary` shaders have `from` replaced by `to`. */
async function problems(each: Case, file: string, from: string, to: string): Promise<string[]> {
  const other: Device = spoilt(device, { file, from, to });
  return [...(await judge(other, each)).problems];
}

test("nothing is wrong with the kernels as they are", async () => {
  expect((await judge(device, rectified)).problems).toEqual([]);
  expect((await judge(device, added)).problems).toEqual([]);
});

test("a write behind the array is seen, though the values are right", async () => {
  const text = "if (i < COUNT) { out[OUT_AT + i]";
  expect(shaderText("unary.wgsl")).toContain(text);
  const found = await problems(
    rectified,
    "unary.wgsl",
    text,
    `if (i == COUNT) { out[OUT_AT + i] = 0f; }\n  ${text}`,
  );
  expect(found).toEqual(["something wrote outside relu", "something wrote outside relu"]);
});

test("a write before the array is seen", async () => {
  const from = "let i = flat_index(invocation);\n  if (i < COUNT) { out";
  const to = `${from.replace("if", "out[OUT_AT - 1u] = 0f;\n  if")}`;
  const found = await problems(rectified, "unary.wgsl", from, to);
  expect(found).toEqual(["something wrote outside relu", "something wrote outside relu"]);
});

test("a read outside the array spoils the result", async () => {
  const from = "apply(a[A_AT + at.x], b[B_AT + at.y])";
  const behind = await problems(added, "binary.wgsl", from, from.replace("at.y]", "at.y + 1u]"));
  expect(behind[0]).toMatch(/^the output/);
  const ahead = await problems(added, "binary.wgsl", from, from.replace("at.y]", "at.y - 1u]"));
  expect(ahead[0]).toMatch(/^the output/);
});
