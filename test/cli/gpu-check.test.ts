// `longhand gpu-check` as people run it, and what it keeps for later runs.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseCheck } from "../../src/gpu-check/report.ts";
import {
  barWrongVariants,
  doubtOfHalf,
  loadGpuCheck,
  saveGpuCheck,
} from "../../src/runs/gpu-checks.ts";
import { kernelChoices } from "../../src/kernels/variant.ts";
import { longhand } from "../support/longhand.ts";
import { testDevice } from "../support/device.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-check-"));
// Mesa's compiled kernels stay where they are.
process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = join(folder, "cache"); // of this file's process and of those it starts
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a short check writes a report, prints tables, and keeps what it found", async () => {
  const out = join(folder, "check.json");
  const { code, out: said, err } = await longhand("gpu-check", "--seconds", "4", "--out", out);
  expect(code, err).toBe(0);
  const check = parseCheck(readFileSync(out), out);
  expect(check.correctness.cases).toBeGreaterThan(0);
  expect(check.correctness.left).toBeGreaterThan(0); // four seconds are far too few for all
  expect(check.correctness.faults).toEqual([]);
  expect(check.about.runtime).toMatch(/^Dawn \(webgpu \d.* on Node \d/);
  expect(said).toContain(`## ${check.about.adapter}\n\n`);
  expect(said).toContain("kernels that ran are right**");
  expect(err).toContain("Comparing kernels with float64…");
  expect(err).toContain(`Written to ${out}`);
  expect(await loadGpuCheck(check.about.adapter)).toMatchObject({ barred: [] });
});

test("16-bit floats aren't trusted where Dawn hides them, until a check has found them right", () => {
  const [nvidia, other] = [{ vendor: "nvidia" }, { vendor: "mesa" }];
  expect(doubtOfHalf(other, "vulkan", { f16: null })).toBeUndefined();
  expect(doubtOfHalf(nvidia, "d3d12", { f16: null })).toBeUndefined();
  expect(doubtOfHalf(nvidia, "vulkan", { f16: null })).toMatch(/this one wasn't checked$/);
  expect(doubtOfHalf(nvidia, "vulkan", { f16: true })).toBeUndefined();
  for (const info of [nvidia, other]) {
    expect(doubtOfHalf(info, "vulkan", { f16: false })).toMatch(/gave wrong results/);
  }
});

test("what is kept bars variants on later devices; a shorter check undoes none of it", async () => {
  const name = "An adapter, driver 1.2";
  const none = { checked: false, barred: [], f16: null };
  expect(await loadGpuCheck(name)).toMatchObject(none);
  const path = await saveGpuCheck(name, { barred: ["matmul.tiled"], f16: false, left: 0 });
  const device = await testDevice();
  await barWrongVariants(device, name);
  expect([...kernelChoices(device).barred]).toEqual(["matmul.tiled"]);
  kernelChoices(device).barred.clear();
  await saveGpuCheck(name, { barred: ["reduce.subgroup"], f16: null, left: 5 });
  const both = { barred: ["matmul.tiled", "reduce.subgroup"], f16: false };
  expect(await loadGpuCheck(name)).toMatchObject(both);
  await saveGpuCheck(name, { barred: [], f16: true, left: 0 });
  expect(await loadGpuCheck(name)).toMatchObject({ barred: [], f16: true });
  // Damaged, it counts as none.
  writeFileSync(path, readFileSync(path, "utf8").replace("true", "false"));
  expect(await loadGpuCheck(name)).toMatchObject(none);
  expect(existsSync(path)).toBe(true);
});

test.each([
  [["--out", "report.txt"], "must end in .json"],
  [["--out", "/no/such/folder/a.json"], "its folder does not exist"],
  [["--adapter", "null"], "runs nothing, so there is nothing to check"],
  [["--seconds", "0"], "It takes a whole number, 1 or more."],
])("%j is refused in one line, before anything is checked", async (flags, says) => {
  const { code, err } = await longhand("gpu-check", ...flags);
  expect(code).toBe(2);
  expect(err).toContain(says);
});
