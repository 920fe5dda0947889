// docs/tree.md says what the files say about themselves, briefly.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  foldersWithoutWords,
  LONGEST,
  summaryOf,
  TREE_DOC,
  treeDoc,
  treeEntries,
} from "../support/tree-doc.ts";

test("the page is up to date: npm run docs writes it", () => {
  expect(readFileSync(new URL(`../../${TREE_DOC}`, import.meta.url), "utf8")).toBe(treeDoc());
});

test("every folder of sources has a line", () => {
  expect(foldersWithoutWords()).toEqual([]);
});

test("every file says what it is in one short sentence", () => {
  const entries = treeEntries();
  expect(entries.length).toBeGreaterThan(500);
  const wordy = entries.filter(({ summary }) => summary.length > LONGEST || summary.length < 8);
  expect(wordy).toEqual([]);
});

test("a summary is the first sentence, without the file's own name and its formulas", () => {
  const of = (file: string, ...lines: string[]): string => summaryOf(file, lines.join("\n"));
  expect(of("a/gather.wgsl", "// gather: rows of x. x is (B, O).", "const A = 1u;")).toBe(
    "rows of x.",
  );
  expect(of("b.ts", "// After Radford et al. 2015: two", "// lines. More.", "import x;")).toBe(
    "After Radford et al. 2015: two lines.",
  );
  expect(of("c.wgsl", "// c: largest element:", "//   max: out = max", "// More.")).toBe(
    "largest element.",
  );
  expect(of("d.mjs", "#!/usr/bin/env node", "// A script. It runs.")).toBe("A script.");
});
