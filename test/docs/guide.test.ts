// docs/guide.md's code runs as it stands, and is short.
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PNG } from "pngjs";
import { afterAll, expect, test } from "vitest";
import { layers } from "../../src/index.ts";
import { withOps } from "../support/ops-doc.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FACES = { longhand: "index", "longhand/node": "node", "longhand/data": "data" } as const;
const page = readFileSync(join(ROOT, "docs/guide.md"), "utf8");
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code!);
const folder = mkdtempSync(join(ROOT, "node_modules", ".guide-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function outputOf(code: string): Promise<number[]> {
  const source = Object.entries(FACES).reduce(
    (text, [name, face]) =>
      text.replaceAll(`from "${name}"`, `from ${JSON.stringify(join(ROOT, "src", `${face}.ts`))}`),
    code,
  );
  const file = join(folder, "guide.mts");
  writeFileSync(file, source);
  const flags = ["--import", import.meta.resolve("tsx"), file];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { cwd: folder });
  return [...stdout.matchAll(/-?\d+(\.\d+)?(e-\d+)?(?=[,\]\s])/g)].map(([number]) =>
    Number(number),
  );
}

test("a device, tensors, gradients", { timeout: 120_000 }, async () => {
  // x·w = (−1.5, −2.5), y − 3 = 2 x·w − 2 = (−5, −7): the loss is 37, its gradient 2/2 · 2 · xᵀ(−5, −7).
  expect(await outputOf(blocks[0]!)).toEqual([37, -52, -76]);
});

test("a network and an optimizer", { timeout: 120_000 }, async () => {
  const found = (await outputOf(blocks[1]!)).slice(-4);
  [0, 1, 1, 0].forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(0.3));
});

test("a network of one's own, from the tensors of a group", { timeout: 120_000 }, async () => {
  const found = await outputOf(blocks[2]!);
  expect(found[0]).toBeLessThan(0.02);
  expect(found[1]).toBe(1);
});

test(
  "a compiled GAN with a loss of one's own, in under 60 lines",
  { timeout: 120_000 },
  async () => {
    const code = blocks[3]!;
    expect(code.trim().split("\n").length).toBeLessThan(60);
    const found = await outputOf(code);
    expect(found.length).toBeGreaterThanOrEqual(4);
    expect(found.every(Number.isFinite)).toBe(true);
  },
);

test("images kept apart, and how many are told right", { timeout: 240_000 }, async () => {
  const [accuracy] = await outputOf(blocks[4]!);
  expect(accuracy).toBeGreaterThan(0.85);
  expect(accuracy).toBeLessThan(0.97);
});

test("pictures", { timeout: 120_000 }, async () => {
  await outputOf(blocks[5]!);
  const { width, height } = PNG.sync.read(readFileSync(join(folder, "digits.png")));
  expect([width, height]).toEqual([242, 242]);
});

test("a learning rate on the device", { timeout: 120_000 }, async () => {
  const [loss] = await outputOf(blocks[6]!);
  expect(loss).toBeLessThan(0.01);
});

test("a loop that stops by itself, with its model saved", { timeout: 120_000 }, async () => {
  const [step, loss, ...more] = await outputOf(blocks[7]!);
  expect(step).toBeGreaterThan(100);
  expect(step).toBeLessThanOrEqual(400);
  expect(loss).toBeLessThan(0.01);
  expect(more).toEqual([]);
  expect(readdirSync(folder)).toContain("line.safetensors");
});

test("an op of one's own, and its gradient", { timeout: 120_000 }, async () => {
  const found = await outputOf(blocks[8]!);
  const expected = [1, Math.exp(-1), 0, -2 * Math.exp(-1)];
  expect(found).toHaveLength(4);
  expected.forEach((value, i) => expect(found[i]).toBeCloseTo(value, 5));
});

test("no block but these is there", () => {
  expect(blocks).toHaveLength(9);
});

test("its list of ops is up to date: npm run docs writes it", () => {
  expect(page).toBe(withOps(page));
});

test("every layer is in its table, and no other", () => {
  const table = /\| layer \| \|\n([\s\S]*?)\n\n/.exec(page)![1]!;
  const named = [...table.matchAll(/`(\w+)\(/g)].map(([, name]) => name!);
  const all = Object.entries(layers).filter(([, value]) => typeof value === "function");
  expect(named.toSorted()).toEqual(all.map(([name]) => name).toSorted());
});
