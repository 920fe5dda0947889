// Samples and losses as files for other programs: `sample --format npz` and `csv`, and `metrics`, read back by this
// project, by NumPy, and row by row.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { metricsCommand } from "../../src/cli/commands/metrics.ts";
import { sampleCommand, type SampleFlags } from "../../src/cli/commands/sample.ts";
import { createModels } from "../../src/gan/gan.ts";
import { drawSamples, latents } from "../../src/gan/samples.ts";
import { CheckpointError, UsageError } from "../../src/gpu/errors.ts";
import { toGray } from "../../src/pictures/grid.ts";
import { chosenRecipe } from "../../src/runs/config.ts";
import { drawWithLatents, latentsCsv, pixelsCsv, samplesNpz } from "../../src/runs/sample-files.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";
import { testDevice } from "../support/device.ts";
import { longhand } from "../support/longhand.ts";
import { messageOf } from "../support/message-of.ts";
import { NUMPY, python } from "../support/numpy.ts";
import { said } from "../support/said.ts";
import { temporaryFolders } from "../support/set-files.ts";

const folder = temporaryFolders();
const device = await testDevice();
const narrow = async (recipe: string) =>
  createModels(device, await chosenRecipe({ recipe, width: 0.05 }), 7);

describe("samples", () => {
  test("are those that sample draws, with their latents and classes", async () => {
    const models = await narrow("conditional");
    const samples = await drawWithLatents(models, 3, 12);
    expect(samples.images).toEqual(await drawSamples(models, 3, 12));
    expect(samples.latents).toEqual(await latents(models, 3, 12).read("f32"));
    expect(samples.told).toEqual({
      name: "classes",
      each: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1),
    });
    const npz = samplesNpz(samples);
    expect(samplesNpz(samples)).toEqual(npz); // no time of day in it
    const path = folder({ "samples.npz": npz, "samples.csv": pixelsCsv(samples) });
    for (const name of ["samples.npz", "samples.csv"]) {
      const set = await openSet(join(path, name), "train");
      expect([set.count, set.height, set.width]).toEqual([12, 28, 28]);
      expect(set.images, name).toEqual(toGray(samples.images));
      expect([...set.labels!]).toEqual([...samples.told!.each]);
    }
    const [header = "", first = ""] = String(Buffer.from(latentsCsv(samples))).split("\n");
    expect(header).toMatch(/^label,z0,z1,.*,z99$/);
    expect(Float32Array.from(first.split(",").slice(1), Number)).toEqual(
      samples.latents.slice(0, 100),
    );
    if (NUMPY === undefined) return; // the rest needs python3 and numpy
    const program = `
import numpy as np, sys
with np.load(sys.argv[1]) as f:
    for name in f: print(name, f[name].dtype, f[name].shape, float(np.abs(f[name].astype('f8')).sum()))
`;
    const sum = (values: ArrayLike<number>): number =>
      Array.from(values).reduce((total, value) => total + Math.abs(value), 0);
    const lines = python(program, join(path, "samples.npz")).trim().split("\n");
    const arrays = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
    expect(arrays).toEqual([
      "images float32 (12, 28, 28)",
      "latents float32 (12, 100)",
      "classes int32 (12,)",
    ]);
    const sums = lines.map((line) => Number(line.slice(line.lastIndexOf(" ") + 1)));
    const wanted = [samples.images, samples.latents, samples.told!.each].map(sum);
    sums.forEach((got, i) => expect(got / wanted[i]!).toBeCloseTo(1, 9));
  });

  test("say which cluster each was drawn for, which is no label", async () => {
    const models = await narrow("best");
    const shares = new Float32Array(models.recipe.clusters!);
    shares.set([0.5, 0.5], 3);
    models.clusters!.shares.write(shares);
    const samples = await drawWithLatents(models, 0, 20);
    expect(samples.told?.name).toBe("clusters");
    expect([...new Set(samples.told?.each)].toSorted()).toEqual([3, 4]);
    expect(samples.images).toEqual(await drawSamples(models, 0, 20));
    expect(String(Buffer.from(latentsCsv(samples)))).toMatch(/^cluster,z0,/);
    expect(String(Buffer.from(pixelsCsv(samples)))).toMatch(/^pixel0,pixel1,/);
    const path = folder({ "samples.npz": samplesNpz(samples) });
    expect((await openSet(path, "train")).labels).toBeUndefined();
  });
});

describe("commands", () => {
  let run = "";
  beforeAll(async () => {
    run = join(folder({}), "run");
    // The null adapter computes nothing, and is quick; what is drawn is void, and as good a number as any.
    const flags = ["--recipe", "mlp", "--width", "0.05", "--batch", "4", "--adapter", "null"];
    await longhand("train", ...flags, "--steps", "3", "--out", run);
  }, 60_000);

  const drawn = async (flags: SampleFlags): Promise<readonly string[]> =>
    (await said(() => sampleCommand(run, { ...flags, count: 3 }))).split("\n").slice(1);

  test("sample writes the format of the flag, or of --out's ending", async () => {
    expect(await drawn({ format: "npz" })).toEqual([join(run, "sample-seed0.npz")]);
    const out = join(run, "digits.csv");
    expect(await drawn({ out })).toEqual([out, join(run, "digits-latents.csv")]);
    expect((await openSet(out, "train")).count).toBe(3);
    // The arrays of 3 images and 3 latents of 4 bytes each, and their headers.
    const { length } = readFileSync(join(run, "sample-seed0.npz"));
    expect(length).toBeGreaterThan(3 * 4 * (784 + 100));
    const refusal = (flags: SampleFlags): Promise<string> =>
      messageOf(UsageError, () => sampleCommand(run, flags));
    expect(await refusal({ format: "npz", out: "a.png" })).toBe("--out a.png: must end in .npz");
    expect(await refusal({ out: "a.jpg" })).toBe("--out a.jpg: must end in .png");
    expect(await refusal({ format: "csv", grid: false })).toBe(
      "--format csv: has all digits in one file; leave out --grid",
    );
  });

  test("metrics writes every step as a row, and leaves files that are not its own", async () => {
    const log = join(run, "metrics.jsonl");
    const before = readFileSync(log, "utf8");
    const rows = [
      { step: 1, epoch: 1, lossD: 0.5, lossG: -0, dReal: 0.25, dFake: 1e-9 },
      { step: 2, epoch: 1, lossD: "NaN", lossG: "Infinity", dReal: null, dFake: 0 },
    ].map((row) => `${JSON.stringify(row)}\n`);
    const table = join(run, "metrics.csv");
    try {
      expect(await said(() => metricsCommand(run, {}))).toBe(`${table} (3 steps)`);
      expect(readFileSync(table, "utf8").split("\n")).toHaveLength(5);
      writeFileSync(log, `${rows.join("")}{"step":3,"epo`); // the run is writing
      await said(() => metricsCommand(run, {}));
      expect(readFileSync(table, "utf8")).toBe(
        "step,epoch,lossD,lossG,dReal,dFake\n1,1,0.5,0,0.25,1e-9\n2,1,NaN,Infinity,NaN,0\n",
      );
      const out = join(run, "mine.csv");
      writeFileSync(out, "mine");
      expect(await messageOf(UsageError, () => metricsCommand(run, { out }))).toBe(
        `--out ${out}: exists already; name another place, or add --force to replace it`,
      );
      writeFileSync(log, `${rows[0]}{"step":2,"epo\n${rows[1]}`);
      expect(
        await messageOf(CheckpointError, () => metricsCommand(run, { out, force: true })),
      ).toBe(`${log}: line 2 is not a row of losses; it is damaged: mend it or remove the line`);
      expect(readFileSync(out, "utf8")).toBe("mine");
    } finally {
      writeFileSync(log, before);
    }
    expect(existsSync(join(run, "metrics.csv"))).toBe(true);
  });
});
