// Memory: arrays that a device can't bind are refused before WebGPU sees them, and the device stays as it was. The
// memory of a training is counted before anything is allocated.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { broadcastTo, tensor } from "../../src/index.ts";
import { createGan } from "../../src/gan/gan.ts";
import { limitsForTraining, standInTraining, type TrainingAdapter } from "../../src/gan/memory.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { standIns } from "../../src/gan/stand-in.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { openDevice } from "../../src/gpu/device.ts";
import { MemoryError, UsageError } from "../../src/gpu/errors.ts";
import { DEFAULT_LIMITS, requiredLimits } from "../../src/gpu/limits.ts";
import { openAdapter, shaderText } from "../../src/gpu/node/adapter.ts";
import { paperDevice } from "../../src/gpu/paper-device.ts";
import { sizeClass } from "../../src/gpu/pool.ts";
import { compile } from "../../src/gpu/program.ts";
import { binary } from "../../src/kernels/binary.ts";
import { messageOf } from "../support/message-of.ts";
import { testDevice } from "../support/device.ts";
import { longhand } from "../support/longhand.ts";

const device = await testDevice();
const MOST = 128 * 2 ** 20; // of WebGPU's defaults, with which the tests' device is open
const FLOATS = MOST / 4;

async function worksStill(): Promise<void> {
  device.check();
  const x = device.upload(Float32Array.of(1, 2), [2], "f32");
  expect([...(await binary("add", x, x).read())]).toEqual([2, 4]);
}

describe("an array that the device can't bind", () => {
  const calls: readonly [string, () => unknown][] = [
    ["empty", () => device.empty([FLOATS + 1])],
    ["of more bytes than a number counts", () => device.empty([1e300, 1e300])],
    ["persistent", () => device.persistent([FLOATS + 1])],
    ["of bytes", () => device.persistent([MOST + 1], "u8")],
    ["uploaded", () => device.upload(new Float32Array(FLOATS + 1), [FLOATS + 1], "f32")],
    ["an op's result", () => broadcastTo(tensor(device, [1]), { shape: [FLOATS + 4] })],
    ["in a scope", () => device.scope(() => device.empty([1, FLOATS * 2]))],
    ["in a program", () => compile(device, "p", () => ({ out: device.empty([FLOATS + 1]) }))],
    [
      "an op's result in a program",
      () =>
        compile(device, "p", () => {
          const { array } = broadcastTo(tensor(device, [1]), { shape: [FLOATS * 8] });
          return { out: array.view([FLOATS * 8]) };
        }),
    ],
  ];

  it.each(calls)("is refused, %s, and the device works still", async (_, call) => {
    const said = await messageOf(MemoryError, call);
    expect(said).toMatch(/takes \S+ bytes, but this device binds at most 134217728; /);
    await worksStill();
    await expect(compile(device, "q", () => ({ out: device.empty([4]) }))).resolves.toBeDefined();
  });

  it("says how far its first axis may go", async () => {
    const said = await messageOf(MemoryError, () => device.empty([4096, 100, 100], "f32", "big"));
    expect(said).toBe(
      "big: an array of (4096, 100, 100) f32 takes 163840000 bytes, but this device binds at most 134217728; at most 3355 along its first axis fit; use a smaller batch, or open the device with higher limits",
    );
    device.free(device.empty([3355, 100, 100]).storage);
    await worksStill();
  });
});

describe("memory that the adapter hasn't", () => {
  it("is told of a program by its label, and costs nothing else", async () => {
    const { adapter } = await openAdapterOnce();
    const paper = paperDevice(adapter, { shaderText, software: true });
    let short = true;
    let scopes = 0;
    Object.assign(paper.device.gpu, {
      pushErrorScope: () => void (scopes += 1),
      popErrorScope: async () => (short ? { message: "no memory" } : null),
      createComputePipelineAsync: async () => ({}),
    });
    const x = paper.device.persistent([1000]);
    const before = paper.buffers.size;
    const build = (): unknown =>
      compile(paper.device, "big", () => ({ out: binary("add", binary("add", x, x), x) }));
    const said = await messageOf(MemoryError, build);
    expect(said).toMatch(/^big: the adapter has no memory left for \d+ bytes of temporaries and/);
    expect(scopes).toBe(1);
    expect([paper.buffers.size, paper.device.programBuffers.length]).toEqual([before, 0]);
    short = false;
    await build();
    expect(paper.buffers.size).toBe(before + 2);
  });
});

describe("limits", () => {
  const adapter: GPUSupportedLimits = Object.assign(Object.create(null), {
    maxStorageBufferBindingSize: 2 ** 30,
    maxBufferSize: 2 ** 31,
    maxBindGroups: 8,
    maxComputeWorkgroupStorageSize: 16_384,
  });

  it("are WebGPU's defaults, all that there is, or as much as is needed", () => {
    expect(requiredLimits("default", adapter)).toEqual({});
    expect(requiredLimits("adapter", adapter)).toEqual({ ...adapter });
    expect(requiredLimits({}, adapter)).toEqual({});
    const { maxStorageBufferBindingSize, maxBufferSize } = DEFAULT_LIMITS;
    expect(requiredLimits({ maxStorageBufferBindingSize, maxBufferSize }, adapter)).toEqual({});
    const needed = { maxStorageBufferBindingSize: 2 ** 28 + 1, maxBufferSize: 2 ** 40 };
    expect(requiredLimits(needed, adapter)).toEqual({
      maxStorageBufferBindingSize: 2 ** 28 + 4,
      maxBufferSize: 2 ** 31,
    });
  });

  it("hold workgroup memory of up to 32 KiB, whatever is asked for", () => {
    const asked = (maxComputeWorkgroupStorageSize: number): Record<string, number> =>
      requiredLimits("default", { ...adapter, maxComputeWorkgroupStorageSize });
    expect(asked(65_536)).toEqual({ maxComputeWorkgroupStorageSize: 32_768 });
    expect(asked(20_000)).toEqual({ maxComputeWorkgroupStorageSize: 20_000 });
    expect(requiredLimits({}, { ...adapter, maxComputeWorkgroupStorageSize: 49_152 })).toEqual({
      maxComputeWorkgroupStorageSize: 32_768,
    });
  });

  it("of a device that was asked for more are more, where the adapter has it", async () => {
    const { adapter: real } = await openAdapterOnce();
    const maxBufferSize = Math.min(300 * 2 ** 20, real.limits.maxBufferSize);
    const limits = { maxStorageBufferBindingSize: 1e15, maxBufferSize };
    const other = await openDevice({ adapter: real, shaderText, software: true, limits });
    expect(other.gpu.limits.maxBufferSize).toBeGreaterThanOrEqual(maxBufferSize);
    expect(other.gpu.limits.maxStorageBufferBindingSize).toBe(
      real.limits.maxStorageBufferBindingSize,
    );
    expect(other.gpu.limits.maxBindGroups).toBe(4);
    other.destroy();
  });

  it("bound the pool's size classes", () => {
    expect(sizeClass(2 ** 28 - 100, 2 ** 28)).toBe(2 ** 28);
    expect(sizeClass(2 ** 28 + 16, 2 ** 30)).toBe(1.25 * 2 ** 28);
    expect(sizeClass(2 ** 28 + 16, 1.1 * 2 ** 28)).toBe(2 ** 28 + 16);
  });
});

let opening: ReturnType<typeof openAdapter> | undefined;
const openAdapterOnce = (): ReturnType<typeof openAdapter> => (opening ??= openAdapter());
afterAll(async () => (await opening)?.release());

describe("what a training takes", () => {
  const on = async (
    limits: Partial<GPUSupportedLimits>,
    memory?: number,
  ): Promise<TrainingAdapter> => {
    const { adapter } = await openAdapterOnce();
    const { features, info } = adapter;
    const all: GPUSupportedLimits = Object.assign(Object.create(null), DEFAULT_LIMITS, limits);
    return { adapter: { features, info, limits: all }, software: true, shaderText, memory };
  };
  const dcgan = recipeNamed("dcgan");
  const data = { count: 60_000, height: 28, width: 28 };

  it("names the array, its size, the limit, and the largest batch that fits", async () => {
    // The discriminator's first layer sees real and generated images at once: (2 · batch, 14, 14, 64).
    const most = Math.floor(MOST / (2 * 14 * 14 * 64 * 4));
    const paper = await on({});
    const said = await messageOf(UsageError, () =>
      limitsForTraining(paper, { recipe: dcgan, data, batch: 4096 }),
    );
    expect(said).toMatch(
      /^batch: 4096 is too large for recipe dcgan on this adapter: the result \(8192, 14, 14, 64\) of conv2d-forward\S* takes 411041792 bytes, and the adapter binds at most 134217728 at once; the largest batch that fits is 1337$/,
    );
    expect(most).toBe(1337);
    const tight = { recipe: dcgan, data, batch: most };
    expect(limitsForTraining(paper, tight)).toEqual({
      maxStorageBufferBindingSize: 2 * most * 14 * 14 * 64 * 4,
      maxBufferSize: MOST, // by its size class
    });
    expect(() => limitsForTraining(paper, { ...tight, batch: most + 1 })).toThrow(/fits is 1337$/);
  });

  it("is more than an adapter has, and no batch helps, where the data or the networks are", async () => {
    const recipe = recipeNamed("small");
    const many = { recipe, data: { ...data, count: 240_000 }, batch: 8 };
    const paper = await on({});
    // The images that one array can't hold lie in a second one.
    expect(limitsForTraining(paper, many).maxStorageBufferBindingSize).toBe(171_196 * 784);
    const little = await on({}, 150e6);
    expect(await messageOf(MemoryError, () => limitsForTraining(little, many))).toMatch(
      /^data: all arrays together take \d+ bytes, and there is memory for 150000000; leave some images out \(at most \d{6} fit\), or choose another adapter$/,
    );
    const most = { ...many, data: { ...data, count: 20_000_000 } };
    expect(await messageOf(MemoryError, () => limitsForTraining(paper, most))).toBe(
      "data: an array of the dataset takes 245000000 bytes, and the adapter binds at most 134217728 at once; leave some images out (at most 10956544 fit), or choose another adapter",
    );
    const wide = { recipe: { ...recipe, generatorWidths: [4096, 4096, 64] }, data, batch: 8 };
    expect(await messageOf(MemoryError, () => limitsForTraining(paper, wide))).toMatch(
      /^recipe small: generator\S* takes \d+ bytes, .* whatever the batch; use smaller widths/,
    );
    const larger = await on({ maxStorageBufferBindingSize: 2 ** 30, maxBufferSize: 2 ** 30 });
    expect(limitsForTraining(larger, many).maxStorageBufferBindingSize).toBe(188_160_000);
  });

  it.each([1e9, 1e300])("is told of a batch of %d by its array, at once", async (batch) => {
    const training = standInTraining(recipeNamed("small"), batch);
    const paper = await on({});
    const said = await messageOf(UsageError, () => limitsForTraining(paper, training));
    expect(said).toMatch(
      /the result \(\S+, 14, 14, 16\) of conv2d.* the largest batch that fits is 5349$/,
    );
  });

  it("in all is what the compiled steps take", async () => {
    // Without an average, whose gradients no step uses, and without clusters, which only samples need.
    const plain = { average: 0, clusters: 0, lastBatch: "keep" as const };
    const recipe = { ...recipeNamed("small"), ...plain };
    const gan = createGan(device, recipe, standIns(recipe, 22), { seed: 0, batch: 8 });
    const { peakBytes } = await compileSteps(gan);
    const training = { recipe, data: { ...data, count: 22 }, batch: 8 };
    const within = async (share: number): Promise<unknown> =>
      limitsForTraining(await on({}, peakBytes * share), training);
    await expect(within(1.001)).resolves.toBeDefined();
    expect(await messageOf(UsageError, () => within(0.999))).toMatch(
      /all arrays together take \d+ bytes, and there is memory for \d+.*the largest batch that fits is [5-7]$/,
    );
  });
});

it("a command refuses such a batch before it writes anything", async () => {
  const folder = mkdtempSync(join(tmpdir(), "longhand-limits-"));
  const out = join(folder, "run");
  const { code, err } = await longhand(
    "train",
    "--adapter",
    "null",
    "--batch",
    "4096",
    "--out",
    out,
  );
  expect(err).toContain("longhand: batch: 4096 is too large for recipe dcgan on this adapter: ");
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
  rmSync(folder, { recursive: true });
}, 60_000);
