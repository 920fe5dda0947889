// Contestants in a headless Chromium, on SwiftShader: one page each, driven like their processes on Node.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { build, preview } from "vite";
import { AdapterError } from "../src/gpu/errors.ts";
import { launchChromium, ON_SWIFTSHADER } from "../test/support/chromium.ts";
import type { Answer, Command, ContestantName, StartOptions } from "./contestants/messages.ts";
import { remoteOf, type Arena, type Remote } from "./contestants/start.ts";
import { progress } from "./reports.ts";

const ROOT = join(import.meta.dirname, "browser");

/**
 * Bundles the pages of `names` and serves them. Chromium starts with the first contestant. Throws `AdapterError` if no
 * browser starts.
 */
export async function inBrowser(names: readonly ContestantName[]): Promise<Arena> {
  progress("bundling the pages");
  const folder = mkdtempSync(join(tmpdir(), "longhand-bench-"));
  const common = { configFile: false, root: ROOT, logLevel: "error", base: "./" } as const;
  const input = names.map((name) => join(ROOT, `${name}.html`));
  await build({
    ...common,
    build: {
      outDir: folder,
      emptyOutDir: true,
      minify: false,
      chunkSizeWarningLimit: 1e5,
      rolldownOptions: { input },
    },
  });
  const server = await preview({
    ...common,
    build: { outDir: folder },
    preview: { port: 0, host: "localhost" },
  });
  const url = server.resolvedUrls?.local[0] ?? "";
  const browsers: Browser[] = [];
  const launch = async (): Promise<Browser> => {
    const browser = await launchChromium(ON_SWIFTSHADER).catch((error: unknown) => {
      throw new AdapterError(`browser: ${error instanceof Error ? error.message : String(error)}`);
    });
    browsers.push(browser);
    return browser;
  };
  return {
    async start(options, cold = false) {
      const browser = cold ? undefined : browsers[0]; // a new browser has no cache yet
      return startPage(browser ?? (await launch()), `${url}${options.name}.html`, options);
    },
    async close() {
      await Promise.all(browsers.map((browser) => browser.close()));
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startPage(browser: Browser, url: string, options: StartOptions): Promise<Remote> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.waitForFunction(() => window.contest !== undefined);
  const ready = await page.evaluate(
    async (given): Promise<Answer> => window.contest!.start(given),
    options,
  );
  const ask = (command: Command): Promise<Answer> =>
    page.evaluate(async (given): Promise<Answer> => window.contest!.obey(given), command);
  // The whole browser may be closing already.
  const stop = (): void => void page.close().catch(() => undefined);
  return remoteOf(options.name, ready, ask, stop);
}
