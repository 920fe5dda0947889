// The README's program, run as it stands there.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;

it("the README's library example fits 25 lines and prints what it says", async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, code] = /```ts\n([\s\S]+?)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error("README.md: no ts block");
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(25);
  const source = code
    .replaceAll('"longhand"', JSON.stringify(join(ROOT, "src/index.ts")))
    .replaceAll('"longhand/node"', JSON.stringify(join(ROOT, "src/node.ts")));
  const folder = mkdtempSync(join(ROOT, "node_modules", ".readme-"));
  try {
    const file = join(folder, "example.mts");
    writeFileSync(file, source);
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ["--import", "tsx", file], { cwd: ROOT });
    const [gradient, place, loss] = [...stdout.matchAll(/\[(.+)\]/g)].map((match) =>
      match[1]!.split(",").map(Number),
    );
    gradient!.forEach((value, i) => expect(value).toBeCloseTo((2 * (i + 1)) / 3, 5));
    expect(place).toEqual([2]);
    expect(loss![0]).toBeLessThan(1e-6);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
