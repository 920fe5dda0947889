// Harmful files of constants: each is refused quickly, in one printable line that begins with the file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { configValue } from "../../src/runs/config-value.ts";
import { chosenRecipe } from "../../src/runs/config.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import { fuzzConfig } from "../soak/fuzz-json.ts";
import { longhand } from "../support/longhand.ts";
import { HOSTILE } from "../support/one-line.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-hostile-"));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** What the file with this text is refused with, after its name. */
async function refusal(ending: string, text: string): Promise<string> {
  const config = join(folder, `${(files += 1)}${ending}`);
  writeFileSync(config, text);
  const start = performance.now();
  const said = await messageOf(UsageError, () => chosenRecipe({ config }));
  expect(performance.now() - start).toBeLessThan(1000);
  expect(said.length).toBeLessThan(1000);
  expect(said.startsWith(`--config ${config}: `), said).toBe(true);
  return said.slice(`--config ${config}: `.length);
}

/** A pattern as it is; of text one that it alone matches. */
function whole(said: string | RegExp): RegExp {
  if (said instanceof RegExp) return said;
  return new RegExp(`^${said.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
}

const deep = 100_000;
const NESTED = "is nested too deeply for constants";

describe("JSON", () => {
  const texts: readonly [what: string, text: string, said: string | RegExp][] = [
    ["100,000 lists", "[".repeat(deep) + "]".repeat(deep), `0.0.0.0: ${NESTED}`],
    ["100,000 lists without an end", "[".repeat(deep), /^is not JSON: /],
    ["100,000 objects", '{"a":'.repeat(deep) + "1" + "}".repeat(deep), `a.a.a.a: ${NESTED}`],
    [
      "100,000 lists as a constant",
      `{"generatorWidths":${"[".repeat(deep)}${"]".repeat(deep)}}`,
      `generatorWidths.0.0.0: ${NESTED}`,
    ],
    [
      "100,000 lists as the recipe",
      `{"recipe":${"[".repeat(deep)}${"]".repeat(deep)}}`,
      `recipe.0.0.0: ${NESTED}`,
    ],
    [
      "lists as the recipe",
      '{"recipe":[["a\\u001b"]]}',
      'recipe: must be a recipe\'s name; got [["a\\u001b"]]',
    ],
    [
      "a list of 300,000 numbers",
      `{"generatorWidths":[${"1,".repeat(300_000)}1]}`,
      "generatorWidths: brings the file above 10000 entries; constants are few",
    ],
    [
      "20,000 keys",
      JSON.stringify(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`k${i}`, 1]))),
      /^k0, k1, .*k7, and 8992 more: is not a constant/,
    ],
    [
      "2 MB of spaces",
      " ".repeat(2e6),
      /^has 2000000 bytes; a file of constants may have at most 1000000$/,
    ],
    ["nothing", "", /^is not JSON: /],
    ["UTF-16", Buffer.from('{ "batch": 8 }', "utf16le").toString("latin1"), /^is not JSON: /],
    ["infinity", '{"slope": 1e999}', "slope: must be a finite number; got Infinity"],
  ];

  it.each(texts)("of %s", async (_, text, said) => {
    const refused = await refusal(".json", text);
    expect(refused).toMatch(whole(said));
  });

  it("with keys and words that would be printed raw", async () => {
    for (const text of HOSTILE) {
      await expect(refusal(".json", JSON.stringify({ [text]: 1 }))).resolves.toMatch(
        /is not a const/,
      );
      const adam = JSON.stringify({ generatorAdam: { [text]: 1 } });
      await expect(refusal(".json", adam)).resolves.toMatch(/^generatorAdam\./);
      await expect(refusal(".json", JSON.stringify({ loss: text }))).resolves.toMatch(/must be/);
    }
  });
});

describe("a module", () => {
  const modules: readonly [what: string, text: string, said: string | RegExp][] = [
    ["a BigInt", "export default { batch: 64n };", "batch: must be a whole number ≥ 1; got 64n"],
    [
      "a function",
      "export default { batch: () => 64 };",
      /^batch: must be a number.*; got a function batch$/,
    ],
    [
      "a symbol",
      "export default { batch: Symbol('\\u001b') };",
      /^batch: must be a whole number ≥ 1; got Symbol\(\\u001b\)$/,
    ],
    [
      "an object",
      "export default { batch: new Date(0) };",
      /^batch: must be a number, .*; got Date$/,
    ],
    [
      "a getter that throws",
      "export default { get batch() { throw new Error('a\\nb'); } };",
      "can't be read: a",
    ],
    [
      "one inside",
      "export default { generatorAdam: { get beta1() { throw null; } } };",
      "generatorAdam: can't be read: null",
    ],
    [
      "a proxy",
      "export default new Proxy({}, { ownKeys() { throw new Error('no'); } });",
      "can't be read: no",
    ],
    [
      "a proxy inside",
      "export default { generatorAdam: new Proxy(new Map(), { get() { throw 1; } }) };",
      /^generatorAdam: can't be read: 1|must be/,
    ],
    [
      "a revoked proxy",
      "const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); export default proxy;",
      /^can't be read: /,
    ],
    [
      "a function that is a proxy",
      "export default new Proxy(() => 1, { get() { throw 1; } });",
      /got an object that can't be looked into; /,
    ],
    [
      "a proxy without an end",
      "const p = new Proxy({}, { get: () => p, ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ value: 1, enumerable: true, configurable: true }) }); export default p;",
      `a.a.a.a: ${NESTED}`,
    ],
    ["a cycle", "const a = {}; a.generatorAdam = a; export default a;", /nested too deeply/],
    [
      "a cycle of lists",
      "const a = []; a.push(a); export default { generatorWidths: a };",
      /nested too deeply/,
    ],
    [
      "four billion items",
      "export default { generatorWidths: new Array(2 ** 32 - 1) };",
      /^generatorWidths: brings the file above/,
    ],
    [
      "lists of lists of one list",
      "const a = Array(5000).fill(1); const b = Array(5000).fill(a); export default { generatorWidths: b };",
      /brings the file above/,
    ],
    [
      "a class",
      "export default class { batch = 64 }",
      /^must hold an object of constants, .*; got a function/,
    ],
    [
      "a promise",
      "export default Promise.resolve({ batch: 64 });",
      "is a promise; await it, and export its result",
    ],
    ["a promise without an end", "export default new Promise(() => undefined);", /^is a promise/],
    [
      "something to wait for",
      "export default { then(resolve) { resolve({ batch: 1 }); } };",
      /^then: must be/,
    ],
    [
      "nothing",
      "",
      /^must hold an object of constants, .*; got undefined; a module must export it by default$/,
    ],
    ["null", "export default null;", /got null;/],
    ["a throw of text", "throw 'a\\u001b\\nb';", "can't be loaded: a\\u001b"],
    ["a throw of nothing", "throw undefined;", "can't be loaded: undefined"],
    [
      "a throw of what can't be text",
      "throw Object.create(null);",
      "can't be loaded: no reason given",
    ],
    ["another that isn't there", "import './gone\\u202e.mjs';", /^can't be loaded: /],
  ];

  it.each(modules)("of %s", async (_, text, said) => {
    const refused = await refusal(".mjs", text);
    expect(refused).toMatch(whole(said));
  });

  it("that never comes to its end", async () => {
    const config = join(folder, "endless.mjs");
    writeFileSync(config, "await new Promise((done) => setTimeout(done, 1e9));");
    const said = await messageOf(UsageError, () => configValue(config, "F", 0.2));
    expect(said).toBe("F: did not load within 0.2 s; remove what it waits for");
  });

  it("of that kind ends the process all the same", async () => {
    const config = join(folder, "endless.mjs");
    const { code, err } = await longhand("train", "--config", config);
    expect(code).toBe(2);
    expect(err).toBe(
      `longhand: --config ${config}: did not load within 10 s; remove what it waits for\n`,
    );
  }, 60_000);
});

it("what is no file of a known size isn't read", async () => {
  const pipe = join(folder, "pipe.json");
  execFileSync("mkfifo", [pipe]);
  const said = await messageOf(UsageError, () => chosenRecipe({ config: pipe }));
  expect(said).toBe(`--config ${pipe}: can't be read: it is not a regular file`);
});

it("1,000 fuzzed files are taken, or refused in one line at once", async () => {
  const { failures, refused, accepted } = await fuzzConfig(1000, 1);
  expect(failures).toEqual([]);
  expect(Math.min(refused, accepted)).toBeGreaterThan(50); // both happen
}, 60_000);
