// The pages of checked adapters are made of the kept reports, and each of these names what it checked.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ADAPTERS_DOC, GPUS_DOC, gpusDoc, keptChecks, withAdapters } from "../support/gpus-doc.ts";

const page = (path: string): string =>
  readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("both pages are up to date: npm run docs writes them", () => {
  expect(page(GPUS_DOC)).toBe(gpusDoc());
  expect(page(ADAPTERS_DOC)).toBe(withAdapters(page(ADAPTERS_DOC)));
});

test("every kept report has a commit, met kernels, and found none wrong without barring it", () => {
  const checks = keptChecks();
  expect(checks.length).toBeGreaterThan(0);
  for (const { file, check } of checks) {
    expect(check.about.commit, file).toMatch(/^[0-9a-f]{7,}$/);
    expect(check.correctness.kernels.length, file).toBeGreaterThan(50);
    const wrong = check.correctness.faults.length > 0;
    expect(check.correctness.barred.length > 0, file).toBe(wrong);
  }
});
