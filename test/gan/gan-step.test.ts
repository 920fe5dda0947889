// The training step, compared with a float64 step, and with itself run in other ways.
import { describe, expect, it } from "vitest";
import { createGan, type Gan, type GanOptions } from "../../src/gan/gan.ts";
import { dcgan, type DcganConstants } from "../../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { trainingStep, type StepOptions } from "../../src/gan/step.ts";
import { compile, type RunOptions } from "../../src/gpu/program.ts";
import type { ActivationType } from "../../src/kernels/epilogue-attributes.ts";
import { normal } from "../../src/kernels/random.ts";
import { fromF32, refOf, type Ref } from "../../proof/reference/array.ts";
import {
  DCGAN,
  DISCRIMINATOR_NAMES,
  GENERATOR_NAMES,
  dcganStep,
  initialState,
  type DiscriminatorName,
  type DropoutMasks,
  type GeneratorName,
} from "../../proof/reference/dcgan.ts";
import { mapNames } from "../../proof/reference/network.ts";
import { permute } from "../../proof/reference/permutation.ts";
import { keepMask } from "../../proof/reference/philox.ts";
import { countCalls } from "../support/count-calls.ts";
import { testDevice } from "../support/device.ts";
import { strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const BATCH = 6;
const SEED = 12_345_678_901;
const SEED_WORDS = [SEED >>> 0, Math.floor(SEED / 2 ** 32)] as const;
const widths = { generatorWidths: [8, 4, 3], discriminatorWidths: [4, 5] } as const;

const narrow: Recipe<DcganConstants> = {
  ...dcgan,
  name: "narrow",
  batch: BATCH,
  latent: 10,
  ...widths,
};

const data = strokes(61);
const makeGan = (
  recipe: Recipe = narrow,
  activationType: ActivationType = "f32",
  options: Partial<GanOptions> = {},
): Gan => createGan(device, recipe, data, { seed: SEED, activationType, ...options });

/** The narrow recipe with other slopes of leaky ReLU below 0. */
const withSlope = (slope: number): Recipe => {
  const sloped: Recipe<DcganConstants> = { ...narrow, slope };
  return sloped;
};

// The reference counts every kind of layer from 0; the engine leaves the first one's number out.
function engineName(name: string): string {
  return name
    .replace(/^bn(\d)/, (_, n) => (n === "0" ? "batch_norm" : `batch_norm_${n}`))
    .replace(/^convT(\d)/, (_, n) => (n === "0" ? "conv_transpose2d" : `conv_transpose2d_${n}`))
    .replace(/^conv(\d)/, (_, n) => (n === "0" ? "conv2d" : `conv2d_${n}`));
}

async function refFrom(gan: Gan, file: keyof Gan["state"], name: string): Promise<Ref> {
  const array = gan.state[file]!.get(name)!;
  return fromF32(array.shape, await array.read());
}

async function named<Name extends string>(
  names: readonly Name[],
  read: (name: Name) => Promise<Ref>,
): Promise<Record<Name, Ref>> {
  const found = new Map<Name, Ref>();
  for (const name of names) found.set(name, await read(name));
  return mapNames(names, (name) => found.get(name)!);
}

/** Largest |a − b| against the largest |b|. */
function error(actual: Ref, expected: Ref): number {
  expect(actual.shape).toEqual(expected.shape);
  const scale = Math.max(1e-12, ...expected.data.map(Math.abs));
  return Math.max(...actual.data.map((value, i) => Math.abs(value - expected.data[i]!))) / scale;
}

/** How far a step may be from float64's, by how it stores activations. */
interface Bounds {
  readonly activationType: ActivationType;
  readonly slope: number;
  readonly loss: number;
  /** Of gradients, second moments and running statistics: the largest error over the largest value. */
  readonly gradient: number;
  readonly second: number;
  readonly running: number;
  /** Gradients below this share of their array's largest may be of either sign. */
  readonly clear: number;
}

const bounds: readonly Bounds[] = [
  {
    activationType: "f32",
    slope: 0.3,
    loss: 1e-6,
    gradient: 2e-5,
    second: 5e-5,
    running: 1e-6,
    clear: 1e-3,
  },
  // Without a kink: where rounding turns a sign, the gradient there is another, and no bound would tell much.
  {
    activationType: "f16",
    slope: 1,
    loss: 5e-4,
    gradient: 3e-3,
    second: 6e-3,
    running: 1e-5,
    clear: 2e-2,
  },
];

describe.each(bounds)("one step of a narrow dcgan as $activationType against float64", (most) => {
  const able = most.activationType === "f32" || device.gpu.features.has("shader-f16");
  if (!able) console.log("skipped as f16: the adapter has no shader-f16");

  it.skipIf(!able)("agrees in losses, gradients, weights, moments and statistics", async () => {
    const gan = makeGan(withSlope(most.slope), most.activationType);
    const weights = {
      g: await named(GENERATOR_NAMES, (name) => refFrom(gan, "generator", engineName(name))),
      d: await named(DISCRIMINATOR_NAMES, (name) =>
        refFrom(gan, "discriminator", engineName(name)),
      ),
    };
    // The noise is the device's own, as WGSL leaves sine and logarithm some freedom; what the device drew
    // besides is drawn again here: streams 1 and 2 are the masks, of the real images first, then of the fake.
    const z = await normal(gan.rng, [BATCH, narrow.latent]).read();
    trainingStep(gan, BATCH);
    const [lossD, lossG] = await gan.ring.read();
    const draw = (stream: number) => ({ seed: SEED_WORDS, step: 0, stream, domain: 0 });
    const masks = (half: 0 | 1): DropoutMasks => {
      const mask = (stream: number, shape: readonly number[]): Ref => {
        const size = BATCH * shape.reduce((a, b) => a * b);
        const both = keepMask(2 * size, 0.3, draw(stream));
        return refOf([BATCH, ...shape], both.slice(half * size, (half + 1) * size));
      };
      return [mask(1, [14, 14, 4]), mask(2, [7, 7, 5])];
    };
    const chosen = Array.from({ length: BATCH }, (_, i) => permute(i, data.count, SEED_WORDS, 0));
    const pixels = chosen.flatMap((n) => [...data.images.subarray(n * 784, (n + 1) * 784)]);
    const config = {
      ...DCGAN,
      latent: narrow.latent,
      leakySlope: most.slope,
      generator: widths.generatorWidths,
      discriminator: widths.discriminatorWidths,
    };
    const expected = dcganStep(config, initialState(weights.g, weights.d), {
      z: fromF32([BATCH, narrow.latent], z),
      real: refOf(
        [BATCH, 28, 28, 1],
        pixels.map((pixel) => pixel / 127.5 - 1),
      ),
      realMasks: masks(0),
      fakeMasks: masks(1),
    });

    expect(Math.abs(lossD! - expected.lossD)).toBeLessThan(most.loss);
    expect(Math.abs(lossG! - expected.lossG)).toBeLessThan(most.loss);

    const gradientOf = async (network: "generator" | "discriminator", name: string) => {
      const { gradient } = gan[network].parameters.find((p) => p.name === engineName(name))!;
      return fromF32(gradient.shape, await gradient.read());
    };
    for (const name of GENERATOR_NAMES) {
      const gradient = await gradientOf("generator", name);
      expect(error(gradient, expected.generatorGrads[name]), name).toBeLessThan(most.gradient);
    }
    for (const name of DISCRIMINATOR_NAMES) {
      const gradient = await gradientOf("discriminator", name);
      expect(error(gradient, expected.discriminatorGrads[name]), name).toBeLessThan(most.gradient);
    }

    // Adam's first step moves each weight by about ±lr, whatever the gradient's size: a gradient near 0
    // may go either way, so weights are held to a share of that step where the gradient is clear.
    const compareWeights = async (
      network: "generator" | "discriminator",
      name: GeneratorName | DiscriminatorName,
      gradient: Ref,
      weight: Ref,
    ): Promise<void> => {
      const actual = await refFrom(gan, network, engineName(name));
      const clear = Math.max(...gradient.data.map(Math.abs)) * most.clear;
      let worst = 0;
      actual.data.forEach((value, i) => {
        if (Math.abs(gradient.data[i]!) < clear) return;
        worst = Math.max(worst, Math.abs(value - weight.data[i]!));
      });
      expect(worst, name).toBeLessThan(1e-4 * 0.02);
    };
    const { state } = expected;
    for (const name of GENERATOR_NAMES) {
      const gradient = expected.generatorGrads[name];
      await compareWeights("generator", name, gradient, state.generator.weights[name]);
    }
    for (const name of DISCRIMINATOR_NAMES) {
      const gradient = expected.discriminatorGrads[name];
      await compareWeights("discriminator", name, gradient, state.discriminator.weights[name]);
      const second = await refFrom(gan, "discriminator-adam", `${engineName(name)}.second`);
      expect(error(second, state.discriminator.v[name]), name).toBeLessThan(most.second);
    }
    for (const [layer, running] of state.running.entries()) {
      const actual = await refFrom(gan, "generator", `${engineName(`bn${layer}`)}.running`);
      const [channels] = running.mean.shape;
      const both = refOf([2, channels!], [...running.mean.data, ...running.variance.data]);
      expect(error(actual, both)).toBeLessThan(most.running);
    }
  });
});

describe("ten steps give the same bits", () => {
  type Run = { readonly how: string; readonly steps: (gan: Gan) => Promise<void> };

  const eager =
    (options: StepOptions) =>
    async (gan: Gan): Promise<void> => {
      for (let i = 0; i < 10; i += 1) device.scope(() => void trainingStep(gan, BATCH, options));
    };
  const program =
    (options: StepOptions & { share?: boolean } & RunOptions) =>
    async (gan: Gan): Promise<void> => {
      const { share = true, poison = false, onDispatch } = options;
      const step = await compile(device, "step", () => trainingStep(gan, BATCH, options), {
        share,
      });
      for (let i = 0; i < 10; i += 1)
        await step.run({ poison, ...(onDispatch ? { onDispatch } : {}) });
    };

  async function bitsAfter(
    steps: Run["steps"],
    activationType?: ActivationType,
    options?: Partial<GanOptions>,
  ): Promise<Uint32Array[]> {
    const gan = makeGan(narrow, activationType, options);
    await steps(gan);
    const bits = [await gan.ring.read()];
    for (const arrays of Object.values(gan.state)) {
      for (const array of arrays.values()) bits.push(await array.read());
    }
    return bits.map((values) => new Uint32Array(values.buffer));
  }

  let expected: Promise<Uint32Array[]> | undefined;
  const runs: Run[] = [
    { how: "eager, again", steps: eager({}) },
    { how: "eager, no work shared", steps: eager({ shareWork: false }) },
    { how: "as a program", steps: program({}) },
    { how: "as a program, dispatch by dispatch", steps: program({ onDispatch: () => undefined }) },
    { how: "as a program, no work shared", steps: program({ shareWork: false }) },
    { how: "as a program, no buffers shared", steps: program({ share: false }) },
    {
      how: "as a program, every temporary NaN before each replay",
      steps: program({ share: false, poison: true }),
    },
    {
      how: "as a program with shared buffers, NaN before each replay",
      steps: program({ poison: true }),
    },
  ];
  it.each(runs)("$how", async ({ steps }) => {
    const bits = await bitsAfter(steps);
    const reference = await (expected ??= bitsAfter(eager({})));
    expect(bits.length).toBe(reference.length);
    bits.forEach((words, i) => expect(words).toEqual(reference[i]));
    // Losses moved, so ten steps were taken: equal zeros would prove nothing.
    const losses = new Float32Array(bits[0]!.buffer).subarray(0, 40);
    expect(new Set(losses).size).toBeGreaterThan(30);
    expect(losses.every(Number.isFinite)).toBe(true);
  });

  it.each([
    ["eager", eager({})],
    ["as a program, NaN before each replay", program({ poison: true })],
  ])("with the dataset in arrays of ten images, %s", async (_, steps) => {
    const apart = { shardBytes: 10 * 784 + 500 };
    expect(makeGan(narrow, "f32", apart).shards.map(({ shape }) => shape[0])).toEqual([
      ...Array.from({ length: 6 }, () => 10),
      1,
    ]);
    expect(await bitsAfter(steps, "f32", apart)).toEqual(await (expected ??= bitsAfter(eager({}))));
  });

  it.skipIf(!device.gpu.features.has("shader-f16"))("stored as f16, other than f32's", async () => {
    const bits = await bitsAfter(eager({}), "f16");
    expect(bits).not.toEqual(await (expected ??= bitsAfter(eager({}))));
    const poisoned = { share: false, poison: true };
    for (const steps of [program({}), program(poisoned), eager({ shareWork: false })]) {
      expect(await bitsAfter(steps, "f16")).toEqual(bits);
    }
  });
});

describe("a program's cost", () => {
  it("is told dispatch by dispatch if somebody asks", async () => {
    const step = await compile(device, "step", () => trainingStep(makeGan(), BATCH));
    const told: [number, number][] = [];
    await step.run({ onDispatch: (done, total) => told.push([done, total]) });
    await device.idle();
    const { length } = step.plan.dispatches;
    expect(told).toEqual(Array.from({ length }, (_, i) => [i + 1, length]));
  });

  it("makes no buffer, bind group or pipeline after the first step, and submits once", async () => {
    const gan = makeGan();
    const step = await compile(device, "step", () => trainingStep(gan, BATCH));
    await step.run();
    await device.idle();
    const calls = await countCalls(device, async () => {
      for (let i = 0; i < 3; i += 1) await step.run();
    });
    expect(calls).toEqual({ createCommandEncoder: 3, submit: 3 });
  });
});
