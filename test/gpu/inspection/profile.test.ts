// The figures of plans, and where a step's time goes: sums add up, peaks are what WebGPU is asked for, work is counted
// as the kernels do it, and a profile leaves the state as it was.
import { kernelChoices, type Variant } from "../../../src/kernels/variant.ts";
import { afterAll, describe, expect, it } from "vitest";
import { profilePicture, profileStep, profileTable } from "../../../src/runs/profiling.ts";
import { terminal } from "../../../src/terminal/ui.ts";
import { createGan, type Gan } from "../../../src/gan/gan.ts";
import { dcgan } from "../../../src/gan/recipes/dcgan.ts";
import { trainingStep } from "../../../src/gan/step.ts";
import type { GpuArray } from "../../../src/gpu/array.ts";
import type { Dispatch } from "../../../src/gpu/dispatch.ts";
import { explainPlan, explanationTable } from "../../../src/gpu/inspection/explain.ts";
import { profile, type Profile } from "../../../src/gpu/inspection/profile.ts";
import { compile } from "../../../src/gpu/program.ts";
import { floorOf, sumFloors } from "../../../src/gpu/inspection/roofline.ts";
import { copyByFours, multiplyAdds } from "../../../src/kernels/ceilings.ts";
import { convolve, dataGradient } from "../../../src/kernels/conv2d.ts";
import { weightGradient } from "../../../src/kernels/conv2d-weight-gradient.ts";
import { convolutionGeometry } from "../../../src/kernels/conv2d-geometry.ts";
import { multiply } from "../../../src/kernels/matmul.ts";
import { testDevice } from "../../support/device.ts";

const device = await testDevice();
const BATCH = 2;

/** The buffers that bind groups name, for as long as somebody looks. */
const bound = new Set<GPUBuffer>();
const { gpu } = device;
const original = gpu.createBindGroup;
gpu.createBindGroup = (descriptor) => {
  for (const { resource } of descriptor.entries) {
    if ("buffer" in resource) bound.add(resource.buffer);
  }
  return original.call(gpu, descriptor);
};
afterAll(() => {
  gpu.createBindGroup = original;
});

const widths = { generatorWidths: [8, 4, 3], discriminatorWidths: [4, 5] } as const; // narrow kernels compile fast
const images = Uint8Array.from({ length: 20 * 784 }, (_, i) => (i * 31) % 256);
const gan: Gan = createGan(
  device,
  {
    ...dcgan,
    ...widths,
  },
  { images, count: 20, height: 28, width: 28 },
  { seed: 1, batch: BATCH },
);
bound.clear();
const program = await compile(device, "step", () => trainingStep(gan, BATCH));
const boundByStep = new Set(bound);
const explained = program.explain();

describe("explain", () => {
  it("adds up, and tells each dispatch in a line", () => {
    const { dispatches } = explained;
    const sum = (of: (each: (typeof dispatches)[number]) => number): number =>
      dispatches.reduce((total, each) => total + of(each), 0);
    expect(dispatches).toHaveLength(program.plan.dispatches.length);
    expect(explained.flop).toBe(sum(({ flop }) => flop));
    expect(explained.bytesRead).toBe(sum(({ bytesRead }) => bytesRead));
    expect(explained.bytesWritten).toBe(sum(({ bytesWritten }) => bytesWritten));
    expect(explained.multiplyAdds.needed).toBe(
      sum(({ flop, done }) => (done === undefined ? 0 : flop)) / 2,
    );
    expect(explained.multiplyAdds.needed).toBeGreaterThan(0);
    expect(explained.multiplyAdds.done).toBe(sum(({ done }) => done ?? 0) / 2);
    const lines = explanationTable(explained).split("\n");
    dispatches.forEach(({ index, label }) => {
      expect(lines[index + 1]).toContain(`${index}  ${label} `);
    });
  });

  it("knows the peak that the step's bind groups add up to", () => {
    const bytes = [...boundByStep].reduce((sum, { size }) => sum + size, 0);
    expect(explained.peak.total).toBe(bytes);
    const { state, temporaries, outputs } = explained.peak;
    expect(state + temporaries + outputs).toBe(bytes);
    expect(Math.min(state, temporaries, outputs)).toBeGreaterThan(0);
  });

  it("names the buffers that temporaries share, none before its last tenant is done with it", () => {
    const tenants = new Map<string, { from: number; until: number }[]>();
    for (const { index, results } of explained.dispatches) {
      for (const { buffer, freedAfter } of results) {
        if (freedAfter === undefined) continue;
        expect(buffer).toMatch(/^#\d+$/);
        const before = tenants.get(buffer) ?? [];
        const last = before.at(-1);
        if (last && last.until === freedAfter) continue; // written again: the same tenant
        expect(last?.until ?? -1).toBeLessThan(index);
        tenants.set(buffer, [...before, { from: index, until: freedAfter }]);
      }
    }
    expect(tenants.size).toBe(explained.buffers);
  });

  it("counts an array bound twice once, what is updated in place both ways, and a batch's pixels", () => {
    const [a, b] = [device.persistent([16, 16]), device.persistent([16, 16])];
    const bytesOf = (body: () => void): [number, number][] => {
      const trace = device.record("bytes", body);
      return trace.dispatches.map((dispatch) => bytesOfDispatch(dispatch));
    };
    expect(bytesOf(() => void multiply(a, b))).toEqual([[2 * 1024, 1024]]);
    const adam = explained.dispatches.filter(({ label }) => label === "adam.update");
    for (const { results, bytesRead, bytesWritten } of adam) {
      const elements = results[0]!.shape[0]!;
      expect(bytesWritten).toBe(3 * 4 * elements);
      expect(bytesRead).toBeGreaterThanOrEqual(4 * 4 * elements); // and the bias corrections
    }
    expect(adam).toHaveLength(2);
    const gather = explained.dispatches.find(({ label }) => label === "dataset.gather")!;
    expect([gather.bytesRead, gather.bytesWritten]).toEqual([BATCH * 784, BATCH * 784 * 4]);
  });
});

function bytesOfDispatch(dispatch: Dispatch): [number, number] {
  const lifetimes: never[] = [];
  const plan = {
    dispatches: [dispatch],
    dropped: 0,
    hostCalls: [],
    lifetimes,
    slots: [],
    outputs: [],
  };
  const [each] = explainPlan("one", plan, { state: 0, temporaries: 0 }).dispatches;
  return [each!.bytesRead, each!.bytesWritten];
}

describe("work done", () => {
  /** FLOP needed and done of what `launch` launches first, in a variant. */
  const workOf = (shader: string, variant: Variant, launch: () => GpuArray): [number, number] => {
    kernelChoices(device).forced.set(shader, variant);
    const [first] = device.record("work", () => void launch()).dispatches;
    kernelChoices(device).forced.delete(shader);
    return [first!.flop, first!.done!()];
  };

  it("of a product is its tiles'", () => {
    const [a, b] = [device.empty([20, 30]), device.empty([30, 100])];
    const product = (variant: Variant): [number, number] =>
      workOf("matmul", variant, () => multiply(a, b));
    const needed = 2 * 20 * 30 * 100;
    expect(product("direct")).toEqual([needed, needed]);
    expect(product("tiled")).toEqual([needed, 2 * 24 * 30 * 104]);
    expect(product("workgroup")).toEqual([needed, 2 * 64 * 32 * 128]);
    expect(product("workgroup128")).toEqual([needed, 2 * 64 * 32 * 128]);
    expect(product("workgroup32")).toEqual([needed, 2 * 32 * 32 * 128]);
    const lanes = device.lanes;
    device.lanes = 8; // two teams, each with a tile of 16 rows by 16 columns, four terms at a time
    expect(product("lanes")).toEqual([needed, 2 * 32 * 32 * 112]);
    device.lanes = lanes;
  });

  // 5 by 5 images, 3 by 3 taps with one row or column of padding: of 15 row taps 13 are inside, so 169.
  const geometry = convolutionGeometry([2, 5, 5, 8], [3, 3, 8, 12], { padding: "same" });
  const [x, weight] = [device.empty([2, 5, 5, 8]), device.empty([3, 3, 8, 12])];
  const y = device.empty([2, 5, 5, 12]);
  const needed = 2 * 50 * 9 * 8 * 12;

  it("of a convolution is its tiles', without the padding that a kernel skips", () => {
    const forward = (variant: Variant): [number, number] =>
      workOf("conv2d-forward", variant, () => convolve(x, weight, geometry));
    expect(forward("direct")).toEqual([needed, 2 * 2 * 169 * 8 * 12]);
    expect(forward("tiled")).toEqual([needed, 2 * 56 * 9 * 8 * 16]);
    expect(forward("workgroup")).toEqual([needed, 2 * 64 * 80 * 64]);
    expect(forward("workgroup256")).toEqual([needed, 2 * 64 * 96 * 64]);
    expect(forward("workgroup32")).toEqual([needed, 2 * 64 * 80 * 32]);
  });

  it("of its gradients likewise", () => {
    const data = (variant: Variant): [number, number] =>
      workOf("conv2d-data-gradient", variant, () => dataGradient(y, weight, geometry));
    expect(data("direct")).toEqual([needed, 2 * 2 * 169 * 8 * 12]);
    expect(data("narrow")).toEqual([needed, 2 * (2 * 5 * 7) * 8 * 9 * 12]); // a row is a strip of seven
    expect(data("workgroup")).toEqual([needed, 2 * 64 * 64 * 112]);
    const filter = (variant: Variant): [number, number] =>
      workOf("conv2d-weight-gradient", variant, () => weightGradient(x, y, geometry));
    expect(filter("direct")).toEqual([needed, 2 * 2 * 169 * 8 * 12]);
    expect(filter("tiled")).toEqual([needed, 2 * 2 * 169 * 8 * 16]); // its rows of tiles share a tap
    expect(filter("workgroup")).toEqual([needed, 2 * 128 * 64 * 64]);
    expect(filter("workgroup32")).toEqual([needed, 2 * 96 * 64 * 32]);
  });

  it("of a strided convolution's gradient goes phase by phase", () => {
    // 5 by 5 to 3 by 3: along an axis two pixels with two taps each and three with one, so (pixels, taps) of
    // (4, 4), (6, 2), (6, 2) and (9, 1); pixels go up to eights.
    const strided = convolutionGeometry([1, 5, 5, 8], [3, 3, 8, 8], {
      padding: "same",
      strides: 2,
    });
    const [dout, filter] = [device.empty([1, 3, 3, 8]), device.empty([3, 3, 8, 8])];
    const work = workOf("conv2d-data-gradient", "tiled", () => dataGradient(dout, filter, strided));
    expect(work).toEqual([2 * 9 * 9 * 8 * 8, 2 * (8 * 4 + 8 * 2 + 8 * 2 + 16) * 8 * 8]);
  });

  it("of lanes that share loads leaves out taps that no pixel of a tile has inside", () => {
    const lanes = device.lanes;
    // Through the batch first: two teams of 32 rows by 16 columns, or 32 rows by 32 columns if there are so many.
    device.lanes = 8;
    const forward = (batch: number, filters: number): [number, number] => {
      const shape = [3, 3, 8, filters];
      const wide = convolutionGeometry([batch, 5, 5, 8], shape, { padding: "same" });
      const pictures = device.empty([batch, 5, 5, 8]);
      const weights = device.empty(shape);
      return workOf("conv2d-forward", "lanes", () => convolve(pictures, weights, wide));
    };
    const data = workOf("conv2d-data-gradient", "lanes", () => dataGradient(y, weight, geometry));
    const filter = workOf("conv2d-weight-gradient", "lanes", () => weightGradient(x, y, geometry));
    const deep = convolutionGeometry([2, 5, 5, 32], [3, 3, 32, 12], { padding: "same" });
    const shared = workOf("conv2d-weight-gradient", "lanes", () =>
      weightGradient(device.empty([2, 5, 5, 32]), y, deep),
    );
    const one = forward(64, 12); // a subgroup's rows are one pixel of 64 images
    const two = forward(2, 12); // of all pixels, with every tap inside for some
    const all = forward(32, 32); // one pixel of 32 images
    device.lanes = lanes;
    expect(one).toEqual([32 * needed, 2 * 169 * 64 * 8 * 16]);
    expect(two).toEqual([needed, 2 * 9 * 64 * 8 * 16]);
    expect(all).toEqual([2 * 800 * 9 * 8 * 32, 2 * 169 * 32 * 8 * 32]);
    expect(data).toEqual([needed, 2 * 9 * 64 * 12 * 16]);
    // 8 channels fill no tile, so its rows lie under several taps: all 50 pixels, in fours.
    expect(filter).toEqual([needed, 2 * 128 * 16 * 52]);
    // Along a row 4, 5 and 4 pixels of both images have the taps inside, in fours; 13 row taps are.
    expect(shared).toEqual([4 * needed, 2 * 32 * 16 * 13 * (8 + 12 + 8)]);
  });
});

describe("a profile", () => {
  const sane = (measured: Profile, labels: readonly string[]): void => {
    expect(measured.dispatches.map(({ label }) => label)).toEqual(labels);
    for (const { seconds, range, label } of measured.dispatches) {
      expect(range[0], label).toBeGreaterThan(0);
      expect(range[0], label).toBeLessThanOrEqual(seconds);
      expect(range[1], label).toBeGreaterThanOrEqual(seconds);
    }
    // The fastest rounds: others may have been kept waiting. Launches this short wait for threads that other tests use, by
    // up to five times; a unit mistaken for another would be a thousand.
    const fastest = measured.dispatches.reduce((sum, { range }) => sum + range[0], 0);
    const ratio = fastest / measured.stepRange[0];
    expect(ratio).toBeGreaterThan(1 / 30);
    expect(ratio).toBeLessThan(30);
  };

  it("times every dispatch by timestamps, and leaves the state as it was", async () => {
    const before = await stateOf(gan);
    const measured = await profile(device, program, { rounds: 2 });
    expect(await stateOf(gan)).toEqual(before);
    expect(measured.method).toBe("timestamps");
    sane(
      measured,
      explained.dispatches.map(({ label }) => label),
    );
  });

  it("goes by the clock where there are none", async () => {
    const [a, b] = [device.persistent([256, 256]), device.persistent([256, 256])];
    const products = await compile(device, "products", () => ({
      out: multiply(multiply(a, b), b),
    }));
    const measured = await profile(device, products, { rounds: 2, timestamps: false });
    expect(measured.method).toBe("clock");
    sane(
      measured,
      products.plan.dispatches.map(({ label }) => label),
    );
  });

  it("is told beside the adapter's ceilings, kernel by kernel, and drawn", async () => {
    const step = await profileStep(terminal, device, program, "the adapter", { rounds: 1 });
    expect(step.ceilings.flops).toBeGreaterThan(1e6);
    expect(step.ceilings.bandwidth).toBeGreaterThan(1e6);
    const { kernels } = step;
    expect(kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(kernels.reduce((sum, { launches }) => sum + launches, 0)).toBe(
      step.profile.dispatches.length,
    );
    const text = profileTable(step);
    const each = profileTable(step, { each: true });
    for (const { label } of kernels) {
      expect(text).toContain(label);
      expect(each).toContain(label);
    }
    const picture = profilePicture(step, "a < b");
    expect(picture).toContain("a &lt; b");
    expect(picture).toContain(kernels[0]!.label);
  });

  it("holds a dispatch against the ceiling that binds it", () => {
    const ceilings = { flops: 1000, bandwidth: 10 };
    const dense = floorOf({ flop: 5000, bytesRead: 20, bytesWritten: 10 }, ceilings);
    const thin = floorOf({ flop: 100, bytesRead: 5, bytesWritten: 5 }, ceilings);
    expect(dense).toEqual({ seconds: 5, bound: "arithmetic" });
    expect(thin).toEqual({ seconds: 1, bound: "memory" });
    expect(sumFloors([dense, thin])).toEqual({ seconds: 6, bound: "arithmetic" });
  });
});

/** Everything that training changes, on the host. */
async function stateOf({ state, rng: random, ring }: Gan): Promise<readonly unknown[]> {
  const arrays = Object.values(state).flatMap((file) => [...file.values()]);
  const values = await Promise.all(arrays.map((array) => array.read()));
  return [...values, await random.state.read("u32"), await ring.read()];
}

describe("the ceilings' kernels", () => {
  it("do the arithmetic that is counted, and the copy", async () => {
    const rates = device.upload(Float32Array.of(0.5, 1), [2], "f32");
    const sums = device.persistent([70]);
    multiplyAdds(rates, sums, 8);
    // x ← x / 2 + 1 comes to 2 within 64 steps, whatever it starts from: twelve of them make 24.
    expect(await sums.read()).toEqual(new Float32Array(70).fill(24));
    rates.write(Float32Array.of(1, 0.25));
    multiplyAdds(rates, sums, 1);
    // x ← x + 1/4, eight times, from i to i + 11.
    expect(await sums.read()).toEqual(
      Float32Array.from({ length: 70 }, (_, i) => 12 * (i + 2) + 66),
    );
    const inp = Float32Array.from({ length: 1100 }, (_, i) => i + 1);
    const out = device.persistent([1100]);
    copyByFours(device.upload(inp, [1100], "f32"), out);
    expect(await out.read()).toEqual(inp);
  });
});
