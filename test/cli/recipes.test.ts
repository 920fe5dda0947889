// Recipes on the command line: the list, changed constants, chosen digits, an end by the clock, and every recipe's run.
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { constantsOf } from "../../src/runs/constants.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { loadImages } from "../../src/data/files.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand, type Outcome } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-recipes-"));
const at = (...names: string[]): string => join(folder, ...names);
const [data, unlabelled] = [at("data"), at("unlabelled")];
const IMAGES = 12;

beforeAll(async () => {
  const { images, labels } = await loadImages(undefined, "train");
  const pixels = idxBytes([IMAGES, 28, 28], images.subarray(0, IMAGES * 784));
  for (const each of [data, unlabelled]) {
    mkdirSync(each);
    writeFileSync(join(each, "train-images-idx3-ubyte"), pixels);
  }
  writeFileSync(
    join(data, "train-labels-idx1-ubyte"),
    idxBytes([IMAGES], labels!.subarray(0, IMAGES)),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** `train`, which must end well, of a run in the folder. */
async function train(name: string, ...args: string[]): Promise<Outcome> {
  const outcome = await longhand("train", "--data", data, "--out", at(name), ...args);
  expect(outcome.code, outcome.err).toBe(0);
  return outcome;
}

/** How a command was refused: its code, what it said less commander's hint and Dawn's, and what it left behind. */
interface Refusal {
  readonly code: number | null;
  readonly says: readonly string[];
  readonly left: readonly string[];
}

async function refusal(...args: string[]): Promise<Refusal> {
  const entries = (): string[] => readdirSync(folder, { recursive: true, encoding: "utf8" });
  const before = entries();
  const { code, err } = await longhand(...args);
  const lines = err.split("\n").filter((line) => line !== "");
  return {
    code,
    says: lines.filter((line) => !/^Warning: max|^\(add --help/.test(line)),
    left: entries().filter((name) => !before.includes(name)),
  };
}

/** A refusal in one line that leaves nothing. */
const refused = (code: number, says: RegExp): Refusal => ({
  code,
  says: [expect.stringMatching(says)],
  left: [],
});

const json = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));
const rowsOf = (name: string): readonly string[] =>
  readFileSync(at(name, "metrics.jsonl"), "utf8").trim().split("\n");

/** Holds one run to another's bits: its log and all of its checkpoint. */
function expectSameBits(name: string, other: string): void {
  expect(rowsOf(name)).toEqual(rowsOf(other));
  const files = readdirSync(at(other, "checkpoint"));
  expect(readdirSync(at(name, "checkpoint"))).toEqual(files);
  for (const file of files) {
    const [a, b] = [name, other].map((run) => readFileSync(at(run, "checkpoint", file)));
    expect(a!.equals(b!), file).toBe(true);
  }
}

describe("every recipe, narrow", () => {
  it.each(recipes)("$name trains, draws images of its size, and goes on", async (recipe) => {
    const said = vi.spyOn(console, "log").mockImplementation(() => {});
    const { name } = recipe;
    const run = at(`each-${name}`);
    // In this process, since starting one takes longer than two such steps.
    await trainRun(terminal, { recipe: name, width: 0.05, batch: 2, steps: 2, data, out: run });
    await trainRun(terminal, { resume: run, steps: 3 });
    said.mockRestore();
    const rows = rowsOf(`each-${name}`).map((line): Record<string, number> => JSON.parse(line));
    expect(rows.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(rows.flatMap((row) => Object.values(row)).every(Number.isFinite)).toBe(true);
    const side = 4 * (3 * recipe.image[0] + 4) + 4;
    const grids = ["untrained.png", "samples/step-0000002.png", "samples/step-0000003.png"];
    for (const grid of grids) {
      const { width, height, data: pixels } = PNG.sync.read(readFileSync(join(run, grid)));
      expect([grid, width, height]).toEqual([grid, side, side]);
      expect(new Set(pixels).size).toBeGreaterThan(2); // more than the gaps' grey, alpha and one tone
    }
    const files = readdirSync(join(run, "checkpoint"));
    expect(files.includes("generator-average.safetensors")).toBe(recipe.average > 0);
    expect(json(join(run, "checkpoint", "state.json"))).toMatchObject({ step: 3 });
  });
});

interface Listed {
  readonly name: string;
  readonly batch: number;
  readonly parameters: { readonly generator: number; readonly discriminator: number };
  readonly trainingFlop: number;
  readonly drawingFlop: number;
  readonly timing: null | Readonly<
    Record<"batch" | "steps" | "secondsPerStep" | "secondsPerEpoch", number>
  >;
  readonly constants: unknown;
}

/** `recipes --json`: what it says, and the recipes that the file has. */
async function list(...args: string[]): Promise<{ out: string; adapter: unknown; all: Listed[] }> {
  const path = at("list.json");
  const { code, out, err } = await longhand("recipes", "--json", path, ...args);
  expect(code, err).toBe(0);
  const file: { adapter: unknown; recipes: Listed[] } = JSON.parse(readFileSync(path, "utf8"));
  return { out, adapter: file.adapter, all: file.recipes };
}

describe("recipes", () => {
  it("lists every recipe with its parameters and work, and runs nothing", async () => {
    const { out, adapter, all } = await list("--no-time");
    expect([adapter, ...all.map(({ timing }) => timing)]).toEqual(
      Array.from({ length: recipes.length + 1 }, () => null),
    );
    expect(all.map(({ name }) => name)).toEqual(recipes.map(({ name }) => name));
    for (const [i, { name, batch, parameters, constants, ...flop }] of all.entries()) {
      const line = out.split("\n").find((each) => each.startsWith(`${name} `));
      const { generator, discriminator } = parameters;
      for (const count of [generator, discriminator]) {
        expect(line).toContain(` ${count.toLocaleString("en")} `);
      }
      expect(batch).toBe(recipes[i]!.batch);
      expect(constants).toEqual(constantsOf(recipes[i]!));
      // Each parameter is used in an image once at least, and a step passes through both networks forth and back.
      expect(flop.drawingFlop).toBeGreaterThan(1.98 * generator);
      expect(flop.trainingFlop).toBeGreaterThan(3 * flop.drawingFlop);
    }
    // As Keras counts its tutorial's networks, less the moving statistics; and PyTorch's course its own.
    const counts = new Map(all.map(({ name, parameters }) => [name, parameters]));
    expect(counts.get("dcgan")).toEqual({ generator: 2_305_472, discriminator: 212_865 });
    expect(counts.get("mlp")).toEqual({ generator: 1_486_352, discriminator: 1_460_225 });
  });

  it("times the steps of one, as narrow and in batches as small as asked for", async () => {
    const flags = ["--recipe", "mlp", "--width", "0.05", "--batch", "2", "--budget", "1"];
    const { out, adapter, all } = await list(...flags);
    expect(out).toContain(String(adapter));
    expect(out).toMatch(
      /^Changed: mlp with generatorWidths \[13,26,51\], discriminatorWidths \[51,26,13\]\.$/m,
    );
    expect(all.length).toBe(1);
    const { timing, parameters } = all[0]!;
    expect(parameters.generator).toBe(101 * 13 + 14 * 26 + 27 * 51 + 52 * 784);
    const { batch, steps, secondsPerStep, secondsPerEpoch } = timing!;
    expect(batch).toBe(2);
    expect(steps).toBeGreaterThan(0);
    expect(secondsPerStep).toBeGreaterThan(0);
    expect(secondsPerEpoch).toBeCloseTo(secondsPerStep * 30_000, 6);
    expect(out).toContain(`${(secondsPerStep * 1000).toFixed(0)} ms for 2 images`);
  });

  const cases: [what: string, args: () => string[], says: RegExp][] = [
    ["an unknown recipe", () => ["--recipe", "nope"], /no "nope"; choose one of dcgan, small, /],
    ["width 0", () => ["--width", "0"], /--width.*'0'.*above 0, at most 16/],
    ["a width that is no number", () => ["--width", "wide"], /--width.*'wide'.*above 0/],
    ["a batch above MNIST", () => ["--batch", "60001"], /--batch 60001: .*60000 images/],
    ["no config", () => ["--config", at("none.json")], /none\.json: can't be read/],
    [
      "a key that the recipe lacks",
      () => {
        writeFileSync(at("wrong.json"), '{ "recipe": "mlp", "slope": 0.2 }');
        return ["--config", at("wrong.json")];
      },
      /wrong\.json: slope: is not a constant of recipe mlp/,
    ],
    [
      "no folder for --json",
      () => ["--recipe", "mlp", "--json", at("none", "list.json")],
      /--json .*none.*does not exist/,
    ],
  ];
  it.each(cases)("refuses %s", async (_what, args, says) => {
    expect(await refusal("recipes", ...args())).toEqual(refused(2, says));
  });
});

describe("train with --width and --config", () => {
  const config = at("config.json");
  const CONFIG = {
    recipe: "small",
    batch: 4,
    latent: 12,
    slope: 0.1,
    average: 0.9,
    generatorAdam: { learningRate: 1e-3 },
    generatorWidths: [40, 30, 20],
  };
  const flags = ["--width", "0.1", "--config", config];

  beforeAll(async () => {
    writeFileSync(config, JSON.stringify(CONFIG));
    await train("whole", ...flags, "--steps", "5");
  }, 600_000);

  it("keeps the constants without the file, and resumed the bits of a run that never stopped", async () => {
    const stopped = await train("stopped", ...flags, "--steps", "2");
    expect(stopped.out).toMatch(/^Recipe small with .*latent 12.*generatorWidths \[4,3,2\]/m);
    rmSync(config);
    const resumed = await longhand("train", "--resume", at("stopped"), "--steps", "5");
    expect(resumed.code, resumed.err).toBe(0);
    expect(resumed.out).toContain("resumed at step 2");
    expect(resumed.out).toMatch(/^Recipe small with .*latent 12/m);
    for (const name of ["whole", "stopped"]) {
      expect(json(at(name, "run.json"))).toMatchObject({
        recipe: "small",
        batch: 4,
        constants: {
          latent: 12,
          slope: 0.1,
          average: 0.9,
          generatorAdam: {
            convention: "keras",
            learningRate: 1e-3,
            beta1: 0.5,
            beta2: 0.99,
            epsilon: 1e-7,
          },
          generatorWidths: [4, 3, 2],
          discriminatorWidths: [2, 3],
        },
      });
    }
    expectSameBits("stopped", "whole");
    expect(readdirSync(at("whole", "checkpoint"))).toContain("generator-average.safetensors");
  });

  it("leaves a run that sample draws from", async () => {
    const sampled = await longhand("sample", at("whole"), "--out", at("grid.png"));
    expect(sampled.code, sampled.err).toBe(0);
    const own = readFileSync(at("whole", "samples", "step-0000005.png"));
    expect(readFileSync(at("grid.png")).equals(own)).toBe(true);
  });

  it("refuses other constants when it goes on", async () => {
    const resume = ["train", "--resume", at("whole"), "--steps", "9"];
    expect(await refusal(...resume, "--width", "0.1")).toEqual(
      refused(2, /--width: .* keeps the constants/),
    );
    expect(await refusal(...resume, "--config", config)).toEqual(
      refused(2, /--config: .* keeps the constants/),
    );
  });

  it("refuses a record with a wrong constant by its key", async () => {
    cpSync(at("whole"), at("edited"), { recursive: true });
    const path = at("edited", "run.json");
    const record = readFileSync(path, "utf8");
    for (const [from, to, says] of [
      ['"slope": 0.1', '"slope": "x"', /run\.json: constants: slope: must be .*; got "x"/],
      [
        '"slope": 0.1',
        '"slop": 0.1',
        /run\.json: constants: slop: is not a constant of recipe small/,
      ],
      [
        '"latent": 12',
        '"latent": 13',
        /constants\.latent is 12 in the checkpoint, 13 in run\.json/,
      ],
    ] as const) {
      expect(record).toContain(from);
      writeFileSync(path, record.replace(from, to));
      expect(await refusal("train", "--resume", at("edited"), "--steps", "9")).toEqual(
        refused(1, says),
      );
      expect(await refusal("sample", at("edited"))).toEqual(refused(1, says));
    }
  });
});

describe("train --minutes", () => {
  const narrow = ["--recipe", "mlp", "--width", "0.05", "--batch", "2"];

  it("stops by the clock, keeps a checkpoint, and says how to go on", async () => {
    const { out } = await train("timed", ...narrow, "--steps", "100000", "--minutes", "0.02");
    const [, step, run] =
      /Stopped at step (\d+) of 100000 after .*\. Go on with: .*train -- --resume (.*)$/m.exec(
        out,
      )!;
    expect(run).toBe(at("timed"));
    expect(json(at("timed", "checkpoint", "state.json"))).toMatchObject({ step: Number(step) });
    expect(rowsOf("timed").length).toBe(Number(step));
    const further = await longhand("train", "--resume", run!, "--steps", String(Number(step) + 1));
    expect(further.out, further.err).toContain(`resumed at step ${step}`);
    expect(rowsOf("timed").length).toBe(Number(step) + 1);
  });

  it("refuses no time at all", async () => {
    for (const minutes of ["0", "-1", "soon"]) {
      expect(await refusal("train", "--out", at("none"), "--minutes", minutes)).toEqual(
        refused(2, /--minutes.*above 0/),
      );
    }
  });
});

describe("conditional", () => {
  const narrow = ["--width", "0.05", "--batch", "2", "--steps"];

  beforeAll(async () => {
    await train("digits", "--recipe", "conditional", ...narrow, "6");
  }, 600_000);

  /** The pixels of a grid's cell. */
  const cell = (file: string, index: number): number[] => {
    const { width, data: pixels } = PNG.sync.read(readFileSync(file));
    const [left, top] = [4 + 88 * (index % 4), 4 + 88 * Math.floor(index / 4)];
    return Array.from(
      { length: 84 * 84 },
      (_, i) => pixels[4 * ((top + Math.floor(i / 84)) * width + left + (i % 84))]!,
    );
  };

  it("draws the digit asked for: another for 3 than for 7, each time the same", async () => {
    const draw = async (name: string, ...args: string[]): Promise<string> => {
      const out = at(`${name}.png`);
      const { code, err } = await longhand("sample", at("digits"), "--out", out, ...args);
      expect(code, err).toBe(0);
      return out;
    };
    const three = await draw("three", "--digit", "3");
    const seven = await draw("seven", "--digit", "7");
    const again = await draw("again", "--digit", "7");
    const turns = await draw("turns"); // 0 to 9 in turn, of the same latents
    expect(readFileSync(again).equals(readFileSync(seven))).toBe(true);
    const same = (one: string, other: string): number[] =>
      Array.from({ length: 16 }, (_, i) => i).filter((i) =>
        isDeepStrictEqual(cell(one, i), cell(other, i)),
      );
    expect(same(three, seven)).toEqual([]);
    expect(same(turns, three)).toEqual([3, 13]);
    expect(same(turns, seven)).toEqual([7]);
  });

  it("refuses a digit that there isn't, and of a recipe without classes any", async () => {
    expect(await refusal("sample", at("digits"), "--digit", "10")).toEqual(
      refused(2, /digit: .*can't draw a 10 .*knows 0 to 9/),
    );
    await train("plain", "--recipe", "mlp", ...narrow, "1");
    expect(await refusal("sample", at("plain"), "--digit", "7")).toEqual(
      refused(2, /digit: .*mlp can't draw a 7 .*it has no classes/),
    );
  });

  it("refuses data without labels before anything is written", async () => {
    const flags = ["--recipe", "conditional", ...narrow, "2", "--data", unlabelled];
    expect(await refusal("train", ...flags, "--out", at("none"))).toEqual(
      refused(1, /no labels, which recipe conditional needs/),
    );
  });
});
