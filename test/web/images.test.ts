// A visitor's own images in the page: dropped, chosen or drawn; shown as a network will see them; trained on.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mnist } from "../../src/data.ts";
import { servePage, type PageServer } from "../support/built-page.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { openBrowser } from "../support/open-browser.ts";
import { opened, reach, readCanvas, visit, type Shown } from "../support/page.ts";

let server: PageServer;
beforeAll(async () => {
  server = await servePage();
});
afterAll(() => server.close());

interface OwnFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** A dark ring on light paper, of any size. */
function ring(name: string, width: number, height: number): OwnFile {
  const png = new PNG({ width, height });
  const radius = Math.min(width, height) * 0.32;
  for (let i = 0; i < width * height; i += 1) {
    const [x, y] = [i % width, Math.floor(i / width)];
    const distance = Math.hypot(x + 0.5 - width / 2, y + 0.5 - height / 2);
    const level = Math.abs(distance - radius) < radius * 0.3 ? 20 : 235;
    png.data.set([level, level, level, 255], 4 * i);
  }
  return { name, mimeType: "image/png", buffer: PNG.sync.write(png) };
}

const rings = (count: number): OwnFile[] =>
  Array.from({ length: count }, (_, i) => ring(`ring-${i}.png`, 40 + 3 * i, 60));

/** Drops files on the page as a browser does. */
async function drop(page: Page, files: readonly OwnFile[]): Promise<void> {
  const given = files.map(({ name, mimeType, buffer }) => ({
    name,
    mimeType,
    text: buffer.toString("base64"),
  }));
  await page.locator("#drop").evaluate((zone, list) => {
    const dataTransfer = new DataTransfer();
    for (const { name, mimeType, text } of list) {
      const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
      dataTransfer.items.add(new File([bytes], name, { type: mimeType }));
    }
    zone.dispatchEvent(
      new DragEvent("dragover", { dataTransfer, cancelable: true, bubbles: true }),
    );
    zone.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true, bubbles: true }));
  }, given);
}

const counted = (page: Page, words: string): Promise<unknown> =>
  page.waitForFunction(
    (wanted) => document.querySelector("#image-count")!.textContent === wanted,
    words,
    { timeout: 60_000 },
  );

/** The share of a preview's image that is ink, in its middle and around. */
function inkOf(
  { width, levels }: Shown,
  column: number,
  at: (x: number, y: number) => boolean,
): number {
  const side = 28 * 4;
  const left = 4 + column * (side + 4);
  let [ink, all] = [0, 0];
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      if (!at((x + 0.5) / side - 0.5, (y + 0.5) / side - 0.5)) continue;
      ink += Number(levels[3 * ((y + 4) * width + left + x)]! < 128);
      all += 1;
    }
  }
  return ink / all;
}

describe("own images, on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);

  test("are dropped, shown, and trained on", async () => {
    const { page, faults } = await visit(
      browser(),
      server.url,
      "?view=images&recipe=small&batch=8&steps=6&sample-every=1000",
    );
    await opened(page);
    expect(await page.getAttribute("#train-own", "aria-disabled")).toBe("true");
    const photograph = readFileSync(new URL("../fixtures/progressive.jpg", import.meta.url));
    await drop(page, [
      ...rings(22),
      { name: "photograph.jpg", mimeType: "image/jpeg", buffer: photograph },
      { name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("to be bought: ink") },
      { name: "cut.png", mimeType: "image/png", buffer: rings(1)[0]!.buffer.subarray(0, 50) },
      { name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) },
    ]);
    await counted(page, "23 images.");
    const skipped = await page.textContent("#skipped");
    expect(skipped).toContain("3 files are not used");
    expect(skipped).toContain("cut.png: it is no picture that this browser reads");
    expect(skipped).toContain("empty.png: it is empty");
    expect(skipped).toContain("notes.txt: it is no picture");

    // The rings are ink on paper, as digits are, in the middle of their squares; the photograph comes first.
    await page.waitForFunction(
      () => (document.querySelector("#canvas-preview") as HTMLCanvasElement).width > 1000,
    );
    await page.waitForTimeout(1000);
    const shown = await readCanvas(page, "preview");
    const onRing = (x: number, y: number): boolean => Math.abs(Math.hypot(x, y) - 0.21) < 0.02;
    expect(inkOf(shown, 1, onRing)).toBeGreaterThan(0.8);
    expect(inkOf(shown, 1, (x, y) => Math.hypot(x, y) < 0.08)).toBe(0);
    expect(inkOf(shown, 1, (x, y) => Math.max(Math.abs(x), Math.abs(y)) > 0.46)).toBe(0);
    await page.check('input[name="invert"][value="never"]');
    await page.waitForTimeout(1500);
    const asIs = await readCanvas(page, "preview");
    expect(inkOf(asIs, 1, (x, y) => Math.hypot(x, y) < 0.08)).toBe(1);
    await page.check('input[name="invert"][value="auto"]');

    await page.click("#train-own");
    await reach(page, "done");
    // An epoch of 23 images has two full batches of 8, so six steps are three epochs.
    expect(await page.textContent("#epoch")).toBe("3 of 3");
    expect(await page.textContent("#step")).toBe("6 of 6");
    expect(await page.textContent("#d-real")).toMatch(/^0\.\d{3}$/);
    await page.click("#tab-images");
    expect(await page.textContent("#own-words")).toContain("trains on your 23 images");
    await page.click("#use-served");
    await page.waitForFunction(() =>
      document.querySelector("#own-words")!.textContent!.includes("MNIST’s images"),
    );
    await page.click("#forget");
    await counted(page, "No images yet.");
    expect(faults).toEqual([]);
    await page.close();
  }, 300_000);

  test("come as IDX files with labels, and as drawings that say what they are", async () => {
    const { page, faults } = await visit(
      browser(),
      server.url,
      "?view=images&recipe=conditional&batch=8&sample-every=1000",
    );
    await opened(page);
    const set = await mnist("test");
    const some = set.images.subarray(0, 30 * 784);
    const idx = (name: string, bytes: Uint8Array): OwnFile => ({
      name,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes),
    });
    await page.setInputFiles("#files", [
      idx("my-labels.gz", gzipSync(idxBytes([30], set.labels!.subarray(0, 30)))),
      idx("my-images", idxBytes([30, 28, 28], some)),
      idx("broken.idx", idxBytes([30, 28, 28], some.subarray(0, 784))),
    ]);
    await counted(page, "30 images, with their classes.");
    expect(await page.textContent("#skipped")).toMatch(/broken\.idx: has 784 bytes of data/);
    expect(await page.getAttribute("#train-own", "aria-disabled")).toBe("false");

    // One drawing without a class: the recipe, which is told of classes, can't train on it.
    await page.focus("#sketch");
    const drawOne = async (): Promise<void> => {
      await page.focus("#sketch");
      await page.keyboard.press("Space");
      for (let i = 0; i < 4; i += 1) await page.keyboard.press("Shift+ArrowDown");
      await page.keyboard.press("Space");
      await page.click("#add-sketch");
    };
    await drawOne();
    await counted(page, "31 images, 1 drawn by hand.");
    expect(await page.getAttribute("#train-own", "aria-disabled")).toBe("true");
    expect(await page.textContent("#own-words")).toContain("folders named 0 to 9");
    await page.click("#forget");
    await counted(page, "No images yet.");
    await page.selectOption("#sketch-label", "1");
    await drawOne();
    await counted(page, "1 image, all drawn by hand, with their classes.");
    expect(await page.inputValue("#sketch-label")).toBe("2");
    expect(await page.textContent("#sketch-count")).toBe("1 drawn, 19 to go.");
    expect(await page.getAttribute("#train-own", "aria-disabled")).toBe("false");
    expect(faults).toEqual([]);
    await page.close();
  }, 200_000);
});
