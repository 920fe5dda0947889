// docs/ops.md says what the code says.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as compositions from "../../src/autograd/compositions.ts";
import * as draws from "../../src/autograd/draws.ts";
import * as losses from "../../src/autograd/losses.ts";
import * as ops from "../../src/autograd/ops.ts";
import { attributesOf, mutantsRecord, opDocs, opsDoc } from "../support/ops-doc.ts";
import { mutants } from "../soak/mutants.ts";

const docs = opDocs();

test("docs/ops.md is up to date: npm run docs writes it", () => {
  expect(readFileSync(new URL("../../docs/ops.md", import.meta.url), "utf8")).toBe(opsDoc());
});

test.each(Object.keys({ ...ops, ...compositions, ...draws, ...losses }))(
  "%s says what it takes",
  (name) => {
    const doc = docs.find((each) => each.name === name);
    expect(doc?.summary).toMatch(/\.$/);
    for (const part of ["Shapes", "Gradient", "Throws", "Source"] as const) {
      expect(doc?.parts[part], part).toMatch(/\.$/);
    }
    expect(doc && doc.parts.Attributes !== undefined).toBe(doc && attributesOf(doc).length > 0);
  },
);

test("the mutants' record is of the mutants that there are, all of them killed", () => {
  const names = (list: readonly { kernel: string; what: string }[]): string[] =>
    list.map(({ kernel, what }) => `${kernel}: ${what}`);
  expect(names(mutantsRecord())).toEqual(names(mutants));
  expect(mutantsRecord().filter(({ killed }) => !killed)).toEqual([]);
});
