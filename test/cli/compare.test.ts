// `npm run compare` of two tiny configs: stopped by a signal, gone on with, finished, kept, and its page. The judges
// trained for a few seconds on a few hundred digits. test/runs/comparing.test.ts tests the statistics.
import { spawn } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonl } from "../../src/checkpoint/jsonl.ts";
import { compareCommand } from "../../src/cli/commands/compare.ts";
import { judgeCommand } from "../../src/cli/commands/judge.ts";
import { loadImages } from "../../src/data/files.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { compareRecipes } from "../../src/runs/comparing/compare.ts";
import {
  parseComparison,
  type RecipeComparison,
} from "../../src/runs/comparing/comparison-file.ts";
import type { CompareFlags } from "../../src/runs/comparing/plan.ts";
import { readClock } from "../../src/runs/comparing/step-clock.ts";
import { lockFolder } from "../../src/runs/lock.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, longhand, ROOT } from "../support/longhand.ts";
import { messageOf } from "../support/message-of.ts";
import { said } from "../support/said.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-compare-"));
const at = (...names: string[]): string => join(folder, ...names);
const text = (...names: string[]): string => readFileSync(at(...names), "utf8");

process.env["MESA_SHADER_CACHE_DIR"] ??= process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = at("cache"); // of this process and those that it starts
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [IMAGES, TESTED, STEPS] = [480, 120, 12];
const usual: CompareFlags = {
  steps: STEPS,
  every: 6,
  seeds: 1,
  count: 100,
  data: at("data"),
  out: at("c"),
};
const words = [at("wide.json"), at("narrow.json")];
const compared = (flags: CompareFlags = {}): Promise<string> =>
  said(() => compareRecipes(terminal, words, { ...usual, ...flags }));
const readComparison = (...names: string[]): RecipeComparison =>
  parseComparison(readFileSync(at(...names)), names.join("/"));

beforeAll(async () => {
  const [train, tested] = [
    await loadImages(undefined, "train"),
    await loadImages(undefined, "test"),
  ];
  mkdirSync(at("data"));
  for (const [name, shape, data] of [
    ["train-images-idx3-ubyte", [IMAGES, 28, 28], train.images.subarray(0, IMAGES * 784)],
    ["train-labels-idx1-ubyte", [IMAGES], train.labels!.subarray(0, IMAGES)],
    ["t10k-images-idx3-ubyte", [TESTED, 28, 28], tested.images.subarray(0, TESTED * 784)],
    ["t10k-labels-idx1-ubyte", [TESTED], tested.labels!.subarray(0, TESTED)],
  ] as const) {
    writeFileSync(at("data", name), idxBytes(shape, data));
  }
  // The same shapes, so that kernels are compiled once; the rates differ.
  const tiny = {
    recipe: "mlp",
    batch: 8,
    generatorWidths: [8, 8, 8],
    discriminatorWidths: [8, 8, 8],
  };
  writeFileSync(at("wide.json"), JSON.stringify(tiny));
  writeFileSync(
    at("narrow.json"),
    JSON.stringify({ ...tiny, generatorAdam: { learningRate: 1e-3 } }),
  );
  writeFileSync(
    at("wild.json"),
    JSON.stringify({ ...tiny, generatorAdam: { learningRate: 1e38 } }),
  );
  for (const second of [false, true]) {
    await said(() => judgeCommand({ second, data: at("data"), epochs: 1 }));
  }
}, 600_000);

describe("a comparison", () => {
  let stopped: { code: number | null; said: string };
  let wentOn: string;

  beforeAll(async () => {
    const flags = [
      "--steps",
      `${STEPS}`,
      "--every",
      "6",
      "--seeds",
      "1",
      "--count",
      "100",
      "--data",
      at("data"),
    ];
    const child = spawn(
      process.execPath,
      [...ARGUMENTS, "compare", ...words, ...flags, "--out", at("c")],
      { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
    );
    let [printed, sent] = ["", false];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        printed += chunk;
        // The second run has been judged at its first mark.
        if (sent || !/narrow, seed 0, .*: Step 6: /.test(printed)) return;
        sent = child.kill("SIGINT");
      });
    }
    const code = await new Promise<number | null>((resolve) => child.on("exit", resolve));
    stopped = { code, said: printed };
    wentOn = await compared({ keep: at("kept.json") });
  }, 600_000);

  it("says what it does and for how long, and on a signal how to go on", () => {
    expect(stopped.code, stopped.said).toBe(0);
    expect(stopped.said).toMatch(
      /^Comparing wide and narrow with seed 0: 2 runs, of 12 steps each, one after the other\. In all about .*: .* of steps, the rest to judge\. Writing to /m,
    );
    expect(stopped.said).toMatch(/^wide, seed 0 \(run 1 of 2\): about .* left in all$/m);
    expect(stopped.said).toMatch(
      /^wide, seed 0, \S+ s \(about .* left in all\): Step 6: Fréchet distance/m,
    );
    expect(stopped.said).toMatch(
      /^wide, seed 0: 12 steps in .*; Fréchet distance \S+ to training/m,
    );
    expect(stopped.said).toMatch(/^Stopped; everything is kept in .*, with --out .*, goes on$/m);
  });

  it("goes on where it stopped, and trains nothing twice", () => {
    expect(wentOn).toContain("1 of 2 runs are left");
    expect(wentOn).not.toMatch(/^wide, seed 0 \(run/m);
    expect(wentOn).toMatch(/^narrow, seed 0 \(run 2 of 2\)/m);
    expect(readdirSync(at("c")).toSorted()).toEqual([
      "compare.html",
      "compare.json",
      "grids",
      "narrow-0",
      "wide-0",
    ]);
    for (const run of ["narrow-0", "wide-0"]) {
      const steps = readJsonl(at("c", run, "metrics.jsonl")).map(({ step }) => step);
      expect(steps).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
      const judged = readJsonl(at("c", run, "evaluations.jsonl")).map(({ step }) => step);
      expect(judged).toEqual([6, 12]);
      const times = [...readClock(at("c", run)).values()];
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  it("leaves ordinary runs, with the bits that train gives, stopped or not", async () => {
    const { data } = usual;
    const flags = { config: at("narrow.json"), steps: STEPS, data: data!, out: at("alone") };
    await said(() => trainRun(terminal, flags));
    expect(text("c", "narrow-0", "metrics.jsonl")).toBe(text("alone", "metrics.jsonl"));
    const weights = "checkpoint/generator.safetensors";
    expect(text("c", "narrow-0", weights)).toBe(text("alone", weights));
    await said(() => trainRun(terminal, { resume: at("c", "wide-0"), steps: STEPS + 2 }));
    expect(readJsonl(at("c", "wide-0", "metrics.jsonl")).length).toBe(STEPS + 2);
  });

  it("leaves all figures of evaluate, by both judges, and its points, as JSON", () => {
    const found = readComparison("c", "compare.json");
    expect(found.plan).toMatchObject({
      entries: [
        { name: "wide", recipe: "mlp", constants: { batch: 8 } },
        { name: "narrow", constants: { generatorAdam: { learningRate: 1e-3 } } },
      ],
      seeds: [0],
      goal: { unit: "steps", amount: STEPS, marks: [6, 12] },
      count: 100,
      data: { images: IMAGES },
    });
    expect(found.runs.map(({ entry, seed }) => `${entry}-${seed}`)).toEqual(["wide-0", "narrow-0"]);
    for (const { entry, seed, points, end, diverged } of found.runs) {
      const run = `${entry}-${seed}`;
      const rows = readJsonl(at("c", run, "evaluations.jsonl"));
      const logged = rows.map(({ step, frechetTrain }) => [step, frechetTrain]);
      expect(points.map(({ step, frechetTrain }) => [step, frechetTrain])).toEqual(logged);
      expect(points.map(({ mark }) => mark)).toEqual([6, 12]);
      expect(points[0]!.seconds).toBeGreaterThan(0);
      expect(end!.seconds).toBeGreaterThanOrEqual(points[1]!.seconds);
      const own = JSON.parse(text("c", run, "evaluation", "evaluation.json"));
      expect(end).toMatchObject({ step: STEPS, count: 200, figures: own.samples.figures });
      expect(end!.counts).toEqual(own.samples.counts);
      expect(end!.second).toEqual(own.second.samples);
      expect(diverged).toBeNull();
    }
  });

  it("prints the table, and writes what --keep names", () => {
    expect(wentOn).toMatch(
      /^Figure, median \(least–most\) +better +wide +narrow\nFréchet distance to training +lower +[\d.]+ +[\d.]+$/m,
    );
    expect(wentOn).toMatch(/^ {2}by the second judge, test +lower/m);
    expect(wentOn).toMatch(/^narrow, seed 0 +12 +\S+ s( +[\d.,]+){4}$/m);
    expect(text("kept.json")).toBe(text("c", "compare.json"));
  });

  it("finished, only prints and keeps", async () => {
    const before = text("c", "compare.json");
    const out = await compared({ keep: at("again.json") });
    expect(out).not.toMatch(/run \d of/);
    expect(out.split("\n").slice(-3)).toEqual([
      at("c", "compare.json"),
      at("c", "compare.html"),
      at("again.json"),
    ]);
    expect([text("c", "compare.json"), text("again.json")]).toEqual([before, before]);
  });

  it("has a page of its own, with every run's samples and classes", () => {
    const page = text("c", "compare.html");
    expect(page).toContain("<h1>wide and narrow, compared</h1>");
    expect(page.match(/<img /g)!.length).toBe(2);
    expect(page.match(/: samples of each class"/g)!.length).toBe(2);
    expect(page).toContain('aria-label="Fréchet distance over steps of training"');
    expect(page).not.toMatch(/<script|(src|href)="(?!data:)/);
  });
});

describe("by time", () => {
  const timed = (): Promise<string> => {
    const { steps: _, every: __, ...flags } = usual;
    const entries = [at("wild.json"), at("wide.json")];
    const minutes = 0.01; // 0.6 s
    return said(() =>
      compareRecipes(terminal, entries, { ...flags, minutes, every: minutes, out: at("timed") }),
    );
  };

  it("ends each run when its time in steps is up; a run that diverges is a row", async () => {
    const out = await timed();
    expect(out).toMatch(/^wild, seed 0: Step \d+: .*: it has diverged; the comparison goes on/m);
    const [wild, wide] = readComparison("timed", "compare.json").runs;
    expect(wild).toMatchObject({ end: null, points: [], diverged: expect.stringMatching(/^Step/) });
    expect(wide!.points.map(({ mark }) => mark)).toEqual([0.01]);
    expect(wide!.end!.seconds).toBeGreaterThanOrEqual(0.6);
    expect(text("timed", "compare.html")).toContain("Diverged: Step");
    expect(await timed()).not.toContain("goes on without"); // it isn't tried again
  });
});

describe("a refused comparison says why in a line, and leaves nothing", () => {
  const refusal = (flags: CompareFlags): Promise<string> =>
    messageOf(UsageError, () => compared(flags));

  it("an unknown recipe, one named twice, contradicting flags", async () => {
    const out = at("never");
    const says = (entries: string[], flags: CompareFlags = {}): Promise<string> =>
      messageOf(UsageError, () => compareCommand(entries, { ...usual, out, ...flags }));
    expect(await says(["bst"])).toMatch(/no recipe and no file "bst"/);
    expect(await says(["best", "best"])).toMatch(/named twice/);
    expect(await says(["best"], { minutes: 3 })).toMatch(/use only one/);
    expect(await says(["best"], { keep: at("x.txt") })).toMatch(/--keep .*must end in \.json/);
    expect(await says(["best"], { keep: at("no", "x.json") })).toMatch(/its folder does not exist/);
    expect(existsSync(out)).toBe(false);
  });

  it("a batch of more images than there are, before anything is trained", async () => {
    writeFileSync(at("large.json"), JSON.stringify({ recipe: "mlp", batch: 1000 }));
    const says = await messageOf(UsageError, () =>
      said(() =>
        compareRecipes(terminal, [...words, at("large.json")], { ...usual, out: at("never") }),
      ),
    );
    expect(says).toMatch(/1000 is more than the dataset's 480 images/);
    expect(existsSync(at("never"))).toBe(false);
  });

  it("a folder of another comparison, of a run, or in use", async () => {
    expect(await refusal({ count: 200 })).toMatch(
      /c: holds another comparison \(count is 100 there, and 200 in this command\)/,
    );
    expect(await refusal({ out: at("c", "wide-0") })).toMatch(/other than a comparison/);
    cpSync(at("c", "compare.json"), at("busy", "compare.json"));
    const attempt = lockFolder(at("busy"));
    expect(await refusal({ out: at("busy") })).toMatch(/busy: process \d+.* is comparing/);
    if ("lock" in attempt) attempt.lock.release();
  });

  it("--minutes 0, at the command line", async () => {
    const { code, err } = await longhand("compare", "best", "--minutes", "0");
    expect(code).toBe(2);
    expect(err).toMatch(/--minutes.*above 0/);
  });
});
