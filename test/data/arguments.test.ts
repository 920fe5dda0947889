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

test.each(Object.entries(CALLS))(
  "%s refuses mistakes",
  async (name, args) => {
    const called: unknown = Reflect.get(data, name);
    if (typeof called !== "function") throw new Error(`no such function: ${name}`);
    const call = (given: readonly unknown[]) => async () =>
      void (await Reflect.apply(called, undefined, given));
    expect(await faultOf(call(args))).toBeUndefined();
    const faults: string[] = [];
    const tryOut = async (what: string, given: readonly unknown[]): Promise<void> => {
      const fault = await faultOf(call(given));
      if (fault !== undefined) faults.push(`${name} with ${what}: ${fault}`);
    };
    for (const { what, args: given } of mistaken(args, wrong)) await tryOut(what, given);
    const options = args.at(-1);
    if (typeof options === "object" && options !== null) {
      for (const { what, options: changed } of mistakenEntries({ ...options }, wrong)) {
        await tryOut(what, args.with(-1, changed));
      }
      const misspelt = await faultOf(async () =>
        Reflect.apply(called, undefined, args.with(-1, { transposed: true })),
      );
      expect(misspelt).toBeUndefined();
      await expect(
        Promise.resolve().then(() =>
          Reflect.apply(called, undefined, args.with(-1, { transposed: true })),
        ),
      ).rejects.toThrow(/options are an object of \w+; got/);
    }
    expect(faults).toEqual([]);
  },
  120_000,
);
