// A lost device: everything that waits for it is refused immediately, as are later calls, and another device goes on
// with the same bits. This runs on the default adapter, on SwiftShader and on the null backend, one after another.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { checkpointFiles, restoreArrays } from "../../src/checkpoint/arrays.ts";
import { parseState, formatState, STATE_FILE } from "../../src/checkpoint/state.ts";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import { compileSteps, train, type StepPrograms } from "../../src/gan/train-steps.ts";
import { DeviceLostError, GpuError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { unary } from "../../src/kernels/unary.ts";
import { open, type Opened } from "../../src/node.ts";
import { strokes } from "../support/narrow-recipes.ts";

const never = (): Promise<never> => new Promise(() => undefined);
const PROMPTLY = 2000; // ms

let opened: Opened | undefined;
afterEach(() => {
  opened?.close();
  opened = undefined;
});

async function openOn(request: string | undefined): Promise<Opened> {
  opened?.close();
  opened = await open(request);
  return opened;
}

/** As a driver's reset: nobody in this process asked for it. */
function breakDown({ device }: Opened): void {
  GPUDevice.prototype.destroy.call(device.gpu);
}

const SEED = 5;
const small: Recipe = {
  ...mlp,
  latent: 4,
  batch: 4,
  generatorWidths: [8],
  discriminatorWidths: [8],
};

interface Run {
  readonly gan: Gan;
  readonly programs: StepPrograms;
}
type Files = ReadonlyMap<string, Uint8Array>;

/** A run from its start, or from a checkpoint. */
async function start({ device }: Opened, files?: Files): Promise<Run> {
  const gan = createGan(device, small, strokes(12, small.clusters), { seed: SEED });
  if (files) {
    const { step, seed } = parseState(files, "checkpoint");
    restoreArrays(gan.state, files, "checkpoint");
    gan.rng.state.write(Uint32Array.of(seed, 0, step));
  }
  return { gan, programs: await compileSteps(gan) };
}

async function goOn({ gan, programs }: Run, from: number, until: number): Promise<void> {
  for await (const _report of train(gan, programs, { from, until })) continue;
}

describe.each([undefined, "swiftshader", "null"])("on adapter %s", (request) => {
  it.each([
    ["destroyed", (lost: Opened): void => void lost.device.gpu.destroy()],
    ["lost", breakDown],
  ])("a device that is %s refuses what waits for it, and all that comes later", async (_, lose) => {
    const lost = await openOn(request);
    const { device } = lost;
    const x = device.upload(Float32Array.of(1, 2), [2], "f32");
    const program = await compile(device, "p", () => ({ out: unary("neg", x) }));
    void program.run(); // of two runs the second waits for this one
    const pending = [
      program.run(),
      x.read(),
      device.idle(),
      compile(device, "q", () => ({ out: unary("exp", x) })),
    ].map((work) => work.then(String, (error: unknown) => error));
    const began = performance.now();
    lose(lost);
    for (const outcome of await Promise.all(pending))
      expect(outcome).toBeInstanceOf(DeviceLostError);
    expect(performance.now() - began).toBeLessThan(PROMPTLY);

    const later = [
      () => program.run(),
      () => x.read(),
      () => device.idle(),
      () => compile(device, "r", () => ({ out: unary("neg", x) })),
    ];
    for (const work of later) await expect(work()).rejects.toThrow(DeviceLostError);
    const calls = [
      () => unary("neg", x),
      () => x.write(Float32Array.of(3, 4)),
      () => device.upload(Float32Array.of(1), [1], "f32"),
      () => device.empty([2]),
      () => device.persistent([2]),
    ];
    for (const call of calls) expect(call).toThrow(DeviceLostError);
    expect(calls[0]).toThrow(/^device: lost \(\w+\): .*; open a new device .*checkpoint$/);
  });

  it("what the GPU never answers is refused all the same", async () => {
    const lost = await openOn(request);
    const { gpu } = lost.device;
    const x = lost.device.upload(Float32Array.of(1, 2), [2], "f32");
    const program = await compile(lost.device, "p", () => ({ out: unary("neg", x) }));
    gpu.queue.onSubmittedWorkDone = never;
    gpu.createComputePipelineAsync = never;
    const createBuffer = gpu.createBuffer.bind(gpu);
    gpu.createBuffer = (descriptor) => Object.assign(createBuffer(descriptor), { mapAsync: never });
    void program.run();
    const pending = [
      program.run(),
      x.read(),
      lost.device.idle(),
      compile(lost.device, "q", () => ({ out: unary("exp", x) })),
    ].map((work) => work.then(String, (error: unknown) => error));
    await new Promise((resolve) => setTimeout(resolve, 20));
    breakDown(lost);
    const began = performance.now();
    for (const outcome of await Promise.all(pending))
      expect(outcome).toBeInstanceOf(DeviceLostError);
    expect(performance.now() - began).toBeLessThan(PROMPTLY);
  });

  it("goes before an error that the driver reports as it goes down", async () => {
    const lost = await openOn(request);
    const x = lost.device.upload(Float32Array.of(1, 2), [2], "f32");
    const event = new Event("uncapturederror");
    Object.assign(event, { error: { message: "out of memory" } });
    lost.device.gpu.dispatchEvent(event);
    await expect(x.read()).rejects.toThrow(GpuError);
    breakDown(lost);
    await lost.device.gpu.lost;
    await expect(x.read()).rejects.toThrow(DeviceLostError);
    await expect(x.read()).rejects.toThrow(/out of memory/);
  });

  it("another device opens beside the lost one, and a third after it", async () => {
    const first = await openOn(request);
    first.device.gpu.destroy();
    const second = await open(request); // of Dawn's same instance
    first.close();
    opened = second;
    for (const next of [() => second, () => openOn(request)]) {
      const other = await next();
      const x = other.device.upload(Float32Array.of(1, 2), [2], "f32");
      const values = (await unary("neg", x).read()).join();
      // The null backend runs nothing, and its arrays hold whatever memory held.
      expect(request === "null" ? "-1,-2" : values).toBe("-1,-2");
      breakDown(other);
      await expect(other.device.idle()).rejects.toThrow(DeviceLostError);
    }
  });
});

it("training goes on with the same bits, on the same instance of Dawn and on a new one", async () => {
  const checkpointOf = async ({ gan }: Run, step: number): Promise<Files> => {
    const arrays = await checkpointFiles(gan.state);
    const files = { ...arrays, [STATE_FILE]: formatState({ format: 2, step, seed: SEED }) };
    return new Map(Object.entries(files).map(([name, data]) => [name, Buffer.from(data)]));
  };
  const first = await openOn(undefined);
  const undisturbed = await start(first);
  await goOn(undisturbed, 0, 7);
  const expected = await checkpointOf(undisturbed, 7);

  const disturbed = await start(first);
  await goOn(disturbed, 0, 3);
  const third = await checkpointOf(disturbed, 3);
  setTimeout(() => breakDown(first), 1);
  await expect(goOn(disturbed, 3, 1e6)).rejects.toThrow(DeviceLostError);

  opened = await open(); // before the lost device lets go of the instance
  first.close();
  const second = await start(opened, third);
  await goOn(second, 3, 5);
  const fifth = await checkpointOf(second, 5);
  setTimeout(() => opened!.device.gpu.destroy(), 1);
  await expect(goOn(second, 5, 1e6)).rejects.toThrow(DeviceLostError);

  const last = await start(await openOn(undefined), fifth);
  await goOn(last, 5, 7);
  expect(await checkpointOf(last, 7)).toEqual(expected);
});

const BODY = (request: string): string => `
  import { open } from "./src/node.ts";
  import { compile } from "./src/gpu/program.ts";
  import { unary } from "./src/kernels/unary.ts";
  const { device, close } = await open(${JSON.stringify(request)});
  const x = device.upload(new Float32Array(1e5), [1e5], "f32", "x");
  const program = await compile(device, "p", () => ({ out: unary("neg", x) }));
  const pending = [program.run(), program.run(), program.run(), x.read(), device.idle()];
  device.gpu.destroy();
  for (const { reason } of await Promise.allSettled(pending)) console.log(reason?.name ?? "done");
  ${request === "null" ? "" : "close();"}`;

// A promise that is still owed, or a timer, would keep it: with or without `close`.
it.each(["auto", "swiftshader", "null"])(
  "lets the process end by itself on %s",
  async (request) => {
    const flags = ["--import", "tsx", "--input-type=module", "--eval", BODY(request)];
    const ended = await promisify(execFile)(process.execPath, flags, {
      cwd: new URL("../..", import.meta.url).pathname,
      timeout: 60_000,
    });
    expect(ended.stdout.split("\n")).toEqual([
      "done",
      ...Array.from({ length: 4 }, () => "DeviceLostError"),
      "",
    ]);
  },
);
