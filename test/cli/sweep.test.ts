// `longhand sweep`: its file, shares, two of them trained and gathered by `compare`, and what is refused.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sweep } from "../../src/cli/actions/sweep.ts";
import { temporaryPath } from "../../src/checkpoint/files.ts";
import { compareCommand } from "../../src/cli/commands/compare.ts";
import { loadImages } from "../../src/data/files.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { parseComparison } from "../../src/runs/comparing/comparison-file.ts";
import { shareIn } from "../../src/runs/sweeping/share.ts";
import { readSweep } from "../../src/runs/sweeping/sweep-file.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand } from "../support/longhand.ts";
import { messageOf } from "../support/message-of.ts";
import { said } from "../support/said.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-sweep-"));
const at = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tiny = {
  recipe: "mlp",
  batch: 8,
  generatorWidths: [8, 8, 8],
  discriminatorWidths: [8, 8, 8],
};
const written = (name: string, value: unknown): string => {
  writeFileSync(at(name), JSON.stringify(value));
  return at(name);
};

describe("the file", () => {
  it("has every combination of what varies, in entries that say so", async () => {
    const {
      entries,
      seeds,
      goal,
      folder: out,
    } = await readSweep(
      written("grid.json", {
        entries: ["mlp", { ...tiny, name: "tiny" }],
        vary: { "generatorAdam.learningRate": [1e-3, 1e-4], width: [1, 0.5] },
        seeds: 2,
        firstSeed: 3,
        steps: 9,
      }),
    );
    expect(entries.map(({ name }) => name)).toEqual([
      "mlp+learningRate-0.001+width-1",
      "mlp+learningRate-0.001+width-0.5",
      "mlp+learningRate-0.0001+width-1",
      "mlp+learningRate-0.0001+width-0.5",
      "tiny+learningRate-0.001+width-1",
      "tiny+learningRate-0.001+width-0.5",
      "tiny+learningRate-0.0001+width-1",
      "tiny+learningRate-0.0001+width-0.5",
    ]);
    const { recipe } = entries.at(-1)!;
    expect(recipe).toMatchObject({ name: "mlp", batch: 8, generatorWidths: [4, 4, 4] });
    expect(recipe.generatorAdam.learningRate).toBe(1e-4);
    expect(recipe.generatorAdam.beta2).toBe(entries[0]!.recipe.generatorAdam.beta2);
    expect([seeds, goal.amount, out]).toEqual([[3, 4], 9, "runs/grid"]);
    const both = { "generatorAdam.beta1": [0.5], "discriminatorAdam.beta1": [0.4] };
    const named = await readSweep(written("both.json", { entries: ["mlp"], vary: both }));
    expect(named.entries.map(({ name }) => name)).toEqual([
      "mlp+generatorAdam.beta1-0.5+discriminatorAdam.beta1-0.4",
    ]);
  });

  it.each([
    [{}, /^sweep \S+: entries: /],
    [{ entries: [] }, /entries: /],
    [{ entries: ["mlp"], epochs: 3 }, /Unrecognized key: "epochs"/],
    [{ entries: ["nothing"] }, /there is no recipe and no file "nothing"/],
    [{ entries: ["mlp", "mlp"] }, /two are called mlp; give one another "name"/],
    [{ entries: [{ recipe: "mlp", name: "../up" }] }, /folders of runs are named after "..\/up"/],
    [{ entries: [{ recipe: "mlp", slopes: 1 }] }, /mlp: slopes: is not a constant of recipe mlp/],
    [{ entries: ["mlp"], vary: { width: ["wide"] } }, /width must be above 0/],
    [{ entries: ["mlp"], vary: { batch: [0] } }, /mlp\+batch-0: batch: must be /],
    [{ entries: ["mlp"], steps: 5, minutes: 1 }, /use only one of them/],
    [{ entries: ["mlp"], steps: 5, every: 6 }, /is more than the 5 steps/],
    [
      { entries: ["mlp"], vary: { batch: Array.from({ length: 51 }, (_, i) => i + 1) }, seeds: 20 },
      /at most 1000 runs/,
    ],
  ])("%j is refused in a line", async (value, says) => {
    const file = written("bad.json", value);
    expect(await messageOf(UsageError, async () => readSweep(file))).toMatch(says);
  });
});

describe("a share", () => {
  it("is a task of Slurm's array, a rank, or both", () => {
    expect(shareIn({})).toBeUndefined();
    const array = (id: number, least: number, most: number, count: number) => ({
      SLURM_ARRAY_TASK_ID: `${id}`,
      SLURM_ARRAY_TASK_MIN: `${least}`,
      SLURM_ARRAY_TASK_MAX: `${most}`,
      SLURM_ARRAY_TASK_COUNT: `${count}`,
      SLURM_PROCID: "0", // as a batch script has it
      SLURM_NTASKS: "1",
    });
    expect(shareIn(array(3, 1, 4, 4))).toMatchObject({ index: 2, count: 4 });
    expect(shareIn(array(6, 0, 8, 5))).toMatchObject({ index: 3, count: 5 });
    expect(() => shareIn(array(5, 1, 7, 3))).toThrow(/has no place in an even row/);
    const rank = { OMPI_COMM_WORLD_RANK: "1", OMPI_COMM_WORLD_SIZE: "2" };
    expect(shareIn(rank)).toMatchObject({ index: 1, count: 2 });
    expect(shareIn({ ...array(3, 1, 4, 4), ...rank })).toMatchObject({ index: 5, count: 8 });
    const step = { SLURM_STEP_ID: "0", SLURM_PROCID: "1", SLURM_NTASKS: "3" };
    expect(shareIn(step)).toMatchObject({ index: 1, count: 3 });
    expect(() => shareIn({ PALS_RANKID: "1" })).toThrow(/--share 2\/N/);
  });
});

describe("a sweep of two runs, one of which diverges", () => {
  let file: string;
  beforeAll(async () => {
    mkdirSync(at("data"));
    for (const [set, name, count] of [
      ["train", "train", 240],
      ["test", "t10k", 120],
    ] as const) {
      const { images, labels } = await loadImages(undefined, set);
      const pixels = images.subarray(0, count * 784);
      writeFileSync(at("data", `${name}-images-idx3-ubyte`), idxBytes([count, 28, 28], pixels));
      const classes = labels!.subarray(0, count);
      writeFileSync(at("data", `${name}-labels-idx1-ubyte`), idxBytes([count], classes));
    }
    const wild = { ...tiny, name: "wild", generatorAdam: { learningRate: 1e38 } };
    const rest = { seeds: 1, steps: 8, every: 4, count: 100, data: at("data"), out: at("runs") };
    file = written("two.json", { entries: [{ ...tiny, name: "calm" }, wild], ...rest });
  });

  it("is listed, trained by two processes, gathered after the first and after both", async () => {
    const list = async (): Promise<string> => said(async () => sweep(file, {}));
    const gather = async (): Promise<string> =>
      said(async () => compareCommand([], { sweep: file }));
    expect(await messageOf(UsageError, gather)).toContain("none of its runs was begun");
    expect(await list()).toMatch(/^ +0 {2}calm, seed 0 {2}to do\n +1 {2}wild, seed 0 {2}to do$/m);
    expect(existsSync(at("runs"))).toBe(false);

    // Each share in a process of its own, as launchers start them.
    const [first, second] = [
      await longhand("sweep", file, "--share", "1/2"),
      await longhand("sweep", file, "--share", "2/2"),
    ];
    expect([first.code, second.code], first.err + second.err).toEqual([0, 0]);
    expect(first.out).toContain("share 1 of 2: 1 of 2 runs, 1 of them left to train, of 8 steps");
    expect(first.out).toMatch(/^calm, seed 0: trained/m);
    expect(second.out).toMatch(/^wild, seed 0: Step \d+: .*: it has diverged; the sweep goes on/m);
    expect(await list()).toMatch(/calm, seed 0 {2}done\n.*wild, seed 0 {2}diverged: Step \d+/);
    const again = await said(async () => sweep(file, { share: "1/1" }));
    expect(again).toContain("2 of 2 runs, 0 of them left to train");

    expect(await gather()).toMatch(/Judging 2 of 2 runs\./);
    const path = at("runs", "compare.json");
    const { runs } = parseComparison(readFileSync(path), path);
    expect(runs.map(({ entry, end }) => [entry, end?.step])).toEqual([
      ["calm", 8],
      ["wild", undefined],
    ]);
    const page = readFileSync(at("runs", "compare.html"), "utf8");
    expect(page).toContain("Diverged: Step");
    expect(page).toContain("trained by the processes of a sweep");

    rmSync(at("runs", "calm-0", "checkpoint"), { recursive: true }); // the first one is left
    const resumed = await said(async () => sweep(file, { share: "1/2" }));
    expect(resumed).toContain("calm, seed 0: goes on from step 0");
    expect(await list()).toMatch(/calm, seed 0 {2}done/);
  }, 240_000);

  it("is refused if its file has changed meanwhile, or says what compare says too", async () => {
    const changed = JSON.parse(readFileSync(file, "utf8"));
    const other = written("other.json", { ...changed, steps: 9 });
    expect(await messageOf(UsageError, async () => sweep(other, { share: "1/1" }))).toMatch(
      /was begun by a file with other "goal"; name another folder/,
    );
    const refusal = async (words: string[], flags: object): Promise<string> =>
      messageOf(UsageError, async () => compareCommand(words, { sweep: file, ...flags }));
    expect(await refusal(["mlp"], { steps: 3, firstSeed: 1 })).toContain(
      "so leave out mlp, --steps, --first-seed",
    );
    for (const share of ["0/2", "3/2", "1", "a/b", ""]) {
      expect(await messageOf(UsageError, async () => sweep(file, { share }))).toContain(
        "such as 2/4",
      );
    }
    // Another process is writing the plan at this moment.
    mkdirSync(at("begins"));
    writeFileSync(temporaryPath(at("begins", "sweep.json")), "");
    const begins = written("begins.json", { ...changed, out: at("begins") });
    expect(await said(async () => sweep(begins, {}))).toContain("calm, seed 0  to do");
    mkdirSync(at("mine"));
    writeFileSync(at("mine", "a.txt"), "");
    const taken = written("taken.json", { ...changed, out: at("mine") });
    expect(await messageOf(UsageError, async () => sweep(taken, {}))).toContain(
      "holds something other than a sweep",
    );
  });
});
