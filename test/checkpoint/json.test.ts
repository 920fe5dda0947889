// JSON as Longhand writes it: every number comes back, and everything read is parsed strictly.
import * as fc from "fast-check";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { anyNumber, formatJson, MAX_JSON_BYTES, parseJson } from "../../src/checkpoint/json.ts";
import { formatState, parseState } from "../../src/checkpoint/state.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { readRunRecord } from "../../src/runs/run-folder.ts";
import { formatRecord, parseRecord } from "../../src/runs/run-record.ts";
import { messageOf } from "../support/message-of.ts";
import { tinyRecord } from "../support/tiny-run.ts";

const root = mkdtempSync(join(tmpdir(), "longhand-json-"));
afterAll(() => rmSync(root, { recursive: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refusal = (text: string | Uint8Array): Promise<string> =>
  messageOf(CheckpointError, () =>
    parseJson(z.unknown(), typeof text === "string" ? bytes(text) : text, "run.json"),
  );

const numbers = [
  Number.NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  5e-324,
  2 ** -149,
  -1e21,
  1e300,
  0.1,
  2 ** 53,
];

describe("what is written is what is read", () => {
  test.each(numbers)("the number %d, on one line and indented", (number) => {
    const schema = z.object({ a: z.array(anyNumber) });
    for (const indent of [0, 2]) {
      const text = formatJson({ a: [number, 1] }, indent);
      const [read] = parseJson(schema, bytes(text), "f").a;
      expect(Object.is(read, number), text).toBe(true);
    }
  });

  test("every float32 and every double", () => {
    fc.assert(
      fc.property(fc.oneof(fc.float(), fc.double()), (number) => {
        const read = parseJson(anyNumber, bytes(formatJson(number)), "f");
        expect(Object.is(read, number)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("anything else as JSON.stringify has it", () => {
    // -0 is the one that it loses.
    const value = fc.jsonValue().map((it): unknown => JSON.parse(JSON.stringify(it)));
    fc.assert(
      fc.property(value, (it) => {
        expect(formatJson(it)).toBe(JSON.stringify(it));
        expect(formatJson(it, 2)).toBe(JSON.stringify(it, undefined, 2));
      }),
    );
    expect(formatJson({ a: undefined, b: [undefined], c: {}, d: [] }, 2)).toBe(
      JSON.stringify({ a: undefined, b: [undefined], c: {}, d: [] }, undefined, 2),
    );
  });

  test.each(numbers)("an untrained verdict of %d in run.json", (number) => {
    const record = { ...tinyRecord, untrained: { logit: number, probability: number } };
    expect(parseRecord(bytes(formatRecord(record)), "run.json")).toEqual(record);
  });

  test("null, as older versions wrote it for all of NaN and infinities, is NaN", () => {
    const text = formatRecord(tinyRecord).replace('"-Infinity"', "null");
    expect(parseRecord(bytes(text), "run.json").untrained.logit).toBeNaN();
  });

  test("a seed and a step up to 2^53 in state.json", () => {
    const most = Number.MAX_SAFE_INTEGER;
    const state = { format: 2, step: most, seed: most } as const;
    const files = new Map([["state.json", bytes(formatState(state))]]);
    expect(parseState(files, "c")).toEqual(state);
    files.set("state.json", bytes('{"format":2,"step":1,"seed":9007199254740993}'));
    expect(() => parseState(files, "c")).toThrow(/^c\/state\.json: seed: /);
  });
});

describe("is refused in one line", () => {
  const texts: readonly [what: string, text: string | Uint8Array, says: RegExp][] = [
    ["nothing", "", /unexpected end/],
    ["half", '{"format":1,', /expected a key/],
    ["a key twice", '{"seed":1,"seed":2}', /it has the key "seed" twice/],
    ["a key twice, escaped", '{"seed":1,"s\\u0065ed":2}', /it has the key "seed" twice/],
    ["a prototype", '{"__proto__":{"seed":1}}', /it has the key "__proto__"/],
    ["a prototype inside", '{"a":[{"__proto__":1}]}', /it has the key "__proto__"/],
    ["a number that overflows", '{"seed":1e999}', /a number out of range/],
    ["NaN without quotes", '{"a":NaN}', /unexpected "N"/],
    ["10,000 lists", "[".repeat(10_000), /nesting too deep/],
    ["10,000 objects", '{"a":'.repeat(10_000), /nesting too deep/],
    ["a million lists", "[".repeat(1e6), /it has 1000000 bytes, but at most 65536 are read/],
    ["a byte order mark", "\ufeff{}", /unexpected/],
    ["a control character", '{"a\u0000":1}', /a damaged string/],
    ["two values", "{} {}", /text after the end/],
    ["half a surrogate pair", '{"\\ud800":1}', /isn't Unicode/],
    ["Latin-1", Uint8Array.of(0x22, 0xe4, 0x22), /its text isn't UTF-8/],
    ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x7b, 0, 0x7d, 0), /its text isn't UTF-8/],
    ["more than 64 KiB", " ".repeat(MAX_JSON_BYTES + 1), /it has 65537 bytes, but at most/],
  ];
  test.each(texts)("%s", async (_, text, says) => {
    const message = await refusal(text);
    expect(message).toMatch(/^run\.json: is not JSON \(.*\); the file is damaged$/);
    expect(message).toMatch(says);
    expect(message.length).toBeLessThan(200);
  });

  test("keys that aren't fit to be printed", async () => {
    const key = `\u001b[31m${"x".repeat(1000)}\n`;
    const schema = z.record(z.string(), z.number());
    const text = bytes(JSON.stringify({ [key]: "no" }));
    const message = await messageOf(CheckpointError, () => parseJson(schema, text, "f"));
    expect(message.length).toBeLessThan(300);
    expect(message).not.toContain("\u001b");
  });
});

describe("a run.json that isn't one", () => {
  const reading = (path: string): Promise<string> =>
    messageOf(CheckpointError, () => readRunRecord(path));
  const run = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path);
    return path;
  };

  test("of 4 GB isn't read", async () => {
    const path = run("large");
    writeFileSync(join(path, "run.json"), "{");
    truncateSync(join(path, "run.json"), 4e9);
    const before = process.resourceUsage().maxRSS;
    expect(await reading(path)).toMatch(/run\.json: it has 4000000000 bytes, but at most 65536/);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(16 * 1024);
  });

  test("a folder, or a pipe that nobody writes to", async () => {
    const folder = run("folder");
    mkdirSync(join(folder, "run.json"));
    expect(await reading(folder)).toMatch(/run\.json: it is a folder, not a file/);
    const pipe = run("pipe");
    execFileSync("mkfifo", [join(pipe, "run.json")]);
    expect(await reading(pipe)).toMatch(/run\.json: it is not a regular file/);
  });
});
