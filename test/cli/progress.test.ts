// The first minute of a run in real terminals of several widths: it says what happens, and nothing is wider.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ROOT } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-terminal-"));
const data = join(folder, "data");
const run = join(folder, "run");
const COMMAND = `node --import tsx src/cli/main.ts train --recipe mlp --width 0.125 --batch 4 --steps 60 --data '${data}'`;

/** `script`, of util-linux, gives a command a terminal. */
const hasScript =
  spawnSync("script", ["--version"], { encoding: "utf8" }).stdout?.includes("util-linux") ?? false;

beforeAll(async () => {
  const mnist = await loadImages(undefined, "train");
  mkdirSync(data);
  const images = mnist.images.subarray(0, 400 * 784);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([400, 28, 28], images));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const FIRST_COLUMN = new RegExp(String.raw`\u{1b}\[[01]?G`, "gu");
const CODES = new RegExp(String.raw`\u{1b}(?:\[[0-9;?]*[A-Za-z]|[78])`, "gu");

/** Returns what a terminal of so many columns got, each time that something was drawn from a line's beginning. */
function drawn(columns: number): string[] {
  const command = `stty cols ${columns} rows 24; ${COMMAND} --out '${run}-${columns}'`;
  const text = execFileSync("script", ["-qefc", command, "/dev/null"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, MESA_SHADER_CACHE_DISABLE: "true" },
    timeout: 240_000,
  });
  // Bars are drawn from the first column; lines above them end with a new line.
  return text
    .replaceAll(FIRST_COLUMN, "\n")
    .replaceAll(CODES, "")
    .split(/[\r\n]+/)
    .filter((line) => line !== "");
}

it.skipIf(!hasScript).each([80, 40])(
  "in %i columns",
  (columns) => {
    const lines = drawn(columns);
    const bars = lines.filter((line) => /[█░]|, [\d.]+ s$/.test(line));
    expect(bars.length).toBeGreaterThan(5);
    expect(bars.filter((line) => line.length >= columns)).toEqual([]);
    const at = (what: RegExp): number => lines.findIndex((line) => what.test(line));
    const order = [
      /^[█░]+ Compiling kernels: \d+ of \d+/,
      /First step, kernel by kernel: \d+ of \d+/,
      /^\S+( s)? left .*step \d+\/60/,
      /^Done: 60 steps/,
    ].map(at);
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  },
  300_000,
);

it("prints a line per phase outside a terminal, without control codes", () => {
  const { stdout, stderr, status } = spawnSync("sh", ["-c", `${COMMAND} --out '${run}-lines'`], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 240_000,
  });
  expect(status, stderr).toBe(0);
  const phases = stdout.split("\n").filter((line) => line.endsWith(" …"));
  expect(phases).toEqual([
    "Compiling kernels …",
    "Asking the untrained discriminator …",
    "Drawing the first pictures …",
    "First step, kernel by kernel …",
  ]);
  expect(`${stdout}${stderr}`).not.toContain("\u001b");
}, 300_000);
