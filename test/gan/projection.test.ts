// The generator's inverse: its gradients by the latents, the latents that it finds again, and what it computes.
import { describe, expect, it, vi } from "vitest";
import { gradArrays } from "../../src/autograd/backward.ts";
import { Tensor, variable } from "../../src/autograd/tensor.ts";
import { meanSquaredError } from "../../src/autograd/losses.ts";
import { createModels, type Models } from "../../src/gan/gan.ts";
import { drawImages, generatorInputs } from "../../src/gan/samples.ts";
import {
  asImage,
  errorBetween,
  errorsAgainst,
  project,
  type ProjectionOptions,
  type ProjectionProgress,
} from "../../src/gan/projection.ts";
import { conditional } from "../../src/gan/recipes/conditional.ts";
import { dcgan } from "../../src/gan/recipes/dcgan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { AttributeError, ShapeError } from "../../src/gpu/errors.ts";
import { fromF32, refOf } from "../../proof/reference/array.ts";
import {
  DCGAN,
  dcganSample,
  GENERATOR_NAMES,
  type GeneratorStats,
} from "../../proof/reference/dcgan.ts";
import { mapNames } from "../../proof/reference/network.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const widths = { generatorWidths: [8, 4, 3], discriminatorWidths: [4, 5] } as const;
const tiny: Recipe = { ...dcgan, name: "tiny", latent: 6, ...widths };
const told: Recipe = { ...conditional, name: "told", latent: 6, ...widths };

/** Untrained networks draw one gray; ten times the weights of the last layer make images of it. */
async function modelsOf(recipe: Recipe): Promise<Models> {
  const models = createModels(device, recipe, 3);
  const end = models.sampler.parameters.at(-1)!.tensor.array;
  end.write((await end.read()).map((value) => 10 * value));
  return models;
}

async function last(
  models: Models,
  target: Float32Array,
  options: ProjectionOptions,
): Promise<ProjectionProgress> {
  let seen: ProjectionProgress | undefined;
  for await (const progress of project(models, target, options)) seen = progress;
  return seen!;
}

describe("the gradient by a latent", () => {
  it("is the float64 reference's by central differences", async () => {
    const models = await modelsOf(tiny);
    const { state } = models.sampler;
    const target = await drawImages(models, await generatorInputs(models, 8, 1), 1);
    const start = await generatorInputs(models, 1, 1);

    const z = variable(device.upload(start, [1, 6], "f32"));
    const image = new Tensor(device.upload(target, [1, 28, 28, 1], "f32"));
    const drawn = models.sampler.forward(z, { training: false });
    const [array] = gradArrays(meanSquaredError(drawn, image), [z]);
    const gradient = await array!.read();

    const arrays = new Map<string, Float32Array>();
    for (const [name, values] of state) arrays.set(name, await values.read());
    const engineName = (name: string): string =>
      name
        .replace(/^bn(\d)/, (_, n) => (n === "0" ? "batch_norm" : `batch_norm_${n}`))
        .replace(/^convT(\d)/, (_, n) =>
          n === "0" ? "conv_transpose2d" : `conv_transpose2d_${n}`,
        );
    const weights = mapNames(GENERATOR_NAMES, (name) => {
      const key = engineName(name);
      return fromF32(state.get(key)!.shape, arrays.get(key)!);
    });
    const stats = (layer: 0 | 1 | 2): GeneratorStats[number] => {
      const { shape } = weights[`bn${layer}.gamma`];
      return {
        mean: refOf(shape, new Float64Array(shape[0]!)),
        variance: refOf(shape, new Float64Array(shape[0]!).fill(1)),
      };
    };
    const config = {
      ...DCGAN,
      latent: 6,
      generator: tiny.generatorWidths as [number, number, number],
    };
    const loss = (latent: Float64Array): number => {
      const made = dcganSample(
        config,
        weights,
        [stats(0), stats(1), stats(2)],
        refOf([1, 6], latent),
      );
      return made.data.reduce((sum, value, i) => sum + (value - target[i]!) ** 2, 0) / 784;
    };
    const h = 1e-6;
    const expected = Array.from(start, (_, axis) => {
      const at = (step: number): number =>
        loss(Float64Array.from(start, (value, i) => value + (i === axis ? step : 0)));
      return (at(h) - at(-h)) / (2 * h);
    });
    const scale = Math.max(...expected.map(Math.abs));
    expect(scale).toBeGreaterThan(1e-3);
    expected.forEach((value, i) =>
      expect(Math.abs(gradient[i]! - value) / scale).toBeLessThan(1e-4),
    );
  });
});

describe("project", () => {
  it("finds again what the generator drew, and leaves the generator as it was", async () => {
    const models = await modelsOf(tiny);
    const before = await models.sampler.arena.read();
    const known = await generatorInputs(models, 8, 1);
    const target = await drawImages(models, known, 1);
    const starts = await generatorInputs(models, 0, 8);
    const first = errorsAgainst(await drawImages(models, starts, 8), 8, target);
    const { best, step } = await last(models, target, { starts, steps: 120, prior: 0 });
    const [drawn] = errorsAgainst(await drawImages(models, best.inputs, 1), 1, target);
    expect(step).toBe(120);
    expect(drawn).toBeCloseTo(best.error, 6);
    expect(best.error).toBeLessThan(Math.min(...first) / 10_000);
    best.latent.forEach((value, i) => expect(value).toBeCloseTo(known[i]!, 2));
    expect(await models.sampler.arena.read()).toEqual(before);
  });

  it("computes no gradient by weights, and a step is one submit", async () => {
    const models = await modelsOf(tiny);
    const target = await drawImages(models, await generatorInputs(models, 8, 1), 1);
    const starts = await generatorInputs(models, 0, 2);
    const launch = vi.spyOn(device, "launch");
    const submit = vi.spyOn(device.gpu.queue, "submit");
    const seconds = { reportSeconds: 1e9 };
    await last(models, target, { starts, steps: 2, ...seconds });
    const few = submit.mock.calls.length;
    submit.mockClear();
    await last(models, target, { starts, steps: 7, ...seconds });
    const kernels = launch.mock.calls.map(([{ shader, entry }]) => `${shader}.${entry}`);
    launch.mockRestore();
    expect(kernels.filter((name) => name.includes("weight-gradient"))).toEqual([]);
    expect(kernels.filter((name) => name.includes("adam")).length).toBe(2 + 7); // one a learning rate
    expect(submit.mock.calls.length - few).toBe(5);
    submit.mockRestore();
  });

  it("keeps the norm near that of random latents, the more the prior weighs", async () => {
    const models = await modelsOf(tiny);
    const far = (await generatorInputs(models, 8, 1)).map((value) => 4 * value);
    const target = await drawImages(models, far, 1);
    const starts = await generatorInputs(models, 0, 2);
    const norms: number[] = [];
    for (const prior of [0, 10]) {
      norms.push((await last(models, target, { starts, steps: 60, prior })).best.norm);
    }
    expect(norms[0]).toBeGreaterThan(3.5);
    expect(norms[1]).toBeGreaterThan(2);
    expect(norms[1]).toBeLessThan(3); // √6 is 2.4
  });

  it("keeps each restart's class, and says which one drew best", async () => {
    const models = await modelsOf(told);
    const target = await drawImages(models, await generatorInputs(models, 8, 1, 3), 1);
    const starts = await generatorInputs(models, 0, 4, 3);
    const { best } = await last(models, target, { starts, steps: 3 });
    expect(best.digit).toBe(3);
    expect(best.inputs.length).toBe(16);
    expect([...best.inputs.subarray(6)]).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    expect(best.inputs.subarray(0, 6)).toEqual(best.latent);
    expect((await last(models, target, { starts, steps: 3 })).best).toEqual(best);
  });

  it("refuses what doesn't fit", async () => {
    const models = createModels(device, tiny, 0);
    const starts = await generatorInputs(models, 0, 2);
    const image = new Float32Array(784);
    const failing = async (target: Float32Array, options: ProjectionOptions): Promise<unknown> =>
      last(models, target, options).catch((error: unknown) => error);
    expect(await failing(new Float32Array(9), { starts, steps: 1 })).toBeInstanceOf(ShapeError);
    expect(await failing(image, { starts: starts.subarray(1), steps: 1 })).toBeInstanceOf(
      ShapeError,
    );
    expect(await failing(image, { starts: new Float32Array(), steps: 1 })).toBeInstanceOf(
      ShapeError,
    );
    expect(await failing(image, { starts, steps: 0 })).toBeInstanceOf(AttributeError);
  });
});

describe("what errors are measured by", () => {
  it("is the mean square of a pixel, of each image and over all pairs", () => {
    const images = Float32Array.of(0, 0, 1, 0, 0, 2);
    expect([...errorsAgainst(images, 3, Float32Array.of(0, 1))]).toEqual([0.5, 1, 0.5]);
    expect(errorBetween(images, 3)).toBeCloseTo((0.5 + 2 + 2.5) / 3, 12);
  });

  it("are images of the recipe's own size", async () => {
    const models = createModels(device, tiny, 0);
    const pixels = Float32Array.from({ length: 784 }, (_, i) => Math.sin(i));
    expect(await asImage(models, pixels, 28, 28)).toEqual(pixels);
    const half = await asImage(models, Float32Array.of(1, 1, 1, 1), 2, 2);
    expect(half).toEqual(new Float32Array(784).fill(1));
  });
});
