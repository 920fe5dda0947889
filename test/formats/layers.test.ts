// Single layers of every geometry, exported and run in onnxruntime, in TensorFlow.js and, where it is installed, in
// PyTorch: strides, paddings, odd sizes, groups and dilations as they are here.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { createGraph } from "../../src/formats/onnx/graph.ts";
import { addNetwork } from "../../src/formats/onnx/layers.ts";
import { plainNetwork } from "../../src/formats/plain-network.ts";
import { tfjsFiles } from "../../src/formats/tfjs/write-tfjs.ts";
import { modelPy } from "../../src/formats/torch/model-py.ts";
import { stateDict } from "../../src/formats/torch/state.ts";
import { createRng } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { conv2d, convTranspose2d, maxPool, upsample } from "../../src/nn/layers.ts";
import { sequential } from "../../src/nn/network.ts";
import { testDevice } from "../support/device.ts";
import { hasTorch, inTorch, withoutTorch, type TorchCase } from "../support/in-torch.ts";
import { channelsFirst, farthest, outputsOf, shapeThere } from "../support/layouts.ts";
import { onnxRuntime } from "../support/onnxruntime.ts";
import { tfjs } from "../support/tfjs.ts";

const device = await testDevice();
const ort = await onnxRuntime();
const inTfjs = await tfjs();
const folder = mkdtempSync(join(tmpdir(), "longhand-layers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COUNT = 2;
const PADDED_POOL = "maxPool same";
/** What Keras's layers don't do. */
const NOT_KERAS = /groups|transposed dilated/;

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
  ["transposed valid", [5, 4, 2], convTranspose2d(3, [3, 2], { strides: 2, padding: "valid" })],
  ["transposed groups", [5, 5, 4], convTranspose2d(6, 3, { groups: 2, strides: 2 })],
  ["transposed four", [5, 5, 2], convTranspose2d(3, 5, { strides: 2, padding: [0, 3, 2, 1] })],
  ["transposed dilated", [5, 5, 2], convTranspose2d(3, 3, { dilations: 2, strides: 2 })],
  ["maxPool valid", [7, 5, 3], maxPool(3, { strides: 2 })],
  ["upsample", [3, 5, 2], upsample(3)],
  [PADDED_POOL, [7, 5, 3], maxPool(3, { strides: 2, padding: "same" })],
];

/** A layer that is run in PyTorch at the end, all at once: it takes seconds to start. */
interface Kept {
  readonly example: TorchCase;
  readonly wanted: Float32Array;
  readonly end: readonly number[];
}
const inPyTorch: Kept[] = [];

describe("a layer elsewhere", () => {
  it.each(odd)(
    "is in onnxruntime and TensorFlow.js what it is here: %s",
    async (name, shape, layer) => {
      const network = sequential(device, "net", shape, [layer], createRng(device, 5));
      const values = new Map<string, Float32Array>();
      for (const [key, array] of network.state) values.set(key, await array.read("f32"));
      const plain = plainNetwork("net", shape, [layer], (key) => values.get(key)!);
      const graph = createGraph();
      const end = addNetwork(graph, plain, "images");
      const [from, to] = [shapeThere(shape), shapeThere(network.outputShape)];
      const bytes = graph.model(
        { name, doc: name, version: "0", metadata: {} },
        [{ name: "images", element: "float", shape: from, doc: "" }],
        [[end, { name: "out", element: "float", shape: to, doc: "" }]],
      );
      const size = shape[0] * shape[1] * shape[2];
      const x = Float32Array.from({ length: COUNT * size }, (_, i) => Math.sin(i * 1.7));
      const wanted = await outputsOf(device, network, x);
      const session = await ort.InferenceSession.create(bytes);
      const inputs = channelsFirst(x, shape);
      const dims = [COUNT, ...from];
      const { out } = await session.run({ images: new ort.Tensor("float32", inputs, dims) });
      expect(out!.dims).toEqual([COUNT, ...to]);
      expect(farthest(out!.data as Float32Array, wanted)).toBeLessThan(1e-5);

      const own = join(folder, name);
      mkdirSync(own);
      if (name !== PADDED_POOL) {
        writeFileSync(join(own, "model.py"), modelPy([plain], []));
        writeFileSync(join(own, "net.safetensors"), encodeSafetensors(stateDict(plain, 3)));
        const example = { folder: own, network: "net", shape: dims, inputs, trained: 0 };
        inPyTorch.push({ example, wanted, end: to });
      }
      if (NOT_KERAS.test(name)) return;
      for (const [ending, data] of Object.entries(tfjsFiles(plain, {}))) {
        writeFileSync(join(own, `net${ending}`), data);
      }
      const { run } = await inTfjs(join(own, "net.json"));
      const there = await run(x, [COUNT, ...shape]);
      expect(there.shape).toEqual([COUNT, ...network.outputShape]);
      const first = channelsFirst(there.data, network.outputShape);
      expect(farthest(first, wanted)).toBeLessThan(1e-5);
    },
  );

  it.each(odd.filter(([name]) => NOT_KERAS.test(name)))(
    "is refused for TensorFlow.js if Keras has no such layer: %s",
    (_, shape, layer) => {
      const plain = plainNetwork("net", shape, [layer], () => new Float32Array(0));
      expect(() => tfjsFiles(plain, {})).toThrow(/^export: the layer .*; use --format onnx$/);
    },
  );

  it.skipIf(!hasTorch)(`is in PyTorch what it is here${withoutTorch}`, () => {
    const found = inTorch(inPyTorch.map(({ example }) => example));
    expect(found.length).toBe(odd.length - 1);
    for (const [i, { outputs, shape }] of found.entries()) {
      const { wanted, end } = inPyTorch[i]!;
      expect(shape).toEqual([COUNT, ...end]);
      expect(farthest(outputs, wanted)).toBeLessThan(1e-5);
    }
  });

  it("is refused for PyTorch if it pads before it pools", () => {
    const layers = [maxPool(3, { strides: 2, padding: "same" })];
    const plain = plainNetwork("net", [7, 5, 3], layers, () => new Float32Array(0));
    expect(() => modelPy([plain], [])).toThrow(
      /the layer max_pool pads before it pools.*use --format onnx$/,
    );
  });
});
