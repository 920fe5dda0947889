// Resizing by filters, compared with numbers from elsewhere: by hand, from the published formulas, and from an example
// in ONNX's specification of Resize.
import { expect, test } from "vitest";
import { resize } from "../../src/autograd/ops.ts";
import { Tensor } from "../../src/autograd/tensor.ts";
import type { ResizeAttributes } from "../../src/kernels/resize.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();

async function resized(
  image: readonly (readonly number[])[],
  attributes: ResizeAttributes,
): Promise<number[]> {
  const values = Float32Array.from(image.flat());
  const shape = [1, image.length, image[0]!.length, 1];
  const x = new Tensor(device.upload(values, shape, "f32", "image"));
  return [...(await resize(x, attributes).read())];
}

/** The largest difference of two lists, infinite if one is longer. */
function farthest(found: readonly number[], expected: readonly number[]): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!)));
}

const CLOSE = 4e-6;

const RAMP = [
  [1, 2, 3, 4],
  [5, 6, 7, 8],
  [9, 10, 11, 12],
  [13, 14, 15, 16],
];

// Keys's weights at ¼ past a pixel, worked out by hand: of a = −0.75, as PyTorch and OpenCV have them, and of −0.5.
test.each([
  [-0.75, [-0.10546875, 0.87890625, 0.26171875, -0.03515625]],
  [-0.5, [-0.0703125, 0.8671875, 0.2265625, -0.0234375]],
])(
  "the cubic of coefficient %d has its weights at a quarter",
  async (cubicCoefficient, weights) => {
    for (const at of [0, 1, 2, 3]) {
      const line = [0, 0, 0, 0, 0, 0].with(at + 1, 1);
      // Output 5 of 12 lies at (5 + ½) / 2 − ½ = 2¼: its taps are pixels 1 to 4.
      const found = await resized([line], { size: [1, 12], mode: "cubic", cubicCoefficient });
      expect(found[5]).toBe(weights[at]);
    }
  },
);

test("a cubic repeats the outermost pixels, as PyTorch's does", async () => {
  // Output 0 lies at −¼: taps −2, −1, 0 at 1¾, ¾, ¼ are pixel 0, and the one at 1¼ is pixel 1.
  const [first] = await resized([[1, 0]], { size: [1, 4], mode: "cubic" });
  expect(first).toBe(-0.03515625 + 0.26171875 + 0.87890625);
});

test("ONNX's resize_upsample_scales_cubic", async () => {
  const found = await resized(RAMP, { size: [8, 8], mode: "cubic" });
  const first = [
    0.47265625, 0.76953125, 1.24609375, 1.875, 2.28125, 2.91015625, 3.38671875, 3.68359375,
  ];
  expect(farthest(found.slice(0, 8), first)).toBeLessThan(CLOSE);
  // The ramp's rows differ by 4, and its columns by 1: the first column is the first row at that scale.
  const column = found.filter((_, i) => i % 8 === 0);
  expect(
    farthest(
      column,
      first.map((value) => first[0]! + 4 * (value - first[0]!)),
    ),
  ).toBeLessThan(CLOSE);
});

// Places ⅓ and 2 of four, by hand: the triangle 5/3 wide has weights 0.8 and 0.6 at pixels 0 and 1 for the first, and
// is even about pixel 2 for the second, so that the ramp 1 + x + 4y is met at x and y of 3/7 and 2. ONNX's example
// resize_downsample_scales_linear_antialias prints 2.875 first, as it counts 0.2 of what is past the image.
test("a ramp at a scale of 0.6", async () => {
  const scales = [0.6, 0.6] as const;
  const found = await resized(RAMP, { size: [2, 2], mode: "bilinear", antialias: true, scales });
  expect(farthest(found, [22 / 7, 33 / 7, 66 / 7, 11])).toBeLessThan(CLOSE);
});

// By hand, of the triangle twice as wide (support 2) at ½: distances −½, ½, 1½ have weights ¾, ¾, ¼, over 1¾; what
// would be at −1½ lies past the image. Pillow's BILINEAR and PyTorch's antialias give the same.
test("a line of four halved by a widened triangle", async () => {
  const weights = [3 / 7, 3 / 7, 1 / 7, 0];
  for (const at of [0, 1, 2, 3]) {
    const line = [0, 0, 0, 0].with(at, 1);
    const found = await resized([line], { size: [1, 2], mode: "bilinear", antialias: true });
    expect(farthest(found, [weights[at]!, weights[3 - at]!])).toBeLessThan(CLOSE);
  }
});

// By hand, of the cubic of −½ twice as wide (support 4) at 1½ of eight: distances over 2 of ¼, ¾, 1¼, 1¾ have weights
// 0.8671875, 0.2265625, −0.0703125, −0.0234375; pixels −2 and −1 would be at 1¾ and 1¼. Pillow's BICUBIC.
test("a line of eight halved by a widened cubic", async () => {
  const [near, next, far, last] = [0.8671875, 0.2265625, -0.0703125, -0.0234375];
  const taps = [next, near, near, next, far, last, 0, 0]; // of output 1 of 4, at 2½
  const all = [far, ...taps].slice(0, 8);
  const total = all.reduce((a, b) => a + b, 0);
  for (const at of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const line = [0, 0, 0, 0, 0, 0, 0, 0].with(at, 1);
    const found = await resized([line], { size: [1, 4], mode: "cubic", antialias: true });
    expect(farthest([found[1]!], [all[at]! / total])).toBeLessThan(CLOSE);
  }
});
