// What the kernels need from a device: WebGPU's default limits are enough for every launch of the op table, except for
// one variant, and each kernel copes with more workgroups than one dimension holds.
import { expect, test } from "vitest";
import { vectorJacobianArrays } from "../../src/autograd/backward.ts";
import { variable } from "../../src/autograd/tensor.ts";
import type { GpuArray, HostArray } from "../../src/gpu/array.ts";
import type { Dispatch } from "../../src/gpu/dispatch.ts";
import { adamCounter, adamUpdate } from "../../src/kernels/adam.ts";
import { adversarialLoss, SCALARS } from "../../src/kernels/adversarial-loss.ts";
import { advance } from "../../src/kernels/counters.ts";
import { conv2d, matmul } from "../../src/autograd/ops.ts";
import { copyByFours, multiplyAdds } from "../../src/kernels/ceilings.ts";
import { barriers, halfMultiplyAdds, sharedReads } from "../../src/kernels/hardware.ts";
import { gatherBatch, gatherLabels } from "../../src/kernels/dataset.ts";
import { movingAverage } from "../../src/kernels/moving-average.ts";
import { bernoulli, createRng, normal, uniform } from "../../src/kernels/random.ts";
import { sgdCounter, sgdUpdate } from "../../src/kernels/sgd.ts";
import { recordStep } from "../../src/kernels/step-log.ts";
import { kernelChoices } from "../../src/kernels/variant.ts";
import { WORKGROUP_TILES } from "../../src/kernels/workgroup-tile.ts";
import { testDevice } from "../support/device.ts";
import { kernelSizes, SHADERS, wholeText } from "../support/kernels.ts";
import { narrowly, recordCase } from "../../proof/drive.ts";
import { table } from "../../proof/table.ts";
import { variantsOf, withVariant } from "../../proof/variants.ts";

const device = await testDevice();
/** Without 16-bit floats, as on SwiftShader, nothing can launch the kernel that measures them. */
const HALVES = "ceilings-half.multiply_adds";
const kernels = new Map(
  [...kernelSizes()].filter(([label]) => label !== HALVES || device.gpu.features.has("shader-f16")),
);

/** Labels of the dispatches that have more workgroups than `limit`: those go on in a second row. */
const beyond = (limit: number, dispatches: readonly Dispatch[]): string[] =>
  dispatches
    .filter(({ workgroups }) => workgroups[0] * workgroups[1] > limit)
    .map(({ label }) => label);

const launched: Dispatch[] = [];
const spread = new Set<string>();

for (const { cases } of Object.values(table)) {
  for (const each of cases) {
    const collect = (): void => {
      launched.push(...recordCase(device, each));
      for (const { dispatches, limit } of narrowly(device, each)) {
        launched.push(...dispatches);
        for (const label of beyond(limit, dispatches)) spread.add(label);
      }
    };
    collect();
    for (const variant of variantsOf(device, recordCase(device, each), each)) {
      await withVariant(device, variant, collect);
    }
  }
}
const listed = new Set(launched.map(({ label }) => label));
const unlisted = launchUnlisted();
launched.push(...unlisted.dispatches);

/** Launches the kernels that no op does: noise, copies, optimizers, the dataset and the step's log. */
function launchUnlisted(): {
  written: readonly GpuArray[];
  images: GpuArray;
  labels: GpuArray;
  dispatches: readonly Dispatch[];
} {
  const rng = createRng(device, 1);
  const numbers = Float32Array.from({ length: 1000 }, (_, i) => i / 1000);
  const arena = (): GpuArray => {
    const array = device.persistent([1000]);
    array.write(numbers);
    return array;
  };
  const like = (): GpuArray => device.persistent([1000]);
  const noise = [like(), like(), like()] as const;
  const [copied, descended, rolled, velocities] = [like(), arena(), arena(), arena()];
  const [parameters, gradients, first, second] = [arena(), arena(), arena(), arena()];
  const average = like();
  const [odd, oddValues] = [device.persistent([999]), device.persistent([999])];
  oddValues.write(numbers.subarray(1));
  const corrections = device.persistent([2]);
  const started = device.persistent([1]);
  const images = device.persistent([200, 4, 4, 1], "u8");
  images.write(Uint8Array.from({ length: 3200 }, (_, i) => i % 256));
  const batch = device.persistent([200, 4, 4, 1]);
  const labels = device.persistent([200], "u8");
  labels.write(Uint8Array.from({ length: 200 }, (_, i) => 1 + (i % 255)));
  const classes = device.persistent([200], "i32");
  const [ring, log] = [device.persistent([8, SCALARS]), device.persistent([2, 1000])];
  const sums = like();
  const [shared, passed, halves] = [like(), like(), like()];
  const [long, longer] = [device.persistent([12_000]), device.persistent([12_000])];
  long.write(Float32Array.from({ length: 12_000 }, (_, i) => i + 1));
  const { dispatches } = device.record("unlisted", launch);
  launch();
  const updated = [parameters, first, second, descended, rolled, velocities];
  const written = [
    ...noise,
    batch,
    classes,
    copied,
    ...updated,
    average,
    odd,
    ring,
    log,
    corrections,
    started,
    sums,
    shared,
    passed,
    ...(device.gpu.features.has("shader-f16") ? [halves] : []),
    longer,
  ];
  return { written, images, labels, dispatches };

  function launch(): void {
    rng.nextStream = 0;
    device.moveInto(uniform(rng, [1000]), noise[0]);
    device.moveInto(normal(rng, [1000]), noise[1]);
    device.moveInto(bernoulli(rng, [1000], 0.5), noise[2]);
    device.moveInto(gradients, copied);
    const rest = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;
    const options = { ...rest, convention: "keras" } as const;
    const state = { parameters, gradients, first, second, corrections };
    adamUpdate(state, options);
    const rates = {
      learningRate: 0.1,
      momentum: 0.9,
      dampening: 0,
      nesterov: false,
      weightDecay: 0,
    };
    sgdUpdate({ parameters: descended, gradients }, rates);
    const momentum = { velocities, started };
    sgdUpdate({ parameters: rolled, gradients, momentum }, rates);
    device.moveInto(gatherBatch(images, rng, { batch: 200, steps: 1 }, 200), batch);
    device.moveInto(gatherLabels(labels, rng, { batch: 200, steps: 1 }, 200), classes);
    adversarialLoss(gradients, rng, { ring });
    movingAverage(average, gradients, rng, 0.9);
    movingAverage(odd, oddValues, rng, 0.9);
    recordStep(gradients, log, rng);
    advance(device, [adamCounter(state, options), sgdCounter(momentum)], rng);
    multiplyAdds(gradients, sums, 1);
    sharedReads(gradients, shared, 1);
    barriers(gradients, passed, 1);
    if (device.gpu.features.has("shader-f16")) halfMultiplyAdds(gradients, halves, 1);
    copyByFours(long, longer);
  }
}

test("the test device was asked for the default limits and 32 KiB of workgroup memory, or for all", () => {
  const { limits } = device.gpu;
  const full = process.env["LONGHAND_LIMITS"] === "adapter";
  expect(limits.maxBufferSize > 268_435_456).toBe(full);
  const defaults = [8, 256, 16_384, 134_217_728, 65_535];
  const most = [8, 256, 32_768, 134_217_728, 65_535];
  const granted = [
    limits.maxStorageBuffersPerShaderStage,
    limits.maxComputeInvocationsPerWorkgroup,
    limits.maxComputeWorkgroupStorageSize,
    limits.maxStorageBufferBindingSize,
    device.maxWorkgroups,
  ];
  granted.forEach((limit, i) => {
    expect(limit).toBeGreaterThanOrEqual(defaults[i]!);
    expect(limit).toBeLessThanOrEqual(full ? Infinity : most[i]!);
  });
});

test("every kernel is launched by the table, or beside it", () => {
  expect([...new Set(launched.map(({ label }) => label))].toSorted()).toEqual(
    [...kernels.keys()].toSorted(),
  );
});

test("no kernel binds more than 8 storage buffers, or one twice", () => {
  for (const { label, bindings } of launched) {
    expect(bindings.length, label).toBeLessThanOrEqual(8);
    const numbers = bindings.map(({ binding }) => binding);
    expect(new Set(numbers).size, label).toBe(numbers.length);
  }
});

test("no kernel has more than 256 invocations a workgroup, and only one has more than 16 KiB of memory", () => {
  for (const [label, invocations] of kernels) expect(invocations, label).toBeLessThanOrEqual(256);
  const bytes = new Map(SHADERS.map((shader) => [shader, workgroupBytes(shader)]));
  for (const [shader, sum] of bytes) expect(sum, shader).toBeLessThanOrEqual(16_384);
  expect(bytes.get("matmul-workgroup")).toBe(8448); // they are found
  const tiles = Object.entries(WORKGROUP_TILES);
  const large = tiles.filter(([, { SLOTS }]) => SLOTS * 16 > 16_384);
  expect(large.map(([variant, { SLOTS }]) => [variant, SLOTS * 16])).toEqual([
    ["workgroup256", 16_640],
  ]);
});

test("tiles that take more workgroup memory than the device has stand back", () => {
  const labels = (): string[] =>
    device
      .record("product", () => {
        matmul(variable(device.empty([4, 4])), variable(device.empty([4, 4])));
      })
      .dispatches.map(({ label }) => label);
  const before = device.maxWorkgroupBytes;
  kernelChoices(device).forced.set("matmul", "workgroup256");
  try {
    device.maxWorkgroupBytes = 16_640;
    expect(labels()).toEqual(["matmul-workgroup256.tiled"]);
    device.maxWorkgroupBytes = 16_384;
    expect(labels()).toEqual(["matmul-workgroup.tiled"]);
  } finally {
    device.maxWorkgroupBytes = before;
    kernelChoices(device).forced.clear();
  }
});

/** Bytes of a shader's workgroup variables, its libraries' included. Throws on a type it doesn't know. */
function workgroupBytes(shader: string): number {
  const text = wholeText(shader);
  const types = [...text.matchAll(/var<workgroup>\s*\w+\s*:\s*([^;]+);/g)].map(([, type]) => type!);
  expect(types.length, shader).toBe(text.split("var<workgroup>").length - 1);
  return types.reduce((sum, type) => {
    const [, element, extent] = /^array<(f32|u32|vec4f), (\w+)>$/.exec(type) ?? [];
    const count = new RegExp(`^const ${extent} = (\\d+)u;`, "m").exec(text)?.[1] ?? extent;
    if (element === undefined) throw new Error(`${shader}: how long is ${type}?`);
    return sum + Number(count) * (element === "vec4f" ? 16 : 4);
  }, 0);
}

test("every kernel of an op is laid out in two dimensions by some case", () => {
  const others = unlisted.dispatches
    .map(({ label }) => label)
    // A traced draw counts up its Rng's step, which is one workgroup's work.
    .filter((label) => !listed.has(label) || label === "counters.advance");
  const missing = [...kernels.keys()].filter((label) => !spread.has(label));
  expect(missing.toSorted()).toEqual([...new Set(others)].toSorted());
});

test("the others give the same bits in two dimensions", async () => {
  const bits = async (arrays: readonly GpuArray[]): Promise<HostArray[]> =>
    Promise.all(arrays.map((array) => array.read(array.dtype)));
  const wide = await bits(unlisted.written);
  expect(wide.every((array) => array.some((value) => value !== 0))).toBe(true);
  device.maxWorkgroups = 8; // copies and optimizers have 16
  const narrow = launchUnlisted();
  device.maxWorkgroups = 2; // noise and the dataset have 4
  const rng = createRng(device, 1);
  const noise = [uniform(rng, [1000]), normal(rng, [1000]), bernoulli(rng, [1000], 0.5)];
  const batch = gatherBatch(narrow.images, rng, { batch: 200, steps: 1 }, 200);
  const classes = gatherLabels(narrow.labels, rng, { batch: 200, steps: 1 }, 200);
  device.maxWorkgroups = 65_535;
  expect(await bits(narrow.written)).toEqual(wide);
  expect(await bits([...noise, batch, classes])).toEqual(wide.slice(0, 5));
});

test("what doesn't fit a dimension at all goes another way", () => {
  const labels = (body: () => void): string[] =>
    device.record("short", body).dispatches.map(({ label }) => label);
  device.maxWorkgroups = 3;
  try {
    const product = labels(() => {
      matmul(variable(device.empty([4, 4, 4])), variable(device.empty([4, 4, 4])));
    });
    expect(product).toEqual(["matmul.direct"]); // four matrices, one a layer of workgroups
    const gradient = labels(() => {
      const x = variable(device.empty([1, 4, 4, 8]));
      const y = conv2d(x, variable(device.empty([2, 2, 8, 8])), { strides: 2 });
      vectorJacobianArrays(y, device.empty(y.shape), [x]);
    });
    expect(gradient).toEqual([
      expect.stringMatching(/^conv2d-forward.*tiled$/), // where tiles do fit
      "conv2d-data-gradient.direct", // four phases
    ]);
  } finally {
    device.maxWorkgroups = 65_535;
  }
});
