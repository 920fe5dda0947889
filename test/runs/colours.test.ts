// Runs in colours, by `--channels 3`: images of every kind as they are read, training and resuming with the same bits,
// samples, files for other programs, and who refuses them.
import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "jpeg-js";
import { PNG } from "pngjs";
import { beforeAll, describe, expect, it } from "vitest";
import { evaluateRun } from "../../src/runs/evaluation/evaluate.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { importCommand } from "../../src/cli/commands/import.ts";
import { interpolateCommand } from "../../src/cli/commands/interpolate.ts";
import { projectCommand } from "../../src/cli/commands/project.ts";
import { sampleCommand } from "../../src/cli/commands/sample.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { CheckpointError, DataError, UsageError } from "../../src/gpu/errors.ts";
import { chosenRecipe } from "../../src/runs/config.ts";
import { readRun } from "../../src/runs/kept/run-files.ts";
import { openSet } from "../../src/runs/sets/open-set.ts";
import { trainRun } from "../../src/runs/training/train.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { idxBytes } from "../support/idx-bytes.ts";
import { farthest } from "../support/layouts.ts";
import { messageOf } from "../support/message-of.ts";
import { onnxRuntime } from "../support/onnxruntime.ts";
import { said } from "../support/said.ts";
import { png, temporaryFolders } from "../support/set-files.ts";

const folder = temporaryFolders();

/** Returns an RGBA PNG. */
function rgba(width: number, height: number, pixels: readonly number[]): Uint8Array {
  const image = new PNG({ width, height });
  image.data = Buffer.from(pixels);
  return PNG.sync.write(image, { colorType: 6 });
}

/** Returns a picture of two colours, one per half, that differ by the number. */
const halves = (number: number): Uint8Array =>
  rgba(
    28,
    28,
    Array.from({ length: 784 }, (_, i) =>
      i % 28 < 14 ? [250, 10 * number, 20, 255] : [0, 60, 200 - number, 255],
    ).flat(),
  );

const colours = (path: string) => openSet(path, "train", { channels: 3 });

describe("images with --channels 3", () => {
  it("keep the colours of pictures; greys have three equal channels, and what is clear gets a ground", async () => {
    const clear = [255, 255, 0, 255, 255, 0, 0, 0, 10, 20, 30, 255, 250, 250, 250, 255];
    const data = Buffer.alloc(16, Uint8Array.of(200, 40, 30, 255));
    const path = folder({
      "a.png": rgba(2, 2, clear),
      "b.png": png(7, 2),
      "c.jpg": encode({ data, width: 2, height: 2 }, 100).data,
    });
    const set = await colours(path);
    expect([set.count, set.height, set.width, set.channels]).toEqual([3, 2, 2, 3]);
    // Light on the whole, so that black is under what is clear.
    expect([...set.images.subarray(0, 12)]).toEqual([
      255, 255, 0, 0, 0, 0, 10, 20, 30, 250, 250, 250,
    ]);
    expect([...set.images.subarray(12, 24)]).toEqual([255, 255, 255, ...Array(9).fill(7)]);
    const jpeg = set.images.subarray(24);
    expect(
      farthest(
        jpeg,
        [0, 1, 2, 3].flatMap(() => [200, 40, 30]),
      ),
    ).toBeLessThanOrEqual(3);
    expect(set.notes[0]).toContain("3 of 2×2 in colour");
    expect(set.notes.join()).not.toContain("luma");
    expect((await openSet(path, "train")).channels).toBeUndefined();
  });

  it("come from arrays and IDX files with channels first or last, also transposed", async () => {
    const data = Uint8Array.from({ length: 24 }, (_, i) => i); // (1, 2, 4, 3)
    const first = Uint8Array.from({ length: 24 }, (_, i) => (i % 8) * 3 + Math.floor(i / 8));
    const path = folder({
      "last/x.npy": encodeNpy({ shape: [1, 2, 4, 3], data }),
      "first/x.npy": encodeNpy({ shape: [1, 3, 2, 4], data: first }),
      "idx/train-images-idx3-ubyte": idxBytes([1, 2, 4, 3], data),
      "table/train.csv": `label,${Array.from({ length: 4 }, (_, i) => `pixel${i}`).join()}\n3,0,50,100,250\n`,
    });
    for (const name of ["last", "first", "idx"]) {
      const set = await colours(join(path, name));
      expect([set.height, set.width, ...set.images], name).toEqual([2, 4, ...data]);
    }
    const turned = await openSet(join(path, "last"), "train", { channels: 3, transpose: true });
    expect([turned.height, turned.width, ...turned.images.subarray(0, 6)]).toEqual([
      4, 2, 0, 1, 2, 12, 13, 14,
    ]);
    const table = await colours(join(path, "table"));
    expect([...table.images]).toEqual([0, 50, 100, 250].flatMap((level) => [level, level, level]));
  });
});

describe("a run in colours", () => {
  let data = "";
  let at = (name: string): string => name;
  const flags = { recipe: "dcgan", channels: 3, width: 0.05, batch: 4 };
  const train = (more: object): Promise<string> => said(() => trainRun(terminal, more));
  beforeAll(async () => {
    data = folder(
      Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${i}.png`, halves(i)])),
    );
    const runs = folder({});
    at = (name) => join(runs, name);
    await train({ ...flags, data, steps: 4, out: at("whole") });
  }, 120_000);

  it("resumes with the same bits", async () => {
    cpSync(at("whole"), at("parts"), { recursive: true });
    await train({ resume: at("parts"), checkpoint: 3, steps: 4 });
    for (const name of ["generator", "discriminator", "generator-adam"]) {
      const file = `checkpoint/${name}.safetensors`;
      expect(readFileSync(at(`parts/${file}`)).equals(readFileSync(at(`whole/${file}`)))).toBe(
        true,
      );
    }
    const message = await messageOf(UsageError, () =>
      train({ resume: at("parts"), channels: 1, steps: 5 }),
    );
    expect(message).toMatch(/^--channels: the run in .* keeps the constants that it began with/);
  });

  it("draws its images and samples in colours", async () => {
    const shown = PNG.sync.read(readFileSync(at("whole/training-samples.png")));
    const first = 4 * (4 * shown.width + 4);
    expect([...shown.data.subarray(first, first + 3)]).toEqual([250, 0, 20]);
    const colourOf = (path: string): number => readFileSync(path)[25]!;
    await said(() => sampleCommand(at("whole"), { count: 4 }));
    await said(() => sampleCommand(at("whole"), { count: 2, grid: false, out: at("one.png") }));
    const drawn = ["whole/untrained.png", "whole/sample-seed0.png", "one-0.png"];
    expect(drawn.map((name) => colourOf(at(name)))).toEqual([2, 2, 2]);
    await said(() => sampleCommand(at("whole"), { count: 4, out: at("s.npz") }));
    const set = await colours(at("s.npz"));
    expect([set.count, set.height, set.width, set.channels]).toEqual([4, 28, 28, 3]);
    const single = PNG.sync.read(readFileSync(at("one-1.png"))).data;
    const pixels = Uint8Array.from(
      { length: 2352 },
      (_, i) => single[4 * Math.floor(i / 3) + (i % 3)]!,
    );
    expect(pixels).toEqual(set.images.slice(2352, 2 * 2352));
    await said(() => interpolateCommand(at("whole"), { seeds: [1, 2], steps: 2 }));
    for (const name of ["samples.gif", "interpolation.gif"]) {
      const gif = readFileSync(join(at("whole"), name));
      const palette = gif.subarray(13, 13 + 3 * (2 << (gif[10]! & 7)));
      const isColour = (_: number, i: number): boolean => palette[i] !== palette[i - (i % 3)];
      expect(palette.filter(isColour).length, name).toBeGreaterThan(20);
    }
  });

  it("goes out to ONNX with three channels, and comes back", async () => {
    await said(() => exportCommand(at("whole"), { format: "onnx" }));
    const ort = await onnxRuntime();
    const session = await ort.InferenceSession.create(readFileSync(at("whole/generator.onnx")));
    const latent = new ort.Tensor("float32", new Float32Array(100).fill(0.1), [1, 100]);
    const { images } = await session.run({ latent });
    expect(images!.dims).toEqual([1, 3, 28, 28]);
    const out = at("again");
    await said(() => importCommand([at("whole/generator.onnx")], { recipe: "dcgan", data, out }));
    await said(() => sampleCommand(out, { count: 4, out: at("again.npz") }));
    expect(readFileSync(at("again.npz")).equals(readFileSync(at("s.npz")))).toBe(true);
  });

  it("is refused by those who know greys alone, and by recipes of them", async () => {
    const refused = (command: () => Promise<unknown>): Promise<string> =>
      messageOf(UsageError, command);
    expect(await refused(() => evaluateRun(terminal, at("whole"), {}))).toMatch(
      /^evaluate .*: recipe dcgan has 3 channels, but the judge knows grey digits alone; train with/,
    );
    expect(
      await refused(() => train({ ...flags, data, evaluateEvery: 2, out: at("never") })),
    ).toMatch(/^--evaluate-every: recipe dcgan has 3 channels/);
    expect(await refused(() => projectCommand(at("whole"), join(data, "0.png"), {}))).toMatch(
      /^project: recipe dcgan has 3 channels, but images to project are made grey/,
    );
    expect(await refused(() => sampleCommand(at("whole"), { out: at("s.csv") }))).toMatch(
      /^--format csv: recipe dcgan has 3 channels/,
    );
    expect(await refused(() => chosenRecipe({ recipe: "best", channels: 3 }))).toBe(
      "--channels 3: recipe best takes grey images alone; dcgan, dcgan32, upsample take colours",
    );
    const record = { "run.json": readFileSync(at("whole/run.json")) };
    const page = readRun(new Map(Object.entries(record)), "run", "0");
    expect(await messageOf(CheckpointError, () => page.next())).toMatch(
      /^run: draws in colours, but the page shows greys alone; use the command line for it$/,
    );
    const mismatch = folder({ "a.png": halves(1), "b.png": png(3, 30) });
    expect(await messageOf(DataError, () => colours(mismatch))).toMatch(/all pictures of a set/);
  });
});
