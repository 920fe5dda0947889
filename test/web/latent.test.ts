// Latent space in the page, as a visitor takes hold of it: turned by keys, mouse and finger, walked through, and seen
// to change while the network learns.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { coloursIn, reach, readCanvas, visit, type Shown } from "../support/page.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

/** The mean difference of two pictures, in levels of 255. */
function difference(a: Shown, b: Shown): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  const sum = a.levels.reduce((total, level, i) => total + Math.abs(level - b.levels[i]!), 0);
  return sum / a.levels.length;
}

const SAME = 0.2; // rounding of a rotation that came back
const OTHER = 2;

/** Waits until the ball and what is around it are drawn. */
async function settled(page: Page): Promise<void> {
  await page.waitForTimeout(100); // what was just done has reached the page
  await page.waitForSelector('#latent-parts[aria-busy="false"]', { timeout: 120_000 });
}

/** Does something with the ball, and returns the digit that it leads to. */
async function turning(page: Page, act: () => Promise<unknown>): Promise<Shown> {
  await act();
  await settled(page);
  return readCanvas(page, "latent");
}

async function press(page: Page, key: string, times: number): Promise<void> {
  await page.focus("#trackball");
  for (let i = 0; i < times; i += 1) await page.keyboard.press(key);
}

/** The middle and the radius of the ball on the screen. */
async function ballOf(page: Page): Promise<{ x: number; y: number; radius: number }> {
  await page.locator("#trackball").scrollIntoViewIfNeeded();
  const { x, y, width } = (await page.locator("#trackball").boundingBox())!;
  return { x: x + width / 2, y: y + width / 2, radius: width / 2 };
}

describe("the trained network's latent space, on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("turns under keys, mouse and finger, and back to the same pixels", async () => {
    const { page, faults } = await visit(browser(), server.url, "?view=latent");
    await settled(page);
    const start = await readCanvas(page, "latent");
    expect(await coloursIn(page, "latent")).toBeGreaterThan(20);
    expect(await coloursIn(page, "around")).toBeGreaterThan(20);
    expect(await coloursIn(page, "choices")).toBeGreaterThan(20);

    for (const [there, back] of [
      ["ArrowRight", "ArrowLeft"],
      ["ArrowUp", "ArrowDown"],
      ["Shift+ArrowRight", "Shift+ArrowLeft"],
    ] as const) {
      const away = await turning(page, () => press(page, there, 8));
      expect(difference(start, away), there).toBeGreaterThan(OTHER);
      const again = await turning(page, () => press(page, back, 8));
      expect(difference(start, again), back).toBeLessThan(SAME);
    }

    const { x, y, radius } = await ballOf(page);
    const dragged = await turning(page, async () => {
      await page.mouse.move(x, y);
      await page.mouse.down();
      await page.mouse.move(x + 0.6 * radius, y - 0.3 * radius, { steps: 6 });
      await page.waitForTimeout(150); // held still: it doesn't glide on
      await page.mouse.up();
    });
    expect(difference(start, dragged)).toBeGreaterThan(OTHER);
    expect(difference(start, await turning(page, () => press(page, "Home", 1)))).toBeLessThan(SAME);

    const finger = await page.context().newCDPSession(page);
    await finger.send("Emulation.setTouchEmulationEnabled", { enabled: true });
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", dx: number): Promise<unknown> =>
      finger.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : [{ x: x + dx * radius, y }],
      });
    const touched = await turning(page, async () => {
      await touch("touchStart", 0);
      for (const dx of [0.1, 0.2, 0.3, 0.4, 0.5]) await touch("touchMove", dx);
      await page.waitForTimeout(150);
      await touch("touchEnd", 0.5);
    });
    expect(difference(start, touched)).toBeGreaterThan(OTHER);
    expect(difference(start, await turning(page, () => page.click("#back")))).toBeLessThan(SAME);

    const asOne = await turning(page, () => page.check('input[name="latent-digit"][value="1"]'));
    expect(difference(start, asOne)).toBeGreaterThan(OTHER);
    const asBefore = await turning(page, () => page.check('input[name="latent-digit"][value="3"]'));
    expect(difference(start, asBefore)).toBeLessThan(SAME);

    await turning(page, () => page.check("#directions input >> nth=1"));
    expect(await page.textContent("#directions-words")).toContain("drawn from seed 1");
    const shuffled = await turning(page, () => press(page, "ArrowRight", 8));
    await turning(page, () => page.click("#next-directions"));
    expect(await page.textContent("#directions-words")).toContain("drawn from seed 2");
    const reshuffled = await turning(page, () => press(page, "ArrowRight", 8));
    expect(difference(shuffled, reshuffled)).toBeGreaterThan(OTHER / 2);

    // The address leads to the same digit, turned alike.
    await page.waitForURL(/turn=/);
    const { search } = new URL(page.url());
    expect(search).toMatch(/directions=shuffled\.2/);
    const other = await visit(browser(), server.url, search);
    await settled(other.page);
    expect(difference(reshuffled, await readCanvas(other.page, "latent"))).toBeLessThan(SAME);
    await other.page.close();

    expect([...faults, ...other.faults]).toEqual([]);
    await page.close();
  }, 240_000);

  test("is walked through from one digit to another, at many digits a second", async () => {
    const { page, faults } = await visit(browser(), server.url, "?view=latent");
    await settled(page);
    await page.click("#walk-from");
    const from = await readCanvas(page, "latent");
    const to = await turning(page, () => page.click(".over button >> nth=11"));
    expect(difference(from, to)).toBeGreaterThan(OTHER);
    await page.click("#walk-to");
    await page.waitForFunction(() =>
      /\d+° apart/.test(document.querySelector("#walk-words")!.textContent!),
    );
    const walked = async (share: string): Promise<Shown> => {
      await page.locator("#walk-share").fill(share);
      await page.waitForTimeout(1500);
      return readCanvas(page, "walk");
    };
    expect(difference(from, await walked("0"))).toBeLessThan(SAME);
    const middle = await walked("0.5");
    expect(difference(from, middle)).toBeGreaterThan(OTHER);
    expect(difference(to, middle)).toBeGreaterThan(OTHER);
    expect(difference(to, await walked("1"))).toBeLessThan(SAME);
    expect(await coloursIn(page, "way")).toBeGreaterThan(20);

    await page.click("#walk-play");
    await page.waitForFunction(
      () => Number((document.querySelector("#walk-share") as HTMLInputElement).value) < 0.9,
    );
    await page.click("#walk-play");

    await page.click("#spin");
    await page.waitForFunction(
      () => /\d+ digits a second/.test(document.querySelector("#turn-rate")!.textContent!),
      undefined,
      { timeout: 20_000 },
    );
    await page.click("#spin");
    expect(faults).toEqual([]);
    await page.close();
  }, 200_000);
});

describe("the latent space of a network in training, on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("changes with the weights, without a touch", async () => {
    const { page, faults } = await visit(
      browser(),
      server.url,
      "?view=latent&recipe=small&batch=8&steps=100000&sample-every=1000&autostart=1",
    );
    await reach(page, "running");
    await page.check('input[value="run"]');
    await page.waitForFunction(
      () => Number(document.querySelector("#step")?.textContent?.split(" ")[0]) >= 3,
      undefined,
      { timeout: 120_000 },
    );
    await page.waitForFunction(
      () => (document.querySelector("#canvas-latent") as HTMLCanvasElement).width < 200,
    );
    await page.waitForTimeout(3000);
    const early = await readCanvas(page, "latent");
    await page.waitForTimeout(8000);
    expect(difference(early, await readCanvas(page, "latent"))).toBeGreaterThan(0.3);
    expect(await page.isVisible("#digit-choice")).toBe(false);
    // In Watch the trained network is in hand; the choice is there again from the first moment, so more than once.
    for (let i = 0; i < 3; i += 1) {
      await page.click("#tab-watch");
      await page.waitForSelector("#trained-facts:has-text('recipe ')");
      await page.click("#tab-latent");
      expect(await page.isChecked('input[value="run"]')).toBe(true);
    }
    expect(faults).toEqual([]);
    await page.close();
  }, 240_000);
});
