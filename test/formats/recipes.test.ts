// Runs of every recipe, exported and run elsewhere: in onnxruntime, in TensorFlow.js, and in PyTorch, where it is
// installed, in inference and in training. Each is compared with Longhand's own output.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { fromBytes } from "../../src/data/pixels.ts";
import { loadImages } from "../../src/data/files.ts";
import { conditionCount, type Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { generatorInputs } from "../../src/gan/samples.ts";
import type { Network } from "../../src/nn/network.ts";
import { loadJudge } from "../../src/runs/evaluation/judges.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { testDevice } from "../support/device.ts";
import { hasTorch, inTorch, withoutTorch, type TorchCase } from "../support/in-torch.ts";
import { channelsFirst, farthest, outputsOf, shapeThere } from "../support/layouts.ts";
import { makeRun } from "../support/made-run.ts";
import { onnxRuntime, type OrtTensor } from "../support/onnxruntime.ts";
import { said } from "../support/said.ts";
import { tfjs } from "../support/tfjs.ts";

const device = await testDevice();
const ort = await onnxRuntime();
const inTfjs = await tfjs();
const folder = mkdtempSync(join(tmpdir(), "longhand-recipes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LATENTS = 100;
const SHOWN = 6; // images for the discriminator, and all that TensorFlow.js draws, which is slow on the CPU
const TRAINED = 8; // rows of a batch in training
const CLOSE = 1e-5;
const spectralBest: typeof best = { ...best, spectral: true };
// Of equal widths, so that they share kernels, which take most of the time to compile.
const narrow = [...recipes, spectralBest].map((recipe): Recipe => {
  const generatorWidths = recipe.generatorWidths.map((_, i) => 6 - i);
  return {
    ...recipe,
    generatorWidths,
    discriminatorWidths: recipe.discriminatorWidths.map((_, i) => 3 + i),
  };
});

const floats = (data: Float32Array, dims: readonly number[]): OrtTensor =>
  new ort.Tensor("float32", data, dims);

/** Runs a file, given its inputs by name. */
async function run(
  path: string,
  feeds: Readonly<Record<string, OrtTensor>>,
): Promise<Record<string, OrtTensor>> {
  const session = await ort.InferenceSession.create(readFileSync(path));
  expect(session.inputNames).toEqual(Object.keys(feeds));
  return session.run(feeds);
}

/** Splits what a generator takes here into the noise and the number of the class or cluster, (count) each. */
function splitInputs(recipe: Recipe, inputs: Float32Array) {
  const length = recipe.latent + conditionCount(recipe);
  const rows = Array.from({ length: inputs.length / length }, (_, i) =>
    inputs.subarray(i * length, (i + 1) * length),
  );
  return {
    noise: Float32Array.from(rows.flatMap((row) => [...row.subarray(0, recipe.latent)])),
    told: BigInt64Array.from(rows, (row) => BigInt(row.subarray(recipe.latent).indexOf(1))),
  };
}

/** What an exported network is compared with in PyTorch. */
interface Expected extends TorchCase {
  readonly own: Network;
  readonly wanted: Float32Array;
  readonly wantedTrained: Float32Array;
  readonly wantedState: ReadonlyMap<string, Float32Array>;
}

const expected: Expected[] = [];

/** Exports a network for PyTorch, and keeps what it does here. Its running statistics move. */
async function keep(
  path: string,
  what: "generator" | "discriminator",
  own: Network,
  inputs: Float32Array<ArrayBuffer>,
  wanted: Float32Array,
): Promise<void> {
  const out = join(path, what);
  await said(() => exportCommand(path, { format: "torch", what, out }));
  // A discriminator's dropout draws other numbers elsewhere, and it has no statistics.
  const trained = what === "generator" ? TRAINED : 0;
  const size = own.inputShape.reduce((product, extent) => product * extent, 1);
  const some = inputs.slice(0, trained * size);
  const wantedTrained =
    trained > 0 ? await outputsOf(device, own, some, { training: true }) : new Float32Array(0);
  const wantedState = new Map<string, Float32Array>();
  for (const [name, array] of own.state) {
    if (name.endsWith("running")) wantedState.set(name, await array.read("f32"));
  }
  expected.push({
    folder: out,
    network: what,
    shape: [inputs.length / size, ...shapeThere(own.inputShape)],
    inputs: channelsFirst(inputs, own.inputShape),
    trained,
    own,
    wanted,
    wantedTrained,
    wantedState,
  });
}

describe("a run elsewhere", () => {
  it.each(narrow.map((recipe, i) => [`${recipe.name} ${i}`, recipe] as const))(
    "draws and judges in onnxruntime and TensorFlow.js as it does here: %s",
    async (name, recipe) => {
      const path = join(folder, name);
      const gan = await makeRun(device, path, recipe);
      const inputs = await generatorInputs(gan, 3, LATENTS);
      const wanted = await outputsOf(device, gan.sampler, inputs);
      expect(Math.max(...wanted) - Math.min(...wanted)).toBeGreaterThan(0.3); // not a grey sheet
      const { noise, told } = splitInputs(recipe, inputs);
      const latent = floats(noise, [LATENTS, recipe.latent]);
      const [height, width] = recipe.image;
      const port = recipe.classes === undefined ? "cluster" : "class";
      const which = (count: number): Record<string, OrtTensor> =>
        conditionCount(recipe) === 0
          ? {}
          : { [port]: new ort.Tensor("int64", told.slice(0, count), [count]) };

      await said(() => exportCommand(path, { format: "onnx" }));
      const drawn = await run(join(path, "generator.onnx"), { latent, ...which(LATENTS) });
      expect(drawn["images"]!.dims).toEqual([LATENTS, 1, height, width]);
      expect(farthest(drawn["images"]!.data as Float32Array, wanted)).toBeLessThan(CLOSE);

      const folded = join(path, "folded.onnx");
      const flags = { format: "onnx", foldBatchNorm: true, uint8: true, out: folded } as const;
      await said(() => exportCommand(path, flags));
      const bytes = (await run(folded, { latent, ...which(LATENTS) }))["images"]!;
      expect([bytes.type, bytes.dims]).toEqual(["uint8", [LATENTS, 1, height, width]]);
      const levels = wanted.map((value) => Math.round((value + 1) * 127.5));
      expect(farthest(bytes.data as Uint8Array, levels)).toBeLessThanOrEqual(1);

      const some = wanted.slice(0, SHOWN * height * width);
      await said(() => exportCommand(path, { format: "onnx", what: "discriminator" }));
      const judged = await run(join(path, "discriminator.onnx"), {
        images: floats(some, [SHOWN, 1, height, width]),
        ...which(SHOWN),
      });
      const verdicts = await outputsOf(device, gan.discriminator, some);
      const logits = verdicts.length / SHOWN;
      const wantedEach = Array.from(
        { length: SHOWN },
        (_, i) => verdicts[i * logits + Math.max(0, Number(told[i]))]!,
      );
      const output = recipe.loss === "logits" ? "logit" : "probability";
      expect(judged[output]!.dims).toEqual([SHOWN, 1]);
      expect(farthest(judged[output]!.data as Float32Array, wantedEach)).toBeLessThan(CLOSE);

      await said(() => exportCommand(path, { format: "tfjs" }));
      await said(() => exportCommand(path, { format: "tfjs", what: "discriminator" }));
      const length = recipe.latent + conditionCount(recipe);
      const draws = await inTfjs(join(path, "tfjs", "generator.json"));
      const drawnThere = await draws.run(inputs.slice(0, SHOWN * length), [SHOWN, length]);
      expect(drawnThere.shape).toEqual([SHOWN, ...recipe.image]);
      expect(farthest(drawnThere.data, some)).toBeLessThan(CLOSE); // one channel: no layout differs
      const judges = await inTfjs(join(path, "tfjs", "discriminator.json"));
      const judgedThere = await judges.run(some, [SHOWN, ...recipe.image]);
      expect(judgedThere.shape).toEqual([SHOWN, logits]);
      expect(farthest(judgedThere.data, verdicts)).toBeLessThan(CLOSE);
      expect(draws.model.getUserDefinedMetadata()).toMatchObject({ recipe: recipe.name });

      if (!hasTorch) return;
      await keep(path, "discriminator", gan.discriminator, some, verdicts);
      await keep(path, "generator", gan.sampler, inputs, wanted);
    },
  );

  it.skipIf(!hasTorch)(
    `draws, judges and trains in PyTorch as it does here, every recipe${withoutTorch}`,
    () => {
      const found = inTorch(
        expected.map(({ folder: at, network, shape, inputs, trained }) => {
          return { folder: at, network, shape, inputs, trained };
        }),
      );
      expect(found.length).toBe(2 * narrow.length);
      for (const [i, { outputs, trained, state, counted, shape }] of found.entries()) {
        const { own, wanted, wantedTrained, wantedState } = expected[i]!;
        expect(shape.slice(1)).toEqual(shapeThere(own.outputShape));
        expect(farthest(outputs, wanted)).toBeLessThan(CLOSE);
        expect(farthest(trained, wantedTrained)).toBeLessThan(CLOSE);
        expect(counted).toEqual([...wantedState].map(() => 6)); // 5 in the file, and one more
        for (const [name, values] of wantedState) {
          const layer = name.replace(/running$/, "");
          const there = ["running_mean", "running_var"].flatMap((row) => state[layer + row]!);
          expect(farthest(there, values)).toBeLessThan(CLOSE);
        }
      }
    },
    120_000,
  );

  it("takes any batch in onnxruntime, one and none as well", async () => {
    const path = join(folder, "dcgan 0");
    const file = join(path, "generator.onnx");
    const latent = narrow[0]!.latent;
    const one = await run(file, {
      latent: floats(new Float32Array(latent).fill(0.5), [1, latent]),
    });
    expect(one["images"]!.dims).toEqual([1, 1, 28, 28]);
    const none = await run(file, { latent: floats(new Float32Array(0), [0, latent]) });
    expect(none["images"]!.dims).toEqual([0, 1, 28, 28]);
  });

  it("takes no class that there isn't: a discriminator refuses it, a generator draws none", async () => {
    const path = join(folder, "conditional 7");
    const { latent } = narrow[7]!;
    const which = (number: bigint) => new ort.Tensor("int64", BigInt64Array.of(number), [1]);
    const noise = floats(new Float32Array(latent).fill(0.5), [1, latent]);
    const draw = async (number: bigint): Promise<OrtTensor["data"]> =>
      (await run(join(path, "generator.onnx"), { latent: noise, class: which(number) }))["images"]!
        .data;
    expect(await draw(10n)).toEqual(await draw(11n));
    expect(await draw(9n)).not.toEqual(await draw(10n));
    const images = floats(new Float32Array(784), [1, 1, 28, 28]);
    const verdict = run(join(path, "discriminator.onnx"), { images, class: which(10n) });
    await expect(verdict).rejects.toThrow(/out of bounds|out of data bounds|index/i);
  });
});

/** The softmax of each row. */
function softmax(logits: Float32Array, count: number): Float32Array {
  const columns = logits.length / count;
  return logits.map((logit, i) => {
    const row = logits.subarray(i - (i % columns), i - (i % columns) + columns);
    return Math.exp(logit) / row.reduce((sum, value) => sum + Math.exp(value), 0);
  });
}

describe("the judge elsewhere", async () => {
  const count = 8;
  const { images } = await loadImages(undefined, "test");
  const digits = images.slice(0, count * 784);
  const pixels = fromBytes(digits);
  const shape = [count, 1, 28, 28];
  const judge = await loadJudge(terminal, device, "first");
  const features = new Float32Array(await outputsOf(device, judge.body, pixels));
  const logits = await outputsOf(device, judge.head, features);

  it.each([
    ["floats", false],
    ["bytes", true],
  ])("judges MNIST's digits in onnxruntime as here, from %s", async (_, uint8) => {
    const out = join(folder, `judge-${uint8}.onnx`);
    await said(() => exportCommand(undefined, { format: "onnx", what: "judge", uint8, out }));
    const fed = uint8 ? new ort.Tensor("uint8", digits, shape) : floats(pixels, shape);
    const got = await run(out, { images: fed });
    const probabilities = got["probabilities"]!.data as Float32Array;
    expect(farthest(probabilities, softmax(logits, count))).toBeLessThan(CLOSE);
    const scale = Math.max(...features); // features aren't bounded
    expect(farthest(got["features"]!.data as Float32Array, features) / scale).toBeLessThan(CLOSE);
  });

  it("and in TensorFlow.js", async () => {
    const out = join(folder, "judge-tfjs");
    await said(() => exportCommand(undefined, { format: "tfjs", what: "judge", out }));
    const { run: judgeThere } = await inTfjs(join(out, "judge.json"));
    const { data } = await judgeThere(pixels, [count, 28, 28, 1]);
    const largest = Math.max(...logits.map(Math.abs));
    expect(farthest(data, logits) / largest).toBeLessThan(CLOSE);
  });

  it.skipIf(!hasTorch)(`and in PyTorch${withoutTorch}`, async () => {
    const out = join(folder, "judge");
    await said(() => exportCommand(undefined, { format: "torch", what: "judge", out }));
    const [found] = inTorch([{ folder: out, network: "judge", shape, inputs: pixels, trained: 0 }]);
    const largest = Math.max(...logits.map(Math.abs));
    expect(farthest(found!.outputs, logits) / largest).toBeLessThan(CLOSE);
  });
});
