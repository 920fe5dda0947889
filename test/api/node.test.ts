// Mistakes in the arguments of `longhand/node`, refused in one line.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createRng, layers, sequential } from "../../src/index.ts";
import { load, open, save } from "../../src/node.ts";
import { testDevice } from "../support/device.ts";
import { faultOf, mistaken, mistakenEntries, wrongValues } from "../support/mistakes.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-node-"));
afterAll(() => rmSync(folder, { recursive: true }));
const device = await testDevice();
const wrong = new Map(wrongValues(device, device));
wrong.delete("a word"); // a path like any other, and not into this folder
const path = join(folder, "model.safetensors");
const model = sequential(device, "m", [2], [layers.dense(1)], createRng(device, 0));
await save(model, path);

test.each([
  ["save", save],
  ["load", load],
] as const)("%s refuses mistakes, and leaves what there was", async (_name, called) => {
  const faults: string[] = [];
  for (const { what, args } of mistaken([model, path], wrong)) {
    const fault = await faultOf(async () => void (await Reflect.apply(called, undefined, args)));
    if (fault !== undefined) faults.push(`${what}: ${fault}`);
  }
  for (const state of wrong.values()) {
    const fault = await faultOf(
      async () => void (await Reflect.apply(called, undefined, [{ state }, path])),
    );
    if (fault !== undefined) faults.push(fault);
  }
  expect(faults).toEqual([]);
  expect(readdirSync(folder)).toEqual(["model.safetensors"]);
  load(model, path);
});

test("open refuses options that it doesn't have, before an adapter is opened", async () => {
  const faults: string[] = [];
  const tryOut = async (options: unknown): Promise<void> => {
    const fault = await faultOf(async () => {
      const opened = await open("null", ...([options] as Parameters<typeof open>[1][]));
      opened.close();
    });
    if (fault !== undefined) faults.push(fault);
  };
  for (const options of wrong.values()) await tryOut(options);
  for (const { options } of mistakenEntries({ eagerByteBudget: 2 ** 20 }, wrong)) {
    await tryOut(options);
  }
  expect(faults).toEqual([]);
  const misspelt = Reflect.apply(open, undefined, ["null", { limit: "adapter" }]);
  await expect(misspelt).rejects.toThrow(
    /^open: options must be an object of limits, eagerByteBudget/,
  );
});
