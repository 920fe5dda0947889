// The networks from inside, in a real headless Chromium on SwiftShader: a layer's pictures, its gradients, the WGSL of its
// kernels, their times, and another variant.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { violations } from "../support/axe.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { coloursIn, opened, reach, readCanvas, visit, type Visit } from "../support/page.ts";

const CONV = '[data-layer="discriminator.conv2d_1"]';

/** Waits until the chosen layer is painted. */
async function painted(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    /at most/.test(document.querySelector("#look-output")?.textContent ?? ""),
  );
  await page.waitForTimeout(300);
}

/** Waits until a variant is timed, and returns the sentence. */
async function figure(page: Page, variant: string): Promise<string> {
  await page.waitForFunction(
    (name) => document.querySelector("#variant-figure")?.textContent?.startsWith(`${name}: `),
    variant,
    { timeout: 100_000 },
  );
  return (await page.textContent("#variant-figure"))!;
}

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);
  let server: PageServer;
  let visited: Visit;
  beforeAll(async () => {
    server = await servePage();
    const query =
      "?recipe=small&batch=4&seed=7&steps=3&autostart=1&view=inside&layer=discriminator.2";
    visited = await visit(browser(), server.url, query);
    await opened(visited.page);
    await reach(visited.page, "done");
    await visited.page.click("input[name=subject][value=run]");
    await visited.page.waitForSelector(CONV);
  }, 300_000);
  afterAll(() => server.close());

  test("a layer shows its activations and its filters", async () => {
    const { page } = visited;
    const layers = await page
      .locator(".layer")
      .evaluateAll((all) => all.map((each) => each.getAttribute("data-layer")));
    expect(layers[0]).toBe("generator.dense");
    expect(layers.at(-1)).toBe("discriminator.dense");
    const chosen = page.locator(".layer[aria-pressed=true]");
    expect(await chosen.getAttribute("data-layer")).toMatch(/^discriminator\./); // the address says so
    await page.focus(CONV);
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /32 channels of 7 × 7/.test(document.body.textContent!));
    await painted(page);
    expect(await page.getAttribute(CONV, "aria-pressed")).toBe("true");
    expect(await page.textContent("#layer-title")).toBe("Conv2d, 32, 5×5, stride 2");
    const { width, height } = await readCanvas(page, "inside-output");
    expect([width, height]).toEqual([(6 * 8 + 1) * 4, (6 * 8 + 1) * 4]); // 32 images of 7 × 7, 6 per row
    for (const name of ["inside-input", "inside-output", "inside-filters"]) {
      expect(await coloursIn(page, name), name).toBeGreaterThan(20);
    }
    // Another input, other activations; the same filters.
    const [before, filters] = [
      await readCanvas(page, "inside-output"),
      await readCanvas(page, "inside-filters"),
    ];
    await page.click("#another");
    await page.waitForTimeout(2500);
    expect((await readCanvas(page, "inside-output")).levels).not.toEqual(before.levels);
    expect((await readCanvas(page, "inside-filters")).levels).toEqual(filters.levels);
  });

  test("every layer can be opened, and its gradients are plotted", async () => {
    const { page } = visited;
    const names = await page
      .locator(".layer")
      .evaluateAll((all) => all.map((each) => each.getAttribute("data-layer")!));
    for (const name of names) {
      await page.click(`[data-layer="${name}"]`);
      await painted(page);
    }
    await page.click(CONV);
    await page.waitForFunction(() =>
      /the last ones are filter \d.*, bias \d/.test(
        document.querySelector(".norms .plot-area")?.getAttribute("aria-label") ?? "",
      ),
    );
    expect(await page.locator("#error").allTextContents()).toEqual([]);
  });

  test("a launch shows its WGSL, and another variant another figure", async () => {
    const { page } = visited;
    await page.click(CONV);
    await page.click('[data-launch^="conv2d-forward"]');
    await page.waitForSelector(".wgsl");
    const first = (await page.textContent(".wgsl"))!;
    expect(first).toContain("@compute @workgroup_size");
    expect(first).toMatch(/\/\/ \w+/); // commented
    expect(first).toMatch(/const CHANNELS = 16u?;/); // specialised to this layer
    expect(await page.locator(".wgsl .token.keyword").count()).toBeGreaterThan(20);
    const standard = (await page.getAttribute("input[name=variant]:checked", "value"))!;
    const figures = [await figure(page, standard)];
    expect(figures[0]).toMatch(/: [\d.]+ .s, [\d.e-]+ GFLOP\/s, \d+ % of the ceiling/);
    const other = standard === "direct" ? "tiled" : "direct";
    await page.check(`input[name=variant][value=${other}]`);
    figures.push(await figure(page, other));
    expect(figures[1]).not.toBe(figures[0]);
    expect(await page.textContent(".wgsl")).not.toBe(first);
    expect(await page.locator(".comparison li").count()).toBe(2);
    // The box of WGSL scrolls by keyboard.
    await page.focus(".wgsl");
    await page.keyboard.press("PageDown");
    await page.waitForFunction(() => document.querySelector(".wgsl")!.scrollTop > 0);
  });

  test("the step's launches are timed, and lie in order on a line", async () => {
    const { page } = visited;
    const segments = await page.locator(".segment").count();
    expect(segments).toBeGreaterThan(30);
    await page.click("#measure");
    await page.waitForFunction(
      () => document.querySelector("#measure")?.textContent === "Measure again",
      undefined,
      { timeout: 200_000 },
    );
    expect(await page.locator(".launches tbody tr").first().textContent()).toMatch(/\d [µm]s/);
    expect(await page.textContent("[aria-labelledby=timeline-title]")).toMatch(
      /\d+ launches, [\d.]+ ms one by one; the step as it normally runs/,
    );
    const widths = await page
      .locator(".segment")
      .evaluateAll((all) => all.map((each) => each.getBoundingClientRect().width));
    expect(new Set(widths.map(Math.round)).size).toBeGreaterThan(5);
    // By keyboard: one stop for Tab, then arrows; the launch opens with its layer.
    await page.locator('.segment[tabindex="0"]').focus();
    for (let i = 0; i < 4; i += 1) await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await page.waitForSelector(".segment[aria-pressed=true]");
    await page.waitForSelector(".wgsl");
    expect(await page.locator("#error").allTextContents()).toEqual([]);
  });

  test("axe-core finds nothing while a launch is open, and nothing was said on the console", async () => {
    const { page, faults } = visited;
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(300);
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 360, height: 780 });
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(faults).toEqual([]);
  });
});
