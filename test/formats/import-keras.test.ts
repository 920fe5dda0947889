// Networks from Keras and TensorFlow.js: exported and imported again, with every bit; saved there and imported; and every
// layer, name, shape and type that doesn't fit.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { importCommand } from "../../src/cli/commands/import.ts";
import { encodeHdf5, type Hdf5Group } from "../../src/formats/keras/hdf5-file.ts";
import { grouped, kerasLayers } from "../../src/formats/keras/layers.ts";
import { partsFrom } from "../../src/formats/parts.ts";
import type { PlainNetwork } from "../../src/formats/plain-network.ts";
import { scaled, type Recipe } from "../../src/gan/recipe.ts";
import { best } from "../../src/gan/recipes/best.ts";
import { dcgan32 } from "../../src/gan/recipes/dcgan32.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import { upsampleGan } from "../../src/gan/recipes/upsample.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import { fitImports } from "../../src/runs/exchange/fit-imports.ts";
import { parseBytes, parseImports } from "../../src/runs/exchange/import-files.ts";
import { drawingFile, networkOf, readRunToExport } from "../../src/runs/exchange/networks.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { said } from "../support/said.ts";
import { tfjs } from "../support/tfjs.ts";

const device = await testDevice();
const folder = mkdtempSync(join(tmpdir(), "longhand-import-keras-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);

// Of all kinds of layers, with and without clusters.
const narrow: readonly Recipe[] = [best, dcgan32, mlp, upsampleGan].map((recipe) =>
  scaled(recipe, 0.04),
);
const [narrowBest] = narrow as readonly [Recipe, ...Recipe[]];
const FORMATS = ["keras", "tfjs"] as const;

beforeAll(async () => {
  for (const recipe of narrow) {
    await makeRun(device, at(recipe.name), recipe);
    for (const format of FORMATS) {
      await said(() => exportCommand(at(recipe.name), { format }));
      await said(() => exportCommand(at(recipe.name), { format, what: "discriminator" }));
    }
  }
}, 300_000);

/** Reads files as a recipe's networks. */
const fit = async (recipe: Recipe, paths: readonly string[]) =>
  fitImports(recipe, await parseImports(paths)).networks;

const bitsOf = ({ layers }: PlainNetwork): Record<string, Uint32Array> =>
  Object.fromEntries(
    layers.flatMap((layer) =>
      [...partsFrom(layer)].map(([name, { data }]) => [name, new Uint32Array(data.slice().buffer)]),
    ),
  );

describe("imported again", () => {
  it.each(narrow.map((recipe) => [recipe.name, recipe] as const))(
    "networks from every kind of file have every bit: %s",
    async (name, recipe) => {
      const run = readRunToExport(at(name));
      const weights = ["generator", "discriminator"].map((what) =>
        at(name, "keras", `${what}.weights.h5`),
      );
      for (const paths of [[at(name, "keras")], weights, [at(name, "tfjs")]]) {
        const networks = await fit(recipe, paths);
        expect([...networks.keys()].toSorted()).toEqual(
          [drawingFile(recipe), "discriminator"].toSorted(),
        );
        for (const [file, network] of networks) {
          expect(bitsOf(network), file).toEqual(bitsOf(networkOf(run, file)));
        }
      }
    },
  );

  it("a run is made of them, which knows its recipe's constants", async () => {
    const out = at("again");
    const words = await said(() => importCommand([at("mlp", "keras")], { recipe: "mlp", out }));
    expect(words).not.toMatch(/(?:generator|discriminator) isn't in the files/);
    const [own, again] = [readRunToExport(at("mlp")), readRunToExport(out)];
    expect(again.record.constants).toEqual(own.record.constants);
    expect(again.checkpoint.step).toBe(5);
    for (const file of ["generator", "discriminator"] as const) {
      expect(bitsOf(networkOf(again, file))).toEqual(bitsOf(networkOf(own, file)));
    }
  });

  it("a model that TensorFlow.js has saved itself fits as well", async () => {
    const { model } = await (await tfjs())(at("best", "tfjs", "generator.json"));
    await model.save({
      save: ({ modelTopology, weightSpecs, weightData }: SavedArtifacts) => {
        const weightsManifest = [{ paths: ["w.bin"], weights: weightSpecs }];
        mkdirSync(at("saved"));
        writeFileSync(
          at("saved", "model.json"),
          JSON.stringify({ modelTopology, weightsManifest }),
        );
        writeFileSync(at("saved", "w.bin"), Buffer.from(weightData));
        return Promise.resolve({});
      },
    });
    const networks = await fit(narrowBest, [at("saved")]);
    const wanted = networkOf(readRunToExport(at("best")), "generator-average");
    expect(bitsOf(networks.get("generator")!)).toEqual(bitsOf(wanted));
  });
});

describe("written in other ways", () => {
  it("fits too: activations inside layers, axes counted from the batch, groups as tf.keras 2.13 calls them", async () => {
    const files: Record<string, Uint8Array> = unzipSync(
      readFileSync(at("dcgan32", "keras", "generator.keras")),
    );
    const config: Config = JSON.parse(new TextDecoder().decode(files["config.json"]));
    const { layers } = config.config;
    layers[2]!.config["axis"] = [1];
    layers[6]!.config["axis"] = [3];
    layers.splice(7, 1, { class_name: "Activation", config: { activation: "relu" } });
    layers.pop();
    layers.at(-1)!.config["activation"] = "tanh";
    files["config.json"] = new TextEncoder().encode(JSON.stringify(config));
    const run = readRunToExport(at("dcgan32"));
    const network = networkOf(run, "generator");
    const vars = grouped(kerasLayers(network)).map(([name, { weights }]) => {
      const arrays = new Map([...weights.values()].map((array, i) => [String(i), array]));
      return [name, { groups: new Map([["vars", { arrays }]]) }] as const;
    });
    files["model.weights.h5"] = await encodeHdf5({
      groups: new Map([["_layer_checkpoint_dependencies", { groups: new Map(vars) }]]),
    });
    writeFileSync(at("generator.keras"), zipSync(files, { level: 0 }));
    const networks = await fit(narrow[1]!, [at("generator.keras")]);
    expect(bitsOf(networks.get("generator")!)).toEqual(bitsOf(network));
  });
});

interface SavedArtifacts {
  readonly modelTopology: object;
  readonly weightSpecs: readonly object[];
  readonly weightData: ArrayBuffer;
}

interface Config {
  readonly config: { readonly layers: { class_name: string; config: Record<string, unknown> }[] };
}

describe("what doesn't fit", () => {
  const refused = (path: string, recipe: Recipe = narrowBest): Promise<string> =>
    messageOf(CheckpointError, () => fit(recipe, [path]));
  /** Writes a `.keras` file with another model, or other weights. */
  const spoilt = async (
    name: string,
    change: (config: Config) => void,
    weights?: Hdf5Group,
  ): Promise<string> => {
    const files: Record<string, Uint8Array> = unzipSync(
      readFileSync(at("best", "keras", "generator.keras")),
    );
    const config: Config = JSON.parse(new TextDecoder().decode(files["config.json"]));
    change(config);
    files["config.json"] = new TextEncoder().encode(JSON.stringify(config));
    if (weights) files["model.weights.h5"] = await encodeHdf5(weights);
    writeFileSync(at(name), zipSync(files, { level: 0 }));
    return at(name);
  };

  it("is listed layer by layer, with what was expected", async () => {
    const path = await spoilt("generator.keras", ({ config: { layers } }) => {
      layers[8]!.config["strides"] = [1, 1];
      layers[9]!.config["epsilon"] = 1e-5;
      layers[3]!.config["negative_slope"] = 0.01;
    });
    expect(await refused(path)).toBe(
      [
        `import: doesn't fit recipe best: ${path}: layer 3, LeakyReLU (LeakyReLU 0.2): "negative_slope" is 0.01, expected 0.2`,
        'layer 8, Conv2DTranspose (ConvTranspose2d 3, 5×5, stride 2, no bias): "strides" is [1, 1], expected [2, 2]',
        'layer 9, BatchNormalization (BatchNorm): "epsilon" is 0.00001, expected 0.001',
      ].join("; "),
    );
    const other = await spoilt("generator.keras", ({ config: { layers } }) => {
      layers[3]!.class_name = "PReLU";
    });
    expect(await refused(other)).toMatch(
      /: layer 3: expected LeakyReLU \(LeakyReLU 0\.2\), but got "PReLU"$/,
    );
    const longer = await spoilt("generator.keras", ({ config: { layers } }) => {
      layers.push({ class_name: "Dense", config: { units: 3 } });
    });
    expect(await refused(longer)).toMatch(/: expected the end of the model, but got "Dense"$/);
  });

  it("is listed array by array, and arrays of training are left out", async () => {
    const floats = (shape: readonly number[]) => ({
      shape,
      data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)),
    });
    const vars = (...shapes: readonly (readonly number[])[]): Hdf5Group => ({
      groups: new Map([
        ["vars", { arrays: new Map(shapes.map((shape, i) => [String(i), floats(shape)])) }],
      ]),
    });
    const layers: Hdf5Group = {
      groups: new Map([
        ["dense", vars([3, 4], [4])],
        ["batch_normalization", vars([1])],
      ]),
    };
    const optimizer = vars([1], [2]);
    const weights = {
      groups: new Map([...vars([]).groups!, ["layers", layers], ["optimizer", optimizer]]),
    };
    const path = await spoilt("generator.keras", () => undefined, weights);
    const message = await refused(path);
    const width = narrowBest.generatorWidths[0]! * 49;
    expect(message).toContain(
      `"layers/dense/vars/0" is float32 [3, 4], expected float32 [200, ${width}], dense.kernel; `,
    );
    expect(message).toContain(
      `has no "layers/batch_normalization/vars/1": expected float32 [${width}], batch_norm.beta; `,
    );
    expect(message).not.toContain("optimizer");
    expect(message).toMatch(/; and \d+ more$/);
  });

  it("is a file of another kind, damaged, or elsewhere", async () => {
    const copied = (from: string, name: string): string => {
      cpSync(from, at(name));
      return at(name);
    };
    const keras = at("best", "keras");
    const cut = at("generator.weights.h5");
    writeFileSync(cut, readFileSync(join(keras, "generator.weights.h5")).subarray(0, 9000));
    expect(await refused(cut)).toMatch(
      /^.*generator\.weights\.h5: is no sound HDF5 file \(truncated file: eof = 9000,.*\); save it again/,
    );
    expect(await refused(copied(cut, "generator.keras"))).toMatch(/: is no zip, as Keras writes/);
    expect(await refused(copied(join(keras, "generator.keras"), "generator.weights.h5"))).toMatch(
      /: is no sound HDF5 file \(unable to find the file signature|: is no sound HDF5 file \(/,
    );
    expect(await refused(join(keras, "generator.keras"), narrow[2])).toMatch(
      /^import: doesn't fit recipe mlp: .*: layer 2: expected ReLU \(ReLU\), but got "BatchNorm/,
    );
    const json = readFileSync(at("best", "tfjs", "generator.json"), "utf8");
    const bin = readFileSync(at("best", "tfjs", "generator.bin"));
    const parsed = (text: string, bytes: Uint8Array = bin): Promise<string> =>
      messageOf(CheckpointError, () =>
        parseBytes(new TextEncoder().encode(text), "generator.json", () => bytes),
      );
    expect(await parsed(json.replace('"generator.bin"', '"../generator.bin"'))).toBe(
      'generator.json: names "../generator.bin"; weights must be in files next to it',
    );
    expect(await parsed(json, bin.subarray(4))).toMatch(
      / ends at byte \d+ of \d+ in generator\.bin/,
    );
    expect(await parsed(json, Buffer.concat([bin, bin]))).toMatch(/, but its weights take \d+$/);
    expect(await parsed(json.replace("layers-model", "graph-model"))).toMatch(
      /^generator\.json: its format is "graph-model"; only a layers model, "layers-model", is read$/,
    );
    expect(await parsed(json.replace('"Sequential"', '"Functional"'))).toBe(
      'generator.json: its model is "Functional"; only a "Sequential" is read',
    );
    expect(await parsed("{}")).toMatch(/^generator\.json: modelTopology: /);
    const run = await messageOf(CheckpointError, () => fit(narrowBest, [at("best", "run.json")]));
    expect(run).toMatch(/run\.json: format: Invalid input: expected string, received number$/);
  });

  it("is spectral normalisation, whose state isn't in the files", async () => {
    const spectral: Recipe & { readonly spectral: boolean } = {
      ...scaled(best, 0.04),
      spectral: true,
    };
    expect(await refused(at("best", "keras", "discriminator.keras"), spectral)).toMatch(
      /has spectral normalisation, whose state the file doesn't hold; import from --format torch$/,
    );
  });
});
