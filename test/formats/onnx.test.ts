// Exported ONNX files in onnxruntime, compared with Longhand's own output for every recipe, and layers of every
// geometry. test/formats/onnx-file.test.ts looks at what else the files say.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { addNetwork } from "../../src/formats/onnx/layers.ts";
import { createGraph } from "../../src/formats/onnx/graph.ts";
import { plainNetwork } from "../../src/formats/plain-network.ts";
import { conditionCount, scaled, type Recipe } from "../../src/gan/recipe.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { generatorInputs } from "../../src/gan/samples.ts";
import { fromBytes } from "../../src/data/pixels.ts";
import { loadImages } from "../../src/data/files.ts";
import { createRng } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { conv2d, convTranspose2d, maxPool, upsample } from "../../src/nn/layers.ts";
import { sequential, type Network } from "../../src/nn/network.ts";
import { loadJudge } from "../../src/runs/evaluation/judges.ts";
import { terminal } from "../../src/terminal/ui.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { onnxRuntime, type OrtTensor } from "../support/onnxruntime.ts";
import { said } from "../support/said.ts";

const device = await testDevice();
const ort = await onnxRuntime();
const folder = mkdtempSync(join(tmpdir(), "longhand-onnx-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const LATENTS = 100;
const WIDTH = 0.06;
const spectralBest = { ...best, spectral: true, name: "best" };
const narrow: readonly Recipe[] = [...recipes, spectralBest].map((recipe) => scaled(recipe, WIDTH));

const floats = (data: Float32Array, dims: readonly number[]): OrtTensor =>
  new ort.Tensor("float32", data, dims);

/** The largest difference of two lists of numbers, which must be as long. */
function farthest(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  let most = 0;
  for (let i = 0; i < got.length; i += 1) {
    const distance = Math.abs(got[i]! - wanted[i]!);
    if (!(distance <= most)) most = distance;
  }
  return most;
}

/** Runs a file, given its inputs by name. */
async function run(
  path: string,
  feeds: Readonly<Record<string, OrtTensor>>,
): Promise<Record<string, OrtTensor>> {
  const session = await ort.InferenceSession.create(readFileSync(path));
  expect(session.inputNames).toEqual(Object.keys(feeds));
  return session.run(feeds);
}

/** Splits what the generator takes here into what the file takes. */
function feedsOf(recipe: Recipe, inputs: Float32Array, count: number) {
  const { latent, classes } = recipe;
  const told = conditionCount(recipe);
  const length = latent + told;
  const rows = Array.from({ length: count }, (_, i) =>
    inputs.subarray(i * length, (i + 1) * length),
  );
  const noise = Float32Array.from(rows.flatMap((row) => [...row.subarray(0, latent)]));
  const each = BigInt64Array.from(rows, (row) => BigInt(row.subarray(latent).indexOf(1)));
  const port = classes === undefined ? "cluster" : "class";
  return {
    told: told === 0 ? {} : { [port]: new ort.Tensor("int64", each, [count]) },
    latent: floats(noise, [count, latent]),
    each,
  };
}

/** A network's outputs in inference, in one forward. */
async function outputsOf(network: Network, inputs: Float32Array<ArrayBuffer>, count: number) {
  const array = device.scope(() => {
    const x = device.upload(inputs, [count, ...network.inputShape], "f32", "inputs");
    return noGrad(() => network.forward(new Tensor(x), { training: false })).array;
  });
  return array.read("f32");
}

/** The softmax of each row. */
function softmax(logits: Float32Array, count: number): Float32Array {
  const columns = logits.length / count;
  return logits.map((logit, i) => {
    const row = logits.subarray(i - (i % columns), i - (i % columns) + columns);
    return Math.exp(logit) / row.reduce((sum, value) => sum + Math.exp(value), 0);
  });
}

describe("a run in onnxruntime", () => {
  it.each(narrow.map((recipe, i) => [`${recipe.name} ${i}`, recipe] as const))(
    "draws and judges as it does here: %s",
    async (name, recipe) => {
      const path = join(folder, name);
      const gan = await makeRun(device, path, recipe);
      const inputs = await generatorInputs(gan, 3, LATENTS);
      const wanted = await outputsOf(gan.sampler, inputs, LATENTS);
      const { told, latent, each } = feedsOf(recipe, inputs, LATENTS);
      const [height, width] = recipe.image;

      await said(() => exportCommand(path, { format: "onnx" }));
      const drawn = await run(join(path, "generator.onnx"), { latent, ...told });
      expect(drawn["images"]!.dims).toEqual([LATENTS, 1, height, width]);
      expect(farthest(drawn["images"]!.data as Float32Array, wanted)).toBeLessThan(1e-5);
      expect(Math.max(...wanted) - Math.min(...wanted)).toBeGreaterThan(0.5); // not a grey sheet

      const folded = join(path, "folded.onnx");
      const words = await said(() =>
        exportCommand(path, { format: "onnx", foldBatchNorm: true, uint8: true, out: folded }),
      );
      expect(words).toMatch(/^Folded: .+\.$/m);
      const bytes = (await run(folded, { latent, ...told }))["images"]!;
      expect([bytes.type, bytes.dims]).toEqual(["uint8", [LATENTS, 1, height, width]]);
      const levels = wanted.map((value) => Math.round((value + 1) * 127.5));
      expect(farthest(bytes.data as Uint8Array, levels)).toBeLessThanOrEqual(1);

      const count = 6;
      const some = wanted.slice(0, count * height * width);
      await said(() => exportCommand(path, { format: "onnx", what: "discriminator" }));
      const shown = floats(some, [count, 1, height, width]);
      const which = each.slice(0, count);
      const toldSome = Object.keys(told).map((key) => [
        key,
        new ort.Tensor("int64", which, [count]),
      ]);
      const judged = await run(join(path, "discriminator.onnx"), {
        images: shown,
        ...Object.fromEntries(toldSome),
      });
      const own = await outputsOf(gan.discriminator, some, count);
      const logits = own.length / count;
      const wantedEach = Array.from(
        { length: count },
        (_, i) => own[i * logits + Math.max(0, Number(which[i]))],
      );
      const output = recipe.loss === "logits" ? "logit" : "probability";
      expect(judged[output]!.dims).toEqual([count, 1]);
      expect(farthest(judged[output]!.data as Float32Array, wantedEach as number[])).toBeLessThan(
        1e-5,
      );
    },
  );

  it("takes any batch, one and none as well", async () => {
    const path = join(folder, "batches");
    const recipe = narrow[0]!;
    const gan = await makeRun(device, path, recipe);
    await said(() => exportCommand(path, { format: "onnx" }));
    const inputs = await generatorInputs(gan, 0, 1);
    const file = join(path, "generator.onnx");
    const one = await run(file, { latent: floats(inputs, [1, recipe.latent]) });
    expect(
      farthest(one["images"]!.data as Float32Array, await outputsOf(gan.sampler, inputs, 1)),
    ).toBeLessThan(1e-5);
    const none = await run(file, { latent: floats(new Float32Array(0), [0, recipe.latent]) });
    expect(none["images"]!.dims).toEqual([0, 1, 28, 28]);
  });

  it("judges MNIST's digits as here, as floats and as bytes", async () => {
    const count = 8;
    const { images } = await loadImages(undefined, "test");
    const digits = images.slice(0, count * 784);
    const judge = await loadJudge(terminal, device, "first");
    const features = await outputsOf(judge.body, fromBytes(digits), count);
    const logits = await outputsOf(judge.head, features, count);
    for (const uint8 of [false, true]) {
      const out = join(folder, `judge-${uint8}.onnx`);
      await said(() => exportCommand(undefined, { format: "onnx", what: "judge", uint8, out }));
      const fed = uint8
        ? new ort.Tensor("uint8", digits, [count, 1, 28, 28])
        : floats(fromBytes(digits), [count, 1, 28, 28]);
      const got = await run(out, { images: fed });
      const probabilities = got["probabilities"]!.data as Float32Array;
      expect(farthest(probabilities, softmax(logits, count))).toBeLessThan(1e-5);
      const scale = Math.max(...features); // features aren't bounded
      expect(farthest(got["features"]!.data as Float32Array, features) / scale).toBeLessThan(1e-5);
    }
  });
});

const odd: readonly (readonly [string, readonly [number, number, number], Layer])[] = [
  ...[1, 2, 3].flatMap((strides) =>
    [2, 5].flatMap((kernel) =>
      ([conv2d, convTranspose2d] as const).map((layer) => {
        const name = `${layer.name} ${kernel}×${kernel} stride ${strides}`;
        return [name, [7, 6, 2], layer(3, kernel, { strides })] as const;
      }),
    ),
  ),
  ["conv2d valid", [9, 8, 2], conv2d(4, [3, 2], { strides: [2, 1], padding: "valid" })],
  ["conv2d groups", [7, 7, 4], conv2d(6, 3, { groups: 2, strides: 2 })],
  ["conv2d dilated", [9, 9, 2], conv2d(3, 3, { dilations: [2, 1] })],
  ["conv2d four paddings", [6, 5, 2], conv2d(3, 3, { padding: [0, 2, 1, 3] })],
  [
    "convTranspose2d valid",
    [5, 4, 2],
    convTranspose2d(3, [3, 2], { strides: 2, padding: "valid" }),
  ],
  ["convTranspose2d groups", [5, 5, 4], convTranspose2d(6, 3, { groups: 2, strides: 2 })],
  ["convTranspose2d four", [5, 5, 2], convTranspose2d(3, 5, { strides: 2, padding: [0, 3, 2, 1] })],
  ["convTranspose2d dilated", [5, 5, 2], convTranspose2d(3, 3, { dilations: 2, strides: 2 })],
  ["maxPool same", [7, 5, 3], maxPool(3, { strides: 2, padding: "same" })],
  ["upsample", [3, 5, 2], upsample(3)],
];

describe("a layer in onnxruntime", () => {
  it.each(odd)("is what it is here: %s", async (name, shape, layer) => {
    const network = sequential(device, "net", shape, [layer], createRng(device, 5));
    const values = new Map<string, Float32Array>();
    for (const [key, array] of network.state) values.set(key, await array.read("f32"));
    const plain = plainNetwork("net", shape, [layer], (key) => values.get(key)!);
    const graph = createGraph();
    const end = addNetwork(graph, plain, "images");
    const port = (size: readonly number[]) => [size[2]!, size[0]!, size[1]!];
    const bytes = graph.model(
      { name, doc: name, version: "0", metadata: {} },
      [{ name: "images", element: "float", shape: port(shape), doc: "" }],
      [[end, { name: "out", element: "float", shape: port(network.outputShape), doc: "" }]],
    );
    const count = 2;
    const size = shape[0] * shape[1] * shape[2];
    const x = Float32Array.from({ length: count * size }, (_, i) => Math.sin(i * 1.7));
    const wanted = await device
      .scope(() => {
        const input = device.upload(x, [count, ...shape], "f32", "x");
        return network.forward(new Tensor(input), { training: false }).array;
      })
      .read("f32");
    const session = await ort.InferenceSession.create(bytes);
    const images = floats(channelsFirst(x, shape), [count, ...port(shape)]);
    const { out } = await session.run({ images });
    expect(out!.dims).toEqual([count, ...port(network.outputShape)]);
    expect(
      farthest(out!.data as Float32Array, channelsFirst(wanted, network.outputShape)),
    ).toBeLessThan(1e-5);
  });
});

/** (N, H, W, C) as (N, C, H, W). */
function channelsFirst(values: Float32Array, shape: readonly number[]): Float32Array {
  const [height, width, channels] = shape as readonly [number, number, number];
  const area = height * width;
  return values.map((_, i) => {
    const [n, rest] = [Math.floor(i / (area * channels)), i % (area * channels)];
    const [c, at] = [Math.floor(rest / area), rest % area];
    return values[(n * area + at) * channels + c]!;
  });
}
