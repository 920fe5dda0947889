// Every mistake in the arguments of the functions that read datasets, refused in one line.
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import * as data from "../../src/data.ts";
import { faultOf, mistaken, mistakenEntries, wrongValues } from "../support/mistakes.ts";
import { pngBytes } from "../support/png-bytes.ts";
import { testDevice } from "../support/device.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-arguments-"));
afterAll(() => rmSync(folder, { recursive: true }));
const idx = join(folder, "idx");
mkdirSync(idx);
const images = join(idx, "train-images-idx3-ubyte");
writeFileSync(images, data.encodeIdx({ shape: [2, 2, 3], data: new Uint8Array(12) }));
const pictures = join(folder, "pictures");
mkdirSync(pictures);
writeFileSync(
  join(pictures, "a.png"),
  pngBytes({ width: 2, height: 2, depth: 8, colour: 0 }, new Uint8Array(6)),
);
cpSync(join(pictures, "a.png"), join(pictures, "b.png"));

const device = await testDevice();
const wrong = wrongValues(device, device);

const CALLS: Readonly<Record<string, readonly unknown[]>> = {
  mnist: ["test"],
  idx: [idx, "train", { transpose: false }],
  idxFile: [images, undefined, { transpose: true }],
  imageFolder: [pictures, { classes: false }],
  readIdx: [images],
};

const call = (name: string, args: readonly unknown[]) => async (): Promise<void> => {
  const called: unknown = Reflect.get(data, name);
  if (typeof called !== "function") throw new Error(`no such function: ${name}`);
  await Reflect.apply(called, undefined, args);
};

test.each(Object.entries(CALLS))("%s refuses mistakes", async (name, args) => {
  expect(await faultOf(call(name, args))).toBeUndefined();
  const faults: string[] = [];
  const tryOut = async (what: string, given: readonly unknown[]): Promise<void> => {
    const fault = await faultOf(call(name, given));
    if (fault !== undefined) faults.push(`${name} with ${what}: ${fault}`);
  };
  for (const { what, args: given } of mistaken(args, wrong)) await tryOut(what, given);
  const last = args.length - 1;
  const options = args[last];
  if (typeof options === "object" && options !== null) {
    for (const { what, options: changed } of mistakenEntries({ ...options }, wrong)) {
      await tryOut(what, args.with(last, changed));
    }
  }
  expect(faults).toEqual([]);
});

test.each([
  ["idx", [idx, "train", { transposed: true }]],
  ["idxFile", [images, undefined, { transposed: true }]],
  ["imageFolder", [pictures, { class: true }]],
] as const)("%s refuses an option that it doesn't have", async (name, args) => {
  await expect(call(name, args)()).rejects.toThrow(/options must be an object of \w+; got/);
});
