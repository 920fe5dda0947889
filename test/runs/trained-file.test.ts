// A trained GAN as the page's file: its networks draw what they drew, its metadata come back, and damage is refused.
import { expect, test } from "vitest";
import { encodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import { clusterState, createGan, createModels } from "../../src/gan/gan.ts";
import { drawSamples, generatorInputs, verdict } from "../../src/gan/samples.ts";
import { scaled } from "../../src/gan/recipe.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { CheckpointError } from "../../src/gpu/errors.ts";
import type { Network } from "../../src/nn/network.ts";
import { constantsOf } from "../../src/runs/constants.ts";
import { encodeTrained, loadTrained, type NamedArrays } from "../../src/runs/trained-file.ts";
import { messageOf } from "../support/message-of.ts";
import { strokes } from "../support/narrow-recipes.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const recipe = { ...scaled(recipeNamed("conditional"), 0.1), latent: 30 };
const about = {
  recipe,
  step: 12_000,
  stepsPerEpoch: 3750,
  seed: 3,
  adapter: "Some GPU, driver 1.2",
  longhand: "0.1.0 (abcdef0)",
};
const models = createModels(device, recipe, about.seed);

async function arraysOf({ state }: Pick<Network, "state">): Promise<NamedArrays> {
  const arrays = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const [name, array] of state) {
    arrays.set(name, { shape: array.shape, data: Float32Array.from(await array.read()) });
  }
  return arrays;
}

const bytes = await encodeTrained(about, {
  generator: await arraysOf(models.sampler),
  discriminator: await arraysOf(models.discriminator),
});

test("draws and judges as the networks that were written, but for 16 bits", async () => {
  const { models: loaded, about: said } = await loadTrained(device, bytes, "trained");
  expect({ ...said, recipe: constantsOf(said.recipe) }).toEqual({
    ...about,
    recipe: constantsOf(recipe),
  });
  expect(loaded.recipe).toBe(said.recipe);
  expect(loaded.sampler).toBe(loaded.generator);
  const [drawn, before] = [await drawSamples(loaded, 7, 4), await drawSamples(models, 7, 4)];
  const worst = drawn.reduce((most, value, i) => Math.max(most, Math.abs(value - before[i]!)), 0);
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(2e-3);
  const now = await verdict(loaded, 7);
  expect(now.logit).toBeCloseTo((await verdict(models, 7)).logit, 3);
});

test("is half as long as in 32 bits", () => {
  const values = [models.sampler, models.discriminator].flatMap(({ state }) =>
    [...state.values()].map(({ size }) => size),
  );
  const count = values.reduce((sum, size) => sum + size, 0);
  expect(bytes.length).toBeLessThan(2.3 * count);
});

test("keeps the clusters of a recipe that has them, by which samples are drawn", async () => {
  const sorted = { ...scaled(recipeNamed("small"), 0.1), clusters: 9 };
  const data = strokes(61);
  const { assignments } = data.clusters!;
  const centres = Float32Array.from({ length: 9 * 196 }, (_, i) => (i % 7) / 8); // exact in 16 bits
  const clusters = { assignments, centres };
  const gan = createGan(device, sorted, { ...data, clusters }, { seed: 3 });
  const file = await encodeTrained(
    { ...about, recipe: sorted },
    {
      generator: await arraysOf({ state: gan.sampler.state }),
      discriminator: await arraysOf(gan.discriminator),
      clusters: await arraysOf({ state: clusterState(gan.clusters!) }),
    },
  );
  const { models: loaded } = await loadTrained(device, file, "trained");
  expect(await loaded.clusters!.centres.read("f32")).toEqual(centres);
  expect(await generatorInputs(loaded, 7, 40)).toEqual(await generatorInputs(gan, 7, 40));
});

test("refuses damage, other files, and what doesn't fit the recipe", async () => {
  const refusal = (spoilt: Uint8Array): Promise<string> =>
    messageOf(CheckpointError, () => loadTrained(device, spoilt, "trained"));
  const flipped = Uint8Array.from(bytes);
  flipped[bytes.length - 9]! ^= 1;
  expect(await refusal(flipped)).toMatch(/^trained: its bytes aren't those that were saved/);
  expect(await refusal(encodeSafetensors(new Map()))).toBe("trained: holds no trained GAN");
  const other = await encodeTrained(
    { ...about, recipe: { ...recipe, latent: 31 } },
    {
      generator: await arraysOf(models.sampler),
      discriminator: await arraysOf(models.discriminator),
    },
  );
  expect(await refusal(other)).toMatch(/^trained: tensor "generator\.\S+" has shape /);
  const unknown = { ...recipe, learning: 1 };
  const strange = await encodeTrained(
    { ...about, recipe: unknown },
    { generator: new Map(), discriminator: new Map() },
  );
  expect(await refusal(strange)).toMatch(/^trained: constants: learning: is not a constant/);
});
