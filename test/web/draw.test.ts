// Digits drawn in the page by mouse, finger and keys: the judge reads them, the discriminator says how real they are, and
// the generator draws them again.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { drawByMouse, paperOf } from "../support/draw-by-mouse.ts";
import { openBrowser } from "../support/open-browser.ts";
import { coloursIn, opened, readCanvas, visit } from "../support/page.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

/** Waits for what the judge says, which comes once it has read the whole drawing. */
async function judged(page: Page, digit: number): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      document.querySelector("#judge-says")!.textContent!.startsWith(`It is a ${wanted},`),
    digit,
    { timeout: 90_000 },
  );
}

const clear = (page: Page): Promise<void> => page.click("#paper-clear");
const nothing = (page: Page): Promise<unknown> =>
  page.waitForFunction(
    () => document.querySelector("#judge-says")!.textContent === "Nothing yet.",
    undefined,
    { timeout: 60_000 },
  );

describe("a drawing, on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("is read by the judge, by mouse, keys and finger", async () => {
    const { page, faults } = await visit(browser(), server.url, "?view=draw");
    await opened(page);
    for (const digit of [1, 7, 3]) {
      await drawByMouse(page, digit);
      await judged(page, digit);
      const sure = await page.textContent(".odds .most .number");
      expect(Number.parseInt(sure!, 10)).toBeGreaterThan(80);
      await clear(page);
      await nothing(page);
    }

    // A 1 by keys: the pen starts near the top, in the middle.
    await page.focus("#paper");
    await page.keyboard.press("Space");
    for (let i = 0; i < 4; i += 1) await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Space");
    await judged(page, 1);
    expect(await coloursIn(page, "seen")).toBeGreaterThan(5);
    // The 28×28 as the networks see it, with its line in the middle: paper on both sides.
    const { width, levels } = await readCanvas(page, "seen");
    const at = (x: number): number =>
      levels[3 * (width * Math.floor(width / 2) + Math.floor(x * width))]!;
    expect(at(0.5)).toBeLessThan(60);
    expect(at(0.25)).toBeGreaterThan(200);
    expect(at(0.75)).toBeGreaterThan(200);
    const real = Number(await page.textContent("#d-says"));
    expect(real).toBeGreaterThan(0);
    expect(real).toBeLessThan(1);
    await page.keyboard.press("Backspace");
    await nothing(page);

    const finger = await page.context().newCDPSession(page);
    await finger.send("Emulation.setTouchEmulationEnabled", { enabled: true });
    const place = await paperOf(page);
    const touch = async (type: "touchStart" | "touchMove" | "touchEnd", y = 0): Promise<void> => {
      const [px, py] = place(0.5, y);
      const touchPoints = type === "touchEnd" ? [] : [{ x: px, y: py }];
      await finger.send("Input.dispatchTouchEvent", { type, touchPoints });
    };
    await touch("touchStart", 0.2);
    for (const y of [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]) await touch("touchMove", y);
    await touch("touchEnd");
    await judged(page, 1);
    await page.click("#paper-undo");
    await nothing(page);

    // A level line is no digit, and the page says why.
    await page.mouse.move(...place(0.2, 0.5));
    await page.mouse.down();
    await page.mouse.move(...place(0.8, 0.5), { steps: 5 });
    await page.mouse.up();
    await page.waitForSelector("#draw-refusal");
    expect(await page.textContent("#draw-refusal")).toContain("which is not a digit");
    expect(await page.locator("#error").count()).toBe(0);
    expect(faults).toEqual([]);
    await page.close();
  }, 300_000);

  test("is drawn again by the generator, with a falling error", async () => {
    const { page, faults } = await visit(browser(), server.url, "?view=draw");
    await opened(page);
    await drawByMouse(page, 7);
    await judged(page, 7);
    await page.click("#project");
    const errorAfter = async (least: number): Promise<number> => {
      await page.waitForFunction(
        (wanted) =>
          Number(/^Step (\d+)/.exec(document.querySelector("#search-words")!.textContent!)?.[1]) >=
          wanted,
        least,
        { timeout: 200_000 },
      );
      const words = (await page.textContent("#search-words"))!;
      return Number(/error ([\d.]+)/.exec(words)![1]);
    };
    const first = await errorAfter(1);
    expect(await page.textContent("#project")).toBe("Stop");
    const last = await errorAfter(40);
    expect(last).toBeLessThan(first / 4);
    expect(await coloursIn(page, "redrawn")).toBeGreaterThan(20);
    // It looks like what was drawn.
    const [seen, redrawn] = [await readCanvas(page, "seen"), await readCanvas(page, "redrawn")];
    const gap = seen.levels.reduce((sum, level, i) => sum + (level - redrawn.levels[i]!) ** 2, 0);
    expect(Math.sqrt(gap / seen.levels.length)).toBeLessThan(45);
    const isOver = (): Promise<unknown> =>
      page.waitForFunction(
        () => document.querySelector("#project")!.textContent === "Project",
        undefined,
        { timeout: 100_000 },
      );
    await isOver();
    // What was found is a latent like any other: one can take it in hand.
    const found = await readCanvas(page, "redrawn");
    await page.click("#take-found");
    await page.waitForSelector('#latent-parts[aria-busy="false"]', { timeout: 120_000 });
    const held = await readCanvas(page, "latent");
    expect([held.width, held.height]).toEqual([found.width, found.height]);
    const apart = held.levels.reduce(
      (sum, level, i) => sum + Math.abs(level - found.levels[i]!),
      0,
    );
    expect(apart / held.levels.length).toBeLessThan(1);
    // The next search is stopped before its end.
    await page.click("#tab-draw");
    await page.click("#project");
    await errorAfter(1);
    await page.click("#project");
    await isOver();
    expect(await page.textContent("#search-words")).not.toMatch(/^Step (\d+) of \1:/);
    expect(faults).toEqual([]);
    await page.close();
  }, 300_000);
});
