// `longhand train --f16`: a run that stores activations in 16 bits, how it is resumed, and where it is refused.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { testDevice } from "../support/device.ts";
import { longhand, type Outcome } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-f16-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const run = (name: string): string => join(folder, name);
const metrics = (name: string): string => readFileSync(join(run(name), "metrics.jsonl"), "utf8");

const able = (await testDevice()).gpu.features.has("shader-f16");
if (!able) console.log("only refusals are tested: the adapter has no shader-f16");

const train = async (name: string, ...args: string[]): Promise<Outcome> =>
  longhand(
    "train",
    "--recipe",
    "small",
    "--batch",
    "4",
    "--steps",
    "2",
    "--out",
    run(name),
    ...args,
  );

describe.skipIf(!able)("train --f16", () => {
  test("is kept by the run, resumed with the same bits, and refused of a run without", async () => {
    const outcomes = [await train("f32"), await train("f16", "--f16")];
    for (const { code, err } of outcomes) expect(code, err).toBe(0);
    expect(outcomes[1]!.out).toContain("Activations are stored in 16 bits.");
    expect(JSON.parse(readFileSync(join(run("f16"), "run.json"), "utf8"))).toHaveProperty(
      "activationType",
      "f16",
    );
    expect(metrics("f16")).not.toBe(metrics("f32"));

    cpSync(run("f16"), run("stopped"), { recursive: true });
    const whole = await train("f16", "--f16", "--force", "--steps", "4");
    const resumed = await longhand("train", "--resume", run("stopped"), "--steps", "4");
    for (const { code, err } of [whole, resumed]) expect(code, err).toBe(0);
    expect(metrics("stopped")).toBe(metrics("f16"));

    const refused = await longhand("train", "--resume", run("f32"), "--f16", "--steps", "4");
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/^longhand: --f16: the run in .* stores activations as f32/m);
  }, 600_000);
});

test("train --f16 is refused on SwiftShader, which lacks it, before anything is made", async () => {
  const { code, err } = await train("none", "--f16", "--adapter", "swiftshader");
  expect(code).toBe(2);
  expect(err).toMatch(/^longhand: --f16: .* has no shader-f16; leave the flag out/m);
  expect(existsSync(run("none"))).toBe(false);
}, 300_000);
