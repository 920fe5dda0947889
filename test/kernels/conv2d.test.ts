// The convolutions' rows of the op table on the device, and which variant runs by default.
import { describe, expect, test } from "vitest";
import { batchNorm, conv2d, dense, matmul, sum } from "../../src/autograd/ops.ts";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import { Device } from "../../src/gpu/device.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { testDevice } from "../support/device.ts";
import { capPipelines, prove } from "./prove.ts";
import { table } from "../../proof/table.ts";
import { WORKGROUP_VARIANTS } from "../../src/kernels/workgroup-tile.ts";
import { withVariant } from "../../proof/variants.ts";
import { convolutionGeometry } from "../../src/kernels/conv2d-geometry.ts";
import { convolve, dataGradient } from "../../src/kernels/conv2d.ts";
import { createRng, uniform } from "../../src/kernels/random.ts";
import { kernelChoices } from "../../src/kernels/variant.ts";

const device = await testDevice();

prove(device, "conv2d", table.conv2d);
prove(device, "convTranspose2d", table.convTranspose2d);

/** What is launched on a software adapter whose subgroups have so many lanes. */
function labelsWith(lanes: number, body: () => void): string[] {
  const before = device.lanes;
  device.lanes = lanes;
  try {
    return device.record("variants", body).dispatches.map(({ label }) => label);
  } finally {
    device.lanes = before;
  }
}

describe("variants by default with eight lanes", () => {
  const lanes = (name: string): string => `conv2d-${name}-lanes.tiled`;

  test.each([
    {
      channels: 16,
      filters: 32,
      ran: [lanes("forward"), lanes("data-gradient"), lanes("weight-gradient")],
    },
    {
      channels: 8,
      filters: 20,
      ran: [lanes("forward"), "conv2d-data-gradient.tiled", lanes("weight-gradient")],
    },
    {
      channels: 20,
      filters: 6,
      ran: ["conv2d-forward.tiled", "conv2d-data-gradient.tiled", "conv2d-weight-gradient.tiled"],
    },
  ])("a convolution of $channels to $filters channels", ({ channels, filters, ran }) => {
    const found = labelsWith(8, () => {
      const x = variable(device.empty([1, 6, 6, channels]));
      const filter = variable(device.empty([3, 3, channels, filters]));
      const y = conv2d(x, filter, { padding: "same" });
      vectorJacobianArrays(y, device.empty(y.shape), [x, filter]);
    });
    expect(found.slice(0, 3)).toEqual(ran);
  });

  test.each([
    { columns: 16, inner: 9, ran: "matmul-lanes.tiled" },
    { columns: 18, inner: 9, ran: "matmul.tiled" }, // not by fours
    { columns: 16, inner: 7, ran: "matmul.tiled" },
    { columns: 12, inner: 9, ran: "matmul.tiled" },
  ])("a product of $inner terms in $columns columns", ({ columns, inner, ran }) => {
    const found = labelsWith(8, () => {
      matmul(variable(device.empty([5, inner])), variable(device.empty([inner, columns])));
    });
    expect(found).toEqual([ran]);
  });
});

describe("images of more than 2²⁰ pixels, whose rows aren't found by floats", () => {
  test.runIf(device.lanes > 0)("are convolved by lanes as one element at a time", async () => {
    const rng = createRng(device, 1);
    const x = uniform(rng, [1, 1100, 1000, 4], -1, 1);
    const filter = uniform(rng, [1, 1, 4, 4], -1, 1);
    const geometry = convolutionGeometry(x.shape, filter.shape, { strides: 1, padding: "valid" });
    const runs = {
      "conv2d-forward": () => convolve(x, filter, geometry),
      "conv2d-data-gradient": () => dataGradient(x, filter, geometry),
    };
    const { forced } = kernelChoices(device);
    for (const [kernel, run] of Object.entries(runs)) {
      const found: Float32Array[] = [];
      for (const variant of ["lanes", "direct"] as const) {
        forced.set(kernel, variant);
        found.push(await run().read());
      }
      forced.delete(kernel);
      const [lanes, direct] = found as [Float32Array, Float32Array];
      expect(lanes.some((value) => value !== 0)).toBe(true);
      expect(lanes.findIndex((value, i) => Math.abs(value - direct[i]!) > 1e-6)).toBe(-1);
    }
  });
});

describe("variants by default with four lanes", () => {
  test("a convolution and a product share their loads", () => {
    const found = labelsWith(4, () => {
      const x = variable(device.empty([1, 6, 6, 16]));
      const filter = variable(device.empty([3, 3, 16, 32]));
      const y = conv2d(x, filter, { padding: "same" });
      vectorJacobianArrays(y, device.empty(y.shape), [x, filter]);
      matmul(variable(device.empty([8, 16])), variable(device.empty([16, 32])));
    });
    expect(found).toContain("matmul-lanes.tiled");
    for (const kernel of ["forward", "data-gradient", "weight-gradient"]) {
      expect(found).toContain(`conv2d-${kernel}-lanes.tiled`);
    }
  });
});

describe("variants by default where lanes can't share loads", () => {
  const labels = (body: () => void): string[] => labelsWith(0, body);

  test.each([
    { channels: 16, filters: 32, ran: ["tiled", "tiled", "tiled"] },
    { channels: 1, filters: 16, ran: ["tiled", "narrow", "tiled"] },
    { channels: 16, filters: 1, ran: ["direct", "tiled", "direct"] },
    { channels: 16, filters: 32, groups: 2, ran: ["direct", "direct", "direct"] },
    { channels: 16, filters: 32, dilations: 2, ran: ["tiled", "direct", "tiled"] },
    { channels: 16, filters: 32, strides: 300, ran: ["tiled", "direct", "tiled"] },
  ])(
    "a convolution of $channels to $filters channels, groups $groups, dilations $dilations, strides $strides",
    ({ channels, filters, groups = 1, dilations = 1, strides = 1, ran }) => {
      const [forward, data, weight] = ran;
      const found = labels(() => {
        const x = variable(device.empty([1, 6, 6, channels]));
        const filter = variable(device.empty([3, 3, channels / groups, filters]));
        const y = conv2d(x, filter, { groups, dilations, strides, padding: "same" });
        vectorJacobianArrays(y, device.empty(y.shape), [x, filter]);
      });
      expect(found.slice(0, 3)).toEqual([
        `conv2d-forward.${forward}`,
        `conv2d-data-gradient.${data}`,
        `conv2d-weight-gradient.${weight}`,
      ]);
    },
  );

  test.each([
    {
      shapes: [
        [8, 5],
        [5, 8],
      ],
      ran: "tiled",
    },
    {
      shapes: [
        [3, 5],
        [5, 8],
      ],
      ran: "direct",
    },
    {
      shapes: [
        [8, 5],
        [5, 1],
      ],
      ran: "direct",
    },
    {
      shapes: [
        [70_000, 4, 2],
        [2, 4],
      ],
      ran: "direct",
    },
  ])("a product of $shapes", ({ shapes: [a, b], ran }) => {
    const found = labels(() => {
      matmul(variable(device.empty(a!)), variable(device.empty(b!)));
    });
    expect(found).toEqual([`matmul.${ran}`]);
  });
});

describe("variants by default on a GPU", () => {
  // The same adapter, taken for a GPU: launches are recorded, not run.
  const gpu = new Device(device.gpu, { shaderText, software: false });
  const labels = (body: () => void): string[] =>
    gpu.record("variants", body).dispatches.map(({ label }) => label);
  const large = (name: string): string => `conv2d-${name}-workgroup128.tiled`;
  const small = (name: string): string => `conv2d-${name}-workgroup32.tiled`;

  test.each([
    {
      batch: 256,
      channels: 64,
      filters: 64,
      ran: [large("forward"), large("data-gradient"), large("weight-gradient")],
    },
    {
      batch: 255, // one tile less than enough, except for the filter's gradient, which is cut into runs
      channels: 64,
      filters: 64,
      ran: [small("forward"), small("data-gradient"), large("weight-gradient")],
    },
    {
      channels: 64,
      filters: 64,
      ran: [small("forward"), small("data-gradient"), small("weight-gradient")],
    },
    {
      channels: 1,
      filters: 64,
      ran: [small("forward"), "conv2d-data-gradient.narrow", "conv2d-weight-gradient.split"],
    },
    {
      channels: 64,
      filters: 31,
      ran: ["conv2d-forward.tiled", small("data-gradient"), "conv2d-weight-gradient.split"],
    },
    {
      channels: 64,
      filters: 4,
      ran: ["conv2d-forward.split", small("data-gradient"), "conv2d-weight-gradient.split"],
    },
    {
      channels: 14,
      filters: 4,
      ran: ["conv2d-forward.tiled", "conv2d-data-gradient.tiled", "conv2d-weight-gradient.split"],
    },
    {
      channels: 64,
      filters: 64,
      groups: 2,
      ran: [
        "conv2d-forward.direct",
        "conv2d-data-gradient.direct",
        "conv2d-weight-gradient.direct",
      ],
    },
  ])(
    "a convolution of $channels to $filters channels, batch $batch, groups $groups",
    ({ batch = 1, channels, filters, groups = 1, ran }) => {
      const found = labels(() => {
        const x = variable(gpu.empty([batch, 8, 8, channels]));
        const filter = variable(gpu.empty([3, 3, channels / groups, filters]));
        const y = conv2d(x, filter, { groups, padding: "same" });
        vectorJacobianArrays(y, gpu.empty(y.shape), [x, filter]);
      });
      expect(found.slice(0, 3)).toEqual(ran);
    },
  );

  test.each([
    { shape: [1024, 5, 1024], ran: ["matmul-workgroup128.tiled"] },
    { shape: [960, 5, 1024], ran: ["matmul-workgroup32.tiled"] },
    { shape: [32, 5, 9000], ran: ["matmul-workgroup32.tiled"] },
    { shape: [31, 5, 64], ran: ["matmul.tiled"] },
    { shape: [64, 127, 2], ran: ["matmul.direct"] },
    { shape: [64, 128, 2], ran: ["matmul.split"] },
    { shape: [4, 128, 64], ran: ["matmul.split"] },
    { shape: [8192, 128, 2], ran: ["matmul.direct"] },
    { shape: [1, 40_000, 1], ran: ["matmul.split", "reduce.reduce"] },
  ])("a product of $shape", ({ shape: [rows, terms, columns] = [], ran }) => {
    const found = labels(() => {
      matmul(variable(gpu.empty([rows!, terms!])), variable(gpu.empty([terms!, columns!])));
    });
    expect(found).toEqual(ran);
  });

  test.each([
    { shape: [512, 6272], ran: "conv2d-forward.split" },
    { shape: [20_000, 128], ran: "conv2d-forward.direct" },
  ])("a dense layer of $shape to one", ({ shape, ran }) => {
    const found = labels(() => {
      dense(variable(gpu.empty(shape)), variable(gpu.empty([shape[1]!, 1])));
    });
    expect(found).toEqual([ran]);
  });

  test.each(WORKGROUP_VARIANTS)("%s has the same bits with its steps unrolled", async (variant) => {
    const numbers = Float32Array.from({ length: 40 * 37 }, (_, i) => Math.sin(i));
    const bits = (on: Device): Promise<Float32Array> =>
      withVariant(on, variant, () => {
        const [a, b] = [on.upload(numbers, [40, 37], "f32"), on.upload(numbers, [37, 40], "f32")];
        return matmul(new Tensor(a), new Tensor(b)).read("f32");
      });
    const expected = await bits(device);
    expect(new Set(expected).size).toBeGreaterThan(1000);
    expect(await bits(gpu)).toEqual(expected);
  });

  test.each([
    { shape: [256, 14, 14, 64], ran: ["split_partials", "split_normalise"] },
    { shape: [256, 12_544], ran: ["split_normalise"] },
    { shape: [256, 14, 14, 64], training: false, ran: ["infer"] },
  ])("batch norm of $shape, training $training", ({ shape, training = true, ran }) => {
    const found = labels(() => {
      const [gamma, beta] = [
        variable(gpu.empty([shape.at(-1)!])),
        variable(gpu.empty([shape.at(-1)!])),
      ];
      const running = gpu.empty([2, shape.at(-1)!]);
      batchNorm(variable(gpu.empty(shape)), gamma, beta, { training, running });
    });
    expect(found).toEqual(ran.map((entry) => `batch-norm.${entry}`));
  });

  test.each([
    { shape: [3, 1024], axes: [1], ran: ["reduce-subgroup.reduce"] },
    { shape: [3, 1023], axes: [1], ran: ["reduce.split"] },
    { shape: [1024, 3], axes: [0], ran: ["reduce.split"] },
    { shape: [50_000, 64], axes: [0], ran: ["reduce.split", "reduce.split"] },
    { shape: [31, 3], axes: [0], ran: ["reduce.reduce"] },
    { shape: [3, 511], axes: [1], ran: ["reduce.reduce"] },
    { shape: [128, 20_000], axes: [0], ran: ["reduce.reduce"] },
    { shape: [2, 40_000], axes: [1], ran: ["reduce-subgroup.reduce", "reduce.reduce"] },
  ])("a sum over axes $axes of $shape", ({ shape, axes, ran }) => {
    const found = labels(() => void sum(variable(gpu.empty(shape)), { axes }));
    expect(found).toEqual(gpu.gpu.features.has("subgroups") ? ran : found);
  });
});

capPipelines(device, 500);
