// A slice of `npm run soak -- faults`: files that nobody would write, and flips of every bit of a checkpoint.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { decodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";
import type { Fuzzed } from "../soak/fuzzing.ts";
import { flipBits, flipEveryBit, fuzzRunFolders, fuzzRunRecords } from "../soak/fuzz-runs.ts";
import { fuzzSafetensors } from "../soak/fuzz-safetensors.ts";
import { makeTinyRun } from "../support/tiny-run.ts";

const SEED = 20261127;

function expectSound({ count, refused, accepted, failures }: Fuzzed): void {
  expect(failures).toEqual([]);
  expect(refused + accepted).toBe(count);
}

test("the costliest text that is still read takes less than 16 MB and a second", () => {
  const script = fileURLToPath(new URL("../fixtures/hostile-headers.mjs", import.meta.url));
  const output = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", script]);
  const { grownBytes, worstMs }: Record<string, number> = JSON.parse(output.toString());
  expect(grownBytes).toBeLessThan(2 ** 24);
  expect(worstMs).toBeLessThan(1000);
});

test("a header far longer than what is asked for needs isn't parsed", async () => {
  const bytes = new Uint8Array(2e7).fill(0x5b);
  new DataView(bytes.buffer).setBigUint64(0, 19_000_000n, true);
  const before = process.resourceUsage().maxRSS;
  const began = process.cpuUsage();
  const expected = new Map([["dense.kernel", { shape: [784, 1] }]]);
  for (const asked of [expected, undefined]) {
    expect(await messageOf(CheckpointError, () => decodeSafetensors(bytes, "f", asked))).toMatch(
      /^f: says its header has 19000000 bytes; a header for the requested tensors has at most \d{5}\.$/,
    );
  }
  const { user, system } = process.cpuUsage(began);
  expect(user + system).toBeLessThan(1e6); // microseconds of the processor's time
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(16 * 1024);
});

test("safetensors files are read as they say, or refused", async () => {
  const fuzzed = await fuzzSafetensors(10_000, SEED);
  expectSound(fuzzed);
  expect(fuzzed.accepted).toBeGreaterThan(500);
});

test("a run.json is read as it is written, or refused", async () => {
  const fuzzed = await fuzzRunRecords(4000, SEED);
  expectSound(fuzzed);
  expect(fuzzed.accepted).toBeGreaterThan(100);
});

test("a run goes on from what was written, or is refused", async () => {
  const fuzzed = await fuzzRunFolders(300, SEED);
  expectSound(fuzzed);
  expect(fuzzed.refused).toBeGreaterThan(200);
});

test("no bit of a checkpoint can flip, and none of its files end early, unseen", async () => {
  const { count, refused, failures } = await flipEveryBit();
  expect(failures).toEqual([]);
  expect(refused).toBe(count);
  expect(count).toBeGreaterThan(15_000);
});

test("nor on the disk, where what to do is said", async () => {
  const root = mkdtempSync(join(tmpdir(), "longhand-flips-"));
  try {
    const { path } = makeTinyRun(join(root, "run"), [3, 8]);
    const { count, refused, failures } = await flipBits(path, 200, SEED);
    expect([refused, failures]).toEqual([count, []]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
