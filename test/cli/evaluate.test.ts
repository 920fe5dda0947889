// `npm run evaluate` and `train --evaluate-every` from the first path to the page in a browser, with judges that
// trained for a few seconds on a few hundred digits. test/judge/comparison.test.ts tests how the figures are computed.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { readJsonl } from "../../src/checkpoint/jsonl.ts";
import {
  decodeSafetensors,
  encodeSafetensors,
  type NativeTensor,
} from "../../src/checkpoint/safetensors.ts";
import { formatState } from "../../src/checkpoint/state.ts";
import type { TrainFlags } from "../../src/runs/training/draft-run.ts";
import { evaluateRun, type EvaluateRequest } from "../../src/runs/evaluation/evaluate.ts";
import { parseEvaluation, type Evaluation } from "../../src/runs/evaluation/evaluation-file.ts";
import { judgeCommand } from "../../src/cli/commands/judge.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { loadImages } from "../../src/data/files.ts";
import {
  CheckpointError,
  DivergedError,
  DataError,
  LonghandError,
  UsageError,
} from "../../src/gpu/errors.ts";
import { MEANINGS, REFERENCES } from "../../src/judge/figures.ts";
import { messageOf } from "../support/message-of.ts";
import { ON_SWIFTSHADER } from "../support/chromium.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand, type Outcome } from "../support/longhand.ts";
import { openBrowser } from "../support/open-browser.ts";
import { said } from "../support/said.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-evaluate-"));
const at = (...names: string[]): string => join(folder, ...names);
const bytes = (...names: string[]): Buffer => readFileSync(at(...names));

const usualCache = process.env["XDG_CACHE_HOME"];
process.env["MESA_SHADER_CACHE_DIR"] ??= usualCache ?? join(homedir(), ".cache");
process.env["XDG_CACHE_HOME"] = at("cache"); // of this process and those that it starts
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [IMAGES, TESTED, BATCH, STEPS] = [480, 120, 60, 16]; // two epochs of eight steps
const COUNT = 60;
const SEED_IN_TRAINING = 1_000_000; // and the run's, which is 0

const [train, tested] = await Promise.all([
  loadImages(undefined, "train"),
  loadImages(undefined, "test"),
]);

const tiny = { recipe: "small", width: 0.25, batch: BATCH, data: at("data") } as const;
const trained = (name: string, flags: TrainFlags = {}): Promise<string> =>
  said(() => trainRun(terminal, { ...tiny, steps: STEPS, out: at(name), ...flags }));
const evaluated = (name: string, flags: EvaluateRequest = {}): Promise<string> =>
  said(() => evaluateRun(terminal, at(name), { count: COUNT, ...flags }));
const readEvaluation = (...names: string[]): Evaluation =>
  parseEvaluation(bytes(...names), names.join("/"));

/** A folder's files by name, with what is in them. */
const contents = (...names: string[]): Record<string, string> =>
  Object.fromEntries(
    readdirSync(at(...names), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(at(...names).length), readFileSync(path, "base64")]),
  );

let first: Outcome;
let watchedSays: string;

beforeAll(async () => {
  for (const name of ["data", "untested"]) mkdirSync(at(name));
  const images = train.images.subarray(0, IMAGES * 784);
  for (const [name, shape, data] of [
    ["data/train-images-idx3-ubyte", [IMAGES, 28, 28], images],
    ["data/train-labels-idx1-ubyte", [IMAGES], train.labels!.subarray(0, IMAGES)],
    ["data/t10k-images-idx3-ubyte", [TESTED, 28, 28], tested.images.subarray(0, TESTED * 784)],
    ["data/t10k-labels-idx1-ubyte", [TESTED], tested.labels!.subarray(0, TESTED)],
    ["untested/train-images-idx3-ubyte", [IMAGES, 28, 28], images],
  ] as const) {
    writeFileSync(at(name), idxBytes(shape, data));
  }
  for (const second of [false, true]) {
    await said(() => judgeCommand({ second, data: at("data"), epochs: 4 }));
  }
  await trained("plain");
  watchedSays = await trained("watched", { evaluateEvery: 5, evaluateCount: 100 });
  first = await longhand("evaluate", at("plain"), "--count", `${COUNT}`, "--data", at("data"));
}, 600_000);

describe("evaluate", () => {
  it("prints every figure beside those of sets of known quality", () => {
    expect(first.code, first.err).toBe(0);
    const lines = first.out.split("\n");
    const cells = / +(lower|higher) +\S.*?((?: +-?[\d.,]+(?:e−\d+)?){6})$/;
    for (const { title } of MEANINGS) {
      expect(lines.find((line) => line.startsWith(title))?.slice(title.length)).toMatch(cells);
    }
    for (const side of ["training", "test"]) {
      expect(first.out).toMatch(
        new RegExp(`by the second judge, ${side} +lower .*( +[\\d.,]+){6}`),
      );
    }
    expect(first.out).toMatch(/^Digits drawn: 0: \d+, .*9: \d+$/m);
    expect(first.out).toMatch(
      /^Copying: the median distance of 60 samples to .* is \d+\.\d\d, that/m,
    );
    for (const file of ["evaluation.json", "report.html"]) {
      expect(lines).toContain(at("plain", "evaluation", file));
    }
  });

  it("leaves the figures as JSON, by both judges, to training and to test images", () => {
    const found = readEvaluation("plain", "evaluation", "evaluation.json");
    expect(found).toMatchObject({
      run: { recipe: "small", seed: 0, checkpoint: "last", step: STEPS },
      data: { train: { images: IMAGES }, test: { images: TESTED } },
      count: COUNT,
      seed: 1,
      neighbours: 5,
      judge: { name: "first" },
      second: { judge: { name: "second" } },
      asked: null,
      copying: { count: COUNT },
    });
    const { judge, second, samples, references } = found;
    expect(second!.judge.fingerprint).not.toBe(judge.fingerprint);
    expect(samples.counts.reduce((sum, count) => sum + count, 0)).toBe(COUNT);
    // Sixteen steps draw no digits: real ones are nearer by either judge, and to either set.
    for (const name of ["frechetTrain", "frechetTest"] as const) {
      expect(references.real.figures[name]).toBeLessThan(samples.figures[name]);
      expect(second!.references.real[name]).toBeLessThan(second!.samples[name]);
      const all = [samples.figures[name], second!.samples[name]];
      expect(new Set(all).size).toBe(2);
    }
    expect(samples.figures.frechetTrain).not.toBe(samples.figures.frechetTest);
    expect(REFERENCES.map((each) => references[each].count)).toEqual(REFERENCES.map(() => COUNT));
  });

  it("keeps what it learnt of the real digits, and gives the same again", async () => {
    const long = [
      "The second judge looks at 120 test images",
      "Judging sets of known quality",
      "Comparing sets of known quality",
      "Test digits' nearest training images",
    ];
    for (const words of long) expect(first.out).toContain(words);
    const before = contents("plain", "evaluation");
    expect(Object.keys(before).toSorted()).toEqual(["/evaluation.json", "/report.html"]);
    const again = await evaluated("plain"); // --data is the run's by default
    for (const words of long) expect(again).not.toContain(words);
    expect(contents("plain", "evaluation")).toEqual(before);
  });
});

describe("train --evaluate-every", () => {
  const rowsOf = (name: string) => readJsonl(at(name, "evaluations.jsonl"));
  /** All of a run that its evaluations shouldn't change. */
  const bitsOf = (name: string) => [
    bytes(name, "metrics.jsonl").toString(),
    // Their copies of run.json say how the run is evaluated, and so their manifests differ.
    Object.entries(contents(name, "checkpoint")).filter(([file]) => !/run|manifest/.test(file)),
    bytes(name, "samples", "epoch-0002.png").toString("base64"),
  ];

  it("leaves training's bits alone, and a checkpoint of the least Fréchet distance", () => {
    expect(bitsOf("watched")).toEqual(bitsOf("plain"));
    expect(existsSync(at("plain", "evaluations.jsonl"))).toBe(false);
    const rows = rowsOf("watched");
    expect(rows.map(({ step, count }) => [step, count])).toEqual([5, 10, 15].map((s) => [s, 100]));
    const best = rows.toSorted((a, b) => Number(a.frechetTrain) - Number(b.frechetTrain))[0]!;
    expect(JSON.parse(bytes("watched", "best", "evaluation.json").toString())).toEqual(best);
    expect(JSON.parse(bytes("watched", "best", "state.json").toString())).toMatchObject({
      step: best.step,
    });
    expect(watchedSays).toMatch(/^Step 5: Fréchet distance \S+, precision .*, the best so far$/m);
    expect(watchedSays).toContain(
      `on 100 samples) is the one of step ${String(best.step)}: --checkpoint`,
    );
    expect(existsSync(at("watched", "best.png"))).toBe(true);
  });

  it("gets the figures that evaluate gets of the same samples of --checkpoint best", async () => {
    // What is damaged in the cache is made anew, and if no second judge is kept there, the one that ships judges.
    const kept = at("cache/longhand/evaluation");
    for (const name of readdirSync(kept)) truncateSync(join(kept, name), 100);
    rmSync(at("cache/longhand/judges/second.safetensors"));
    const json = at("figures", "best.json");
    const flags = { checkpoint: "best", count: 100, seed: SEED_IN_TRAINING, json } as const;
    const out = await evaluated("watched", flags);
    expect(out).toContain("The first judge looks at 480 training images");
    expect(out).toMatch(/^\S*\/evaluation\/.*: it is made again\.$/m);
    expect(out).toMatch(/by the second judge/);
    expect(readdirSync(at("watched", "evaluation-best"))).toEqual(["report.html"]);
    const page = bytes("watched", "evaluation-best", "report.html").toString();
    expect(page).toContain("By a second judge");

    const found = readEvaluation("figures", "best.json");
    const row = rowsOf("watched").find(({ step }) => step === found.run.step);
    expect(row).toEqual({
      step: found.run.step,
      count: 100,
      judge: found.judge.fingerprint,
      counts: found.samples.counts,
      ...found.samples.figures,
    });
    expect(found).toMatchObject({
      run: { checkpoint: "best" },
      second: { judge: { name: "second" } },
    });
  });

  it("takes epoch for a pace, and goes on with it after a stop, with the same bits", async () => {
    await trained("epochs", { steps: 11, evaluateEvery: "epoch", evaluateCount: 100 });
    await said(() => trainRun(terminal, { resume: at("epochs"), steps: STEPS }));
    expect(bitsOf("epochs")).toEqual(bitsOf("plain"));
    expect(rowsOf("epochs").map(({ step }) => step)).toEqual([8, 16]);
  });
});

describe("a refused evaluation says why in a line, and leaves nothing", () => {
  const diverging = { generatorAdam: { learningRate: 1e38 } };
  beforeAll(() => {
    cpSync(at("plain"), at("damaged"), { recursive: true });
    truncateSync(at("damaged", "checkpoint", "generator.safetensors"), 1000);
  });

  type Kind = new (message: string) => LonghandError;
  const cases: readonly [what: string, run: string, EvaluateRequest, Kind, says: RegExp][] = [
    ["no run", "none", {}, CheckpointError, /none: .*does not exist/],
    ["a folder without a run", "data", {}, CheckpointError, /data: .*no run/],
    ["a damaged run", "damaged", {}, CheckpointError, /checkpoint.*generator\.safetensors: /],
    ["no best", "plain", { checkpoint: "best" }, CheckpointError, /has no best .*--evaluate-every/],
    [
      "as few as neighbours",
      "plain",
      { count: 5 },
      UsageError,
      /--count 5: must be more than --neighbours \(5\)/,
    ],
    [
      "no test images",
      "plain",
      { data: at("untested") },
      DataError,
      /untested: has no test images/,
    ],
    ["no such data", "plain", { data: at("none") }, DataError, /none: .*no such folder/],
  ];
  it.each(cases)("%s", async (_, run, flags, kind, says) => {
    const flagsOut = { out: at("refused", "here"), json: at("refused", "there", "figures.json") };
    expect(await messageOf(kind, () => evaluated(run, { ...flagsOut, ...flags }))).toMatch(says);
    expect(existsSync(at("refused"))).toBe(false);
  });

  it("a run that diverged before training stopped of itself", async () => {
    writeFileSync(at("diverging.json"), JSON.stringify(diverging));
    const flags = { config: at("diverging.json"), steps: 4, evaluateEvery: 4 };
    const says = await messageOf(DivergedError, () =>
      trained("diverged", { ...flags, evaluateCount: 100 }),
    );
    expect(says).toMatch(/the run has diverged.* The checkpoint of step 0 is kept as it was/);
    expect(existsSync(at("diverged", "best"))).toBe(false);
    // A checkpoint of an older version, whose weights are no numbers; the average of them draws.
    const checkpoint = at("diverged", "checkpoint");
    const file = join(checkpoint, "generator-average.safetensors");
    const { tensors } = decodeSafetensors(readFileSync(file), file);
    const spoilt = [...tensors].map(([key, { shape, data }]): [string, NativeTensor] => [
      key,
      { dtype: "F32", shape, data: new Float32Array(data.length).fill(Number.NaN) },
    ]);
    writeFileSync(file, encodeSafetensors(new Map(spoilt)));
    writeFileSync(join(checkpoint, "state.json"), formatState({ format: 1, step: 0, seed: 0 }));
    rmSync(join(checkpoint, "manifest.json"));
    const message = await messageOf(CheckpointError, () => evaluated("diverged"));
    expect(message).toMatch(/values that are not finite: the run has diverged; evaluate its/);
  });

  it("--count 0, at the command line", async () => {
    const { code, err } = await longhand("evaluate", at("plain"), "--count", "0");
    expect(code).toBe(2);
    expect(err).toMatch(/--count.*from 2 to 100000/);
    expect(err.trim().split("\n").length).toBeLessThanOrEqual(3);
  });

  it("test images that training is to be judged by, before it writes anything", async () => {
    const flags = { data: at("untested"), evaluateEvery: 5 } as const;
    const message = await messageOf(DataError, () => trained("unwritten", flags));
    expect(message).toContain("has no test images");
    expect(existsSync(at("unwritten"))).toBe(false);
    const count = await messageOf(UsageError, () => trained("unwritten", { evaluateCount: 100 }));
    expect(count).toMatch(/^--evaluate-count 100: .*--evaluate-every/);
  });
});

describe("the page", () => {
  beforeAll(() => {
    if (usualCache === undefined) delete process.env["XDG_CACHE_HOME"];
    else process.env["XDG_CACHE_HOME"] = usualCache; // where the browser is kept
  });
  const browser = openBrowser(ON_SWIFTSHADER);

  async function openReport(colorScheme: "light" | "dark", width: number) {
    const page = await browser().newPage({ colorScheme, viewport: { width, height: 900 } });
    const faults: string[] = [];
    const asked: string[] = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => faults.push(message.text()));
    page.on("request", (request) => asked.push(request.url()));
    const url = pathToFileURL(at("plain", "evaluation", "report.html")).href;
    await page.goto(url);
    expect(asked.filter((each) => !each.startsWith("data:"))).toEqual([url]);
    expect(faults).toEqual([]);
    return page;
  }

  /** Letters of the plots that stick out of them, where they would be cut off. */
  const cutLetters = (page: Page): Promise<readonly string[]> =>
    page.locator("svg text").evaluateAll((texts) =>
      texts
        .filter((text) => {
          const [own, plot] = [text, text.closest("svg")!].map((e) => e.getBoundingClientRect());
          const wide = own!.left < plot!.left - 1 || own!.right > plot!.right + 1;
          return wide || own!.top < plot!.top - 1 || own!.bottom > plot!.bottom + 1;
        })
        .map((text) => text.textContent ?? ""),
    );

  /** The least contrast of letters with the page or the card they stand on, and whether the page is dark. */
  const contrast = (page: Page): Promise<{ least: number; dark: boolean }> =>
    page.evaluate(() => {
      const luminance = (color: string): number => {
        const [red, green, blue] = color
          .match(/[\d.]+/g)!
          .slice(0, 3)
          .map((byte) => Number(byte) / 255)
          .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
      };
      const ground = (of: Element): number =>
        luminance(getComputedStyle(of.closest(".card, .sample") ?? document.body).backgroundColor);
      const all = [...document.querySelectorAll("h1, h2, h3, p, dt, dd, .sample div, b, svg text")];
      const contrasts = all.map((each) => {
        const { color, fill } = getComputedStyle(each);
        const ink = luminance(each instanceof SVGElement ? fill : color);
        const [dim, bright] = [ink, ground(each)].toSorted((a, b) => a - b);
        return (bright! + 0.05) / (dim! + 0.05);
      });
      return { least: Math.min(...contrasts), dark: ground(document.body) < 0.05 };
    });

  test.each([390, 1200])("stands on its own, and fits a window %d wide", async (width) => {
    const page = await openReport("light", width);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await page.locator("script").count()).toBe(0);
    const images = await page
      .locator("img")
      .evaluateAll((all) =>
        all.map((img) => img instanceof HTMLImageElement && img.complete && img.naturalWidth >= 28),
      );
    expect(images.length).toBeGreaterThan(20);
    expect(images.every(Boolean)).toBe(true);
    const headings = await page.locator("h2").allTextContents();
    expect(headings).toEqual(expect.arrayContaining(["Figures", "By a second judge", "Training"]));
    expect(await page.locator(".card").count()).toBe(MEANINGS.length + 2);
    expect(await cutLetters(page)).toEqual([]);
    await page.close();
  });

  test.each(["light", "dark"] as const)("can be read in a %s window", async (scheme) => {
    const page = await openReport(scheme, 800);
    const { least, dark } = await contrast(page);
    expect(dark).toBe(scheme === "dark");
    expect(least).toBeGreaterThan(4.5); // WCAG 2's AA
    await page.close();
  });
});
