// The same seed gives the same losses in a browser and on Node, bit for bit, on the same adapter.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { serveWeb } from "../../web/server.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { openBrowser } from "../support/open-browser.ts";
import { reach, visit } from "../support/page.ts";

const browser = openBrowser(ON_SWIFTSHADER);
const STEPS = 20;

/** The rows of a log, which are lines of JSON. */
const rowsOf = (text: string): unknown[] =>
  text
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

test(`${STEPS} steps of small give the same losses in Chromium and on Node`, async () => {
  const folder = mkdtempSync(join(tmpdir(), "longhand-same-bits-"));
  const server = await serveWeb({ port: 0 });
  try {
    const { page, faults } = await visit(browser(), server.url, `?steps=${STEPS}&autostart=1`);
    await reach(page, "done");
    // A text, since Vitest would rewrite the import of a function.
    const inPage = String(
      await page.evaluate(
        `import("/state/lab.ts").then(({ lab }) => lab.lossesFile()).then(({ bytes }) => new TextDecoder().decode(bytes))`,
      ),
    );
    expect(faults).toEqual([]);
    await page.close();
    const run = join(folder, "run");
    const command = ["--import", "tsx", "src/cli/main.ts", "train", "--recipe", "small"];
    execFileSync(
      process.execPath,
      [...command, "--steps", String(STEPS), "--adapter", "swiftshader", "--out", run],
      { stdio: "pipe" },
    );
    const onNode = readFileSync(join(run, "metrics.jsonl"), "utf8");
    expect(rowsOf(inPage)).toHaveLength(STEPS);
    expect(rowsOf(inPage)).toEqual(rowsOf(onNode));
  } finally {
    await server.close();
    rmSync(folder, { recursive: true });
  }
});
