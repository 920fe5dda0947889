// A visitor of the page, for tests: opens it, waits for what the run does, and reads canvases. Everything that goes wrong
// in the page is collected.
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

/** A page that was opened, and what went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** Errors, console messages, and requests to other hosts. A test ends by expecting none. */
  readonly faults: string[];
}

/** How a visitor's browser is set. */
export interface Visitor {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** Opens the page at an address, with a query such as `?batch=8`. */
export async function visit(
  browser: Browser,
  url: string,
  query = "",
  { width = 1280, height = 900, dark = false }: Visitor = {},
): Promise<Visit> {
  const page = await browser.newPage({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
  });
  page.setDefaultTimeout(100_000); // a start compiles dozens of kernels, on whatever machine this is
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    const said = message.text();
    if (!said.startsWith("[vite]")) faults.push(`${message.type()}: ${said}`);
  });
  page.on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (/^https?:$/.test(protocol) && host !== new URL(url).host) faults.push(`asked ${host}`);
  });
  // What the policy stopped is a fault even if the page goes on.
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
      console.error(`the policy stopped ${violatedDirective} ${blockedURI}`),
    );
  });
  await page.goto(url + query);
  return { page, faults };
}

/** Waits until the run is in a state. Fails at once, with its words, if the page says that something failed. */
export async function reach(page: Page, state: string, timeout = 200_000): Promise<void> {
  await page.waitForFunction(
    (wanted) =>
      document.querySelector(".run-bar")?.getAttribute("data-state") === wanted ||
      document.querySelector("#error") !== null,
    state,
    { timeout },
  );
  expect(await page.locator("#error").allTextContents()).toEqual([]);
}

/** Waits until the page has found its adapter. */
export async function opened(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector("#adapter")?.textContent?.includes("Looking") === false,
  );
}

/** Returns how much has moved on the page without a visitor's doing, as browsers count it (cumulative layout shift). */
export const shiftOf = (page: Page): Promise<number> =>
  page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += Number(Object(entry)["value"]);
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );

/** What a canvas shows: its size in pixels, and the red, green and blue of each. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly levels: readonly number[];
}

/** Reads the canvas of a name, as the browser shows it. */
export async function readCanvas(page: Page, name: string): Promise<Shown> {
  return page.locator(`#canvas-${name}`).evaluate((canvas) => {
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error("it is no canvas");
    const copy = document.createElement("canvas");
    const { width, height } = Object.assign(copy, { width: canvas.width, height: canvas.height });
    const context = copy.getContext("2d")!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    return { width, height, levels: Array.from(data).filter((_, i) => i % 4 !== 3) };
  });
}

/** How many different colours a canvas shows. */
export async function coloursIn(page: Page, name: string): Promise<number> {
  const { levels } = await readCanvas(page, name);
  const colours = new Set<string>();
  for (let at = 0; at < levels.length; at += 3) colours.add(levels.slice(at, at + 3).join());
  return colours.size;
}

/** Saves what a button downloads, as bytes, with the name that is suggested for it. */
export async function downloadFrom(
  page: Page,
  selector: string,
): Promise<{ readonly name: string; readonly bytes: Buffer }> {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(chunks) };
}
