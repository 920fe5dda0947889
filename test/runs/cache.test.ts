// Files in the user's cache folder: sealed, so that damage is noticed; written atomically; leftovers removed.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { checkSeal, EMPTY_SEAL, sealed, sealedJson } from "../../src/checkpoint/seal.ts";
import { loadKernelChoices, saveKernelChoices } from "../../src/runs/kernel-choices.ts";
import { CheckpointError, OutputError } from "../../src/gpu/errors.ts";
import { readCache, writeCache } from "../../src/runs/cache.ts";
import { messageOf } from "../support/message-of.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tries = 0;
/** The places that caches may be in, new for each test. */
let places: { readonly first: string; readonly second: string };
beforeEach(() => {
  const root = join(folder, String(tries++));
  process.env["XDG_CACHE_HOME"] = join(root, "cache");
  process.env["TMPDIR"] = join(root, "temporary");
  mkdirSync(join(root, "temporary"), { recursive: true });
  const second = join(root, "temporary", `longhand-${process.getuid?.() ?? 0}`);
  places = { first: join(root, "cache", "longhand"), second };
});

const tensor = { dtype: "F32" as const, shape: [3], data: Float32Array.of(1, -2, 3) };
const kinds: [string, () => Promise<Uint8Array>][] = [
  ["JSON", () => sealedJson('{\n  "a": [1, 2.5],\n  "b": "{}"\n}\n')],
  ["safetensors", () => sealed(encodeSafetensors(new Map([["w", tensor]]), { seal: EMPTY_SEAL }))],
];

describe.each(kinds)("a seal in %s", (_, make) => {
  test("breaks at any flipped bit, any cut and any byte more", async () => {
    const bytes = await make();
    await checkSeal(bytes, "FILE");
    const spoilt = [
      ...Array.from({ length: bytes.length * 8 }, (__, bit) =>
        bytes.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
      ),
      ...Array.from({ length: bytes.length }, (__, length) => bytes.subarray(0, length)),
      Uint8Array.of(...bytes, 0),
    ];
    for (const damaged of spoilt) {
      await expect(checkSeal(damaged, "FILE")).rejects.toThrow(/^FILE: .*it is damaged/);
    }
  });
});

test("sealed JSON is JSON, with all that it was made of", async () => {
  const value = { a: [1, 2.5], b: "{", seals: { deep: true } };
  const text = Buffer.from(await sealedJson(JSON.stringify(value))).toString();
  expect(JSON.parse(text)).toEqual({
    seal: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    ...value,
  });
});

const asText = (bytes: Uint8Array, path: string): string => {
  const text = Buffer.from(bytes).toString();
  if (text.startsWith("bad")) throw new CheckpointError(`${path}: is bad.`);
  return text;
};
const write = (name: string, data: string): string => writeCache(name, data, "nowhere");

describe("a cached file", () => {
  test("is kept in the first place, and found there", async () => {
    const path = join(places.first, "some", "x.json");
    expect(await readCache("some/x.json", asText)).toEqual({
      path,
      value: undefined,
      trouble: undefined,
    });
    expect(write("some/x.json", "one")).toBe(path);
    expect(await readCache("some/x.json", asText)).toEqual({
      path,
      value: "one",
      trouble: undefined,
    });
  });

  test("that can't be used is told of, unless the next place has a good one; and is replaced", async () => {
    const first = write("x", "bad");
    expect(await readCache("x", asText)).toEqual({
      path: first,
      value: undefined,
      trouble: `${first}: is bad`,
    });
    mkdirSync(places.second, { recursive: true });
    const second = join(places.second, "x");
    writeFileSync(second, "two");
    expect(await readCache("x", asText)).toEqual({
      path: second,
      value: "two",
      trouble: undefined,
    });
    write("x", "three");
    expect(await readCache("x", asText)).toMatchObject({ path: first, value: "three" });
  });

  test("goes to the next place where a folder, or a file for a folder, is in the way", async () => {
    mkdirSync(join(places.first, "x"), { recursive: true });
    writeFileSync(join(places.first, "some"), "");
    for (const name of ["x", "some/y"]) {
      expect(write(name, "whole")).toBe(join(places.second, name));
      expect(await readCache(name, asText)).toMatchObject({ value: "whole", trouble: undefined });
    }
    expect(readdirSync(places.first).toSorted()).toEqual(["some", "x"]);
  });

  test("that nobody takes is an error, and leaves nothing", async () => {
    writeFileSync(places.second, "");
    mkdirSync(dirname(places.first), { recursive: true });
    writeFileSync(places.first, "");
    await messageOf(OutputError, async () => write("x", "whole"));
    expect(readFileSync(places.first, "utf8") + readFileSync(places.second, "utf8")).toBe("");
  });

  test("takes along what killed processes left, and nothing else's", () => {
    const path = write("some/x", "one");
    const gone = String(spawnSync("true").pid);
    const names = [`y.tmp-${gone}`, `x.tmp-${process.ppid}`, "z.tmp-", "z"];
    for (const name of names) writeFileSync(join(dirname(path), name), "");
    write("some/x", "two");
    expect(readdirSync(dirname(path)).toSorted()).toEqual(["x", ...names.slice(1)].toSorted());
  });
});

test("tuned kernels with a flipped bit are never used, and that is said", async () => {
  const choices = { "matmul 1x2 by 2x3": "lanes", "matmul 4x2 by 2x3": "direct" } as const;
  const path = await saveKernelChoices("an adapter", choices);
  const whole = readFileSync(path);
  expect(await loadKernelChoices("an adapter")).toEqual({ path, choices, trouble: undefined });
  for (let bit = 0; bit < whole.length * 8; bit += 9) {
    writeFileSync(
      path,
      whole.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)),
    );
    const found = await loadKernelChoices("an adapter");
    expect(found).toEqual({ path, choices: {}, trouble: expect.any(String) });
  }
});
