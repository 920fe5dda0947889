// docs/reliability.md says what the soak found when it last ran in full, and nothing failed.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PARTS } from "../soak/faults.ts";
import { keptReports, PROVEN, RELIABILITY_DOC, withFigures } from "../support/reliability-doc.ts";

test("the page has the figures that were kept (npm run docs writes them)", () => {
  const page = readFileSync(new URL(`../../${RELIABILITY_DOC}`, import.meta.url), "utf8");
  expect(withFigures(page)).toBe(page);
});

test("every part of the soak has run in full, without a failure", () => {
  const kept = keptReports();
  expect(Object.keys(PROVEN)).toEqual([...Object.keys(PARTS), "memory"]);
  for (const [name, { count }] of Object.entries(PARTS)) {
    expect(kept[name]?.failures, name).toEqual([]);
    expect(kept[name]?.count, name).toBeGreaterThanOrEqual(count);
  }
  expect(kept["memory"]?.failures).toEqual([]);
  expect(kept["memory"]?.count).toBeGreaterThanOrEqual(10_000);
});
