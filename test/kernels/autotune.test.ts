// The autotuner: it finds the launches with several variants, accepts only correct ones, keeps its budget, and what it
// chose is what runs. Whether it chooses well, only a benchmark could show.
import { describe, expect, it, test } from "vitest";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { stepWorkloads } from "../../src/gan/tune.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import type { Device } from "../../src/gpu/device.ts";
import { shaderText } from "../../src/gpu/node/adapter.ts";
import { repeated } from "../../src/gpu/inspection/repeat.ts";
import { multiply } from "../../src/kernels/matmul.ts";
import { reduce } from "../../src/kernels/reduce.ts";
import { Speeds, tryOut, type Way } from "../../src/kernels/trial.ts";
import { kernelsVersion, tune, workloadsOf, type Use } from "../../src/kernels/autotune.ts";
import { VARIANTS, kernelChoices, type Variant } from "../../src/kernels/variant.ts";
import { spoilt } from "./spoilt.ts";
import { testDevice } from "../support/device.ts";
import { WORKGROUP_VARIANTS } from "../../src/kernels/workgroup-tile.ts";
import { SHADERS } from "../support/kernels.ts";

const device = await testDevice();
const KEY = "matmul 16x8 by 32x8 transposed";

function product(on: Device): GpuArray {
  const [a, b] = [on.empty([16, 8]), on.empty([32, 8])];
  return multiply(a, b, { transposeB: true });
}

/** The label of what the product launches. */
const launched = (): string =>
  device.record("product", () => void product(device)).dispatches[0]!.label;

const productUse = async (on: Device): Promise<Use[]> => [
  ...(await workloadsOf(on, () => void on.record("product", () => void product(on)))).values(),
];

describe("choices", () => {
  it("go before the default, behind what is forced, and count for one shape alone", () => {
    const usual = launched();
    const other: Variant = usual === "matmul.tiled" ? "direct" : "tiled";
    try {
      kernelChoices(device).stored.set("matmul 16x8 by 33x8 transposed", other);
      expect(launched()).toBe(usual);
      kernelChoices(device).stored.set(KEY, other);
      expect(launched()).toBe(`matmul.${other}`);
      kernelChoices(device).forced.set("matmul", other === "tiled" ? "direct" : "tiled");
      expect(launched()).toBe(`matmul.${other === "tiled" ? "direct" : "tiled"}`);
      kernelChoices(device).forced.clear();
      kernelChoices(device).stored.set(KEY, "narrow"); // which matrices don't come in
      expect(launched()).toBe(usual);
    } finally {
      kernelChoices(device).forced.clear();
      kernelChoices(device).stored.clear();
    }
  });
});

test.each(SHADERS.filter((name) => /-(workgroup|lanes|subgroup)$/.test(name)))(
  "%s is a variant that the autotuner tries",
  (shader) => {
    const [, kernel, variant] = /^(.*)-(\w+)$/.exec(shader)!;
    expect(VARIANTS[kernel!]).toContain(variant);
  },
);

describe("workloads", () => {
  const narrow: Recipe = {
    ...dcgan,
    latent: 4,
    generatorWidths: [4, 4, 4],
    discriminatorWidths: [4, 4],
  };

  it("of a step are its convolutions and products, each by its shape", async () => {
    const uses = await stepWorkloads(device, narrow, 3);
    const kernels = new Set([...uses.values()].map(({ workload }) => workload.kernel));
    for (const kernel of ["conv2d-forward", "conv2d-data-gradient", "conv2d-weight-gradient"]) {
      expect(kernels).toContain(kernel);
    }
    expect(
      uses.has(
        "conv2d-data-gradient 3x14x14x4 to 7x7x4, kernel 5x5, stride 2x2, pad 1x1, dilation 1x1, groups 1",
      ),
    ).toBe(true);
    expect([...kernels].filter((kernel) => !VARIANTS[kernel])).toEqual([]);
    expect(kernelChoices(device).onChoice).toBeUndefined();
  });

  it("are named by what decides their cost", async () => {
    const keys = async (body: () => void): Promise<string[]> => [
      ...(await workloadsOf(device, () => void device.record("keys", body))).keys(),
    ];
    expect(await keys(() => void product(device))).toEqual([KEY]);
    const sums = await keys(() => {
      reduce(device.empty([6, 5]), "max", [1], false);
      reduce(device.empty([6, 5]), "max", [1], true);
    });
    expect(sums.length).toBe(device.gpu.features.has("subgroups") ? 1 : 0);
    expect(sums.every((key) => key === "reduce max 6x5 over 1")).toBe(true);
  });
});

describe("repeated", () => {
  it("runs what it was given, on buffers of its own, and tells how long it took", async () => {
    const x = device.upload(Float32Array.of(1, 2, 3, 4), [2, 2], "f32");
    const twice = await repeated(device, "twice", () => multiply(multiply(x, x), x));
    const before = device.programBuffers.length;
    expect(await twice.time(3)).toBeGreaterThanOrEqual(0);
    expect([...(await twice.out.read())]).toEqual([37, 54, 81, 118]);
    expect(twice.plan.dispatches.length).toBe(2);
    expect(device.programBuffers.length).toBe(before);
    twice.destroy();
  });
});

describe("tune", () => {
  it("times every variant, names the default, and leaves the device as it was", async () => {
    const usual = launched();
    const [tuned] = await tune(device, await productUse(device), { budget: 600 });
    const { candidates, standard, chosen } = tuned!;
    expect(candidates.map(({ variant }) => variant).toSorted()).toEqual(
      ["direct", "tiled", ...WORKGROUP_VARIANTS, ...(device.lanes > 0 ? ["lanes"] : [])].toSorted(),
    );
    expect(candidates[0]!.variant).toBe(standard);
    expect(candidates[0]!.ratio).toBe(1);
    for (const { milliseconds, ratio, remark } of candidates) {
      expect(remark).toBeUndefined();
      expect(milliseconds).toBeGreaterThan(0);
      expect(ratio).toBeGreaterThan(0);
    }
    const winner = candidates.find(({ variant }) => variant === chosen)!;
    expect(chosen === standard || winner.ratio! < 0.97).toBe(true);
    expect([kernelChoices(device).forced.size, kernelChoices(device).stored.size]).toEqual([0, 0]);
    expect(launched()).toBe(usual);
  });

  it("leaves out the rest when it is asked to stop", async () => {
    const uses = await productUse(device);
    const none = await tune(device, uses, { budget: 600, stop: () => true });
    expect(none).toEqual([]);
  });

  it("rejects a variant that is wrong, and says by how much", async () => {
    const from = "k * A_COLUMN + bottom;"; // half of the rows get the other half's values
    const other = spoilt(device, { file: "matmul.wgsl", from, to: "k * A_COLUMN + top;" });
    const [tuned] = await tune(other, await productUse(other), { budget: 600 });
    const bad = tuned!.candidates.find(({ variant }) => variant === "tiled")!;
    expect(bad.remark).toMatch(/^wrong: off by [\d.]+, but rounding explains only 0\.0000076$/);
    expect(tuned!.chosen).not.toBe("tiled"); // though it is the default on some adapters
    expect(tuned!.chosen).toBeDefined();
    const others = tuned!.candidates.filter((each) => each !== bad);
    expect(others.map(({ remark }) => remark)).toEqual(others.map(() => undefined));
  });

  it("starts nothing that would outlast the budget", async () => {
    const uses = await productUse(device);
    const [tuned] = await tune(device, uses, { budget: 0 });
    expect(tuned!.chosen).toBeUndefined();
    expect(new Set(tuned!.candidates.map(({ remark }) => remark))).toEqual(
      new Set(["no time left"]),
    );

    // Enough for the default and `direct`, far too little for one that was seen to be slow.
    const { workload } = uses[0]!;
    const ways = (["tiled", "direct", "workgroup"] as const).map((variant): Way => {
      const launch = ([a, b]: readonly GpuArray[]): GpuArray => {
        kernelChoices(device).forced.set("matmul", variant);
        try {
          return workload.launch(a!, b!);
        } finally {
          kernelChoices(device).forced.clear();
        }
      };
      const { dispatches } = device.record("way", () => void launch(workload.inputs));
      return { variant, launch, pipeline: dispatches[0]!.pipeline, flop: dispatches[0]!.flop };
    });
    const speeds = new Speeds(device);
    speeds.note(ways[2]!, 1e6);
    const end = performance.now() + 500_000;
    const outcome = await tryOut(device, workload, ways, speeds, { end, slice: end });
    const [tiled, direct, workgroup] = outcome.candidates;
    expect([tiled!.remark, direct!.remark, workgroup!.remark]).toEqual([
      undefined,
      undefined,
      "no time left",
    ]);
    // Where one is missing the default may be kept, but not for good.
    expect(outcome.chosen).toBe(direct!.ratio! < 0.97 ? outcome.chosen : undefined);
  });
});

describe("kernelsVersion", () => {
  it("changes with any kernel that has variants and with their libraries, and with no other", async () => {
    const version = await kernelsVersion(shaderText);
    expect(version).toMatch(/^[0-9a-f]{16}$/);
    const changed = async (file: string): Promise<boolean> =>
      (await kernelsVersion((path) => shaderText(path) + (path === file ? "\n" : ""))) !== version;
    expect(await changed("matmul-lanes.wgsl")).toBe(true);
    expect(await changed("reduce-subgroup.wgsl")).toBe(true);
    expect(await changed("conv2d-forward.wgsl")).toBe(true);
    expect(await changed("lib/convolution.wgsl")).toBe(true);
    expect(await changed("adam.wgsl")).toBe(false);
  });
});
