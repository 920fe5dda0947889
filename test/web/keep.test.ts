// Runs that survive: what the page keeps goes on to the same bits, after a reload, a crash of the tab or of the GPU, and in
// Node. What is damaged is refused, and nothing is lost for want of room.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { zipSync } from "fflate";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { servePage, type PageServer } from "../support/built-page.ts";
import { decodeGif } from "../support/decode-gif.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import {
  bitsOf,
  chooseImages,
  folderOf,
  oneStep,
  OWN_IMAGES,
  saved,
  stepOf,
  textOf,
  thirtyImages,
  type Files,
} from "../support/kept-run.ts";
import { longhand } from "../support/longhand.ts";
import { openBrowser } from "../support/open-browser.ts";
import { downloadFrom, opened, reach, shiftOf } from "../support/page.ts";

let server: PageServer;
const root = mkdtempSync(join(tmpdir(), "longhand-keep-"));
beforeAll(async () => {
  server = await servePage();
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await server.close();
});

/** Some seconds of training, so that a GPU that crashes in the middle doesn't crash after the end. */
const STEPS = 48;
const RUN = `?batch=4&sample-every=2&seed=7&steps=${STEPS}&view=keep`;
/** For what doesn't depend on the networks: those that compile in the least time. */
const LITTLE = "?recipe=mlp&batch=4&seed=7&view=keep";

/** Opens the page in a browser's context: its tabs share what the browser keeps. */
async function tab(context: BrowserContext, query = ""): Promise<{ page: Page; faults: string[] }> {
  const page = await context.newPage();
  page.setDefaultTimeout(100_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.goto(server.url + query);
  await opened(page);
  return { page, faults };
}

/** Starts a run, and pauses it after a step or a few. */
async function begin(page: Page): Promise<number> {
  await page.click("#run");
  await page.waitForFunction(() => document.querySelector("#run")?.textContent === "Pause");
  await page.click("#run");
  await reach(page, "paused");
  await oneStep(page);
  return stepOf(page);
}

/** Writes a run folder to the disk, and returns its path. */
function writeRun(name: string, files: Files): string {
  const folder = join(root, name);
  for (const [path, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return folder;
}

describe("on SwiftShader", () => {
  const browser = openBrowser(ON_SWIFTSHADER);
  const inContext = async <T>(work: (context: BrowserContext) => Promise<T>): Promise<T> => {
    const context = await browser().newContext();
    try {
      return await work(context);
    } finally {
      await context.close();
    }
  };

  let undisturbed: Files;

  test("a run is saved by itself, and can be taken along", async () => {
    await inContext(async (context) => {
      const { page, faults } = await tab(context, RUN);
      expect(await page.locator("#kept-offer").count()).toBe(0);
      await page.click("#run");
      await reach(page, "done");
      await saved(page, STEPS);
      undisturbed = await folderOf(page);
      expect(Object.keys(undisturbed)).toEqual(
        expect.arrayContaining(["run.json", "metrics.jsonl", "checkpoint/manifest.json"]),
      );
      expect(textOf(undisturbed["metrics.jsonl"]).split("\n")).toHaveLength(STEPS + 1);
      const losses = await downloadFrom(page, "#take-losses");
      expect(losses.bytes.toString()).toBe(textOf(undisturbed["metrics.jsonl"]));
      const png = await downloadFrom(page, "#take-png");
      expect(png.bytes.subarray(1, 4).toString()).toBe("PNG");
      const gif = await downloadFrom(page, "#take-gif");
      expect(decodeGif(gif.bytes).frames.length).toBe(1 + STEPS / 2);
      // The link is to this run, although the form already says another seed.
      await context.grantPermissions(["clipboard-read", "clipboard-write"]);
      await page.click("#tab-watch");
      await page.fill("[name=seed]", "8");
      await page.press("[name=seed]", "Tab");
      await page.click("#tab-keep");
      await page.click("#copy-link");
      await page.locator(".said", { hasText: "Copied" }).waitFor();
      const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
      expect(Object.fromEntries(link.searchParams)).toEqual(
        Object.fromEntries(new URLSearchParams(RUN)),
      );
      expect(faults).toEqual([]);
    });
  }, 200_000);

  test("goes on after a reload and after a crash of the tab, to the same bits", async () => {
    await inContext(async (context) => {
      const { page, faults } = await tab(context, RUN);
      const first = await begin(page);
      expect(first).toBeLessThan(STEPS - 2);
      await saved(page, first);
      await page.reload();
      await page.waitForSelector("#kept-offer");
      expect(await page.textContent("#kept-offer-title")).toBe(
        `A run of step ${first} is kept here`,
      );
      expect(await shiftOf(page)).toBeLessThan(0.02); // the offer was there from the beginning
      await page.click("#kept-offer .primary");
      await reach(page, "paused");
      expect(await stepOf(page)).toBe(first);
      await oneStep(page);
      await saved(page, first + 1);

      // Another tab may not have it meanwhile.
      const other = await tab(context);
      await other.page.click("#tab-keep");
      await other.page.waitForSelector("#kept-runs li");
      expect(await other.page.textContent("#kept-runs .badge")).toBe("open in a tab");
      expect(await other.page.locator("#kept-offer").count()).toBe(0);
      const goOn = other.page.getByRole("button", { name: /^Go on with small/ });
      expect(await goOn.getAttribute("aria-disabled")).toBe("true");

      const session = await context.newCDPSession(page);
      session.send("Page.crash").catch(() => undefined);
      await page.waitForEvent("crash");
      await page.close();
      await other.page.reload();
      await other.page.waitForSelector("#kept-offer");
      await other.page.click("#kept-offer .primary");
      await reach(other.page, "paused");
      expect(await stepOf(other.page)).toBe(first + 1);
      await other.page.click("#run");
      await reach(other.page, "done");
      await saved(other.page, STEPS);
      expect(bitsOf(await folderOf(other.page))).toEqual(bitsOf(undisturbed));
      expect([...faults, ...other.faults]).toEqual([]);
    });
  }, 300_000);

  test("goes on after the GPU's process has crashed, to the same bits", async () => {
    await inContext(async (context) => {
      const { page } = await tab(context, RUN);
      const first = await begin(page);
      await saved(page, first);
      await page.click("#run");
      await page.waitForFunction(
        (step) => Number(document.querySelector("#step")?.textContent?.split(" of ")[0]) > step,
        first,
      );
      const session = await browser().newBrowserCDPSession();
      await session.send("Browser.crashGpuProcess").catch(() => undefined);
      await page.waitForSelector(".notice.remark:has-text('The GPU was lost')", {
        timeout: 100_000,
      });
      expect(await page.textContent(".notice.remark")).toMatch(
        new RegExp(
          `^The GPU was lost after step \\d+.*the run goes on from step ${first}, which was saved last\\.$`,
        ),
      );
      await reach(page, "done");
      await saved(page, STEPS);
      expect(bitsOf(await folderOf(page))).toEqual(bitsOf(undisturbed));
    });
  }, 300_000);

  test("goes on in Node, and Node's run goes on in the page", async () => {
    const folder = writeRun("run", undisturbed);
    const { code, out } = await longhand("train", "--resume", folder, "--steps", `${STEPS + 2}`);
    expect(code).toBe(0);
    expect(out).toContain(`resumed at step ${STEPS}, ${STEPS + 2} steps in all`);
    expect(out).toMatch(/its bits will differ/);
    expect(readFileSync(join(folder, "metrics.jsonl"), "utf8")).toContain(
      textOf(undisturbed["metrics.jsonl"]),
    );
    const own = join(root, "own");
    const flags = ["--batch", "4", "--steps", "2", "--width", "0.5", "--out", own];
    expect((await longhand("train", "--recipe", "small", ...flags)).code).toBe(0);
    const rows = readFileSync(join(own, "metrics.jsonl"), "utf8");
    await inContext(async (context) => {
      const { page, faults } = await tab(context, "?view=keep");
      await page.setInputFiles("#choose-folder", own);
      await reach(page, "paused");
      expect(await page.textContent("#step")).toMatch(/^2 of /);
      expect(await page.textContent(".notice.remark")).toMatch(/it goes on with .*swiftshader/i);
      const address = new URL(page.url()).searchParams;
      expect(address.get("batch")).toBe("4");
      expect(Object.keys(JSON.parse(address.get("constants")!))).toEqual(
        expect.arrayContaining(["generatorWidths", "discriminatorWidths"]),
      );
      await oneStep(page);
      await saved(page, 3);
      const files = await folderOf(page);
      expect(textOf(files["metrics.jsonl"]).startsWith(rows)).toBe(true);
      expect(textOf(files["metrics.jsonl"]).split("\n")).toHaveLength(4);
      expect(files["samples/step-0000002.png"]).toBeDefined(); // Node's own grid stays
      expect(faults).toEqual([]);
    });
  }, 300_000);

  test("is saved while it trains: when its tab is hidden, and after each epoch", async () => {
    const own = await thirtyImages();
    await inContext(async (context) => {
      const { page } = await tab(context, "?recipe=mlp&view=keep&batch=8&steps=30000");
      await page.click("#run");
      await page.waitForFunction(
        () => Number(document.querySelector("#step")?.textContent?.split(" of ")[0]) > 1,
      );
      expect(await page.textContent("#kept-state")).toMatch(/Nothing of this run is saved yet\.$/);
      await page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await page.waitForSelector("#kept-state:has-text('was saved in this browser')");
      expect(await page.getAttribute(".run-bar", "data-state")).toBe("running");

      await page.click("#tab-images");
      await chooseImages(page, own);
      await page.click("#train-own");
      await page.click("dialog[open] .primary");
      await page.click("#tab-keep");
      // Three steps of 8 among 30 images are an epoch.
      await page.waitForFunction(() => {
        const step = /^Step (\d+) was saved/.exec(
          document.querySelector("#kept-state")?.textContent ?? "",
        )?.[1];
        return step !== undefined && Number(step) > 0 && Number(step) % 3 === 0;
      });
      expect(await page.getAttribute(".run-bar", "data-state")).toBe("running");
      // The run before stays. The list is read again after the words that a step was saved.
      await expect.poll(() => page.locator("#kept-runs li").count(), { timeout: 20_000 }).toBe(2);
    });
  }, 300_000);

  test("keeps own images with their run, for the page and for Node", async () => {
    const own = await thirtyImages();
    await inContext(async (context) => {
      const { page, faults } = await tab(context, "?recipe=mlp&view=images&batch=8&steps=7");
      await chooseImages(page, own);
      await page.click("#train-own");
      await reach(page, "done");
      await saved(page, 7);
      await page.reload();
      await page.click("#kept-offer .primary");
      await reach(page, "paused");
      expect(await page.textContent("#step")).toBe("7 of 7");
      expect(await page.textContent("#epoch")).toMatch(/^3 of/); // three steps of 8 among 30 images
      await page.click("#tab-watch");
      expect(await page.getAttribute("#timeline", "max")).toBe("7");
      await page.fill("#timeline", "0");
      await page.waitForFunction(
        () => document.querySelector("#sample-step")?.textContent === "before the first step",
      );
      await page.click("#tab-keep");
      const files = await folderOf(page);
      expect(Buffer.from(files[OWN_IMAGES]!).equals(own)).toBe(true);
      const folder = writeRun("own-images", files);
      const data = dirname(join(folder, OWN_IMAGES));
      const command = ["train", "--resume", folder, "--steps", "8"];
      expect((await longhand(...command)).err).toMatch(/images: /); // it isn't MNIST's
      expect((await longhand(...command, "--data", data)).code).toBe(0);
      expect(faults).toEqual([]);
    });
  }, 300_000);

  test("refuses a damaged run in words, and goes back to the checkpoint before", async () => {
    await inContext(async (context) => {
      const { page } = await tab(context, LITTLE);
      const first = await begin(page);
      await saved(page, first);
      const zipped = await folderOf(page);
      const name = "checkpoint/generator.safetensors";
      const bytes = zipped[name]!;
      const damaged = zipSync({
        ...zipped,
        [name]: bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1),
      });
      const drop = {
        name: "damaged.zip",
        mimeType: "application/zip",
        buffer: Buffer.from(damaged),
      };
      await page.setInputFiles("#choose-zip", drop);
      await page.waitForSelector("#error");
      expect(await page.textContent("#error")).toMatch(
        /^damaged\.zip\/checkpoint\/generator\.safetensors: is damaged: its SHA-256 is /,
      );
      expect(await page.getAttribute(".run-bar", "data-state")).toBe("paused"); // the run in training stays

      // Who learns is kept too.
      await page.click("#tab-step");
      await page.check("input[name=learner][value=discriminator]");
      await page.waitForSelector('#next-part[aria-disabled="false"]');

      await oneStep(page);
      await saved(page, first + 1);
      const hit = await page.evaluate(async (file) => {
        const runs = await (await navigator.storage.getDirectory()).getDirectoryHandle("runs");
        const namesIn = async (folder: FileSystemDirectoryHandle): Promise<string[]> => {
          const names: string[] = [];
          for await (const each of folder.keys()) names.push(each);
          return names.toSorted();
        };
        const [id] = await namesIn(runs);
        const slots = await (await runs.getDirectoryHandle(id!)).getDirectoryHandle("slots");
        const newest = (await namesIn(slots)).at(-1)!;
        const folder = await (
          await slots.getDirectoryHandle(newest)
        ).getDirectoryHandle("checkpoint");
        const handle = await folder.getFileHandle(file);
        const kept = new Uint8Array(await (await handle.getFile()).arrayBuffer());
        kept[kept.length >> 1]! ^= 1;
        const stream = await handle.createWritable();
        await stream.write(kept);
        await stream.close();
        return id;
      }, "generator.safetensors");
      await page.reload();
      await page.click("#kept-offer .primary");
      await reach(page, "paused");
      expect(await stepOf(page)).toBe(first);
      expect(await page.textContent(".notice.remark")).toMatch(
        new RegExp(
          `^${hit}/checkpoint/generator.safetensors: is damaged: .* The run goes on from the checkpoint before, of step ${first}\\. The discriminator learns alone, as it did`,
        ),
      );
      await page.click("#tab-step");
      await page.waitForSelector('#next-part[aria-disabled="false"]');
      expect(await page.isChecked("input[name=learner][value=discriminator]")).toBe(true);
    });
  }, 300_000);

  test("says that the storage is full, trains on, and deletes a run after a question", async () => {
    await inContext(async (context) => {
      const { page } = await tab(context, LITTLE);
      const first = await begin(page);
      await saved(page, first);
      const session = await context.newCDPSession(page);
      const { origin } = new URL(server.url);
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 1000 });
      await page.click("#one-step");
      await page.waitForSelector("#keep-trouble");
      expect(await page.textContent("#keep-trouble")).toMatch(
        new RegExp(
          `^Step ${first + 1} isn't kept, step ${first} is: the browser gives this page no more room\\. Training goes on\\.`,
        ),
      );
      await reach(page, "paused");
      expect(await stepOf(page)).toBe(first + 1);
      await session.send("Storage.overrideQuotaForOrigin", { origin });
      await page.click("#keep-now");
      await saved(page, first + 1);
      expect(await page.locator("#keep-trouble").count()).toBe(0);

      await page.reload();
      await page.locator("#kept-offer").getByRole("button", { name: "Not now" }).click();
      await page.click("#tab-keep");
      await page.getByRole("button", { name: /^Delete mlp/ }).click();
      await page.getByRole("button", { name: "Delete it" }).click();
      await page.waitForFunction(() => document.body.textContent?.includes("No run yet."));
      await page.waitForFunction(() => document.activeElement?.id === "tab-keep"); // after the next frame
      expect(await page.locator("#kept-offer").count()).toBe(0);
    });
  }, 300_000);
});
