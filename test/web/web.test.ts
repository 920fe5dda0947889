// The page, driven in a real headless Chromium on SwiftShader: it trains a few steps on the real images, and says what
// is wrong if it can't. Skipped, with the reason, if no browser starts; never in CI.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseChoices } from "../../src/runs/choices.ts";
import { parseCheck } from "../../src/gpu-check/report.ts";
import { serveWeb, type WebServer } from "../../web/server.ts";
import { SERVED_IMAGES } from "../../src/data/idx.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { kernelsVersion } from "../../src/kernels/autotune.ts";
import { messageOf } from "../support/message-of.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";

let server: WebServer;
beforeAll(async () => {
  server = await serveWeb({ port: 0 });
});
afterAll(() => server.close());

/** Opens the page and collects what goes wrong in it. */
async function openPage(
  browser: Browser,
  query: string,
): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  await page.goto(server.url + query);
  return { page, faults };
}

/** The canvas's size and gray levels, and whether every pixel is gray and opaque. */
async function readSamples(
  page: Page,
): Promise<{ width: number; height: number; grays: number[]; isGray: boolean }> {
  return page.locator("#samples").evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error("#samples is no canvas");
    const { width, height } = canvas;
    const { data } = canvas.getContext("2d")!.getImageData(0, 0, width, height);
    const at = (pixel: number): number[] => [...data.subarray(4 * pixel, 4 * pixel + 4)];
    const pixels = Array.from({ length: width * height }, (_, pixel) => at(pixel));
    return {
      width,
      height,
      grays: pixels.map(([red]) => red!),
      isGray: pixels.every(([r, g, b, a]) => r === g && g === b && a === 255),
    };
  });
}

/** The rows of the file that "Save the losses" gives. */
async function saveLosses(page: Page): Promise<Record<string, number>[]> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click("#save")]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().trimEnd().split("\n");
  return lines.map((line): Record<string, number> => JSON.parse(line));
}

async function reach(page: Page, state: string): Promise<void> {
  await page.waitForSelector(`body[data-state="${state}"], body[data-state="error"]`, {
    timeout: 100_000,
  });
  expect(await page.locator("#error").textContent()).toBe("");
  expect(await page.getAttribute("body", "data-state")).toBe(state);
}

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("checks the GPU: progress, tables, and the report to save", async () => {
    const { page, faults } = await openPage(browser(), "");
    await page
      .locator("#check")
      .evaluate((button: HTMLElement) => (button.dataset["seconds"] = "4"));
    await page.click("#check");
    await page.waitForFunction(
      () =>
        /^Comparing kernels with float64: \d+ of \d+$/.test(
          document.querySelector("#check-phase")!.textContent!,
        ),
      undefined,
      { timeout: 60_000 },
    );
    expect(await page.isDisabled("#check")).toBe(true);
    await page.waitForSelector("#check-tables:not([hidden])", { timeout: 200_000 });
    const tables = await page.locator("#check-tables").textContent();
    expect(tables).toMatch(/^## .*\n\n\d{4}-\d\d-\d\d, Longhand \d/);
    expect(tables).toContain("kernels that ran are right**");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.click("#check-save"),
    ]);
    expect(download.suggestedFilename()).toBe("gpu-check.json");
    const chunks: Uint8Array[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk);
    const check = parseCheck(Buffer.concat(chunks), "gpu-check.json");
    expect(check.about).toMatchObject({ kind: "software", commit: null });
    expect(check.correctness.faults).toEqual([]);
    expect(await page.isEnabled("#check")).toBe(true);
    expect(faults).toEqual([]);
    await page.close();
  }, 300_000);

  test("trains, draws samples and losses, and names the adapter", async () => {
    const { page, faults } = await openPage(
      browser(),
      "?recipe=small&batch=8&steps=3&sample-every=2&seed=7&autostart=1",
    );
    await reach(page, "done");

    expect(await page.textContent("#adapter")).toMatch(/swiftshader.*runs on the CPU/i);
    expect(await page.isVisible("#software")).toBe(true);
    expect(await page.textContent("#summary")).toMatch(/^60,000 images, 8 per step, 7,500 steps/);
    expect(await page.textContent("#step")).toBe("3 of 3");
    expect(await page.textContent("#sample-step")).toBe("after step 3");

    // 4 × 4 images of 28 × 28 pixels, a gray line around each.
    const { width, height, grays, isGray } = await readSamples(page);
    expect([width, height, isGray]).toEqual([117, 117, true]);
    const isGap = (pixel: number): boolean =>
      (pixel % 117) % 29 === 0 || ((pixel / 117) | 0) % 29 === 0;
    expect(new Set(grays.filter((_, pixel) => isGap(pixel)))).toEqual(new Set([72]));
    const inside = grays.filter((_, pixel) => !isGap(pixel));
    const mean = inside.reduce((sum, gray) => sum + gray, 0) / inside.length;
    const variance = inside.reduce((sum, gray) => sum + (gray - mean) ** 2, 0) / inside.length;
    expect(inside.length).toBe(16 * 28 * 28);
    expect(variance).toBeGreaterThan(1);

    const rows = await saveLosses(page);
    expect(rows.map((row) => [row["step"], row["epoch"]])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
    for (const { lossD, lossG, dReal, dFake } of rows) {
      // Nats and probabilities of two networks that know next to nothing yet: 2 ln 2, ln 2, a half.
      expect(lossD).toBeGreaterThan(0.7);
      expect(lossD).toBeLessThan(2.5);
      expect(lossG).toBeGreaterThan(0.3);
      expect(lossG).toBeLessThan(1.5);
      expect(Math.abs(dReal! - 0.5)).toBeLessThan(0.3);
      expect(Math.abs(dFake! - 0.5)).toBeLessThan(0.3);
    }
    expect(await page.textContent("#loss-d")).toBe(rows[2]!["lossD"]!.toFixed(3));
    // Both lines, a dot a step.
    await page.waitForFunction(() => document.querySelectorAll("#chart circle").length === 6);
    await page.setViewportSize({ width: 390, height: 844 }); // a phone
    await page.waitForFunction(() => document.documentElement.scrollWidth === 390);
    expect(faults).toEqual([]);

    // A second run on the same page, stopped by hand.
    await page.fill("[name=steps]", "100000");
    await page.click("#start");
    await page.waitForFunction(() => document.querySelector("#step")?.textContent !== "–");
    await page.click("#stop");
    await reach(page, "stopped");
    expect(await page.textContent("#phase")).toMatch(/^Stopped after \d+ of 100,000 steps\.$/);
    expect((await saveLosses(page))[0]).toEqual(rows[0]); // same seed, same adapter: same bits
    expect(page.url()).toContain("steps=100000");
    expect(faults).toEqual([]);
    await page.close();
  });

  test.each([
    ["conditional", 117],
    ["dcgan32", 133], // 4 × 4 images of 32 × 32 pixels
  ])("trains %s", async (recipe, size) => {
    const { page, faults } = await openPage(
      browser(),
      `?recipe=${recipe}&batch=1&steps=1&sample-every=1&autostart=1`,
    );
    await reach(page, "done");
    const { width, grays } = await readSamples(page);
    expect(width).toBe(size);
    expect(new Set(grays).size).toBeGreaterThan(10); // one step from noise has little contrast
    expect(faults).toEqual([]);
    await page.close();
  });

  test("tunes its kernels first where asked to, and keeps what it found", async () => {
    const { page, faults } = await openPage(
      browser(),
      "?recipe=small&batch=1&steps=1&tune=15&autostart=1",
    );
    await page.waitForFunction(() => document.body.textContent?.includes("Tuning the kernels: "));
    await reach(page, "done");
    const stored = await page.evaluate(() => Object.entries(localStorage));
    expect(stored.map(([key]) => key)).toEqual([
      expect.stringMatching(/^longhand kernels: .*swiftshader/i),
    ]);
    const { choices, kernels } = parseChoices(String(stored[0]![1]), "localStorage");
    expect(Object.keys(choices).length).toBeGreaterThan(0);
    expect(kernels).toBe(await kernelsVersion(shaderText));
    await page.fill("[name=tune]", "");
    await page.click("#start");
    await reach(page, "done"); // with the choices of before
    expect(faults).toEqual([]);
    await page.close();
  });

  test("says so when the GPU is lost, and starts again", async () => {
    const { page } = await openPage(browser(), "?batch=4&autostart=1");
    const trained = (): Promise<unknown> =>
      page.waitForFunction(() => document.querySelector("#step")?.textContent !== "–");
    await trained();
    const session = await browser().newBrowserCDPSession();
    await session.send("Browser.crashGpuProcess").catch(() => undefined);
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(/^The GPU was lost: .* Press Start to begin/);
    await page.click("#start");
    await trained();
    expect(await page.isVisible("#error")).toBe(false);
    await page.close();
  });

  const refused: readonly [query: string, message: RegExp][] = [
    [
      "?recipe=tiny&autostart=1",
      /^recipe: there is no "tiny"; choose one of dcgan, small, .*conditional/,
    ],
    ["?batch=0&autostart=1", /^batch: must be a whole number of at least 1; got "0"\.$/],
    ["?steps=abc", /^steps: must be a whole number of at least 1; got "abc"\.$/],
    ["?batch=60001&autostart=1", /^batch: 60001 is more than the dataset's 60000 images; /],
  ];
  test.each(refused)("refuses %s in a sentence", async (query, message) => {
    const { page, faults } = await openPage(browser(), query);
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(message);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("says what the server says where the images have gone", async () => {
    const dir = mkdtempSync(join(tmpdir(), "longhand-web-"));
    const path = join(dir, "train-images-idx3-ubyte.gz");
    const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 10, 20, 30, 40);
    writeFileSync(path, gzipSync(images));
    const own = await serveWeb({ port: 0, data: dir });
    try {
      const served = await fetch(new URL(SERVED_IMAGES, own.url));
      expect(new Uint8Array(await served.arrayBuffer())).toEqual(images);
      rmSync(path);
      const page = await browser().newPage();
      await page.goto(`${own.url}?autostart=1`);
      await page.waitForSelector("#error:not([hidden])");
      expect(await page.textContent("#error")).toMatch(
        /^\/data\/train-images-idx3-ubyte: the server answered 500; \S+: has no train images; looked/,
      );
      await page.close();
    } finally {
      await own.close();
      rmSync(dir, { recursive: true });
    }
  });

  test("says so where the browser has no WebGPU", async () => {
    const page = await browser().newPage();
    await page.route("**/worker.ts?*", async (route) => {
      const response = await route.fetch();
      const body = `delete WorkerNavigator.prototype.gpu;\n${await response.text()}`;
      await route.fulfill({ response, body });
    });
    await page.goto(server.url);
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(/^This browser has no WebGPU: use Chrome/);
    await page.close();
  });
});

describe("with WebGPU but no adapter", () => {
  const browser = openBrowser([]);

  test("says so, and what to do", async () => {
    const { page } = await openPage(browser(), "?autostart=1");
    await page.waitForSelector("#error:not([hidden])");
    expect(await page.textContent("#error")).toMatch(/finds no adapter for it: turn on hardware/);
    expect(await page.isEnabled("#start")).toBe(true);
    await page.close();
  });
});

describe("the server", () => {
  test("serves what the page needs, and nothing else of the disk", async () => {
    const status = async (path: string): Promise<number> =>
      (await fetch(new URL(path, server.url))).status;
    expect(await status("data/train-images-idx3-ubyte")).toBe(200);
    expect(await status("@fs/etc/passwd")).toBe(403);
    expect(new URL(server.url).hostname).toBe("localhost");
  });

  test("refuses a port that is taken", async () => {
    const { port } = new URL(server.url);
    const message = await messageOf(UsageError, () => serveWeb({ port: Number(port) }));
    expect(message).toMatch(new RegExp(`^port: can't listen on ${port} `));
  });
});
