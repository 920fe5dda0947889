// Starts a browser for tests of pages.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { launchChromium } from "./chromium.ts";

/** Starts a browser for the tests of a `describe`. If none starts, they are skipped, or fail in CI. */
export function openBrowser(flags: readonly string[]): () => Browser {
  let browser: Browser | undefined;
  let reason = "";
  beforeAll(async () => {
    try {
      browser = await launchChromium(flags);
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  });
  beforeEach((context) => {
    if (reason !== "" && process.env["CI"]) throw new Error(reason);
    context.skip(reason !== "", reason);
  });
  afterAll(() => browser?.close());
  return () => browser!;
}
