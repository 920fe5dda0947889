// What a comparison plans and computes, without a device: marks, medians, the clock of steps, the time left, its file.
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { CheckpointError, UsageError } from "../../src/gpu/errors.ts";
import { runSteps } from "../../src/nn/train-loop.ts";
import { formatComparison, parseComparison } from "../../src/runs/comparing/comparison-file.ts";
import { entriesOf } from "../../src/runs/comparing/entries.ts";
import { comparisonIn, writeComparison } from "../../src/runs/comparing/folder.ts";
import { createForecast } from "../../src/runs/comparing/forecast.ts";
import { goalOf, requireSamePlan, seedsOf } from "../../src/runs/comparing/plan.ts";
import { inTurn, isTrained, markAt } from "../../src/runs/comparing/run-state.ts";
import { resultsOf, spreadOf } from "../../src/runs/comparing/spread.ts";
import { createStepClock, readClock, secondsAt } from "../../src/runs/comparing/step-clock.ts";
import { comparisonTable } from "../../src/runs/comparing/comparison-table.ts";
import { spreadWords } from "../../src/runs/comparing/words.ts";
import { madeUpComparison } from "../support/made-up-comparison.ts";
import { messageOf } from "../support/message-of.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-comparing-"));
const at = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

describe("how far runs go", () => {
  it("is 10 minutes, judged 8 times, by default", () => {
    expect(goalOf({})).toEqual({
      unit: "minutes",
      amount: 10,
      marks: [1.25, 2.5, 3.75, 5, 6.25, 7.5, 8.75, 10],
    });
    expect(seedsOf({})).toEqual([0, 1]);
    expect(seedsOf({ seeds: 3, firstSeed: 5 })).toEqual([5, 6, 7]);
  });

  it("ends with a mark, whether --every divides it or not", () => {
    expect(goalOf({ minutes: 0.7, every: 0.1 }).marks.length).toBe(7);
    expect(goalOf({ minutes: 0.7, every: 0.1 }).marks.at(-1)).toBe(0.7);
    expect(goalOf({ steps: 20 }).marks).toEqual([3, 6, 9, 12, 15, 18, 20]);
    expect(goalOf({ steps: 3 }).marks).toEqual([1, 2, 3]);
    expect(goalOf({ steps: 7, every: 7 }).marks).toEqual([7]);
  });

  const refused: readonly [Parameters<typeof goalOf>[0], RegExp][] = [
    [{ minutes: 1, steps: 1 }, /^--minutes and --steps: use only one/],
    [{ steps: 10, every: 2.5 }, /^--every 2.5: with --steps it counts steps/],
    [{ minutes: 2, every: 3 }, /^--every 3: is more than the 2 minutes/],
    [{ steps: 100_000, every: 1 }, /^--every 1: would judge each run more than 200 times/],
  ];
  it.each(refused)("%o is refused", async (flags, says) => {
    expect(await messageOf(UsageError, () => goalOf(flags))).toMatch(says);
  });

  it("trains the entries in turn, seed by seed", () => {
    expect(inTurn(["a", "b"], [0, 1]).map(({ entry, seed }) => entry + seed)).toEqual([
      "a0",
      "b0",
      "a1",
      "b1",
    ]);
  });

  it("has reached the last mark that isn't later than it", () => {
    const goal = goalOf({ minutes: 4, every: 2 });
    expect([100, 120, 239, 240, 999].map((seconds) => markAt(goal, 7, seconds))).toEqual([
      undefined,
      2,
      2,
      4,
      4,
    ]);
    expect(markAt(goalOf({ steps: 20, every: 8 }), 16, 1)).toBe(16);
    const point = { step: 9, seconds: 240, frechetTrain: 1, frechetTest: 1 };
    const state = { step: 9, done: 4, seconds: 240, points: [{ ...point, mark: 4 }] };
    expect(isTrained(state, goal)).toBe(true);
    expect(isTrained({ ...state, points: [{ ...point, mark: 2 }] }, goal)).toBe(false);
    expect(isTrained({ ...state, done: 3.9 }, goal)).toBe(false);
  });
});

describe("entries", () => {
  const config = (name: string, constants: object): string => {
    mkdirSync(join(at(name), ".."), { recursive: true });
    writeFileSync(at(name), JSON.stringify(constants));
    return at(name);
  };

  it("are recipes by name and files by path, all scaled", async () => {
    const file = config("fast.json", { recipe: "small", batch: 8, generatorWidths: [8, 8, 8] });
    const [small, fast] = await entriesOf(["small", file], 0.5);
    expect(small).toMatchObject({ name: "small", recipe: { generatorWidths: [16, 16, 8] } });
    expect(fast).toMatchObject({ name: "fast", recipe: { batch: 8, generatorWidths: [4, 4, 4] } });
  });

  it("are refused in a line if they don't exist, don't fit, or aren't different", async () => {
    const says = (words: string[]): Promise<string> =>
      messageOf(UsageError, () => entriesOf(words, undefined));
    expect(await says(["bst"])).toMatch(/no recipe and no file "bst".*choose of dcgan, small/);
    expect(await says(["best", "best"])).toMatch(/^compare: best is named twice; --seeds says/);
    const [one, other] = [config("a/x.json", {}), config("b/x.json", {})];
    expect(await says([one, other])).toMatch(/would both be called x; rename one/);
    expect(await says([one, one])).toMatch(/x\.json is named twice/);
    expect(await says([config("dcgan.json", {}), "dcgan"])).toMatch(/would both be called dcgan/);
    expect(await says([config("a b.json", {})])).toMatch(
      /must have up to 60 letters.*another name/,
    );
    expect(await says([config("bad.json", { bach: 3 })])).toMatch(/bach: is not a constant/);
    expect(await says(Array.from({ length: 7 }, () => "best"))).toMatch(/takes 1 to 6 .*got 7/);
  });
});

describe("the clock of steps", () => {
  /** Runs steps that take 10 s, the first of each program 1000 s more, with 100 s between reports. */
  async function run(path: string, from: number, until: number, save: readonly number[] = []) {
    mkdirSync(path, { recursive: true });
    let time = 0;
    const programs = [{}, {}];
    const ran = new Set<object>();
    const programOf = (step: number): object => programs[step % 4 === 0 ? 1 : 0]!;
    const idle = async (): Promise<void> => undefined;
    const clock = createStepClock({ run: path, from, programOf, idle, now: () => time });
    const steps = clock.timed({
      steps: until,
      from,
      reportEvery: 3,
      reportSeconds: 1e9,
      step: (step: number) => {
        const program = programOf(step);
        time += ran.has(program) ? 10_000 : 1_010_000;
        ran.add(program);
      },
      values: () => undefined,
    });
    const found: number[] = [];
    for await (const { step } of runSteps(steps)) {
      found.push(clock.seconds());
      if (save.includes(step)) clock.write(step);
      time += 100_000; // judging, drawing, saving
    }
    return found;
  }

  it("counts neither what is between reports nor the first step of a program", async () => {
    // Reports after steps 1, 3, 6, 8. Step 4 is the first of the other program.
    expect(await run(at("clock"), 0, 8)).toEqual([0, 20, 40, 60]);
  });

  it("goes on from the checkpoint's time, and forgets what came after it", async () => {
    const path = at("resumed");
    await run(path, 0, 8, [1, 3, 6, 8]);
    expect([...readClock(path)]).toEqual([
      [1, 0],
      [3, 20],
      [6, 40],
      [8, 60],
    ]);
    appendFileSync(join(path, "clock.jsonl"), '{"step":9,"seco');
    expect(await run(path, 3, 6, [6])).toEqual([20, 30]);
    expect([...readClock(path)].map(([step]) => step)).toEqual([1, 3, 6]);
    expect(secondsAt(path, 6)).toBe(30);
    expect(secondsAt(at("new"), 0)).toBe(0);
  });

  it("refuses a run that was trained further by another command", async () => {
    const path = at("elsewhere");
    await run(path, 0, 3, [3]);
    const says = await messageOf(CheckpointError, () => secondsAt(path, 5));
    expect(says).toMatch(/has no time for step 5, so the run was trained outside its comparison/);
  });
});

test("medians and ends", () => {
  expect(spreadOf([3, 1, 2])).toEqual({ least: 1, median: 2, most: 3, count: 3 });
  expect(spreadOf([4, 1, 2, 3])).toMatchObject({ least: 1, median: 2.5, most: 4 });
  expect(spreadOf([7])).toEqual({ least: 7, median: 7, most: 7, count: 1 });
  expect(spreadOf([])).toEqual({ least: NaN, median: NaN, most: NaN, count: 0 });
  expect(spreadWords(spreadOf([44.7, 45.1, 46]))).toBe("45.1 (44.7–46.0)");
  expect(spreadWords(spreadOf([45.1]))).toBe("45.1");
  expect(spreadWords(spreadOf([]))).toBe("–");
});

test("the time left follows what was measured, and the first guess before", () => {
  const forecast = createForecast(10);
  forecast.at("a, seed 0", { entry: "a", left: 2, points: 4 });
  forecast.at("b, seed 0", { entry: "b", left: 2, points: 4 });
  expect(forecast.left()).toEqual({ steps: 240, all: 240 + 8 * 10 + 2 * 80 });
  forecast.judged(1000); // the first, in which kernels were compiled
  expect(forecast.left().all).toBe(240 + 8 * 10 + 2 * 80);
  forecast.judged(20);
  expect(forecast.left()).toEqual({ steps: 240, all: 240 + 8 * 20 + 2 * 160 });
  forecast.ended(100);
  forecast.at("a, seed 0", undefined);
  expect(forecast.left()).toEqual({ steps: 120, all: 120 + 4 * 20 + 100 });
  forecast.pace("b", 0.5); // 2 steps, not minutes
  expect(forecast.left().steps).toBe(1);
});

describe("results", () => {
  const made = madeUpComparison();

  it("are over the seeds, mark by mark, without runs that diverged", () => {
    const [a, b] = resultsOf(made);
    expect(a!.curve).toEqual([
      { mark: 5, least: 100, median: 105, most: 110, count: 2 },
      { mark: 10, least: 50, median: 55, most: 60, count: 2 },
    ]);
    expect(a!.figure("frechetTest")).toMatchObject({ least: 52, median: 57, most: 62, count: 2 });
    expect(a!.second.frechetTrain).toMatchObject({ least: 100, most: 120 });
    // b's second seed diverged after its first mark.
    expect(b!.curve.map(({ mark, count }) => [mark, count])).toEqual([
      [5, 2],
      [10, 1],
    ]);
    expect(b!.figure("frechetTrain")).toMatchObject({ median: 30, count: 1 });
  });

  it("stand in the table, and so does a run that diverged", () => {
    const lines = comparisonTable(made);
    expect(lines[0]).toMatch(/^Figure.* +a +b$/);
    expect(lines[1]).toMatch(/^Fréchet distance to training +lower +55\.0 \(50\.0–60\.0\) +30\.0$/);
    expect(lines).toContainEqual(expect.stringMatching(/^b, seed 1 +50 .*diverged: Step 70: /));
    expect(comparisonTable({ ...made, runs: [] }).at(-1)).toBe("0 of 4 runs have ended so far.");
  });

  it("come back from the file as they were", () => {
    const bytes = new TextEncoder().encode(formatComparison(made));
    expect(parseComparison(bytes, "compare.json")).toEqual(made);
  });
});

describe("the folder", () => {
  const made = madeUpComparison();
  const has = (name: string, file: string, text: string): string => {
    mkdirSync(at(name));
    writeFileSync(at(name, file), text);
    return at(name);
  };

  it("is new, or holds a comparison", async () => {
    expect(comparisonIn(at("nowhere"))).toBeUndefined();
    mkdirSync(at("kept"));
    expect(comparisonIn(at("kept"))).toBeUndefined();
    writeComparison(at("kept"), made);
    expect(comparisonIn(at("kept"))).toEqual(made);
    const run = has("run", "run.json", "{}");
    expect(await messageOf(UsageError, () => comparisonIn(run))).toMatch(/other than a comparison/);
    const file = at("run", "run.json");
    expect(await messageOf(UsageError, () => comparisonIn(file))).toMatch(
      /is a file; name a folder/,
    );
  });

  it("is refused if its file is damaged, or of a later version", async () => {
    const text = formatComparison(made);
    for (const [name, damaged, says] of [
      ["cut", text.slice(0, 300), /compare\.json: is not JSON/],
      ["later", text.replace("comparison 1", "comparison 2"), /compare\.json: format: /],
      ["odd", text.replace('"amount": 10', '"amount": 0'), /compare\.json: plan\.goal\.amount: /],
    ] as const) {
      const path = has(name, "compare.json", damaged);
      expect(await messageOf(CheckpointError, () => comparisonIn(path))).toMatch(says);
    }
  });

  it("of another comparison is refused with the first difference", async () => {
    const { plan } = made;
    requireSamePlan("d", plan, structuredClone(plan));
    const says = (change: object): Promise<string> =>
      messageOf(UsageError, () => requireSamePlan("d", plan, { ...plan, ...change }));
    expect(await says({ count: 7 })).toMatch(
      /^--out d: holds another comparison \(count is 100 there, and 7 in this command\); name/,
    );
    expect(await says({ seeds: [0, 2] })).toContain("(seeds.1 is 1 there, and 2 in");
    expect(await says({ seeds: [0] })).toContain("(seeds is [0, 1] there, and [0] in");
    const entries = plan.entries.with(0, { ...plan.entries[0]!, constants: { batch: 8 } });
    expect(await says({ entries })).toContain("(entries.0.constants.batch is 4 there, and 8 in");
  });
});
