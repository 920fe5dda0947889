// Measures whether thousands of steps leave anything behind: buffers and their bytes on the device, memory of the heap
// and of the process on the host. Alone it prints its figures as JSON; so it runs in a process of its own, whose memory
// nobody else's tests disturb: `node --import tsx test/soak/flat-memory.ts STEPS ADAPTER [garbage]`.
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { collectingAll } from "../../src/runs/collector.ts";
import { createGan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { mlp } from "../../src/gan/recipes/mlp.ts";
import { compileSteps, train } from "../../src/gan/train-steps.ts";
import type { Device } from "../../src/gpu/device.ts";
import { open } from "../../src/node.ts";
import { observe } from "../support/count-calls.ts";
import { strokes } from "../support/narrow-recipes.ts";

/** What is there at a step, in bytes. */
export interface Sample {
  readonly step: number;
  /** The process's resident memory. */
  readonly resident: number;
  /** JavaScript's objects, and array buffers outside the heap. */
  readonly heap: number;
}

/** What steps left behind. */
export interface Flatness {
  readonly adapter: string;
  readonly steps: number;
  /**
   * From half of the steps on (before, V8 and Dawn fill their pools): buffers that were made, and their bytes, those
   * that were destroyed since included.
   */
  readonly buffers: number;
  readonly bytes: number;
  readonly samples: readonly Sample[];
  /** Bytes a step, by least squares through the samples. */
  readonly residentPerStep: number;
  readonly heapPerStep: number;
}

const SAMPLES = 16;
const WARM = 1 / 2;

const tiny: Recipe = {
  ...mlp,
  latent: 4,
  batch: 4,
  generatorWidths: [8],
  discriminatorWidths: [8],
};

/**
 * Trains for some steps, the losses read after every third as epochs end. Collects all garbage before each sample, so
 * that what grows is held by somebody; or, with `garbage`, leaves that to V8, as `longhand train` does.
 */
export async function flatMemory(
  steps: number,
  request?: string,
  garbage = false,
): Promise<Flatness> {
  const { device, adapter, close } = await open(request);
  try {
    const gan = createGan(device, tiny, strokes(12), { seed: 0 });
    const programs = await compileSteps(gan);
    const collect = garbage ? () => undefined : collector();
    const samples: Sample[] = [];
    const made = { buffers: 0, bytes: 0 };
    const loop = async (): Promise<void> => {
      let next = steps * WARM;
      let stop: (() => void) | undefined;
      for await (const { step } of train(gan, programs, { from: 0, until: steps })) {
        if (step < next) continue;
        next += (steps * (1 - WARM)) / SAMPLES;
        stop ??= countBuffers(device, made);
        samples.push(await sample(step, collect));
      }
      stop?.();
    };
    await (garbage ? collectingAll(loop) : loop());
    return {
      adapter: adapter.name,
      steps,
      ...made,
      samples,
      residentPerStep: slopeOf(samples.map(({ step, resident }) => [step, resident])),
      heapPerStep: slopeOf(samples.map(({ step, heap }) => [step, heap])),
    };
  } finally {
    close();
  }
}

async function sample(step: number, collect: () => void): Promise<Sample> {
  // Finalizers run between turns of the event loop, and free what is collected the next time.
  for (let turn = 0; turn < 2; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return { step, resident: rss, heap: heapUsed + arrayBuffers };
}

/** V8's full collection, which Node shows only by a flag; here it is set as late as can be. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("this Node shows no gc");
  return () => void collect();
}

/** Counts the buffers that anybody asks WebGPU for. Returns what ends it. */
function countBuffers({ gpu }: Device, made: { buffers: number; bytes: number }): () => void {
  return observe(gpu, "createBuffer", ([descriptor]) => {
    made.buffers += 1;
    made.bytes += sizeIn(descriptor);
  });
}

function sizeIn(descriptor: unknown): number {
  return typeof descriptor === "object" && descriptor !== null && "size" in descriptor
    ? Number(descriptor.size)
    : Number.NaN;
}

/** The slope of the straight line nearest to some points. */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number): number =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean(([each]) => each), mean(([, each]) => each)];
  const over = mean(([a, b]) => (a - x) * (b - y));
  return over / mean(([a]) => (a - x) ** 2);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , steps = "10000", request, garbage] = process.argv;
  console.log(JSON.stringify(await flatMemory(Number(steps), request, garbage === "garbage")));
}
