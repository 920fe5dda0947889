// What tests do with a run that the page keeps: take steps, wait until it is saved, and read its folder.
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { expect } from "vitest";
import { mnist } from "../../src/data.ts";
import { idxBytes } from "./idx-bytes.ts";
import { downloadFrom, reach } from "./page.ts";

/** The files of a run folder, by their paths in it. */
export type Files = Readonly<Record<string, Uint8Array>>;

/** Returns the step that the page says. */
export const stepOf = async (page: Page): Promise<number> =>
  Number((await page.textContent("#step"))!.split(" of ")[0]!.replace(",", ""));

/** Takes one step, and waits until it is done. */
export async function oneStep(page: Page): Promise<void> {
  const before = await stepOf(page);
  await page.click("#one-step");
  await page.waitForFunction(
    (step) => Number(document.querySelector("#step")?.textContent?.split(" of ")[0]) > step,
    before,
  );
  await reach(page, "paused");
}

/** Waits until a step is saved, and shows the view that says so. */
export async function saved(page: Page, step: number): Promise<void> {
  await page.click("#tab-keep");
  await page.waitForFunction(
    (wanted) => document.querySelector("#kept-state")?.textContent?.startsWith(wanted),
    `Step ${step} was saved`,
  );
}

/** The files of the run folder that the page gives. */
export async function folderOf(page: Page): Promise<Files> {
  const { name, bytes } = await downloadFrom(page, "#take-run");
  expect(name).toMatch(/^(small|mlp)-\d{8}-\d{6}\.zip$/);
  const start = name.replace(/\.zip$/, "/");
  return Object.fromEntries(
    Object.entries(unzipSync(bytes)).map(([path, data]) => [path.slice(start.length), data]),
  );
}

/** What must be equal in two runs of the same bits. */
export const bitsOf = (files: Files): Files =>
  Object.fromEntries(
    Object.entries(files).filter(([path]) => /\.safetensors$|^metrics\.jsonl$/.test(path)),
  );

/** Returns a file as text. */
export const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

/** Where a run folder has images of one's own. */
export const OWN_IMAGES = "images/train-images-idx3-ubyte";

/** Returns 30 images as the bytes of an IDX file. */
export async function thirtyImages(): Promise<Buffer> {
  const { images } = await mnist("test");
  return Buffer.from(idxBytes([30, 28, 28], images.subarray(0, 30 * 784)));
}

/** Gives the page images of one's own, from the view for them. */
export async function chooseImages(page: Page, buffer: Buffer): Promise<void> {
  const file = { name: "my-images", mimeType: "application/octet-stream", buffer };
  await page.setInputFiles("#files", [file]);
  await page.waitForSelector("#train-own[aria-disabled=false]");
}
