// Networks exported for PyTorch, built and loaded by the Python next to them, compared with Longhand's own output in
// inference and in training.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { noGrad, Tensor } from "../../src/autograd/tensor.ts";
import { decodeSafetensors, readTensor } from "../../src/checkpoint/safetensors.ts";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { modelPy } from "../../src/formats/torch/model-py.ts";
import { stateDict } from "../../src/formats/torch/state.ts";
import { plainNetwork } from "../../src/formats/plain-network.ts";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { scaled, type Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { createRng } from "../../src/kernels/random.ts";
import { batchNorm, conv2d, convTranspose2d } from "../../src/nn/layers.ts";
import { sequential, type Network } from "../../src/nn/network.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { pythonWith, runPython } from "../support/python.ts";
import { said } from "../support/said.ts";
import { writeFileSync, mkdirSync } from "node:fs";

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), "longhand-torch-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);
const python = pythonWith("torch");
const why = python ? "" : " (skipped: no Python here has torch; Debian's python3-torch does)";

const spectralBest: Recipe = { ...best, spectral: true } as Recipe;
const narrow = [...recipes, spectralBest].map((recipe) => scaled(recipe, 0.06));

// Reads cases as JSON: a folder, a network, its inputs. Prints outputs in inference, then in training, and the state.
const PROGRAM = `
import sys, json, importlib.util, torch
torch.manual_seed(0)
found = []
for case in json.load(open(sys.argv[1])):
    spec = importlib.util.spec_from_file_location("model", case["folder"] + "/model.py")
    model = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(model)
    name = case["network"]
    net = model.load(getattr(model, name)(), case["folder"] + "/" + name + ".safetensors").eval()
    x = torch.tensor(case["inputs"]).reshape(case["shape"])
    with torch.no_grad():
        outputs = net(x)
        trained = net.train()(x)
    state = {key: value.flatten().tolist() for key, value in net.state_dict().items() if "running" in key}
    counted = [value.item() for key, value in net.state_dict().items() if "num_batches" in key]
    found.append({"shape": list(outputs.shape), "outputs": outputs.flatten().tolist(), "trained": trained.flatten().tolist(), "state": state, "counted": counted})
print(json.dumps(found))
`;

interface Case {
  readonly folder: string;
  readonly network: string;
  readonly shape: readonly number[];
  readonly inputs: readonly number[];
}

interface Found {
  readonly shape: readonly number[];
  readonly outputs: readonly number[];
  readonly trained: readonly number[];
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly counted: readonly number[];
}

function inTorch(cases: readonly Case[]): readonly Found[] {
  writeFileSync(at("cases.json"), JSON.stringify(cases));
  return JSON.parse(runPython(python!, PROGRAM, at("cases.json")));
}

function farthest(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  expect(got.length).toBe(wanted.length);
  return Array.from(got).reduce((most, value, i) => {
    const distance = Math.abs(value - wanted[i]!);
    return distance <= most ? most : distance;
  }, 0);
}

/** (N, H, W, C) as (N, C, H, W); vectors stay. */
function channelsFirst(values: Float32Array, shape: readonly number[]): Float32Array {
  if (shape.length !== 3) return values;
  const [height, width, channels] = shape as readonly [number, number, number];
  const area = height * width;
  return values.map((_, i) => {
    const [n, rest] = [Math.floor(i / (area * channels)), i % (area * channels)];
    const [c, place] = [Math.floor(rest / area), rest % area];
    return values[(n * area + place) * channels + c]!;
  });
}

const shapeThere = ([first, ...rest]: readonly number[]): readonly number[] =>
  rest.length === 2 ? [rest[1]!, first!, rest[0]!] : [first!, ...rest];

async function forward(
  network: Network,
  x: Float32Array<ArrayBuffer>,
  count: number,
  training: boolean,
) {
  const array = device.scope(() => {
    const input = device.upload(x, [count, ...network.inputShape], "f32", "x");
    const mode = training ? { training, rng: createRng(device, 1) } : { training };
    return noGrad(() => network.forward(new Tensor(input), mode)).array;
  });
  return channelsFirst(await array.read("f32"), network.outputShape);
}

const COUNT = 8;
const inputsFor = (network: Network): Float32Array<ArrayBuffer> => {
  const size = network.inputShape.reduce((product, extent) => product * extent, COUNT);
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.3 + 0.1 * (i % 7)));
};
const caseOf = (path: string, name: string, network: Network): Case => ({
  folder: path,
  network: name,
  shape: [COUNT, ...shapeThere(network.inputShape)],
  inputs: [...channelsFirst(inputsFor(network), network.inputShape)],
});

describe("a run in PyTorch", () => {
  it.skipIf(!python)(
    `draws, judges and trains as it does here, every recipe${why}`,
    async () => {
      const cases: Case[] = [];
      const networks: Network[] = [];
      for (const [i, recipe] of narrow.entries()) {
        const path = at(`run-${i}`);
        const gan = await makeRun(device, path, recipe);
        for (const what of ["generator", "discriminator"] as const) {
          const out = join(path, what);
          await said(() => exportCommand(path, { format: "torch", what, out }));
          const network = what === "generator" ? gan.sampler : gan.discriminator;
          networks.push(network);
          cases.push(caseOf(out, what, network));
        }
      }
      const found = inTorch(cases);
      for (const [i, { outputs, trained, state, counted, shape }] of found.entries()) {
        const network = networks[i]!;
        const x = inputsFor(network);
        expect(shape).toEqual([COUNT, ...shapeThere(network.outputShape)]);
        expect(farthest(outputs, await forward(network, x, COUNT, false))).toBeLessThan(1e-5);
        if (Object.keys(state).length === 0) continue; // dropout differs by its random numbers
        expect(farthest(trained, await forward(network, x, COUNT, true))).toBeLessThan(1e-5);
        expect(counted.every((count) => count === 6)).toBe(true);
        for (const [name, array] of network.state) {
          if (!name.endsWith("running")) continue;
          const values = await array.read("f32");
          const layer = name.replace(/running$/, "");
          const there = ["running_mean", "running_var"].flatMap((row) => state[layer + row]!);
          expect(farthest(there, values)).toBeLessThan(1e-5);
        }
      }
    },
    120_000,
  );

  it.skipIf(!python)(`pads odd sizes as here${why}`, async () => {
    const cases: Case[] = [];
    const networks: Network[] = [];
    for (const [i, layer] of [
      conv2d(3, 4, { strides: 2 }),
      conv2d(4, 3, { strides: 3, groups: 2, dilations: [1, 2] }),
      convTranspose2d(3, 4, { strides: 3 }),
      convTranspose2d(4, 2, { strides: 3, groups: 2 }),
      convTranspose2d(3, 5, { strides: 2, padding: [3, 0, 1, 2] }),
      convTranspose2d(3, 3, { strides: 2, dilations: 2 }),
    ].entries()) {
      const path = at(`layer-${i}`);
      mkdirSync(path);
      const layers = [layer, batchNorm({ runningVariance: i % 2 ? "sample" : "population" })];
      const network = sequential(device, "net", [7, 6, 2], layers, createRng(device, i));
      const values = new Map<string, Float32Array>();
      for (const [key, array] of network.state) values.set(key, await array.read("f32"));
      const plain = plainNetwork("net", [7, 6, 2], layers, (key) => values.get(key)!);
      writeFileSync(join(path, "model.py"), modelPy([plain], []));
      writeFileSync(join(path, "net.safetensors"), encodeSafetensors(stateDict(plain, 3)));
      networks.push(network);
      cases.push(caseOf(path, "net", network));
    }
    for (const [i, { outputs, shape }] of inTorch(cases).entries()) {
      const network = networks[i]!;
      expect(shape).toEqual([COUNT, ...shapeThere(network.outputShape)]);
      const wanted = await forward(network, inputsFor(network), COUNT, false);
      expect(farthest(outputs, wanted)).toBeLessThan(1e-5);
    }
  });

  it("has PyTorch's names, shapes and count of batches", async () => {
    await makeRun(device, at("named"), narrow[0]!);
    await said(() => exportCommand(at("named"), { format: "torch" }));
    const path = at("named", "torch", "generator.safetensors");
    const file = decodeSafetensors(readFileSync(path), path);
    expect(file.metadata).toMatchObject({ format: "pt", recipe: "dcgan", step: "5" });
    const shapes = Object.fromEntries([...file.tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toMatchObject({
      "dense.weight": [735, 100],
      "batch_norm.running_var": [735],
      "conv_transpose2d.weight": [15, 8, 5, 5],
      "batch_norm_1.num_batches_tracked": [],
    });
    expect(readTensor(file, "batch_norm.num_batches_tracked", "I64")).toEqual(BigInt64Array.of(5n));
    expect(readFileSync(at("named", "torch", "model.py"), "utf8")).toContain(
      '("conv_transpose2d_1", nn.ConvTranspose2d(8, 4, (5, 5), stride=(2, 2), bias=False, padding=(1, 1)))',
    );
  });

  it("writes the judge, and all that training reads, and overwrites nothing unasked", async () => {
    const out = at("judge");
    const judge = await said(() =>
      exportCommand(undefined, { format: "torch", what: "judge", out }),
    );
    expect(judge.split("\n")).toEqual([join(out, "judge.safetensors"), join(out, "model.py")]);
    await makeRun(device, at("whole"), scaled(best, 0.04));
    const training = { format: "torch", what: "training" } as const;
    const files = (await said(() => exportCommand(at("whole"), training))).split("\n");
    expect(files.map((path) => path.slice(at("whole", "torch").length + 1))).toEqual([
      "generator.safetensors",
      "generator_average.safetensors",
      "discriminator.safetensors",
      "generator_adam.safetensors",
      "discriminator_adam.safetensors",
      "clusters.safetensors",
      "clusters_of_images.safetensors",
      "model.py",
    ]);
    const refused = await messageOf(UsageError, () => exportCommand(at("whole"), training));
    expect(refused).toMatch(/generator\.safetensors: already exists; overwrite it with --force/);
    const mixed = { format: "torch", uint8: true } as const;
    expect(await messageOf(UsageError, () => exportCommand(at("whole"), mixed))).toBe(
      "--uint8: belongs to --format onnx; leave it out",
    );
  });
});
