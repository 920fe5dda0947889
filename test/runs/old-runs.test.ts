// Runs that began before some constants had names go on as they were: a run folder from commit c7aec0b is resumed by
// the real command line, and must reach the same result as in that commit.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { recipeNamed, recipes } from "../../src/gan/recipes/list.ts";
import { asBefore, constantsOf, titleOf, withConstants } from "../../src/runs/constants.ts";
import { readRunRecord, recipeOf } from "../../src/runs/run-folder.ts";
import { parseRecord, type RunRecord } from "../../src/runs/run-record.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand } from "../support/longhand.ts";
import { strokes } from "../support/narrow-recipes.ts";

const FIXTURE = new URL("../fixtures/old-run/", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "longhand-old-"));
const data = join(folder, "data");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => {
  const { images, count } = strokes(22);
  mkdirSync(data);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([count, 28, 28], images));
});

interface Row {
  readonly lossD: number;
  readonly lossG: number;
  readonly dReal: number;
  readonly dFake: number;
}

const rowsOf = (path: string): Row[] =>
  readFileSync(join(path, "metrics.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The largest difference between two runs' losses and verdicts. */
const apart = (a: readonly Row[], b: readonly Row[]): number =>
  Math.max(
    ...a.flatMap((row, i) =>
      (["lossD", "lossG", "dReal", "dFake"] as const).map((name) =>
        Math.abs(row[name] - b[i]![name]),
      ),
    ),
  );

/** Resumes a copy of the old run, its record changed, for 3 more steps. */
async function resumed(name: string, change: (record: RunRecord) => object): Promise<string> {
  const path = join(folder, name);
  cpSync(join(FIXTURE, "run"), path, { recursive: true });
  mkdirSync(join(path, "samples")); // its grids aren't kept
  const record = { ...readRunRecord(path), ...change(readRunRecord(path)) };
  writeFileSync(join(path, "run.json"), JSON.stringify(record));
  const flags = ["--resume", path, "--data", data, "--steps", "6"];
  const { code, out, err } = await longhand("train", ...flags);
  expect(code, err).toBe(0);
  expect(out).toContain("resumed at step 3");
  return path;
}

describe("a run of c7aec0b", () => {
  test("goes on to what that commit came to", async () => {
    const path = await resumed("old", () => ({}));
    const [found, expected] = [rowsOf(path), rowsOf(join(FIXTURE, "after"))];
    expect(found).toHaveLength(6);
    expect(apart(found, expected)).toBeLessThan(1e-5);
    for (const name of ["generator", "discriminator"]) {
      const read = (at: string) =>
        decodeSafetensors(readFileSync(join(at, `${name}.safetensors`)), name);
      const [own, theirs] = [read(join(path, "checkpoint")), read(join(FIXTURE, "after"))];
      expect([...own.tensors.keys()]).toEqual([...theirs.tensors.keys()]);
      for (const tensor of theirs.tensors.keys()) {
        const [mine, values] = [own, theirs].map((file) => readTensor(file, tensor, "F32"));
        const scale = values!.reduce((most, x) => Math.max(most, Math.abs(x)), 1e-6);
        const worst = values!.reduce((most, x, i) => Math.max(most, Math.abs(x - mine![i]!)), 0);
        expect(worst / scale, tensor).toBeLessThan(2e-5);
      }
    }
  });

  test("would have gone elsewhere by the constants of today", async () => {
    const { loss: _, ...today } = constantsOf(recipeNamed("dcgan32")); // by its old name below
    const path = await resumed("new", ({ constants }) => ({
      constants: {
        ...today,
        ...constants,
        generatorAdam: { ...Object(constants["generatorAdam"]), convention: "keras" },
      },
    }));
    expect(apart(rowsOf(path), rowsOf(join(FIXTURE, "after")))).toBeGreaterThan(1e-3);
  });
});

describe("what a record doesn't say is as it was", () => {
  const written: Readonly<Record<string, Record<string, unknown>>> = JSON.parse(
    readFileSync(join(FIXTURE, "constants.json"), "utf8"),
  );
  const record = readRunRecord(join(FIXTURE, "run"));
  const old = (recipe: Recipe): Recipe =>
    recipeOf({ ...record, recipe: recipe.name, constants: written[recipe.name]! }, "run");

  test.each(recipes)("in $name", (recipe) => {
    const adam = (name: string) => ({
      ...Object(written[recipe.name]![name]),
      convention: "pytorch",
    });
    const found = constantsOf(old(recipe));
    const { verdicts: loss, ...others } = written[recipe.name]!;
    expect(found).toEqual({
      ...others,
      loss,
      generatorAdam: adam("generatorAdam"),
      discriminatorAdam: adam("discriminatorAdam"),
      ...(recipe.name === "dcgan32" ? { edges: "clamp" } : {}),
      ...("runningVariance" in recipe ? { runningVariance: "population" } : {}),
      ...("clusters" in recipe ? { clusters: 0 } : {}),
      ...("channels" in recipe ? { channels: 1 } : {}),
      ...(recipe.name === "small" ? { spectral: false } : {}),
      ...("penalty" in recipe ? { penalty: 0, penaltyNoise: 0.05 } : {}),
    });
    // Older still: a record without any constants.
    expect(recipeOf({ ...record, recipe: recipe.name, constants: {} }, "run")).toEqual(old(recipe));
  });

  test("and what differs from the recipe of today is told", () => {
    const title = titleOf(old(recipeNamed("dcgan32")));
    for (const what of ["loss probabilities", "edges clamp", "runningVariance population"]) {
      expect(title).toContain(what);
    }
    expect(title).toContain("generatorAdam.convention pytorch");
  });

  test.each(recipes)("a run of $name begun today keeps what it began with", (recipe) => {
    const constants: unknown = JSON.parse(JSON.stringify(constantsOf(recipe)));
    const kept = recipeOf({ ...record, recipe: recipe.name, constants: Object(constants) }, "run");
    expect(kept).toEqual(recipe);
    const before = withConstants(recipe, constantsOf(asBefore(recipe)), "--config");
    expect(before).toEqual(asBefore(recipe));
  });
});

test("a key of run.json that has another name by now is still read", () => {
  const { activationType: _, ...rest } = readRunRecord(join(FIXTURE, "run"));
  const bytes = Buffer.from(JSON.stringify({ ...rest, storage: "f16" }));
  expect(parseRecord(bytes, "run.json").activationType).toBe("f16");
});
