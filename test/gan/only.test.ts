// Steps in which only one network learns: the other keeps every bit, in every order of steps.
import { describe, expect, it } from "vitest";
import { createGan, type CheckpointFile, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import type { Player, StepOptions } from "../../src/gan/steps/parts.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { trainingStep } from "../../src/gan/step.ts";
import { testDevice } from "../support/device.ts";
import { narrowDcgans, narrowRecipes, penalised, strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const data = strokes(30);

// One recipe per order of steps, one whose generator has an average, and one with a noise penalty.
const recipes: readonly Recipe[] = [narrowDcgans[0]!, ...narrowRecipes, penalised].map(
  ({ recipe }) => recipe,
);

const FILES: Readonly<Record<Player, readonly CheckpointFile[]>> = {
  discriminator: ["discriminator", "discriminator-adam"],
  generator: ["generator", "generator-adam", "generator-average"],
};

/** The bits of a network: weights, running statistics, optimizer and average, by file and name. */
async function bitsOf(gan: Gan, player: Player): Promise<Record<string, Uint32Array>> {
  const bits: Record<string, Uint32Array> = {};
  for (const file of FILES[player]) {
    for (const [name, array] of gan.state[file] ?? []) {
      bits[`${file} ${name}`] = new Uint32Array((await array.read()).buffer);
    }
  }
  return bits;
}

async function stepsOf(
  recipe: Recipe,
  only: Player | undefined,
  steps: number,
  options: StepOptions = {},
): Promise<Gan> {
  const gan = createGan(device, recipe, data, { seed: 5 });
  const { full } = await compileSteps(gan, undefined, { only, ...options });
  for (let step = 0; step < steps; step += 1) await full.run();
  return gan;
}

describe.each(recipes.map((recipe) => ({ recipe, name: recipe.name, order: recipe.order })))(
  "$name, $order",
  ({ recipe }) => {
    it.each([
      { only: "discriminator", frozen: "generator" },
      { only: "generator", frozen: "discriminator" },
    ] as const)("only the $only learns", async ({ only, frozen }) => {
      const before = createGan(device, recipe, data, { seed: 5 });
      const gan = await stepsOf(recipe, only, 3);
      expect(await bitsOf(gan, frozen)).toEqual(await bitsOf(before, frozen));
      const [was, is] = [await bitsOf(before, only), await bitsOf(gan, only)];
      const still = Object.keys(is).filter((name) => `${is[name]}` === `${was[name]}`);
      // Nothing that is learned or kept may stand still, except what no gradient reaches in narrow networks.
      expect(still.length).toBeLessThan(Object.keys(is).length / 4);

      const [, , step] = await gan.rng.state.read("u32");
      expect(step).toBe(3);
      const log = await gan.ring.rows(0, 4).read();
      expect([...log.subarray(0, 12)].every((value) => Number.isFinite(value) && value !== 0)).toBe(
        true,
      );
      expect([...log.subarray(12)]).toEqual([0, 0, 0, 0]);
    });

    it("and the first step of one alone is its part of the step of both, if that doesn't depend on the other", async () => {
      // Alone, a gradient doesn't flow back with another one, which rounds it in another way.
      const both = await stepsOf(recipe, undefined, 1, { shareGradients: false });
      const discriminator = await stepsOf(recipe, "discriminator", 1);
      expect(await bitsOf(discriminator, "discriminator")).toEqual(
        await bitsOf(both, "discriminator"),
      );
      if (recipe.order !== "simultaneous") return;
      const generator = await stepsOf(recipe, "generator", 1);
      expect(await bitsOf(generator, "generator")).toEqual(await bitsOf(both, "generator"));
    });
  },
);

it("runs eagerly with the same bits", async () => {
  const recipe = recipes[0]!;
  const gan = createGan(device, recipe, data, { seed: 5 });
  for (let step = 0; step < 3; step += 1) {
    device.scope(() => void trainingStep(gan, recipe.batch, { only: "discriminator" }));
  }
  const program = await stepsOf(recipe, "discriminator", 3);
  expect(await bitsOf(gan, "discriminator")).toEqual(await bitsOf(program, "discriminator"));
  expect(await bitsOf(gan, "generator")).toEqual(await bitsOf(program, "generator"));
});
