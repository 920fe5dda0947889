// The check of the GPU in a real browser: one button, its progress, tables to read and to paste, and the same report as
// the command line's.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCheck } from "../../src/gpu-check/report.ts";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { downloadFrom, opened, visit } from "../support/page.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("checks the GPU", async () => {
    const { page, faults } = await visit(browser(), server.url, "?view=gpu&check-seconds=4");
    await opened(page);
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    const said = (pattern: RegExp): Promise<unknown> =>
      page.waitForFunction(
        (source) => new RegExp(source).test(document.querySelector("#check-phase")!.textContent!),
        pattern.source,
        { timeout: 200_000 },
      );
    await page.click("#check");
    await said(/^Comparing kernels with float64: \d+ of \d+$/);
    expect(await page.textContent("#check")).toBe("Stop the check");
    await page.click("#tab-watch"); // it goes on meanwhile
    await page.click("#tab-gpu");
    await said(/^Checked\.$/);

    const markdown = /^## .*\n\n\d{4}-\d\d-\d\d, Longhand \d.*kernels that ran are right\*\*/s;
    await page.click("#check-copy");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(markdown);
    expect(await page.textContent("#check-tables")).toMatch(/kernels that ran are right/);
    expect(await page.textContent("#check-tables")).not.toContain("**");

    const { name, bytes } = await downloadFrom(page, "#check-save");
    expect(name).toBe("gpu-check.json");
    const check = parseCheck(bytes, name);
    expect(check.about).toMatchObject({ kind: "software", commit: null });
    expect(check.correctness.faults).toEqual([]);
    expect(faults).toEqual([]);

    await page.click("#check");
    await said(/^Opening the adapter|^Comparing/);
    await page.click("#check");
    expect(await page.textContent("#check")).toBe("Check this GPU");
    await page.close();
  }, 400_000);
});
