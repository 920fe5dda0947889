// The examples run as they stand, by public names only, for fewer steps than people would take.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PNG } from "pngjs";
import { afterAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Whose `paths` lead the package's names to the sources. */
const TSX_TSCONFIG_PATH = join(ROOT, "tsconfig.json");
const folder = mkdtempSync(join(tmpdir(), "longhand-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run = async (name: string, ...args: string[]): Promise<string> => {
  const flags = ["--import", import.meta.resolve("tsx")];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, join(ROOT, "examples", name), ...args],
    { cwd: folder, timeout: 240_000, env: { ...process.env, TSX_TSCONFIG_PATH } },
  );
  return stdout;
};

test("regression.ts draws a sine", { timeout: 240_000 }, async () => {
  const said = await run("regression.ts");
  const found = Number(/the model says (-?[\d.]+)/.exec(said)?.[1]);
  expect(Math.abs(found - Math.sin(1.5))).toBeLessThan(0.15);
});

test("custom-op.ts checks its op, and goes on with a wave", { timeout: 240_000 }, async () => {
  const said = await run("custom-op.ts");
  const [, error] = /the gradient is off by at most (\S+)/.exec(said)!;
  expect(Number(error)).toBeLessThan(1e-4);
  const waves = [...said.matchAll(/sin\((\S+)\) is \S+, the network says (-?[\d.]+)/g)];
  expect(waves.map(([, at]) => Number(at))).toEqual([1.5, 8, 10]);
  for (const [, at, found] of waves) {
    expect(Math.abs(Number(found) - Math.sin(Number(at)))).toBeLessThan(0.25);
  }
});

test("classifier.ts learns digits, and is the same once loaded", { timeout: 240_000 }, async () => {
  const said = await run("classifier.ts", "100", join(folder, "c.safetensors"));
  const shares = [...said.matchAll(/([\d.]+) % of 10000 test images right/g)].map(([, n]) =>
    Number(n),
  );
  expect(shares).toHaveLength(2);
  expect(shares[0]).toBeGreaterThan(80);
  expect(shares[1]).toBe(shares[0]);
});

test("mnist-gan.ts trains, draws and saves", { timeout: 240_000 }, async () => {
  const picture = join(folder, "samples.png");
  const said = await run("mnist-gan.ts", "20", picture);
  const losses = /step 20 of 20: loss D ([\d.]+), loss G ([\d.]+)/.exec(said)!.slice(1).map(Number);
  expect(losses.every((loss) => loss > 0 && loss < 10)).toBe(true);
  const { width, height, data } = PNG.sync.read(readFileSync(picture));
  expect([width, height]).toEqual([242, 242]); // 8 × 8 images of 28 × 28, 2 pixels apart
  expect(new Set(data).size).toBeGreaterThan(50); // grays
  expect(readdirSync(folder)).toContain("generator.safetensors");
});

test("each is short, and imports no more than the package shows", () => {
  const files = readdirSync(join(ROOT, "examples"), { recursive: true, encoding: "utf8" }).filter(
    (name) => /\.(ts|html|wgsl)$/.test(name),
  );
  expect(files).toHaveLength(6);
  for (const file of files) {
    const text = readFileSync(join(ROOT, "examples", file), "utf8");
    expect(text.trimEnd().split("\n").length, file).toBeLessThanOrEqual(110);
    for (const [, from] of text.matchAll(/from "([^"]+)"/g)) {
      expect(from).toMatch(/^(longhand(\/\w+)?|node:\w+)$/);
    }
  }
});
