// Shaders in the package and in a built page: without comments and unnecessary space, and otherwise the same.
import { expect, test } from "vitest";
import { minifyWgsl, shaderMinifier } from "../../src/gpu/minify-wgsl.ts";
import { readdirSync, readFileSync } from "node:fs";
import { bindingsOf, joinedText, namedLibraries, specialise } from "../../src/gpu/shader.ts";

const FOLDER = new URL("../../shaders/", import.meta.url);
const files = readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".wgsl"),
);

/** WGSL's tokens: names and numbers, operators of up to three characters, single ones else. */
const TOKEN =
  /[\p{XID_Start}_][\p{XID_Continue}]*|(?:0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|\d*\.?\d+\.?(?:[eE][+-]?\d+)?)[iufh]?|<<=|>>=|->|\+\+|--|&&|\|\||<<|>>|[<>=!+\-*/%&|^]=|\S/gu;
const tokens = (text: string): readonly string[] =>
  text.replaceAll(/\/\/.*/g, "").match(TOKEN) ?? [];

const NAME = expect.stringMatching(/^[a-z]\w+$/i);
const SHORT = expect.stringMatching(/^(?:[a-z]|[A-Z][a-z]?)$/);

const textOf = (file: string): string => readFileSync(new URL(file, FOLDER), "utf8");
/** A file's text as the package has it. */
const packed = shaderMinifier(files, textOf);

/** Expects the same tokens, but for names that became shorter. */
function expectSame(minified: string, text: string): void {
  const [short, long] = [tokens(minified), tokens(text)];
  expect(short).toHaveLength(long.length);
  const others = long.flatMap((token, i) => (short[i] === token ? [] : [[token, short[i]]]));
  expect(others).toEqual(others.map(() => [NAME, SHORT]));
}

test.each(files)("%s keeps its tokens, and what the engine reads off it", (file) => {
  const text = textOf(file);
  const minified = packed(file);
  expectSame(minified, text);
  expect(minified.match(/^.*\/\/.*$/gm) ?? []).toEqual(
    namedLibraries(text).map((library) => `// appended: ${library}`),
  );
  expect(bindingsOf(minified)).toEqual(bindingsOf(text));
  expect(namedLibraries(minified)).toEqual(namedLibraries(text));
  const lines = (from: string): string[] => from.match(/^(?:const|alias) .*?;/gm) ?? [];
  expect(lines(minified)).toEqual(lines(text));
  for (const [, name, value] of text.matchAll(/^const (\w+) = (\d+u);/gm)) {
    const asked = { constants: { [name!]: Number.parseInt(value!, 10) + 1 } };
    expectSame(specialise(minified, asked, file), specialise(text, asked, file));
  }
});

test.each(files.filter((file) => !file.includes("/")))(
  "%s with its libraries declares the same arrays, read or only written",
  (file) => {
    const minified = joinedText(file, packed);
    expect(bindingsOf(minified)).toEqual(bindingsOf(joinedText(file, textOf)));
  },
);

test("names that a function declares become letters, others stay", () => {
  const text = `const step = 2u;
struct Pair { first: u32 }
var<private> total: u32;
fn add(left: Pair, @builtin(lane) lane: u32) -> u32 { let step = 1u; var sum = left.first + lane * a; total += sum; return sum; }
fn twice(first: Pair) -> u32 { let add2 = add(first, 1u); return add2 + first.first + step; }`;
  expect(minifyWgsl(text)).toBe(`const step = 2u;
struct Pair{first:u32}
var<private> total:u32;
fn add(b:Pair,@builtin(lane)lane:u32)->u32{let step=1u;var c=b.first+lane*a;total+=c;return c;}
fn twice(a:Pair)->u32{let b=add(a,1u);return b+a.first+step;}`);
});

test("functions and structs that no library mentions get short names, members and entry points don't", () => {
  const text = `struct Pair { first: u32, own: Own }
struct Own { last: u32 }
fn store(at: u32) {}
fn add(own: Own) -> Pair { store(own.last); return Pair(twice(1u), own); }
fn first() -> u32 { return twice(2u); }
fn twice(first: u32) -> u32 { return first + A; }
const A = 1u;
@compute @workgroup_size(64)
fn forward() { let pair = add(Own(first())); store(pair.first); }`;
  const ofLibraries = new Set(["fn", "lib", "store"]);
  expect(minifyWgsl(text, ofLibraries)).toBe(`struct Aa{first:u32,own:Ab}
struct Ab{last:u32}
fn store(a:u32){}
fn Ac(a:Ab)->Aa{store(a.last);return Aa(Ad(1u),a);}
fn first()->u32{return Ad(2u);}
fn Ad(first:u32)->u32{return first+A;}
const A = 1u;
@compute @workgroup_size(64)
fn forward(){let a=Ac(Ab(first()));store(a.first);}`);
});

test("a space between two operators stays, as does one between two names; a function is a line", () => {
  const text =
    "const A = 1u;\nfn f() -> f32 {\n  if (b) {\n    return c;\n  }\n  return a - -b + c / *p; // why\n}\n";
  expect(minifyWgsl(`${text}\n@compute\nfn main() {}\nconst B = 2u;\n`)).toBe(
    "const A = 1u;\nfn f()->f32{if(b){return c;}return a - -b+c / *p;}\n@compute\nfn main(){}\nconst B = 2u;",
  );
  expect(minifyWgsl("let x = y & & z;")).toBe("let x=y & & z;");
});

test("a block comment is refused", () => {
  expect(() => minifyWgsl("/* no */")).toThrow(/block comment/);
});
