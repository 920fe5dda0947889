// Branches that a shader's constants rule out go before the driver sees them; everything else stays as it is written.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withoutDeadBranches } from "../../src/gpu/dead-branches.ts";
import { joinedText } from "../../src/gpu/shader.ts";
import { Constants, tokensOf } from "../../src/gpu/wgsl-constants.ts";

const CONSTANTS = `
const YES = true;
const NO = false;
const EIGHT = 8u;
const MINUS = -3i;
const HALF = 0.5f;
const MORE = EIGHT * 4u + 2u;
const EITHER = NO || MORE == 34u;
const PICKED = select(1u, EIGHT, YES);
const LOOP = LOOP + 1u;
const SHADOWED = 1u;
const UNKNOWN = firstTrailingBit(8u);
`;

describe("a constant expression", () => {
  test.each<[expression: string, value: number | boolean | undefined]>([
    ["YES", true],
    ["!YES || NO", false],
    ["EIGHT > 2u", true],
    ["MORE", 34],
    ["EITHER & YES", true],
    ["PICKED == 8u", true],
    ["EIGHT % 3u == 2u && MINUS < 0", true],
    ["2u + 3u * 4u - 1u", 13],
    ["(2u + 3u) * 4u", 20],
    ["0u - 1u", 4294967295],
    ["4294967295u * 4294967295u", undefined], // beyond what a number holds exactly
    ["65536u * 65537u", 65536],
    ["2147483647i + 1i", undefined], // which no compiler takes
    ["-7 / 2", -3],
    ["7u / 0u", undefined],
    ["0x1F & 0x11u", 17],
    ["min(EIGHT, 5u) + max(1u, 2u)", 7],
    ["HALF > 0f", true],
    ["HALF + HALF > 0f", undefined],
    ["0x1p-24f > 0f", undefined],
    ["u32(MINUS)", undefined],
    ["i32(EIGHT) + MINUS", 5],
    ["u32(EIGHT) == EIGHT", true],
    ["EIGHT == MINUS", undefined], // of two types
    ["NO && x > 2u", false],
    ["x > 2u || YES", true],
    ["x > 2u && YES", undefined],
    ["LOOP", undefined],
    ["SHADOWED", undefined],
    ["UNKNOWN", undefined],
    ["EIGHT 2u", undefined],
    ["vec2u(1u, 2u).x", undefined],
    ["array<u32, 2>(1u, 2u)[0]", undefined],
    ["", undefined],
  ])("%s is %s", (expression, value) => {
    const head = tokensOf(`${CONSTANTS}fn f(SHADOWED: u32) { let y = SHADOWED; }`);
    const tokens = [...head, ...tokensOf(expression)];
    expect(new Constants(tokens).valueOf(head.length, tokens.length)?.value).toBe(value);
  });
});

describe("of a function", () => {
  const cases: readonly [what: string, body: string, left: string][] = [
    ["a branch that holds stays as a block", "if (YES) { a(); } b();", "{ a(); } b();"],
    ["one that doesn't goes", "if (NO) { a(); } b();", "b();"],
    ["or its other side stays", "if (NO) { a(); } else { b(); } c();", "{ b(); } c();"],
    ["or goes", "if (YES) { a(); } else { b(); } c();", "{ a(); } c();"],
    [
      "of a chain the first that holds stays",
      "if (NO) { a(); } else if (EIGHT == 8u) { b(); } else if (x) { c(); } else { d(); } e();",
      "{ b(); } e();",
    ],
    [
      "or becomes what is left",
      "if (x) { a(); } else if (NO) { b(); } else { c(); } d();",
      "if (x) { a(); } else { c(); } d();",
    ],
    ["or ends sooner", "if (x) { a(); } else if (NO) { b(); } c();", "if (x) { a(); } c();"],
    ["without parentheses too", "if YES { a(); } else { b(); }", "{ a(); }"],
    ["what follows a return goes", "if (YES) { return 1u; } a(); return 2u;", "{ return 1u; }"],
    [
      "unless it may not be reached",
      "if (x) { return 1u; } a(); return 2u;",
      "if (x) { return 1u; } a(); return 2u;",
    ],
    [
      "also after branches that all return",
      "if (x) { return 1u; } else { return 2u; } return 3u;",
      "if (x) { return 1u; } else { return 2u; }",
    ],
    [
      "of a switch one case stays",
      "switch EIGHT { case 1u: { a(); } case 8u, 9u: { b(); } default: { c(); } } d();",
      "{ b(); } d();",
    ],
    ["or the default", "switch EIGHT { case 1u { a(); } default { c(); } }", "{ c(); }"],
    [
      "also among others",
      "switch EIGHT { case 1u { a(); } case 2u, default { c(); } }",
      "{ c(); }",
    ],
    [
      "unless it breaks",
      "switch EIGHT { case 8u: { if (x) { break; } a(); } default: { c(); } }",
      "switch EIGHT { case 8u: { if (x) { break; } a(); } default: { c(); } }",
    ],
    [
      "or isn't known, which leaves what is in it",
      "switch x { case 8u: { if (NO) { a(); } b(); } default: { if (YES) { c(); } } }",
      "switch x { case 8u: { b(); } default: { { c(); } } }",
    ],
    [
      "in loops too",
      "for (var i = 0u; i < 4u; i++) { if (NO) { a(); } b(); } loop { if (YES) { break; } continuing { if (NO) { a(); } } }",
      "for (var i = 0u; i < 4u; i++) { b(); } loop { { break; } continuing { } }",
    ],
    [
      "whose returns may not be reached",
      "while (x) { return 1u; } a(); return 2u;",
      "while (x) { return 1u; } a(); return 2u;",
    ],
  ];
  const squeezed = (text: string): string => text.replaceAll(/\s+/g, " ");
  test.each(cases)("%s", (_what, body, left) => {
    const whole = (inside: string): string => `${CONSTANTS}fn f() { ${inside} }\nfn g() { h(); }`;
    expect(squeezed(withoutDeadBranches(whole(body)))).toBe(squeezed(whole(left)));
  });

  test("comments go with what they are of", () => {
    const text = `// a
const NO = false; // b
fn f() { // c
  // d
  if (NO) { g(); } // e
  // f
  h(); // g
  if (NO) { g(); }
}
`;
    expect(withoutDeadBranches(text)).toBe(`// a
const NO = false; // b
fn f() { // c
  // f
  h(); // g
}
`);
  });
});

test("what WGSL doesn't permit, or may nest, stays for the driver to judge", () => {
  const whole =
    "const NO = false;\nfn f() { switch 1u { case 1u, 2u: { if (NO) { a(); } } default: { } } if (NO) { g(); } h(); }\n";
  expect(withoutDeadBranches(whole)).not.toContain("NO)");
  const commented = whole.replace("g();", "g(); /* } */");
  expect(withoutDeadBranches(commented)).toBe(commented);
  const tokens = tokensOf(whole);
  for (const { start } of tokens) {
    const beginning = whole.slice(0, start);
    expect(withoutDeadBranches(beginning)).toBe(beginning);
  }
  for (const { start, end } of tokens.filter(({ text }) => "{}".includes(text))) {
    const without = whole.slice(0, start) + whole.slice(end);
    expect(withoutDeadBranches(without)).toBe(without);
  }
});

const FOLDER = new URL("../../shaders/", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, FOLDER), "utf8");
const shaders = readdirSync(FOLDER).filter((file) => file.endsWith(".wgsl"));

test.each(shaders)("%s loses its dead branches, and nothing is added", (file) => {
  const text = joinedText(file, read);
  const pruned = withoutDeadBranches(text);
  const [before, after] = [tokensOf(text), tokensOf(pruned)];
  let at = 0;
  for (const { text: token } of after) {
    while (at < before.length && before[at]!.text !== token) at += 1;
    expect(at, `${token} is not in the shader, or elsewhere`).toBeLessThan(before.length);
    at += 1;
  }
  expect(withoutDeadBranches(pruned)).toBe(pruned);
  expect(pruned.match(/\bif \(!?(?:WIDE|BACK|DROPS|WITH_BIAS)\)|switch OP /g)).toBeNull();
  const count = (bracket: string): number => after.filter(({ text: t }) => t === bracket).length;
  for (const [open, close] of ["()", "[]", "{}"]) expect(count(open!)).toBe(count(close!));
});
