// What axe-core finds on a page, for tests.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Returns a line for each place where axe-core finds something wrong. */
export async function violations(page: Page): Promise<string[]> {
  if (await page.evaluate(`typeof axe === "undefined"`)) await page.evaluate(AXE);
  const found = await page.evaluate<AxeResults>("axe.run()");
  return found.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id}: ${help}: ${String(target)} ${failureSummary}`,
    ),
  );
}
