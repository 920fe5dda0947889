// Shaders in the package and in a built page: without comments and unnecessary space, and otherwise the same.
import { expect, test } from "vitest";
import { minifyWgsl } from "../../src/gpu/minify-wgsl.ts";
import { readdirSync, readFileSync } from "node:fs";
import { bindingsOf, namedLibraries, specialise } from "../../src/gpu/shader.ts";

const FOLDER = new URL("../../shaders/", import.meta.url);
const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".wgsl"),
);

/** WGSL's tokens: names and numbers, operators of up to three characters, single ones else. */
const TOKEN =
  /[\p{XID_Start}_][\p{XID_Continue}]*|(?:0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|\d*\.?\d+\.?(?:[eE][+-]?\d+)?)[iufh]?|<<=|>>=|->|\+\+|--|&&|\|\||<<|>>|[<>=!+\-*/%&|^]=|\S/gu;
const tokens = (text: string): readonly string[] =>
  text.replaceAll(/\/\/.*/g, "").match(TOKEN) ?? [];

test.each(files)("%s keeps its tokens, and what the engine reads off it", (file) => {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  const minified = minifyWgsl(text);
  expect(tokens(minified)).toEqual(tokens(text));
  expect(minified.match(/^.*\/\/.*$/gm) ?? []).toEqual(
    namedLibraries(text).map((library) => `// appended: ${library}`),
  );
  expect(bindingsOf(minified)).toEqual(bindingsOf(text));
  expect(namedLibraries(minified)).toEqual(namedLibraries(text));
  const lines = (from: string): string[] => from.match(/^(?:const|alias) .*?;/gm) ?? [];
  expect(lines(minified)).toEqual(lines(text));
  for (const [, name, value] of text.matchAll(/^const (\w+) = (\d+u);/gm)) {
    const asked = { constants: { [name!]: Number.parseInt(value!, 10) + 1 } };
    expect(tokens(specialise(minified, asked, file))).toEqual(
      tokens(specialise(text, asked, file)),
    );
  }
});

test("a space between two operators stays, as does one between two names", () => {
  expect(minifyWgsl("fn f() -> f32 {\n  return a - -b + c / *p; // why\n}\n")).toBe(
    "fn f()-> f32{\nreturn a - -b+c / *p;\n}",
  );
  expect(minifyWgsl("let x = y & & z;")).toBe("let x=y & & z;");
});

test("a block comment is refused", () => {
  expect(() => minifyWgsl("/* no */")).toThrow(/block comment/);
});
