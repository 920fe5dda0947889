// The first view, driven in a real headless Chromium on SwiftShader: it trains on the real images, shows samples and
// curves, and says what is wrong if it can't.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER, WITHOUT_CANVASES } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { coloursIn, opened, reach, readCanvas, visit } from "../support/page.ts";
import { tasksOf } from "../support/page-tasks.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("trains: the canvas, the curves, the figures and the tab's title change", async () => {
    const { page, faults } = await visit(browser(), server.url, "?batch=8&steps=6&sample-every=2");
    await opened(page);
    expect(await page.textContent("#adapter")).toMatch(/swiftshader.*runs on the CPU/i);
    expect(await page.textContent(".notice.warning")).toMatch(/no GPU, only its processor/);
    expect(await page.textContent("#sample-step")).toBe("from noise fixed by the seed");
    await page.focus("#run");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector("#run")?.textContent === "Pause");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("run"); // focus stays
    await page.keyboard.press("Enter");
    await reach(page, "paused");
    const first = Number((await page.textContent("#step"))!.split(" of ")[0]);
    expect(first).toBeLessThan(6); // a pause may come before the first step
    const before = await readCanvas(page, "samples");
    expect([before.width, before.height]).toEqual([700, 700]); // 6 × 6 images of 28 × 28, a gap around each, times 4
    expect(new Set(before.levels).size).toBeGreaterThan(10);
    expect(await page.title()).toBe("paused · Longhand");

    await page.click("#one-step");
    // A step can be over before anybody sees that it runs: what it leaves behind is waited for.
    await page.waitForFunction(
      (step) => document.querySelector("#step")?.textContent === step,
      `${first + 1} of 6`,
      { timeout: 200_000 },
    );
    await reach(page, "paused");
    expect(await page.textContent("#phase")).toBe(`Paused after step ${first + 1}.`);
    expect((await readCanvas(page, "samples")).levels).not.toEqual(before.levels);
    expect(await page.textContent("#rate")).not.toContain("NaN");

    await page.click("#run");
    await reach(page, "done");
    expect(await page.textContent("#step")).toBe("6 of 6");
    expect(await page.title()).toBe("done · Longhand");
    for (const id of ["d-real", "d-fake"]) {
      const value = Number(await page.textContent(`#${id}`));
      expect(Math.abs(value - 0.5)).toBeLessThan(0.4); // probabilities of networks that know next to nothing
    }
    expect(
      await page.getAttribute("[aria-labelledby=losses-title] .plot-area", "aria-label"),
    ).toMatch(/^Both losses over the steps; after step 6 they are \d\.\d\d and \d\.\d\d$/);
    const ink = await page
      .locator(".u-wrap canvas")
      .first()
      .evaluate((canvas) => {
        if (!(canvas instanceof HTMLCanvasElement)) return 0;
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
        return data.filter((value, at) => at % 4 === 3 && value > 0).length;
      });
    expect(ink).toBeGreaterThan(100); // the plot has lines

    // Back to the beginning and forth again.
    const now = await readCanvas(page, "samples");
    await page.focus("#timeline");
    await page.keyboard.press("Home");
    await page.waitForFunction(
      () => document.querySelector("#sample-step")?.textContent === "before the first step",
    );
    await expect // the words come before the picture
      .poll(async () => (await readCanvas(page, "samples")).levels, { timeout: 60_000 })
      .not.toEqual(now.levels);
    await page.keyboard.press("End");
    await page.waitForFunction(
      () => document.querySelector("#sample-step")?.textContent === "after step 6",
    );
    await page.waitForTimeout(300);
    expect((await readCanvas(page, "samples")).levels).toEqual(now.levels);

    // The view is a step in the browser's history. Its pictures are there again when it is shown again.
    await page.click("#tab-keep");
    await page.goBack();
    await page.waitForSelector("#tab-watch[aria-selected=true]");
    await page.waitForTimeout(1000);
    expect((await readCanvas(page, "samples")).levels).toEqual(now.levels);

    // A start that is refused costs nothing.
    await page.fill("[name=batch]", "60001");
    await page.press("[name=batch]", "Tab");
    await page.click("#anew");
    await page.click("dialog button.primary");
    await page.waitForSelector("#error");
    expect(await page.textContent("#step")).toBe("6 of 6");
    expect((await readCanvas(page, "samples")).levels).toEqual(now.levels);
    await page.fill("[name=batch]", "8");
    await page.press("[name=batch]", "Tab");

    // A network that has learnt isn't replaced without a question.
    await page.click("#anew");
    expect(await page.textContent("dialog[open]")).toMatch(
      /has learnt for 6 steps will be replaced/,
    );
    await page.click("dialog button:not(.primary)");
    expect(await page.textContent("#step")).toBe("6 of 6");
    await page.click("#anew");
    await page.click("dialog button.primary");
    await page.waitForFunction(() => document.querySelector("#step") === null); // no figure of the old run stays
    expect(faults).toEqual([]);
    await page.close();
  });

  test("keeps the page free while it trains: no task of its thread works for 25 ms; pauses in a hidden tab if asked to", async () => {
    const { page, faults } = await visit(
      browser(),
      server.url,
      "?batch=8&steps=100000&autostart=1",
    );
    await page.waitForFunction(() => Number(document.querySelector("#step")?.textContent?.[0]) > 0);
    // Training and other tests take the cores too: the thread's own work counts, and that it waits for nothing long.
    const tasks = await tasksOf(page, 10_000);
    expect(tasks.length).toBeGreaterThan(100);
    expect(Math.max(...tasks.map(({ work }) => work))).toBeLessThan(25);
    expect(Math.max(...tasks.map(({ wall }) => wall))).toBeLessThan(250);

    // Asked to, it pauses in a hidden tab and goes on in a shown one.
    const hide = (state: string): Promise<void> =>
      page.evaluate((value) => {
        Object.defineProperty(document, "visibilityState", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, state);
    await hide("hidden");
    await page.waitForTimeout(1000);
    expect(await page.getAttribute(".run-bar", "data-state")).toBe("running");
    await hide("visible");
    await page.check("#pause-hidden");
    await hide("hidden");
    await reach(page, "paused");
    await hide("visible");
    await reach(page, "running");
    expect(faults).toEqual([]);
    await page.close();
  });

  test.each([
    ["conditional", [1164, 468]], // 10 digits × 4
    ["dcgan32", [796, 796]], // 6 × 6 images of 32 × 32 pixels
  ])("trains %s", async (recipe, size) => {
    const query = `?recipe=${recipe}&batch=1&steps=1&sample-every=1&autostart=1`;
    const { page, faults } = await visit(browser(), server.url, query);
    await reach(page, "done");
    const { width, height } = await readCanvas(page, "samples");
    expect([width, height]).toEqual(size);
    expect(await coloursIn(page, "samples")).toBeGreaterThan(10);
    expect(faults).toEqual([]);
    await page.close();
  });

  const refused: readonly [query: string, field: string, message: RegExp][] = [
    ["recipe=tiny", "recipe", /^Recipe: there is no "tiny"; choose one of dcgan, small, .*\.$/],
    ["batch=0", "batch", /^Batch: must be a whole number of at least 1; got "0"\.$/],
    ["steps=abc", "steps", /^Steps: must be a whole number of at least 1; got "abc"\.$/],
    ["rate-d=fast", "discriminatorRate", /^Discriminator rate: must be a number of at least 0; /],
    [
      "constants=%7B%22slop%22%3A1%7D",
      "constants",
      /^Other constants: .*slop.*is not a constant of/,
    ],
  ];
  test("marks the field that is wrong, by its label", async () => {
    const { page, faults } = await visit(browser(), server.url, `?${refused[0]![0]}`);
    for (const [query, field, message] of refused) {
      await page.goto(`${server.url}?${query}`);
      await opened(page);
      await page.waitForSelector(`#help-${field}`);
      expect(await page.textContent(`.wrong #help-${field}`)).toMatch(message);
      expect(await page.getAttribute("#run", "aria-disabled")).toBe("true");
      expect(page.url()).toContain(query); // what was mistyped stays to be mended
    }
    await page.goto(`${server.url}?batch=0`);
    await opened(page);
    await page.fill("[name=batch]", "4");
    await page.press("[name=batch]", "Tab");
    await page.waitForFunction(
      () => document.querySelector("#run")?.getAttribute("aria-disabled") === "false",
    );
    expect(page.url()).toContain("batch=4");
    await page.fill("[name=batch]", "60001");
    await page.press("[name=batch]", "Tab");
    await page.click("#run");
    await page.waitForSelector("#error");
    const words = /^Batch: 60001 is more than the dataset's 60000/;
    expect(await page.textContent("#error")).toMatch(words);
    expect(await page.textContent(".wrong #help-batch")).toMatch(words);
    await page.fill("[name=batch]", "4");
    await page.press("[name=batch]", "Tab");
    await page.waitForFunction(() => document.querySelector(".wrong") === null);
    expect(await page.locator("#error").count()).toBe(0); // what was said of it is gone
    expect(faults).toEqual([]);
    await page.close();
  });

  test("tunes its kernels first if asked to, and keeps what it found", async () => {
    const query = "?recipe=mlp&batch=1&steps=1&tune=30&autostart=1";
    const { page, faults } = await visit(browser(), server.url, query);
    await page.waitForFunction(() => document.body.textContent?.includes("Tuning the kernels: "));
    await reach(page, "done");
    const stored = await page.evaluate(() => Object.keys(localStorage));
    expect(stored).toContainEqual(expect.stringMatching(/^longhand kernels: .*swiftshader/i));
    expect(faults).toEqual([]);
    await page.close();
  });

  test("says so where the browser has no WebGPU", async () => {
    const page = await browser().newPage();
    await page.route("**/lab-*.js", async (route) => {
      const response = await route.fetch();
      const body = `delete WorkerNavigator.prototype.gpu;\n${await response.text()}`;
      await route.fulfill({ response, body });
    });
    await page.goto(server.url);
    await page.waitForSelector("#error");
    expect(await page.textContent("#error")).toMatch(/^This browser has no WebGPU: use Chrome/);
    expect(await page.textContent("#adapter")).toBe("No GPU in use.");
    await page.close();
  });
});

describe("where canvases can't show what WebGPU draws", () => {
  const browser = openBrowser(WITHOUT_CANVASES);

  test("the lab reads the samples, and draws them by other means", async () => {
    const query = "?batch=4&steps=1&sample-every=1&autostart=1";
    const { page, faults } = await visit(browser(), server.url, query);
    await reach(page, "done");
    expect(await coloursIn(page, "samples")).toBeGreaterThan(10);
    expect(await page.evaluate(() => localStorage.getItem("longhand presents"))).toBe("no");
    expect(faults.filter((fault) => !fault.includes("GPU"))).toEqual([]);
    await page.close();
  });
});

describe("with WebGPU but no adapter", () => {
  const browser = openBrowser([]);

  test("says so, and what to do", async () => {
    const { page } = await visit(browser(), server.url, "?autostart=1");
    await page.waitForSelector("#error");
    expect(await page.textContent("#error")).toMatch(/finds no adapter for it: turn on hardware/);
    expect(await page.getAttribute("#run", "aria-disabled")).toBe("true");
    await page.close();
  });
});
