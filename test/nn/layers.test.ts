// Which side of an image the recipes' strided layers pad: TensorFlow's 'same' puts the odd row and column at the end.
// This is tested by hand, on filters of one tap. Also: activations after a layer are those of the ops.
import { expect, test } from "vitest";
import { Tensor } from "../../src/autograd/tensor.ts";
import { createRng } from "../../src/kernels/random.ts";
import type { Layer } from "../../src/nn/layer.ts";
import * as ops from "../../src/autograd/ops.ts";
import { conv2d, convTranspose2d, dense, gelu, hardSwish, silu } from "../../src/nn/layers.ts";
import { sequential } from "../../src/nn/network.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

/** What a layer makes of the image that numbers its pixels from 1, with a filter that is 1 at one tap. */
async function through(layer: Layer, size: number, kernel: number, tap: readonly [number, number]) {
  const network = sequential(device, "n", [size, size, 1], [layer], createRng(device, 0));
  const filter = new Float32Array(kernel * kernel);
  filter[tap[0] * kernel + tap[1]] = 1;
  network.parameters[0]!.tensor.array.write(filter);
  const image = Float32Array.from({ length: size * size }, (_, i) => i + 1);
  const x = new Tensor(device.upload(image, [1, size, size, 1], "f32", "image"));
  const y = network.forward(x, { training: false });
  return { values: await y.read(), shape: y.shape };
}

// (⌈n/s⌉ − 1)·s + k − n zeros in all, half of them, rounded down, before.
test.each([
  [28, 5, 2, 1], // 3 in all
  [14, 5, 2, 1],
  [32, 5, 2, 1],
  [16, 5, 2, 1],
  [7, 5, 1, 2],
  [28, 3, 1, 1],
  [9, 4, 1, 1], // 3 in all
])(
  "conv2d of %i pixels, %i taps and stride %i pads %i before",
  async (size, kernel, strides, before) => {
    const layer = conv2d(1, kernel, { strides, bias: false });
    for (const tap of [0, kernel - 1]) {
      const { values, shape } = await through(layer, size, kernel, [tap, tap]);
      const out = Math.ceil(size / strides);
      expect(shape).toEqual([1, out, out, 1]);
      const expected = Array.from({ length: out * out }, (_, i) => {
        const [y, x] = [Math.floor(i / out), i % out].map((at) => at * strides + tap - before);
        const inside = [y!, x!].every((at) => at >= 0 && at < size);
        return inside ? y! * size + x! + 1 : 0;
      });
      expect([...values]).toEqual(expected);
    }
  },
);

// The transpose: what the convolution of the larger image reads there, it writes there.
test.each([
  [14, 5, 2, 1],
  [7, 5, 2, 1],
  [7, 5, 1, 2],
  [4, 5, 2, 1],
  [14, 3, 1, 1],
])(
  "convTranspose2d of %i pixels, %i taps and stride %i crops %i before",
  async (size, kernel, strides, before) => {
    const layer = convTranspose2d(1, kernel, { strides, bias: false });
    for (const tap of [0, kernel - 1]) {
      const { values, shape } = await through(layer, size, kernel, [tap, tap]);
      const out = size * strides;
      expect(shape).toEqual([1, out, out, 1]);
      const expected = Array.from({ length: out * out }, () => 0);
      for (let i = 0; i < size * size; i += 1) {
        const [y, x] = [Math.floor(i / size), i % size].map((at) => at * strides + tap - before);
        const inside = [y!, x!].every((at) => at >= 0 && at < out);
        if (inside) expected[y! * out + x!] = i + 1;
      }
      expect([...values]).toEqual(expected);
    }
  },
);

test.each([
  ["gelu", gelu(), ops.gelu],
  ["gelu by tanh", gelu("tanh"), (x: Tensor) => ops.gelu(x, { approximation: "tanh" })],
  ["silu", silu(), ops.silu],
  ["hardSwish", hardSwish(), ops.hardSwish],
])("%s behind a layer is the op, bit by bit", async (_name, layer, op) => {
  const x = new Tensor(
    device.upload(
      Float32Array.from({ length: 12 }, (_, i) => i - 5),
      [6, 2],
      "f32",
    ),
  );
  const bare = sequential(device, "n", [2], [dense(3)], createRng(device, 0));
  const whole = sequential(device, "n", [2], [dense(3), layer], createRng(device, 0));
  const expected = await op(bare.forward(x, { training: true })).read();
  expect(new Set(expected).size).toBeGreaterThan(6);
  expect([...(await whole.forward(x, { training: true }).read())]).toEqual([...expected]);
});
