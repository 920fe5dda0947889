// What the judge says of a run in a real browser: a histogram of digits, a distance, real digits to compare with, links
// that set the page; and the rules by which the page says that a run goes wrong.
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StepRecord } from "../../src/gan.ts";
import type { Verdict } from "../../web/lab/judging.ts";
import { warningsOf } from "../../web/state/warnings.ts";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { opened, reach, visit } from "../support/page.ts";

describe("the warnings", () => {
  const records = (count: number, last: Partial<StepRecord> = {}): StepRecord[] =>
    Array.from({ length: count }, (_, at) => ({
      step: at + 1,
      epoch: 1,
      lossD: 1.2,
      lossG: 0.9,
      dReal: 0.6,
      dFake: 0.4,
      ...last,
    }));
  const balanced: Verdict = {
    step: 5000,
    count: 250,
    counts: Array.from({ length: 10 }, () => 25),
    confidence: 0.9,
    asked: undefined,
    spread: 0.8,
    distance: undefined,
    seconds: 1,
  };
  const counts = [10, 0, 0, 170, 10, 10, 10, 20, 10, 10];
  const certain = { dReal: 0.99, dFake: 0.01 };
  const rules: readonly [
    what: string,
    verdict: Verdict | undefined,
    records: readonly StepRecord[],
    images: number,
    kinds: readonly string[],
  ][] = [
    ["a run that goes well", balanced, records(500), 1e5, []],
    ["no verdict yet", undefined, records(500), 1e5, []],
    ["two thirds of one digit", { ...balanced, counts }, records(500), 1e5, ["collapse"]],
    ["the same before much was learnt", { ...balanced, counts }, records(50), 800, []],
    ["samples that are all alike", { ...balanced, spread: 0.01 }, records(500), 1e5, ["alike"]],
    ["samples that are no numbers", { ...balanced, spread: NaN }, records(500), 1e5, ["diverged"]],
    ["a loss that is no number", balanced, records(9, { lossG: NaN }), 1e5, ["diverged"]],
    ["a discriminator that has won", undefined, records(60, certain), 960, ["stuck"]],
    ["one that wins for a moment", undefined, [...records(60), ...records(9, certain)], 960, []],
  ];
  test.each(rules)("of %s", (_, verdict, steps, images, kinds) => {
    expect(warningsOf(verdict, steps, images).map(({ kind }) => kind)).toEqual(kinds);
  });

  test("name the digit that is left", () => {
    const [warning] = warningsOf({ ...balanced, counts }, records(500), 1e5);
    expect(warning?.words).toMatch(/^The judge takes 68 % of the samples for a 3: /);
  });
});

/** What a canvas shows, at a twelfth of its size: its proportions, and gray levels. */
async function thumbnail(
  page: Page,
  name: string,
): Promise<{
  readonly width: number;
  readonly height: number;
  readonly levels: readonly number[];
}> {
  return page.locator(`#canvas-${name}`).evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error("it is no canvas");
    const copy = document.createElement("canvas");
    Object.assign(copy, { width: canvas.width / 12, height: canvas.height / 12 });
    const context = copy.getContext("2d")!;
    context.drawImage(canvas, 0, 0, copy.width, copy.height);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    const levels = Array.from(data).filter((_, i) => i % 4 === 0);
    return { width: canvas.width, height: canvas.height, levels };
  });
}

describe("in a browser", () => {
  let server: PageServer;
  beforeAll(async () => {
    server = await servePage();
  });
  afterAll(() => server.close());
  const browser = openBrowser(ON_SWIFTSHADER);

  test("shows trained and real digits, judges the run's, and sets the page by links", async () => {
    const { page, faults } = await visit(browser(), server.url, "?batch=8&steps=3");
    await opened(page);
    await page.waitForFunction(() =>
      document.querySelector("#trained-facts")?.textContent?.startsWith("recipe conditional, 16,"),
    );
    const drawn = await thumbnail(page, "trained");
    expect(drawn.width / drawn.height).toBeCloseTo(1164 / 584); // 10 × 5 digits of 28 × 28, a gap around each
    expect(new Set(drawn.levels).size).toBeGreaterThan(50);
    await page.click("#others");
    await expect
      .poll(async () => (await thumbnail(page, "trained")).levels, { timeout: 60_000 })
      .not.toEqual(drawn.levels);
    await page.waitForFunction(() => document.querySelector(".bars .level") !== null);
    expect(new Set((await thumbnail(page, "real")).levels).size).toBeGreaterThan(50);
    expect(await page.textContent("#judge-title ~ .faint")).toMatch(/names 99\.1 % of real test/);

    await page.click("#run");
    await reach(page, "done");
    // The end of a run is judged with its distance.
    await page.waitForFunction(
      () =>
        document
          .querySelector("#histogram-words")
          ?.textContent?.startsWith("1,000 samples after step 3,"),
      undefined,
      { timeout: 200_000 },
    );
    const counts = await page.locator(".bars .count").allTextContents();
    expect(counts.length).toBe(10);
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(1000);
    const [, distance] = /seen through the judge: ([\d.]+)\./.exec(
      (await page.textContent("#distance-words"))!,
    )!;
    expect(Number(distance)).toBeGreaterThan(100); // grey fog; real digits score 1.6
    expect(await page.textContent("#distance-words")).toContain("As many real digits score 1.6");

    await page.click("text=Make the discriminator learn 20 times as fast");
    expect(await page.inputValue("[name=rate-d]")).toBe("0.02");
    expect(new URL(page.url()).searchParams.get("rate-d")).toBe("0.02");
    expect(await page.textContent(".notice.remark")).toMatch(/20 times as high\. Start anew/);
    expect(faults).toEqual([]);
    await page.close();
  });
});
