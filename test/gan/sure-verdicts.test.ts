// A discriminator that is certain and wrong: each recipe's loss and gradients for a logit of −20 and a real image.
// Recipes after Keras compute them from the logit, and learn. PyTorch's keeps the logarithm above −100, with the same
// effect; a clip at 1e-7 stops both.
import { describe, expect, test } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import { verdict } from "../../src/gan/samples.ts";
import type { Recipe, Loss } from "../../src/gan/recipe.ts";
import { trainingStep } from "../../src/gan/step.ts";
import { testDevice } from "../support/device.ts";
import { narrowRecipes, strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const data = strokes(12);
const LOGIT = -20;

/** A recipe whose discriminator says −20 of everything, and doesn't move. */
function sureGan(recipe: Recipe): Gan {
  const discriminatorAdam = { ...recipe.discriminatorAdam, learningRate: 0 };
  const gan = createGan(device, { ...recipe, discriminatorAdam }, data, { seed: 3 });
  const [kernel, bias] = gan.discriminator.parameters.slice(-2).map(({ tensor }) => tensor.array);
  // Not 0, or nothing would flow on to the generator.
  kernel!.write(new Float32Array(kernel!.size).fill(1e-7));
  bias!.write(Float32Array.of(LOGIT));
  return gan;
}

/** What one step finds: its scalars, and what Adam remembers of the gradient by the bias of the logit. */
async function found(recipe: Recipe): Promise<{ scalars: number[]; bias: number; moves: boolean }> {
  const gan = sureGan(recipe);
  device.scope(() => void trainingStep(gan, recipe.batch));
  const { name } = gan.discriminator.parameters.at(-1)!;
  const [first] = await gan.discriminatorAdam.state.get(`${name}.first`)!.read();
  const gradients = await gan.generator.gradients.read();
  return {
    scalars: Array.from((await gan.ring.read()).subarray(0, 4)),
    bias: first! / (1 - recipe.discriminatorAdam.beta1),
    moves: gradients.some((x) => x !== 0),
  };
}

const P = 1 / (1 + Math.exp(20)); // 2.06e-9
const CLIPPED = -Math.log(1e-7); // 16.118

/**
 * By order: the share of a real image's loss in lossD, and of its gradient in Adam's mean: simultaneous adds both
 * kinds' means, alternating halves them, alternating-split learns twice, the real images first.
 */
const SHARES = {
  simultaneous: { loss: 1, gradient: 1 },
  alternating: { loss: 1 / 2, gradient: 1 / 2 },
  "alternating-split": { loss: 1 / 2, gradient: 1 / 2 },
} as const;

describe("a verdict of −20 on real images", () => {
  const named = ["dense", "upsample", "dcgan32"];
  const keras = narrowRecipes.filter(({ recipe }) => named.includes(recipe.name));
  test.each(keras.map(({ recipe }) => [recipe.name, recipe] as const))(
    "%s: loss 20 and gradient −1, and the generator still learns",
    async (_name, recipe) => {
      expect(recipe.loss).toBe<Loss>("sigmoid");
      const { loss, gradient } = SHARES[recipe.order];
      const { scalars, bias, moves } = await found(recipe);
      expect(scalars[0]).toBeCloseTo(20 * loss, 4);
      expect(scalars[1]).toBeCloseTo(20, 4);
      // The record is of probabilities all the same.
      expect(scalars[2]! / P).toBeCloseTo(1, 4);
      expect(scalars[3]! / P).toBeCloseTo(1, 4);
      expect(bias).toBeCloseTo(-gradient, 6);
      expect(moves).toBe(true);
    },
  );

  test.each(keras.map(({ recipe }) => [recipe.name, recipe] as const))(
    "%s as before, by probabilities: loss 16.118 and no gradient",
    async (_name, recipe) => {
      const { scalars, bias, moves } = await found({ ...recipe, loss: "probabilities" });
      expect(scalars[0]).toBeCloseTo(CLIPPED * SHARES[recipe.order].loss, 4);
      expect(scalars[1]).toBeCloseTo(CLIPPED, 4);
      expect(Math.abs(bias)).toBe(0);
      expect(moves).toBe(false);
    },
  );

  test("mlp: loss 20, as PyTorch's bound is −100", async () => {
    const { recipe } = narrowRecipes.find((each) => each.recipe.name === "mlp")!;
    const { scalars } = await found(recipe);
    expect(recipe.loss).toBe<Loss>("clamped");
    expect(scalars[0]).toBeCloseTo(10, 4);
    expect(scalars[1]).toBeCloseTo(20, 4);
  });
});

test.each(narrowRecipes.slice(0, 4).map(({ recipe }) => [recipe.name, recipe] as const))(
  "%s: the untrained verdict is told as a logit and as its sigmoid",
  async (_name, recipe) => {
    const { logit, probability } = await verdict(sureGan(recipe), 0);
    expect(logit).toBeCloseTo(LOGIT, 4);
    expect(probability / P).toBeCloseTo(1, 4);
  },
);
