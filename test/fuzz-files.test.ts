// A slice of what `npm run soak -- faults` runs in full: files that nobody would write, and every bit of a checkpoint.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Fuzzed } from "./soak/fuzzing.ts";
import { flipBits, flipEveryBit, fuzzRunFolders, fuzzRunRecords } from "./soak/fuzz-runs.ts";
import { fuzzSafetensors } from "./soak/fuzz-safetensors.ts";
import { makeTinyRun } from "./support/tiny-run.ts";

const SEED = 20261127;
const MOST_GROWN = 2 ** 24 + 2 ** 21;

function expectSound({ count, refused, accepted, worstMs, grownBytes, failures }: Fuzzed): void {
  expect(failures).toEqual([]);
  expect(refused + accepted).toBe(count);
  expect(worstMs).toBeLessThan(1000);
  expect(grownBytes).toBeLessThan(MOST_GROWN);
}

test("safetensors files are read as they say, or refused", () => {
  const fuzzed = fuzzSafetensors(10_000, SEED);
  expectSound(fuzzed);
  expect(fuzzed.accepted).toBeGreaterThan(500);
});

test("a run.json is read as it is written, or refused", () => {
  const fuzzed = fuzzRunRecords(4000, SEED);
  expectSound(fuzzed);
  expect(fuzzed.accepted).toBeGreaterThan(100);
});

test("a run goes on from what was written, or is refused", () => {
  const fuzzed = fuzzRunFolders(300, SEED);
  expectSound(fuzzed);
  expect(fuzzed.refused).toBeGreaterThan(200);
});

test("no bit of a checkpoint can flip, and none of its files end early, unseen", () => {
  const { count, refused, failures } = flipEveryBit();
  expect(failures).toEqual([]);
  expect(refused).toBe(count);
  expect(count).toBeGreaterThan(15_000);
});

test("nor on the disk, where what to do is said", () => {
  const root = mkdtempSync(join(tmpdir(), "longhand-flips-"));
  try {
    const { path } = makeTinyRun(join(root, "run"), [3, 8]);
    const { count, refused, failures } = flipBits(path, 200, SEED);
    expect([refused, failures]).toEqual([count, []]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
