// Text from outside in messages: one printable line whatever it holds, cut if it is long, and quoted for a shell if
// people may copy it.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as errors from "../../src/gpu/errors.ts";
import {
  dawnsWords,
  escapeText,
  printable,
  quote,
  shellQuote,
  show,
  wordsOf,
} from "../../src/gpu/foreign-text.ts";
import { HOSTILE, isOneLine } from "../support/one-line.ts";

/** Every UTF-16 code unit that WebGPU, Node or a terminal could meet, one by one. */
const UNITS = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));

describe("escapeText", () => {
  it("leaves no control character, no mark that turns text, no end of a line, no half of a pair", () => {
    expect(UNITS.filter((unit) => !isOneLine(escapeText(unit)))).toEqual([]);
    expect(escapeText("\u{e0041}a\u{1f600}")).toBe("\\udb40\\udc41a\u{1f600}");
  });

  it("leaves what people write", () => {
    const text = "C:\\Ziffern\\größe 7 – 数字/цифры.png 😀 é";
    expect(escapeText(text)).toBe(text);
  });

  it("writes escapes as JavaScript would", () => {
    const text = "a\nb\u001b[31m\u202e\u0000\u2028\ud800z\u009b";
    expect(escapeText(text)).toBe("a\\nb\\u001b[31m\\u202e\\u0000\\u2028\\ud800z\\u009b");
  });
});

describe("printable", () => {
  it("cuts the middle, and no pair of surrogates", () => {
    expect(printable("a".repeat(30) + "b".repeat(30), 21)).toBe(
      `${"a".repeat(10)}…${"b".repeat(10)}`,
    );
    for (let most = 3; most < 40; most += 1) {
      expect(printable("😀".repeat(50), most)).toMatch(/^(😀)*…(😀)*$/u);
    }
  });

  it("takes no time over a hundred million characters", () => {
    const text = "\u001b".repeat(1e8);
    const start = performance.now();
    expect(printable(text).length).toBeLessThan(3000);
    expect(quote(text).length).toBeLessThan(600);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

describe("quote", () => {
  it("is what JSON would take for text without a cut", () => {
    const short = HOSTILE.filter(({ length }) => length <= 80);
    expect(short.map((text): unknown => JSON.parse(quote(text)))).toEqual(short);
  });

  it("cuts at the end", () => {
    expect(quote("x".repeat(100))).toBe(`"${"x".repeat(80)}…"`);
    expect(quote("x".repeat(100), 3)).toBe('"xxx…"');
  });
});

describe("shellQuote", () => {
  const words = [
    ...HOSTILE,
    "plain/run-1",
    "with space's",
    '"',
    "$HOME `id` $(id) !!",
    "~",
    "a\\",
    "",
    "*?",
  ];

  it.each(["bash", "sh"])("is one word to %s, with the same bytes", (shell) => {
    for (const word of words) {
      const whole = word.replaceAll(/\0|\p{Surrogate}/gu, ""); // no argument holds others
      const quoted = shellQuote(whole, false);
      if (shell === "sh" && quoted.startsWith("$")) continue; // dash knows no $'…'
      const got = execFileSync(shell, ["-c", `printf %s ${quoted}`], { encoding: "utf8" });
      expect(got).toBe(whole);
      expect(isOneLine(quoted)).toBe(true);
    }
  });

  it("is bare where that is safe, and never cut", () => {
    expect(shellQuote("runs/small-1", false)).toBe("runs/small-1");
    expect(shellQuote("a b".repeat(1000), false)).toBe(`'${"a b".repeat(1000)}'`);
  });

  it("is between double quotes on Windows, of which cmd and PowerShell know", () => {
    expect(shellQuote("C:\\runs\\small-1", true)).toBe("C:\\runs\\small-1");
    expect(shellQuote("C:\\my runs\\it's", true)).toBe(`"C:\\my runs\\it's"`);
    expect(shellQuote("C:\\my runs\\", true)).toBe('"C:\\my runs\\\\"');
    expect(shellQuote("a&b", true)).toBe('"a&b"');
  });
});

describe("show", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  let deep: unknown = [];
  for (let i = 0; i < 100_000; i += 1) deep = [deep];
  const thrower = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("no");
      },
    },
  );
  class Sample {
    readonly of = 1;
  }
  const values: readonly [unknown, string][] = [
    [undefined, "undefined"],
    [null, "null"],
    [-0.5, "-0.5"],
    [Number.NaN, "NaN"],
    [12n, "12n"],
    ["a\n", '"a\\n"'],
    [Symbol("a\u001b"), "Symbol(a\\u001b)"],
    [[1, [2, "x"]], '[1, [2, "x"]]'],
    [Array.from({ length: 20 }, (_, i) => i), "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]"],
    [cycle, "[[[[…]]]]"],
    [deep, "[[[[…]]]]"],
    [{}, "{}"],
    [{ a: 1, "b\u202e": 2 }, '{ a, "b\\u202e" }'],
    [Object.create(null), "{}"],
    [new Sample(), "Sample"],
    [new Float32Array(2), "Float32Array"],
    [Promise.resolve(), "Promise"],
    [() => 1, "a function"],
    [Sample, "a function Sample"],
    [thrower, "an object that can't be looked into"],
    [Proxy.revocable({}, {}).proxy, "{}"],
  ];

  it.each(values)("says %# in one line", (value, words) => {
    expect(show(value)).toBe(words);
  });

  it("runs no getter", () => {
    const object = Object.defineProperty({}, "a", {
      enumerable: true,
      get: () => expect.unreachable(),
    });
    const list = Object.defineProperty([1, 2], 0, { get: () => expect.unreachable() });
    const odd = {
      constructor: {
        get name(): string {
          throw new Error("no");
        },
      },
    };
    expect(show(object)).toBe("{ a }");
    expect(show(list)).toBe("[undefined, 2]");
    expect(show(odd)).toBe("{ constructor }");
  });

  it("survives a revoked proxy", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(show(proxy)).toBe("an object that can't be looked into");
  });
});

describe("wordsOf", () => {
  it("is the first line that says something of whatever was thrown", () => {
    expect(wordsOf(new Error("\n  a\u001b \nb"))).toBe("a\\u001b");
    expect(wordsOf("text")).toBe("text");
    expect(wordsOf(undefined)).toBe("undefined");
    expect(wordsOf(new Error(""))).toBe("no reason given");
    expect(wordsOf({ toString: () => expect.unreachable() })).toBe("no reason given");
    expect(wordsOf(Object.create(null))).toBe("no reason given");
  });
});

describe("dawnsWords", () => {
  it("are its first line and the call, in one line", () => {
    const said =
      "Size (5) is\u001b wrong.\n - While validating\n - While calling [Device].Create().\n";
    expect(dawnsWords(said)).toBe("Size (5) is\\u001b wrong. While calling [Device].Create().");
    expect(dawnsWords("  ")).toBe("no reason given");
  });
});

describe("every error of ours", () => {
  it("is one printable line of bearable length", () => {
    const kinds = Object.values(errors);
    expect(kinds.length).toBeGreaterThan(10);
    for (const kind of kinds) {
      for (const text of HOSTILE) {
        const { message } = new kind(`a ${text} b`);
        expect(isOneLine(message), message).toBe(true);
      }
      expect(new kind("x".repeat(1e6)).message.length).toBeLessThanOrEqual(4000);
    }
  });
});

describe("what commands print", () => {
  it("goes through print, which escapes it", () => {
    // show.ts draws in colours; each of the others escapes what it writes itself.
    const own = ["print.ts", "ui.ts", "failure.ts", "show.ts", "doctor.ts", "recipe-view.ts"];
    const loose = ["cli", "terminal", "runs"].flatMap((room) => {
      const folder = new URL(`../../src/${room}/`, import.meta.url);
      return readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts") && !own.some((name) => file.endsWith(name)))
        .filter((file) =>
          /console\.|std(out|err)\.write/.test(readFileSync(new URL(file, folder), "utf8")),
        );
    });
    expect(loose).toEqual([]);
  });
});
