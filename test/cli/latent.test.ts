// `interpolate` and `project` as people use them: pictures of a run, and refusals that cost nothing.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeGif } from "../support/decode-gif.ts";
import { longhand } from "../support/longhand.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-latent-"));
const run = join(folder, "run");

beforeAll(async () => {
  const flags = ["--recipe", "small", "--width", "0.25", "--batch", "4", "--steps", "1"];
  const trained = await longhand("train", ...flags, "--out", run);
  if (trained.code !== 0) throw new Error(trained.err);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const size = (file: string): [number, number] => {
  const { width, height } = PNG.sync.read(readFileSync(join(run, file)));
  return [width, height];
};

describe("interpolate", () => {
  it("leaves a strip with a row a leg, and a GIF that loops", async () => {
    const walked = await longhand("interpolate", run, "--seeds", "0,5,2", "--steps", "4");
    expect(walked.code, walked.err).toBe(0);
    expect(walked.out).toContain("0 to 5 to 2 to 0");
    expect(size("interpolation.png")).toEqual([5 * 88 + 4, 3 * 88 + 4]);
    const gif = decodeGif(new Uint8Array(readFileSync(join(run, "interpolation.gif"))));
    expect([gif.loops, gif.frames.length]).toEqual([0, 12]);
  });
});

describe("project", () => {
  it("leaves wanted, drawn and difference, and the latent with its error", async () => {
    const projected = await longhand("project", run, "mnist:7", "--steps", "5", "--restarts", "2");
    expect(projected.code, projected.err).toBe(0);
    expect(projected.out).toMatch(/nearest of 1,000 random samples/);
    expect(size("projection-mnist-7.png")[0]).toBe(3 * 172 + 4);
    const path = join(run, "projection-mnist-7.json");
    const found: Record<string, unknown> = JSON.parse(readFileSync(path, "utf8"));
    expect(found).toMatchObject({ image: "mnist:7", steps: 5, restarts: 2, seed: 0 });
    expect(found.latent).toHaveLength(100);
    expect(found.error).toBeLessThan(Number(found.nearestSample));
  });
});

describe("what can't be done is refused in a sentence, and leaves nothing", () => {
  const text = join(folder, "text.png");
  writeFileSync(text, "this is no picture, whatever its name says");
  const cases: [string, string[], RegExp][] = [
    ["one seed", ["interpolate", run, "--seeds", "3"], /2 to 32 seeds; got 1/],
    ["a seed twice", ["interpolate", run, "--seeds", "3,3,4"], /3 follows itself/],
    ["a walk closed by hand", ["interpolate", run, "--seeds", "3,4,3"], /walk ends anyway/],
    ["a seed that is no number", ["interpolate", run, "--seeds", "3,x"], /whole number/],
    ["half a way", ["interpolate", run, "--from", "3"], /--to: is missing/],
    ["two kinds of way", ["interpolate", run, "--seeds", "1,2", "--from", "3"], /leave --from/],
    ["endless steps", ["interpolate", run, "--steps", "101"], /at most 100/],
    ["a strip that is no PNG", ["interpolate", run, "--out", "a.gif"], /must end in .png/],
    ["no such run", ["interpolate", join(folder, "none")], /does not exist/],
    ["no such test image", ["project", run, "mnist:10000"], /mnist:0 to mnist:9999/],
    ["no index", ["project", run, "mnist:"], /must be the index/],
    ["no such file", ["project", run, join(folder, "none.png")], /Can't read .*none.png/],
    [
      "no picture",
      ["project", run, text],
      /text.png: is a text; only PNG and JPEG pictures are read/,
    ],
    ["many restarts", ["project", run, "mnist:7", "--restarts", "257"], /from 1 to 256/],
    ["a digit on demand", ["project", run, "mnist:7", "--digit", "7"], /nobody told it which/],
  ];
  it.each(cases)("%s", async (_, args, says) => {
    const before = readdirSync(run);
    const refused = await longhand(...args);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(says);
    expect(refused.err).not.toMatch(/^\s+at /m);
    expect(readdirSync(run)).toEqual(before);
  });
});
