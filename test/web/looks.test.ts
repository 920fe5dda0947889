// Every view as people see it: axe-core finds nothing to complain of, by day and by night; nothing reaches past a phone's
// width; and with LONGHAND_PICTURES, a run's folder, the views are kept as pictures in docs/web/, with that run on them.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { violations } from "../support/axe.ts";
import { drawByMouse } from "../support/draw-by-mouse.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { opened as ready, reach, visit, type Visit } from "../support/page.ts";

const PICTURES = fileURLToPath(new URL("../../docs/web/", import.meta.url));
const RUN = process.env["LONGHAND_PICTURES"];
const VIEWS = ["watch", "step", "latent", "draw", "inside", "images", "keep", "gpu"] as const;
const WIDTHS = [360, 1024, 1920] as const;

/** What a visitor does first in some views, so that there is something to see. */
const ACTS: Partial<Record<(typeof VIEWS)[number], (page: Page) => Promise<unknown>>> = {
  async watch(page) {
    await page.click("#judge-now");
    const words = /samples after step/;
    await page.locator("#histogram-words", { hasText: words }).waitFor({ timeout: 100_000 });
  },
  async step(page) {
    await page.click("#whole-step");
    await page.waitForFunction(() => document.querySelectorAll(".parts li.past").length > 8);
  },
  async draw(page) {
    await drawByMouse(page, 3);
    await page.locator("#judge-says", { hasText: "It is a" }).waitFor({ timeout: 100_000 });
  },
  async inside(page) {
    await page.click('[data-layer="discriminator.conv2d_1"]');
  },
};

describe("the page", () => {
  const browser = openBrowser(ON_SWIFTSHADER);
  let server: PageServer;
  let opened: Visit;
  beforeAll(async () => {
    server = await servePage();
    const query = RUN ? "?view=keep" : "?batch=4&steps=400&sample-every=2&autostart=1";
    opened = await visit(browser(), server.url, query);
    const { page } = opened;
    if (RUN) {
      await ready(page);
      await page.setInputFiles("#choose-folder", RUN);
    } else {
      await reach(page, "running");
      await page.waitForFunction(
        () => Number(document.querySelector("#step")?.textContent?.split(" ")[0]) > 3,
      );
      await page.click("#run");
    }
    await reach(page, "paused");
    if (RUN) mkdirSync(PICTURES, { recursive: true });
  }, 400_000);
  afterAll(() => server.close());

  test.each(VIEWS)("%s: axe-core finds nothing, and a phone is wide enough", async (view) => {
    const { page } = opened;
    await page.setViewportSize({ width: 1024, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await page.click(`#tab-${view}`);
    await page.waitForTimeout(4000); // what the view draws first
    await ACTS[view]?.(page);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(300);
    expect(await violations(page)).toEqual([]);
    await page.evaluate(() => scrollTo(0, 0)); // the run's bar stays at the top of the window, wherever that is
    if (RUN) await page.screenshot({ path: `${PICTURES}${view}-dark.png`, fullPage: true });
    await page.emulateMedia({ colorScheme: "light" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(500);
      const reaches = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(reaches, `at ${width} pixels`).toBeLessThanOrEqual(width);
      if (RUN) await page.screenshot({ path: `${PICTURES}${view}-${width}.png`, fullPage: true });
    }
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await violations(page)).toEqual([]);
    if (RUN && view === "watch") {
      await page.setViewportSize({ width: 1440, height: 1100 });
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(500);
      await page.screenshot({ path: `${PICTURES}../images/page.png` });
    }
  });

  test("says nothing on the console, and asks no other host", () => {
    expect(opened.faults).toEqual([]);
  });
});
