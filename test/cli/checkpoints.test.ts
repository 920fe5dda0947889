// Checkpoints as people meet them: a damaged one, an older one, one of an older version.
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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { idxBytes } from "../support/idx-bytes.ts";
import { longhand } from "../support/longhand.ts";
import { strokes } from "../support/narrow-recipes.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-checkpoints-"));
const at = (...names: string[]): string => join(folder, ...names);
const bytes = (...names: string[]): Buffer => readFileSync(at(...names));

// The networks that test/fixtures/run-without-manifest has, and its images.
const CONFIG = {
  recipe: "mlp",
  latent: 1,
  generatorWidths: [1, 1, 1],
  discriminatorWidths: [1, 1, 1],
  batch: 4,
};

beforeAll(async () => {
  mkdirSync(at("data"));
  writeFileSync(at("data", "train-images-idx3-ubyte"), idxBytes([22, 28, 28], strokes(22).images));
  writeFileSync(at("config.json"), JSON.stringify(CONFIG));
  const run = ["--config", at("config.json"), "--data", at("data"), "--out", at("whole")];
  const saves = ["--checkpoint-every", "2", "--keep-checkpoints", "3"];
  const { code, err } = await longhand("train", ...run, "--steps", "9", ...saves);
  if (code !== 0) throw new Error(err);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the program itself says on stderr: Dawn's lines about its own limits left out. */
const words = (err: string): string[] =>
  err.split("\n").filter((line) => line !== "" && !line.startsWith("Warning: max"));

describe("a checkpoint that is damaged", () => {
  it("is refused, with what to do; doing that ends with the bits of an undisturbed run", async () => {
    expect(readdirSync(at("whole", "checkpoints"))).toEqual(["step-0000006", "step-0000008"]);
    cpSync(at("whole"), at("damaged"), { recursive: true });
    const weights = bytes("damaged", "checkpoint", "generator.safetensors");
    weights[5000]! ^= 1;
    writeFileSync(at("damaged", "checkpoint", "generator.safetensors"), weights);
    const offer = `of step 8: --checkpoint 8 uses it, and npm run train -- --resume ${at("damaged")} --checkpoint 8 goes on`;
    for (const command of [["sample"], ["train", "--steps", "10", "--resume"]]) {
      const { code, err } = await longhand(...command, at("damaged"));
      expect([code, words(err).length]).toEqual([1, 1]);
      expect(err).toContain("generator.safetensors: is damaged: its SHA-256 is ");
      expect(err).toContain(offer);
    }
    expect(bytes("damaged", "metrics.jsonl")).toEqual(bytes("whole", "metrics.jsonl"));

    const out = at("eight.png");
    const drawn = await longhand("sample", at("damaged"), "--checkpoint", "8", "--out", out);
    expect([drawn.code, drawn.out.includes(out)]).toEqual([0, true]);

    const from = ["--resume", at("damaged"), "--checkpoint", "8"];
    const resumed = await longhand("train", ...from, "--steps", "9");
    expect([resumed.code, resumed.err]).toEqual([0, resumed.err]);
    expect(resumed.out).toContain("resumed at step 8");
    expect(bytes("damaged", "metrics.jsonl")).toEqual(bytes("whole", "metrics.jsonl"));
    for (const name of readdirSync(at("whole", "checkpoint"))) {
      const same = bytes("damaged", "checkpoint", name).equals(bytes("whole", "checkpoint", name));
      expect(same, name).toBe(true);
    }
    expect(readdirSync(at("damaged", "checkpoints"))).toEqual(["step-0000008"]);
  });
});

describe("--checkpoint", () => {
  const refusals: readonly [what: string, args: readonly string[], code: number, says: RegExp][] = [
    ["of no step", ["sample", at("whole"), "--checkpoint", "x"], 2, /takes last, best, or a step/],
    ["of another step", ["sample", at("whole"), "--checkpoint", "7"], 1, /has 9, 8, 6; the newest/],
    ["best of none", ["train", "--resume", at("whole"), "--checkpoint", "best"], 1, /no best chec/],
    ["without --resume", ["train", "--checkpoint", "8"], 2, /--checkpoint 8: .*give --resume too/],
    ["none to keep", ["train", "--keep-checkpoints", "0"], 2, /a whole number, 1 or more/],
  ];
  it.each(refusals)("%s is refused", async (_, args, code, says) => {
    const before = readdirSync(folder);
    const refused = await longhand(...args);
    expect([refused.code, readdirSync(folder)]).toEqual([code, before]);
    expect(refused.err).toMatch(says);
  });
});

it("a run of an older version goes on, and that its bytes can't be checked is said", async () => {
  const old = new URL("../fixtures/run-without-manifest", import.meta.url).pathname;
  cpSync(old, at("old"), { recursive: true });
  const args = ["train", "--resume", at("old"), "--data", at("data"), "--steps", "9"];
  const { code, out, err } = await longhand(...args);
  expect([code, err]).toEqual([0, err]);
  expect(out).toContain("old/checkpoint has no manifest, because an older version wrote it");
  expect(bytes("old", "metrics.jsonl").toString().split("\n").length).toBe(10);
  expect(readdirSync(at("old", "checkpoint"))).toContain("manifest.json");
  expect(readdirSync(at("old", "checkpoints"))).toEqual(["step-0000007"]);
});
