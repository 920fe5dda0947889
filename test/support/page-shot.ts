// Takes docs/images/page.png: the page while it trains, in a headless Chromium on SwiftShader. `node --import tsx
// test/support/page-shot.ts [steps]`; 600 steps take five minutes or more.
import { serveWeb } from "../../web/server.ts";
import { launchChromium, ON_SWIFTSHADER } from "./chromium.ts";

const steps = Number(process.argv[2] ?? 600);
const path = new URL("../../docs/images/page.png", import.meta.url).pathname;

const server = await serveWeb({ port: 0 });
const browser = await launchChromium(ON_SWIFTSHADER);
try {
  const page = await browser.newPage({ viewport: { width: 1000, height: 1000 } });
  await page.goto(`${server.url}?recipe=small&seed=0&sample-every=50&autostart=1`);
  const drawn = `after step ${steps.toLocaleString("en")}`;
  await page.waitForFunction(
    (words) => document.querySelector("#sample-step")?.textContent === words,
    drawn,
    { timeout: 3_600_000 },
  );
  await page.screenshot({ path });
  console.log(`${path}: ${await page.textContent("#adapter")}, ${drawn}`);
} finally {
  await browser.close();
  await server.close();
}
