// Every recipe's step, compared with float64, and with itself run in other ways. The `dcgan`'s is in gan-step.test.ts.
import { describe, expect, test } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import { conditionCount, type Recipe } from "../../src/gan/recipe.ts";
import { trainingStep } from "../../src/gan/step.ts";
import type { GpuArray } from "../../src/gpu/array.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { SCALARS } from "../../src/kernels/adversarial-loss.ts";
import type { AdamOptions } from "../../src/kernels/adam.ts";
import { normal } from "../../src/kernels/random.ts";
import { dense, flatten } from "../../src/nn/layers.ts";
import type { Network } from "../../src/nn/network.ts";
import type { Optimizer } from "../../src/nn/optimizer.ts";
import { messageOf } from "../support/message-of.ts";
import { fromF32, type Ref, refOf } from "../../proof/reference/array.ts";
import type { RunningStats } from "../../proof/reference/batch-norm.ts";
import { type GanConfig, type GanState, ganStep } from "../../proof/reference/gan-steps.ts";
import { permute } from "../../proof/reference/permutation.ts";
import { keepMask } from "../../proof/reference/philox.ts";
import { resize } from "../../proof/reference/resize.ts";
import { begin, type Model, rows } from "../../proof/reference/stack.ts";
import { countCalls } from "../support/count-calls.ts";
import { testDevice } from "../support/device.ts";
import {
  narrowBest,
  narrowDcgans,
  narrowRecipes,
  otherLosses,
  strokes,
} from "../support/narrow-recipes.ts";

const device = await testDevice();
const SEED = 12_345_678_901;
const SEED_WORDS = [SEED >>> 0, Math.floor(SEED / 2 ** 32)] as const;
const data = strokes(61);
const makeGan = (recipe: Recipe): Gan => createGan(device, recipe, data, { seed: SEED });

/** Parts of an arena that is laid out as a network's parameters, in their order. */
async function partsOf({ parameters }: Network, arena: GpuArray): Promise<Ref[]> {
  const all = await arena.read();
  return parameters.map(({ gradient: { shape, byteOffset, size } }) =>
    fromF32(shape, all.subarray(byteOffset / 4, byteOffset / 4 + size)),
  );
}

async function runningOf({ layers }: Network): Promise<RunningStats[]> {
  const arrays = layers.flatMap(({ buffers }) => Object.values(buffers));
  const read: RunningStats[] = [];
  for (const array of arrays) {
    const both = fromF32(array.shape, await array.read());
    const [mean, variance] = [rows(both, 0, 1), rows(both, 1, 1)];
    const channels = [array.shape[1]!];
    read.push({ mean: refOf(channels, mean.data), variance: refOf(channels, variance.data) });
  }
  return read;
}

/**
 * The largest error of a list of arrays, each as a share of the array's largest value. What is 0 but for float64's
 * rounding is held absolutely: the last bias learns nothing from pairs, because it is in both of their logits.
 */
function worst(actual: readonly Ref[], expected: readonly Ref[]): number {
  expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
  const errors = actual.map(({ data: found }, i) => {
    const wanted = expected[i]!.data;
    const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const scale = largest > 1e-12 ? largest : 1;
    return found.reduce((most, x, j) => Math.max(most, Math.abs(x - wanted[j]!)), 0) / scale;
  });
  return Math.max(0, ...errors);
}

const flat = (running: readonly RunningStats[]): Ref[] =>
  running.flatMap(({ mean, variance }) => [mean, variance]);

const nameOf = ({ name, loss, smoothing, average, penalty, generatorAdam }: Recipe): string =>
  `${name}, ${loss}, Adam as ${generatorAdam.convention}, smoothing ${smoothing}, average ${average}, penalty ${penalty ?? "none"}`;

/** Errors of Adam's first and second moments, and of its bias corrections. */
async function momentErrors(
  { network, state }: Optimizer,
  { m, v, updates }: Model,
  { beta1, beta2 }: AdamOptions,
): Promise<number[]> {
  const read = async (what: string): Promise<Ref[]> =>
    Promise.all(
      network.parameters.map(async ({ name }) => {
        const array = state.get(`${name}.${what}`)!;
        return fromF32(array.shape, await array.read());
      }),
    );
  const corrections = fromF32([2], await state.get("corrections")!.read());
  const exact = refOf(
    [2],
    [beta1, beta2].map((beta) => 1 - beta ** updates),
  );
  return [
    worst(await read("first"), m),
    worst(await read("second"), v),
    worst([corrections], [exact]),
  ];
}

/**
 * How far three or six steps may be from float64's. Scalars lie around 1, and are means of float32 rounding; the others are
 * shares of each array's largest value. A gradient is a sum of products that cancel, and batch norm divides by what
 * six images vary by; a bias, which starts at 0, is nothing but updates, so weights follow gradients. Running means are
 * held to the largest of them, and cancel: 2.1e-6 was seen.
 */
const BOUNDS: ReadonlyMap<string, number> = new Map([
  ["scalars", 1e-6],
  ["generatorGradients", 2e-5],
  ["discriminatorGradients", 2e-5],
  ["generator", 2e-5],
  ["discriminator", 2e-5],
  ["running", 5e-6],
  ["average", 2e-5],
  ["averageRunning", 5e-6],
]);

describe("steps agree with float64", () => {
  const all = [
    ...narrowDcgans.map((each) => ({ each, steps: 6 })),
    ...[...narrowRecipes, ...otherLosses].map((each) => ({ each, steps: 3 })),
  ];
  const named = all.map(({ each, steps }) => [steps, nameOf(each.recipe), each] as const);
  test.each(named)("%i of %s", async (steps, _name, each) => {
    const { recipe, noise: latents, penaltyStream = 0 } = each;
    const { latent, image, batch, loss } = recipe;
    const classes = conditionCount(recipe);
    const gan = makeGan(recipe);
    const config: GanConfig = {
      generator: each.generator,
      discriminator: each.discriminator,
      form: loss,
      order: recipe.order,
      smoothing: recipe.smoothing,
      average: recipe.average,
      classes,
      penalty: recipe.penalty ?? 0,
      generatorAdam: recipe.generatorAdam,
      discriminatorAdam: recipe.discriminatorAdam,
    };
    const starting = async (network: Network): Promise<Model> => {
      const channels = network.layers.flatMap(({ buffers }) =>
        Object.values(buffers).map(({ shape }) => shape[1]!),
      );
      return begin(await partsOf(network, network.arena), channels);
    };
    const generator = await starting(gan.generator);
    // The average begins as the generator does.
    expect(await partsOf(gan.sampler, gan.sampler.arena)).toEqual(generator.weights);
    let state: GanState = {
      generator,
      discriminator: await starting(gan.discriminator),
      average: generator,
      steps: 0,
    };
    for (let step = 0; step < steps; step += 1) {
      // The noise is the device's own, as WGSL leaves sine and logarithm some freedom; masks are drawn again.
      const drawn = new Map<number, Ref>();
      for (const stream of latents) {
        gan.rng.nextStream = stream;
        const z = normal(gan.rng, [batch, latent]);
        drawn.set(stream, fromF32(z.shape, await z.read()));
      }
      const chosen = Array.from({ length: batch }, (_, i) =>
        permute(step * batch + i, data.count, SEED_WORDS, 0),
      );
      const pixels = chosen.flatMap((n) => [...data.images.subarray(n * 784, (n + 1) * 784)]);
      const real = refOf(
        [batch, 28, 28, 1],
        pixels.map((pixel) => pixel / 127.5 - 1),
      );
      gan.rng.nextStream = penaltyStream;
      const noisy = normal(gan.rng, [2 * batch, ...image], 0, recipe.penaltyNoise ?? 0);
      const noise = fromF32(noisy.shape, await noisy.read());
      let stream = 0;
      const expected = ganStep(config, state, {
        real: recipe.resizes
          ? resize(real, {
              size: [image[0], image[1]],
              bilinear: true,
              coordinates: "halfPixel",
              rounding: "floor",
              mirror: recipe.edges === "mirror",
            })
          : real,
        labels: classes > 0 ? chosen.map((n) => data.labels![n]!) : [],
        latents() {
          const z = drawn.get(stream);
          stream += 1;
          if (!z) throw new Error(`noise from stream ${stream - 1}, which is no stream of noise`);
          return z;
        },
        noise() {
          if (stream !== penaltyStream) throw new Error(`noise after ${stream} streams`);
          return noise;
        },
        mask(shape, rate) {
          const draw = { seed: SEED_WORDS, step, stream, domain: 0 };
          stream += 1;
          const size = shape.reduce((a, b) => a * b);
          return refOf(shape, keepMask(size, rate, draw));
        },
      });
      device.scope(() => void trainingStep(gan, batch));
      state = expected.state;

      const at = step * SCALARS;
      const scalars = (await gan.ring.read()).subarray(at, at + SCALARS);
      const errors = {
        scalars: Math.max(...expected.scalars.map((x, i) => Math.abs(x - scalars[i]!))),
        generatorGradients: worst(
          await partsOf(gan.generator, gan.generator.gradients),
          expected.generatorGradients,
        ),
        discriminatorGradients: worst(
          await partsOf(gan.discriminator, gan.discriminator.gradients),
          expected.discriminatorGradients,
        ),
        generator: worst(
          await partsOf(gan.generator, gan.generator.arena),
          state.generator.weights,
        ),
        discriminator: worst(
          await partsOf(gan.discriminator, gan.discriminator.arena),
          state.discriminator.weights,
        ),
        running: worst(flat(await runningOf(gan.generator)), flat(state.generator.running)),
        ...(recipe.average > 0
          ? {
              average: worst(await partsOf(gan.sampler, gan.sampler.arena), state.average.weights),
              averageRunning: worst(
                flat(await runningOf(gan.sampler)),
                flat(state.average.running),
              ),
            }
          : {}),
      };
      if (process.env["SHOW"]) console.log(nameOf(recipe), step, errors);
      const beyond = Object.entries(errors).filter(([what, error]) => !(error < BOUNDS.get(what)!));
      expect.soft(beyond, `step ${step}`).toEqual([]);
    }
    const moments = [
      await momentErrors(gan.generatorAdam, state.generator, recipe.generatorAdam),
      await momentErrors(gan.discriminatorAdam, state.discriminator, recipe.discriminatorAdam),
    ];
    if (process.env["SHOW"]) console.log(moments);
    expect(Math.max(...moments.flat())).toBeLessThan(5e-5);
  });
});

describe("ten steps of a recipe", () => {
  /** Every bit that a run keeps: its record, and all of a checkpoint. */
  async function bitsOf(gan: Gan): Promise<Uint8Array[]> {
    const arrays = [gan.ring, ...Object.values(gan.state).flatMap((file) => [...file.values()])];
    const values: Uint8Array[] = [];
    for (const array of arrays) values.push(new Uint8Array((await array.read(array.dtype)).buffer));
    return values;
  }

  /** Another run in the same place: what a checkpoint keeps, the seed and the step, and the record so far. */
  async function resumed(from: Gan, step: number): Promise<Gan> {
    const gan = makeGan(from.recipe);
    const copy = async (to: GpuArray, of: GpuArray): Promise<void> =>
      to.write(await of.read(of.dtype));
    await copy(gan.ring, from.ring);
    for (const [file, arrays] of Object.entries(from.state)) {
      const own = new Map(Object.entries(gan.state)).get(file)!;
      for (const [name, array] of arrays) await copy(own.get(name)!, array);
    }
    gan.rng.state.write(Uint32Array.of(...SEED_WORDS, step));
    return gan;
  }

  const all = [...narrowRecipes.map(({ recipe }) => recipe), narrowBest];
  test.each(all.map((recipe) => [recipe.name, recipe] as const))(
    "%s: the same bits launch by launch, as a program, and resumed",
    async (_name, recipe) => {
      const eager = makeGan(recipe);
      for (let i = 0; i < 10; i += 1) {
        device.scope(() => void trainingStep(eager, recipe.batch));
      }
      const expected = await bitsOf(eager);
      const losses = new Float32Array(expected[0]!.buffer).subarray(0, 10 * SCALARS);
      expect(new Set(losses).size).toBeGreaterThan(30); // steps were taken, each its own
      expect(losses.every(Number.isFinite)).toBe(true);

      const replayed = makeGan(recipe);
      const build = async (gan: Gan) =>
        compile(device, "step", () => trainingStep(gan, recipe.batch));
      const program = await build(replayed);
      await program.run();
      const calls = await countCalls(device, async () => {
        for (let i = 0; i < 4; i += 1) await program.run();
      });
      expect(calls).toEqual({ createCommandEncoder: 4, submit: 4 });
      const other = await resumed(replayed, 5);
      // Every temporary NaN before each replay: nothing is read that the step itself didn't write.
      for (let i = 0; i < 5; i += 1) await program.run({ poison: true });
      expect(await bitsOf(replayed)).toEqual(expected);

      const resumedProgram = await build(other);
      for (let i = 0; i < 5; i += 1) await resumedProgram.run();
      expect(await bitsOf(other)).toEqual(expected);
    },
  );

  test.each(
    narrowRecipes.flatMap(({ recipe }) =>
      recipe.order === "simultaneous" ? [] : [[recipe.name, recipe] as const],
    ),
  )("%s: the generator's phase leaves the discriminator as it is", async (_name, recipe) => {
    const still = { ...recipe.discriminatorAdam, learningRate: 0 };
    const gan = makeGan({ ...recipe, discriminatorAdam: still });
    const read = async (): Promise<Float32Array[]> => [
      await gan.discriminator.arena.read(),
      await gan.generator.arena.read(),
    ];
    const [discriminator, generator] = await read();
    for (let i = 0; i < 2; i += 1) device.scope(() => void trainingStep(gan, recipe.batch));
    const [after, moved] = await read();
    expect(after).toEqual(discriminator);
    expect(moved).not.toEqual(generator);
  });
});

describe("refuses", () => {
  const { recipe } = narrowRecipes[1]!;
  test.each<[string, Partial<Recipe>, RegExp]>([
    [
      "logits in turn",
      { loss: "logits" },
      /^recipe mlp: the order alternating takes a discriminator that ends in a sigmoid, and/,
    ],
    [
      "a hinge in turn",
      { loss: "hinge", order: "alternating-split" },
      /^recipe mlp: the order alternating-split/,
    ],
    [
      "pairs in turn",
      { loss: "paired" },
      /^recipe mlp: the order alternating takes .* got the loss paired: choose the order simultaneous$/,
    ],
    [
      "smoothed pairs",
      { order: "simultaneous", loss: "paired", smoothing: 0.1 },
      /^smoothing: recipe mlp learns by the paired loss, which has no labels/,
    ],
    ["classes in turn", { classes: 10 }, /no classes or clusters; got 10 classes: choose/],
    [
      "a smoothed hinge",
      { order: "simultaneous", loss: "hinge", smoothing: 0.1 },
      /^smoothing: recipe mlp learns by the hinge loss/,
    ],
    [
      "a sigmoid where logits are wanted",
      { order: "simultaneous", loss: "logits" },
      /^recipe mlp: the loss logits takes logits, from a discriminator without sigmoid\(\); its last layer is sigmoid$/,
    ],
    [
      "logits where a sigmoid is wanted",
      { discriminator: () => [flatten(), dense(1)] },
      /^recipe mlp: the loss clamped takes a discriminator that ends in sigmoid\(\); its last layer is Dense$/,
    ],
  ])("%s", async (_what, change, says) => {
    const wrong: Recipe = { ...recipe, ...change };
    expect(await messageOf(UsageError, () => makeGan(wrong))).toMatch(says);
  });
});
