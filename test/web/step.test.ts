// A step in slow motion, in a real headless Chromium on SwiftShader: its parts in order with the numbers of the step at
// full speed, and one network that learns while the other keeps every bit.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Page } from "playwright-core";
import { serveWeb, type WebServer } from "../../web/server.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { coloursIn, opened, reach, visit } from "../support/page.ts";

let server: WebServer;
beforeAll(async () => {
  server = await serveWeb({ port: 0 });
});
afterAll(() => server.close());

const QUERY = "?recipe=small&batch=4&seed=7&view=step";

/** Waits until the lab is at work on no part. */
const idle = (page: Page): Promise<unknown> =>
  page.waitForSelector('#next-part[aria-disabled="false"]', { timeout: 200_000 });

/** Takes two new networks, and waits until their step can be taken apart. */
async function begun(page: Page): Promise<void> {
  await opened(page);
  await page.click('#slow-start[aria-disabled="false"]');
  await reach(page, "paused");
  await idle(page);
}

/** Clicks a button of the view, and waits until the lab has done what it asks for. */
async function press(page: Page, selector: string): Promise<void> {
  await page.click(`${selector}[aria-disabled="false"], ${selector}:not([aria-disabled])`);
  await idle(page);
  expect(await page.locator("#error").allTextContents()).toEqual([]);
}

/** What a method of the lab answers. */
const asked = <T>(page: Page, call: string): Promise<T> =>
  page.evaluate(`import("/state/lab.ts").then(({ lab }) => lab.${call})`);

const partShown = (page: Page): Promise<string | null> =>
  page.locator(".parts li.lit").getAttribute("data-part");

const bits = async (page: Page, player: string): Promise<string> =>
  (await page.textContent(`#bits-${player}`))!;

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("a step runs part by part, with the numbers of the step at full speed", async () => {
    const { page, faults } = await visit(browser(), server.url, QUERY);
    await begun(page);
    const parts = await page
      .locator(".parts li")
      .evaluateAll((items) => items.map((item) => item.getAttribute("data-part")));
    // The real images' clusters come first, since the generator is told them.
    expect(parts.slice(0, 6)).toEqual(["real", "noise", "real", "generate", "judge", "losses"]);

    const shown: (string | null)[] = [];
    for (let part = 0; part < parts.length; part += 1) {
      await press(page, "#next-part");
      shown.push(await partShown(page));
    }
    expect(shown).toEqual(parts);
    for (const name of ["step-noise", "step-real", "step-fake", "step-slopes"]) {
      expect(await coloursIn(page, name), name).toBeGreaterThan(8);
    }
    const slow = [await page.textContent("#slow-loss-d"), await page.textContent("#slow-loss-g")];
    expect(await page.textContent("#step")).toMatch(/^1 of /);

    // The same step of the same seed, at full speed.
    await page.click("#tab-watch");
    await page.click("text=Start anew…");
    await page.click("dialog button.primary");
    await reach(page, "running");
    await page.waitForFunction(() =>
      /^[1-9]/.test(document.querySelector("#step")?.textContent ?? ""),
    );
    await page.click("#run");
    await reach(page, "paused");
    const [first] = (
      await asked<string>(page, "lossesFile().then(({ bytes }) => new TextDecoder().decode(bytes))")
    ).split("\n");
    const losses: Record<string, number> = JSON.parse(first!);
    expect(slow).toEqual([losses["lossD"]!.toFixed(3), losses["lossG"]!.toFixed(3)]);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("the discriminator alone learns, and the generator keeps every bit", async () => {
    const query = `${QUERY}&steps=6&learn=discriminator`;
    const { page, faults } = await visit(browser(), server.url, query);
    await begun(page);
    await page.waitForSelector("input[name=learner][value=discriminator]:checked");
    await idle(page);
    const fingerprints = () => asked<Record<string, string>>(page, "fingerprints()");
    const first = await fingerprints();

    await press(page, "#whole-step");
    const second = await fingerprints();
    expect(second["generator"]).toBe(first["generator"]);
    expect(second["discriminator"]).not.toBe(first["discriminator"]);
    expect(second["generator"]!.startsWith(await bits(page, "generator"))).toBe(true);
    expect(await page.textContent('[data-node="gen"]')).toContain("keeps every bit");
    expect(await page.locator('.parts li[data-part^="generator"]').count()).toBe(0);

    // At full speed too.
    await page.click("text=One step");
    await page.waitForFunction(() =>
      document.querySelector("#step")?.textContent?.startsWith("2 "),
    );
    const third = await fingerprints();
    expect(third["generator"]).toBe(first["generator"]);
    expect(third["discriminator"]).not.toBe(second["discriminator"]);

    await page.check("input[name=learner][value=generator]");
    await idle(page);
    await page.waitForURL(/[?&]learn=generator/);
    await press(page, "#whole-step");
    const fourth = await fingerprints();
    expect(fourth["discriminator"]).toBe(third["discriminator"]);
    expect(fourth["generator"]).not.toBe(third["generator"]);

    // A step that is left half-way is ended before anything else happens to the networks.
    await press(page, "#next-part");
    await press(page, "#next-part");
    await page.click("text=One step");
    await page.waitForFunction(() =>
      document.querySelector("#step")?.textContent?.startsWith("5 "),
    );

    // The last step ends the run in slow motion too.
    await idle(page);
    await page.click("#whole-step");
    await reach(page, "done");
    expect(await page.textContent("#phase")).toBe("Done: 6 steps.");
    expect(faults).toEqual([]);
    await page.close();
  });

  test("a GPU that is lost half-way through a step is opened again, and steps go on", async () => {
    const { page } = await visit(browser(), server.url, QUERY);
    await begun(page);
    await press(page, "#whole-step");
    for (let part = 0; part < 3; part += 1) await press(page, "#next-part");
    const session = await browser().newBrowserCDPSession();
    await session.send("Browser.crashGpuProcess").catch(() => undefined);
    await page.waitForSelector(".notice.remark:has-text('The GPU was lost')", {
      timeout: 100_000,
    });
    await page.waitForFunction(
      () => document.querySelector(".run-bar")?.getAttribute("data-state") === "paused",
    );
    await press(page, "#whole-step");
    expect(await partShown(page)).not.toBeNull();
    await page.close();
  });
});
