// Ranks that share a training compute what one rank computes, but for the order of sums. Here they are devices of one
// process; test/cli/distributed.test.ts has processes under mpirun.
import { afterAll, expect, it } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { shareAmong, type Sharing } from "../../src/gan/sharing.ts";
import { compileSteps, train, type StepPrograms } from "../../src/gan/train-steps.ts";
import type { Device } from "../../src/gpu/device.ts";
import { TraceError, UsageError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { open } from "../../src/node.ts";
import { countCalls } from "../support/count-calls.ts";
import { messageOf } from "../support/message-of.ts";
import { narrowBest, narrowRecipes, otherLosses, strokes } from "../support/narrow-recipes.ts";
import { ranksInProcess } from "../support/ranks-in-process.ts";

const MOST = 3; // ranks
const SEED = 5;
const STEPS = 4; // one more than an epoch of 16 images in batches of 6, 6 and 4
const data = strokes(16);

const opened = await Promise.all(Array.from({ length: MOST }, async () => open()));
const devices = opened.map(({ device }) => device);
afterAll(() => opened.forEach(({ close }) => close()));

const dense: Recipe = { ...narrowRecipes[0]!.recipe, lastBatch: "keep" };

interface Trained {
  readonly gan: Gan;
  readonly programs: StepPrograms;
  readonly records: readonly (readonly number[])[];
  /** The gradients of the first step, of both networks. */
  readonly gradients: readonly Float32Array[];
  readonly state: readonly Float32Array[];
}

async function trainOn(
  device: Device,
  recipe: Recipe,
  sharing: Sharing | undefined,
): Promise<Trained> {
  const gan = createGan(device, recipe, data, { seed: SEED, sharing });
  const programs = await compileSteps(gan);
  const records: number[][] = [];
  const gradients: Float32Array[] = [];
  for await (const { records: each, step } of train(gan, programs, {
    from: 0,
    until: STEPS,
    reportEvery: [1],
  })) {
    for (const { lossD, lossG, dReal, dFake } of each) records.push([lossD, lossG, dReal, dFake]);
    if (step > 1) continue;
    for (const network of [gan.generator, gan.discriminator]) {
      gradients.push(await network.gradients.read());
    }
  }
  const state: Float32Array[] = [];
  for (const file of ["generator", "discriminator", "generator-adam"] as const) {
    for (const array of gan.state[file]!.values()) state.push(await array.read());
  }
  return { gan, programs, records, gradients, state };
}

async function share(
  recipe: Recipe,
  size: number,
  how: Parameters<typeof shareAmong>[1] = {},
): Promise<readonly Trained[]> {
  return Promise.all(
    ranksInProcess(size).map(async (ranks, rank) => {
      return trainOn(devices[rank]!, recipe, shareAmong(ranks, how));
    }),
  );
}

/** The largest difference between two lists of numbers. */
function apart(a: readonly ArrayLike<number>[], b: readonly ArrayLike<number>[]): number {
  expect(b.map(({ length }) => length)).toEqual(a.map(({ length }) => length));
  return Math.max(
    ...a.map((list, at) => Math.max(...Array.from(list, (x, i) => Math.abs(x - b[at]![i]!)))),
  );
}

it("computes on three ranks, in parts of odd sizes, what it does on one: best with all its options", async () => {
  const recipe: Recipe = { ...narrowBest, lastBatch: "drop", batch: 9, latent: 9 };
  const one = await trainOn(devices[0]!, recipe, undefined);
  const many = await share(recipe, 3);
  expect(apart(one.gradients, many[0]!.gradients)).toBeLessThan(1e-6);
  expect(apart(one.records, many[0]!.records)).toBeLessThan(1e-5);
  for (const other of many.slice(1)) {
    expect(apart(other.records, many[0]!.records)).toBe(0);
    expect(apart(other.state, many[0]!.state)).toBe(0);
  }
});

it("does so in the split order and in a short last batch, with equal bits again", async () => {
  const one = await trainOn(devices[0]!, dense, undefined);
  const [many, again] = [await share(dense, 2), await share(dense, 2)];
  expect(many[0]!.programs.short).toBeDefined();
  expect(apart(one.gradients, many[0]!.gradients)).toBeLessThan(1e-6);
  expect(apart(one.records, many[0]!.records)).toBeLessThan(1e-5);
  expect(apart(many[0]!.state, many[1]!.state)).toBe(0);
  expect(apart(many[0]!.state, again[0]!.state)).toBe(0);
  expect(apart(many[0]!.records, again[0]!.records)).toBe(0);
});

it("differs if each rank takes batch norm's statistics of its own part, with fewer exchanges", async () => {
  const joined = await share(dense, 2);
  const local = await share(dense, 2, { batchNorm: "local" });
  expect(apart(joined[0]!.gradients, local[0]!.gradients)).toBeGreaterThan(1e-4);
  expect(joined[0]!.programs.full.plan.hostCalls).toHaveLength(12);
  expect(local[0]!.programs.full.plan.hostCalls).toHaveLength(6);
});

it("differs by 16 bits' rounding if gradients are summed in those, with equal bits on all ranks", async () => {
  const [many, halves] = [await share(dense, 2), await share(dense, 2, { reduce: "f16" })];
  for (const [at, exact] of many[0]!.gradients.entries()) {
    const most = exact.reduce((so, value) => Math.max(so, Math.abs(value)), 0);
    const off = apart([exact], [halves[0]!.gradients[at]!]);
    expect(off).toBeGreaterThan(0);
    expect(off).toBeLessThan(most * 2 ** -10);
  }
  expect(apart(halves[0]!.state, halves[1]!.state)).toBe(0);
});

it("makes no buffer, bind group or pipeline per step, and stops all ranks after the same step", async () => {
  const ranks = ranksInProcess(2);
  const ends = await Promise.all(
    ranks.map(async (each, rank) => {
      const device = devices[rank]!;
      const sharing = shareAmong(each);
      const gan = createGan(device, dense, data, { seed: SEED, sharing });
      const programs = await compileSteps(gan);
      await programs.full.run();
      const calls = await countCalls(device, async () => programs.full.run());
      const hostCalls = programs.full.plan.hostCalls.length;
      const submit = calls["submit"]!;
      // A submit for each part of the step that the host ends; joined averages end none.
      expect(submit).toBeLessThanOrEqual(hostCalls);
      expect(calls).toEqual({
        createCommandEncoder: submit,
        submit,
        writeBuffer: 6 + 4, // batch norm's sums both ways; gradients of D twice and of G, and the losses
      });
      const steps: number[] = [];
      for await (const { step } of train(gan, programs, {
        from: 0,
        until: 9,
        reportSeconds: 999,
      })) {
        steps.push(step);
        if (sharing.stops) break;
        sharing.wantsToStop = () => rank === 1; // from the second step on
      }
      return steps;
    }),
  );
  expect(ends).toEqual([
    [1, 2],
    [1, 2],
  ]);
});

it("refuses what ranks can't share", async () => {
  const refused = (recipe: Recipe, images = data): Promise<string> =>
    messageOf(UsageError, () => {
      const [ranks] = ranksInProcess(4);
      const sharing = shareAmong(ranks!);
      createGan(devices[0]!, recipe, images, { seed: SEED, sharing });
    });
  expect(await refused(dense)).toBe(
    "batch: 6 images can't be divided into equal parts for 4 ranks; choose a multiple of 4, or other ranks",
  );
  expect(await refused({ ...dense, batch: 8 }, strokes(21))).toContain(
    "the last batch of an epoch has 5 images",
  );
  const comparing = otherLosses.find(({ recipe }) => recipe.name === "comparing")!.recipe;
  expect(await refused({ ...comparing, batch: 8, lastBatch: "drop" })).toContain(
    "its layer MinibatchStddev compares the images of a batch",
  );
  const outside = (): void => devices[0]!.onHost("mine", { run: () => undefined });
  expect(await messageOf(TraceError, outside)).toContain(
    "between the launches of a compiled program",
  );
});

it("lets the host work between launches, on temporaries that keep their values until then", async () => {
  const device = devices[0]!;
  const { add, mul } = await import("../../src/autograd/ops.ts");
  const { Tensor } = await import("../../src/autograd/tensor.ts");
  const x = new Tensor(device.upload(Float32Array.of(1, 2, 3), [3], "f32"));
  const seen = new Float32Array(new ArrayBuffer(12));
  const given = new Float32Array(new ArrayBuffer(12));
  const program = await compile(device, "host", () => {
    const doubled = mul(x, 2);
    const back = device.empty([3]);
    device.onHost("look", { read: [{ array: doubled.array, into: seen }], run: () => undefined });
    device.onHost("give", {
      write: [{ array: back, from: given }],
      run: () => given.set(seen.map((value) => value * 10)),
    });
    let y = add(x, x); // a temporary that may take the buffer of `doubled`
    for (let i = 0; i < 3; i += 1) y = add(y, x);
    return { out: add(new Tensor(back), y) };
  });
  for (let run = 0; run < 2; run += 1) {
    await program.run({ poison: true });
    expect([...(await program.outputs.out.read())]).toEqual([25, 50, 75]);
  }
});
