// The README: its program runs as it stands, and the page stays short.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;

it("the README's library example fits 20 lines and prints what it says", async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, code] = /```ts\n([\s\S]+?)```/.exec(readme) ?? [];
  if (code === undefined) throw new Error("README.md: no ts block");
  expect(code.trim().split("\n").length).toBeLessThanOrEqual(20);
  const source = code
    .replaceAll('"longhand"', JSON.stringify(join(ROOT, "src/index.ts")))
    .replaceAll('"longhand/node"', JSON.stringify(join(ROOT, "src/node.ts")));
  const folder = mkdtempSync(join(ROOT, "node_modules", ".readme-"));
  try {
    const file = join(folder, "example.mts");
    writeFileSync(file, source);
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ["--import", "tsx", file], { cwd: ROOT });
    const [gradient, loss] = stdout.trim().split("\n");
    const values = /\[(.+)\]/.exec(gradient!)![1]!.split(",").map(Number);
    expect(values).toHaveLength(3);
    values.forEach((value, i) => expect(value).toBeCloseTo((2 * (i + 1)) / 3, 5));
    expect(Number(loss)).toBeGreaterThanOrEqual(0);
    expect(Number(loss)).toBeLessThan(1e-6);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("fits 8 KB, as the page on the architecture does", () => {
  for (const page of ["README.md", "docs/architecture.md"]) {
    expect(statSync(join(ROOT, page)).size, page).toBeLessThanOrEqual(8192);
  }
});
