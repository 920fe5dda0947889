// The command line as people use it: real processes, real files, the machine's own adapter.
import { spawn } from "node:child_process";
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
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PNG } from "pngjs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadImages } from "../../src/data/files.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { ARGUMENTS, longhand, type Outcome, ROOT } from "../support/longhand.ts";
import { mountTinyDisk } from "../support/tiny-disk.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-cli-"));
const data = join(folder, "data");
const IMAGES = 22;
const BATCH = 4; // five full batches an epoch, two images left over

/** What a run draws as SVG and as PNG, and a word of each. */
const DRAWINGS = {
  losses: "Loss (nats)",
  generator: "ConvTranspose2d",
  discriminator: "Conv2d",
};

/** What the program itself says on stderr: Dawn's two lines about its own limits left out. */
function words(err: string): string[] {
  return err.split("\n").filter((line) => line !== "" && !line.startsWith("Warning: max"));
}

const train = async (...args: string[]): Promise<Outcome> =>
  longhand("train", "--recipe", "small", "--batch", String(BATCH), "--data", data, ...args);

const run = (name: string): string => join(folder, name);
const bytes = (name: string, file: string): Buffer => readFileSync(join(run(name), file));

beforeAll(async () => {
  const mnist = await loadImages(undefined, "train");
  mkdirSync(data);
  const images = mnist.images.subarray(0, IMAGES * 784);
  writeFileSync(join(data, "train-images-idx3-ubyte"), idxBytes([IMAGES, 28, 28], images));
  const first = await train("--steps", "12", "--out", run("whole"));
  if (first.code !== 0) throw new Error(first.err);
}, 600_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("train", () => {
  it("leaves losses, a checkpoint, grids, a GIF, a plot and the networks", () => {
    const rows = bytes("whole", "metrics.jsonl").toString().trim().split("\n");
    expect(rows.length).toBe(12);
    rows.forEach((line, index) => {
      const row: Record<string, number> = JSON.parse(line);
      expect(row.step).toBe(index + 1);
      expect(row.epoch).toBe(Math.floor(index / 5) + 1);
      expect(Object.values(row).every(Number.isFinite)).toBe(true);
    });
    const names = ["epoch-0001.png", "epoch-0002.png", "step-0000012.png"];
    expect(readdirSync(join(run("whole"), "samples"))).toEqual(names);
    for (const name of [...names.map((n) => `samples/${n}`), "untrained.png"]) {
      const { width, height, data: pixels } = PNG.sync.read(bytes("whole", name));
      expect([width, height]).toEqual([356, 356]);
      expect(new Set(pixels).size).toBeGreaterThan(20);
    }
    expect(bytes("whole", "samples.gif").subarray(0, 6).toString()).toBe("GIF89a");
    for (const [name, word] of Object.entries(DRAWINGS)) {
      const svg = bytes("whole", `${name}.svg`).toString();
      expect(svg).toContain(word);
      const { width, height } = PNG.sync.read(bytes("whole", `${name}.png`));
      expect(svg).toContain(`viewBox="0 0 ${width / 2} ${height / 2}"`);
    }
    expect(readdirSync(join(run("whole"), "checkpoint")).length).toBe(10);
    expect(readdirSync(join(run("whole"), "checkpoints"))).toEqual(["step-0000010"]);
  });

  it("shows what it is trained on: the first 16 images, dark on light", async () => {
    const { images } = await loadImages(data, "train");
    const { width, data: pixels } = PNG.sync.read(bytes("whole", "training-samples.png"));
    // Cells of 28 by 28 squares of 3 pixels, 4 pixels apart; one pixel of each square.
    const drawn = Array.from({ length: 16 * 784 }, (_, i) => {
      const [image, y, x] = [Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28];
      const [left, top] = [4 + 88 * (image % 4) + 3 * x, 4 + 88 * Math.floor(image / 4) + 3 * y];
      return pixels[4 * (top * width + left)]!;
    });
    expect(drawn).toEqual([...images.subarray(0, 16 * 784)].map((level) => 255 - level));
  });

  it("gives the same bits from the same seed", async () => {
    expect((await train("--steps", "12", "--out", run("again"))).code).toBe(0);
    expect(bytes("again", "metrics.jsonl")).toEqual(bytes("whole", "metrics.jsonl"));
    for (const file of readdirSync(join(run("whole"), "checkpoint"))) {
      const path = join("checkpoint", file);
      expect(bytes("again", path).equals(bytes("whole", path)), path).toBe(true);
    }
  });

  it("goes on after a stop with the bits of a run that never stopped", async () => {
    // Checkpoints at 3, 5 (epoch), 6 and 7 (end); a log that ran ahead of its checkpoint is cut back.
    await train("--steps", "7", "--checkpoint-every", "3", "--out", run("stopped"));
    writeFileSync(join(run("stopped"), "metrics.jsonl"), '{"step":8,"epoch":2,"lossD":', {
      flag: "a",
    });
    const resumed = await longhand("train", "--resume", run("stopped"), "--steps", "12");
    expect(resumed.code, resumed.err).toBe(0);
    expect(resumed.out).toContain("resumed at step 7");
    expect(bytes("stopped", "metrics.jsonl")).toEqual(bytes("whole", "metrics.jsonl"));
    for (const file of readdirSync(join(run("whole"), "checkpoint"))) {
      const path = join("checkpoint", file);
      expect(bytes("stopped", path).equals(bytes("whole", path)), path).toBe(true);
    }
    const pictures = Object.keys(DRAWINGS).flatMap((name) => [`${name}.svg`, `${name}.png`]);
    const grids = ["epoch-0002.png", "step-0000012.png"].map((grid) => join("samples", grid));
    for (const path of [...pictures, ...grids, "untrained.png", "training-samples.png"]) {
      expect(bytes("stopped", path).equals(bytes("whole", path)), path).toBe(true);
    }
  });

  it("says when there is nothing to do, and refuses flags that contradict the run", async () => {
    const before = bytes("whole", "metrics.jsonl");
    const done = await longhand("train", "--resume", run("whole"), "--steps", "12");
    expect([done.code, done.out.includes("Nothing to do")]).toEqual([0, true]);
    for (const flags of [
      ["--seed", "7"],
      ["--batch", "8"],
      ["--recipe", "dcgan"],
      ["--out", run("other")],
    ]) {
      const refused = await longhand("train", "--resume", run("whole"), "--steps", "20", ...flags);
      expect(refused.code).toBe(2);
      expect(words(refused.err).length).toBe(1);
      expect(refused.err).toContain(flags[0]);
    }
    expect(bytes("whole", "metrics.jsonl")).toEqual(before);
    expect(existsSync(run("other"))).toBe(false);
  });

  it("ends on Ctrl-C with a checkpoint of the last step, by itself", async () => {
    const path = run("interrupted");
    const args = ["train", "--recipe", "small", "--batch", "4", "--data", data, "--out", path];
    const child = spawn(process.execPath, [...ARGUMENTS, ...args, "--steps", "100000"], {
      cwd: ROOT,
    });
    let out = "";
    child.stdout.on("data", (chunk: Buffer) => {
      if (!out.includes("Epoch 1/") && `${out}${chunk.toString()}`.includes("Epoch 1/")) {
        child.kill("SIGINT");
      }
      out += chunk.toString();
    });
    const code = await new Promise((resolve) => child.on("exit", resolve));
    expect(code).toBe(0);
    const [, step] = /Stopped at step (\d+) of 100000/.exec(out) ?? [];
    const state: unknown = JSON.parse(bytes("interrupted", "checkpoint/state.json").toString());
    expect(state).toMatchObject({ step: Number(step) });
    const rows = bytes("interrupted", "metrics.jsonl").toString().trim().split("\n");
    expect(rows.length).toBe(Number(step));
  });
});

describe("a refused start says why in a sentence and leaves nothing behind", () => {
  const cases: [what: string, args: () => string[], code: number, says: RegExp][] = [
    ["batch 0", () => ["train", "--batch", "0"], 2, /--batch.*1 or more/],
    ["steps abc", () => ["train", "--steps", "abc"], 2, /--steps.*abc/],
    ["an unknown flag", () => ["train", "--stepz", "3"], 2, /--stepz/],
    ["an unknown recipe", () => ["train", "--recipe", "nope"], 2, /nope.*dcgan, small/],
    ["an unknown adapter", () => ["train", "--adapter", "nope"], 1, /nope.*available/],
    ["epochs and steps", () => ["train", "--steps", "1", "--epochs", "1"], 2, /one of them/],
    ["a missing folder", () => ["train", "--data", run("missing")], 1, /missing.*no such folder/],
    ["a batch too large", () => ["train", "--data", data, "--batch", "23"], 2, /at most 22/],
    ["a run that exists", () => ["train", "--data", data, "--out", run("whole")], 2, /--force/],
    [
      "a folder with other things",
      () => ["train", "--data", data, "--out", data, "--force"],
      2,
      /new folder/,
    ],
    ["no such run", () => ["sample", run("missing")], 1, /does not exist/],
    ["no such epoch", () => ["show", run("whole"), "--epoch", "9"], 1, /epoch 9.*epoch 1, epoch 2/],
    ["resume of no run", () => ["train", "--resume", data], 1, /no run/],
  ];
  it.each(cases)("%s", async (_what, args, code, says) => {
    const before = readdirSync(folder);
    const refused = await longhand(...args(), ...(args()[0] === "train" ? outOf(args()) : []));
    expect(refused.code, refused.err).toBe(code);
    expect(words(refused.err).length).toBeLessThanOrEqual(3);
    expect(refused.err).toMatch(says);
    expect(refused.err).not.toMatch(/^\s+at /m);
    expect(readdirSync(folder)).toEqual(before);
  });

  const outOf = (args: string[]): string[] =>
    args.includes("--out") || args.includes("--resume") ? [] : ["--out", run("refused")];

  it("a damaged IDX file", async () => {
    const damaged = run("damaged");
    cpSync(data, damaged, { recursive: true });
    truncateSync(join(damaged, "train-images-idx3-ubyte"), 5000);
    const refused = await longhand("train", "--data", damaged, "--out", run("refused"));
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/train-images-idx3-ubyte: has 4984 bytes of data/);
    expect(existsSync(run("refused"))).toBe(false);
  });

  it("a damaged checkpoint", async () => {
    cpSync(run("whole"), run("torn"), { recursive: true });
    truncateSync(join(run("torn"), "checkpoint", "generator.safetensors"), 1000);
    const refused = await longhand("sample", run("torn"));
    expect(refused.code).toBe(1);
    expect(words(refused.err).length).toBe(1);
    expect(refused.err).toContain("generator.safetensors");
  });
});

describe("a full disk", () => {
  const disk = run("disk");
  const mounted = mountTinyDisk(disk, 12_288); // room for one checkpoint, not for two
  if (!mounted) console.log("skipped: a run on a full disk, since mounting a tmpfs takes root");

  it.skipIf(!mounted)("ends the run in a sentence, with everything saved before", async () => {
    const out = join(disk, "run");
    const stopped = await train("--steps", "12", "--out", out);
    expect(stopped.code).toBe(1);
    expect(words(stopped.err)).toEqual([expect.stringMatching(/Can't write .*the disk is full/)]);
    const state: unknown = JSON.parse(readFileSync(join(out, "checkpoint/state.json"), "utf8"));
    expect(state).toMatchObject({ step: 0 }); // the first checkpoint, whole
    expect(readdirSync(join(out, "checkpoint")).length).toBe(10);
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n").length).toBe(5);
    const sampled = await longhand("sample", out, "--out", run("from-full.png"));
    expect(sampled.code, sampled.err).toBe(0);
  });
});

describe("pictures from a run", () => {
  it("sample draws the run's own grid again from seed 0, and more on demand", async () => {
    const path = join(folder, "grid.png");
    expect((await longhand("sample", run("whole"), "--out", path)).code).toBe(0);
    expect(readFileSync(path).equals(bytes("whole", "samples/step-0000012.png"))).toBe(true);
    const single = join(folder, "one.png");
    await longhand("sample", run("whole"), "--count", "3", "--no-grid", "--out", single);
    expect(readdirSync(folder).filter((name) => /^one-\d\.png$/.test(name)).length).toBe(3);
  });

  it("show draws in the terminal and prints the path; gif writes the frames again", async () => {
    const shown = await longhand("show", run("whole"), "--epoch", "2");
    expect(shown.code).toBe(0);
    expect(shown.out).toContain(join("samples", "epoch-0002.png"));
    expect(shown.out.split("\n").length).toBeGreaterThan(20);
    const before = bytes("whole", "samples.gif");
    rmSync(join(run("whole"), "samples.gif"));
    expect((await longhand("gif", run("whole"))).code).toBe(0);
    expect(bytes("whole", "samples.gif").equals(before)).toBe(true);
  });

  it("answers --help for every command", async () => {
    for (const command of ["train", "tune", "wgsl", "sample", "show", "gif", "doctor"]) {
      const { code, out } = await longhand(command, "--help");
      expect([code, out.includes(`Usage: longhand ${command}`)]).toEqual([0, true]);
    }
  });
});
