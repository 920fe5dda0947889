// Exports for Keras, read back: every array's name, shape and bits in both layouts of weights, by h5wasm and, where it is
// installed, by h5py; and the models that the files describe. In recipes.test.ts, TensorFlow.js runs the same layers.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { Dataset, File, Group, ready } from "h5wasm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exportCommand } from "../../src/cli/commands/export.ts";
import { kerasLayers } from "../../src/formats/keras/layers.ts";
import { plainNetwork } from "../../src/formats/plain-network.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { conv2d, convTranspose2d, maxPool } from "../../src/nn/layers.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { networkOf, readRunToExport } from "../../src/runs/exchange/networks.ts";
import { testDevice } from "../support/device.ts";
import { makeRun } from "../support/made-run.ts";
import { messageOf } from "../support/message-of.ts";
import { pythonWith, runPython } from "../support/python.ts";
import { said } from "../support/said.ts";

const device = await testDevice();
const { FS } = await ready;
const folder = mkdtempSync(join(tmpdir(), "longhand-keras-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (...names: string[]): string => join(folder, ...names);

beforeAll(async () => {
  for (const recipe of recipes) await makeRun(device, at(recipe.name), scaled(recipe, 0.04));
}, 300_000);

/** What a weights file must hold: names of arrays, with shapes and numbers. */
type Arrays = Readonly<Record<string, readonly [shape: readonly number[], data: Float32Array]>>;

/** Returns every array of an HDF5 file, by its path. */
function arraysIn(bytes: Uint8Array): Arrays {
  FS.writeFile("in.h5", bytes);
  const file = new File("in.h5", "r");
  try {
    return Object.fromEntries(
      file.paths().flatMap((path) => {
        const each = file.get(path);
        if (!(each instanceof Dataset)) return [];
        expect(each.dtype).toBe("<f");
        return [[path, [each.shape!, each.value as Float32Array]]];
      }),
    );
  } finally {
    file.close();
  }
}

/** Returns an attribute of a group. */
function attributeIn(bytes: Uint8Array, group: string, name: string): unknown {
  FS.writeFile("in.h5", bytes);
  const file = new File("in.h5", "r");
  try {
    const found = file.get(group);
    return found instanceof Group ? found.get_attribute(name, true) : undefined;
  } finally {
    file.close();
  }
}

/** Keras 3's groups and tf.keras 2.x's of each layer with weights, written out, for one recipe. */
const NAMES: readonly (readonly [own: string, keras3: string, keras2: string])[] = [
  ["dense.kernel", "layers/dense/vars/0", "dense/dense/kernel:0"],
  ["batch_norm.gamma", "layers/batch_normalization/vars/0", "batch_norm/batch_norm/gamma:0"],
  ["batch_norm.beta", "layers/batch_normalization/vars/1", "batch_norm/batch_norm/beta:0"],
  ["batch_norm.mean", "layers/batch_normalization/vars/2", "batch_norm/batch_norm/moving_mean:0"],
  [
    "batch_norm.variance",
    "layers/batch_normalization/vars/3",
    "batch_norm/batch_norm/moving_variance:0",
  ],
  [
    "conv_transpose2d_1.filter",
    "layers/conv2d_transpose_1/vars/0",
    "conv_transpose2d_1/conv_transpose2d_1/kernel:0",
  ],
];

const H5PY = `
import sys, json, h5py, numpy as np
found = {}
with h5py.File(sys.argv[1], "r") as file:
    def see(name, each):
        if isinstance(each, h5py.Dataset):
            found[name] = [each.dtype.str, list(each.shape), np.asarray(each).ravel().tolist()]
    file.visititems(see)
    names = [str(n) for n in file["model_weights"].attrs["layer_names"]] if "model_weights" in file else []
print(json.dumps([found, names]))
`;
const python = pythonWith("h5py");

describe("an export for Keras", () => {
  it("has every array of every recipe, bit for bit, in both layouts of weights", async () => {
    for (const { name } of recipes) {
      const run = readRunToExport(at(name));
      for (const what of ["generator", "discriminator"] as const) {
        const files = (await said(() => exportCommand(at(name), { format: "keras", what }))).split(
          "\n",
        );
        const base = at(name, "keras", what);
        expect(files).toEqual([`${base}.keras`, `${base}.weights.h5`, `${base}.h5`]);
        const file = what === "generator" && run.recipe.average > 0 ? "generator-average" : what;
        const layers = kerasLayers(networkOf(run, file));
        const weights = arraysIn(readFileSync(`${base}.weights.h5`));
        const older = arraysIn(readFileSync(`${base}.h5`));
        const wanted = layers.flatMap(({ name: layer, weights: own }) =>
          [...own].map(([full, { shape, data }]) => [
            `model_weights/${layer}/${layer}/${full.slice(layer.length + 1)}:0`,
            [shape, data],
          ]),
        );
        expect(older).toEqual(Object.fromEntries(wanted));
        const contents = (each: Arrays) =>
          Object.values(each)
            .map(([shape, data]) => `${shape}: ${data}`)
            .toSorted();
        expect(contents(weights)).toEqual(contents(older));
        const zip = unzipSync(readFileSync(`${base}.keras`));
        expect(arraysIn(zip["model.weights.h5"]!)).toEqual(weights);
      }
    }
  });

  it("has the names that Keras 3 and tf.keras 2 read: dcgan's, in full", () => {
    const weights = arraysIn(readFileSync(at("dcgan", "keras", "generator.weights.h5")));
    const older = arraysIn(readFileSync(at("dcgan", "keras", "generator.h5")));
    const { layers } = networkOf(readRunToExport(at("dcgan")), "generator");
    for (const [own, keras3, keras2] of NAMES) {
      const [layer, key] = own.split(".") as [string, string];
      const { arrays } = layers.find(({ name }) => name === layer)!;
      const running = arrays["running"];
      const half = running ? running.data.length / 2 : 0;
      const data =
        key === "mean"
          ? running!.data.subarray(0, half)
          : key === "variance"
            ? running!.data.subarray(half)
            : arrays[key]!.data;
      expect([...weights[keras3]![1]], own).toEqual([...data]);
      expect([...older[`model_weights/${keras2}`]![1]], own).toEqual([...data]);
    }
    expect(Object.keys(weights).length).toBe(16);
  });

  it("describes its model to each of them", () => {
    const zip = unzipSync(readFileSync(at("dcgan", "keras", "generator.keras")));
    expect(Object.keys(zip)).toEqual(["metadata.json", "config.json", "model.weights.h5"]);
    const text = (name: string): unknown => JSON.parse(new TextDecoder().decode(zip[name]));
    expect(text("metadata.json")).toEqual({ keras_version: "3.0.0" });
    const config = text("config.json") as {
      readonly config: { readonly layers: readonly Record<string, unknown>[] };
    };
    expect(config).toMatchObject({
      module: "keras",
      class_name: "Sequential",
      registered_name: null,
      config: { name: "generator", build_input_shape: [null, 100] },
    });
    const { layers } = config.config;
    expect(layers[0]).toEqual({
      module: "keras.layers",
      class_name: "InputLayer",
      config: { batch_shape: [null, 100], dtype: "float32", name: "inputs" },
      registered_name: null,
    });
    expect(layers[8]).toEqual({
      module: "keras.layers",
      class_name: "Conv2DTranspose",
      config: {
        name: "conv_transpose2d_1",
        dtype: "float32",
        filters: 3,
        kernel_size: [5, 5],
        strides: [2, 2],
        padding: "same",
        data_format: "channels_last",
        activation: "linear",
        use_bias: false,
      },
      registered_name: null,
    });
    const classes = layers.slice(1).map(({ class_name: name }) => name);
    expect(classes.slice(0, 5)).toEqual([
      "Dense",
      "BatchNormalization",
      "LeakyReLU",
      "Reshape",
      "Conv2DTranspose",
    ]);
    const older = readFileSync(at("dcgan", "keras", "generator.h5"));
    const model = JSON.parse(String(attributeIn(older, "/", "model_config"))) as typeof config;
    expect(model.config.layers.map(({ class_name: name }) => name)).toEqual([
      "InputLayer",
      ...classes,
    ]);
    expect(model.config.layers[3]).toEqual({
      class_name: "LeakyReLU",
      config: { name: "leaky_re_lu", trainable: true, dtype: "float32", alpha: 0.3 },
    });
    expect(attributeIn(older, "/model_weights", "layer_names")).toEqual(
      layers.slice(1).map(({ config: own }) => (own as { readonly name: string }).name),
    );
    expect(attributeIn(older, "/model_weights/batch_norm", "weight_names")).toEqual(
      ["gamma", "beta", "moving_mean", "moving_variance"].map((name) => `batch_norm/${name}:0`),
    );
    const about: unknown = JSON.parse(String(attributeIn(older, "/", "longhand")));
    expect(about).toMatchObject({ recipe: "dcgan", network: "generator", step: "5" });
  });

  it.skipIf(python === undefined)(
    `is read by h5py as by h5wasm${python ? "" : " (skipped: no Python here has h5py; Debian's python3-h5py does)"}`,
    () => {
      for (const name of ["generator.weights.h5", "generator.h5"]) {
        const path = at("best", "keras", name);
        const [found, names]: [Record<string, [string, number[], number[]]>, string[]] = JSON.parse(
          runPython(python!, H5PY, path),
        );
        const wanted = arraysIn(readFileSync(path));
        expect(Object.keys(found).toSorted()).toEqual(Object.keys(wanted).toSorted());
        for (const [key, [shape, data]] of Object.entries(wanted)) {
          expect(found[key], key).toEqual(["<f4", shape, [...data]]);
        }
        expect(names.length).toBe(name === "generator.h5" ? 12 : 0);
      }
    },
  );

  it("writes the judge, and refuses what Keras has no layers for", async () => {
    const out = at("judge");
    const files = await said(() =>
      exportCommand(undefined, { format: "keras", what: "judge", out }),
    );
    expect(files.split("\n")[0]).toBe(join(out, "judge.keras"));
    const refused = (flags: object): Promise<string> =>
      messageOf(UsageError, () => exportCommand(at("best"), { format: "keras", ...flags }));
    expect(await refused({})).toMatch(/^--out .*generator\.keras: exists already; name another/);
    expect(await refused({ what: "training" })).toBe(
      "--what training: --format keras holds one network each; use --format torch",
    );
    const lacking = (shape: readonly number[], layer: Layer) => () =>
      kerasLayers(plainNetwork("net", shape, [layer], (_, own) => new Float32Array(own.length)));
    const words = (what: string): string => `the layer ${what}, which Keras's layers don't do; use`;
    expect(lacking([9, 9, 2], conv2d(3, 3, { dilations: 2, strides: 2 }))).toThrow(
      words("conv2d has both strides and dilations"),
    );
    expect(lacking([9, 9, 4], convTranspose2d(4, 3, { groups: 2 }))).toThrow(
      words("conv_transpose2d is transposed, with groups"),
    );
    expect(lacking([9, 9, 4], maxPool(3, { padding: [1, 1, 1, 1] }))).toThrow(
      words("max_pool pads by numbers before it pools"),
    );
  });
});
