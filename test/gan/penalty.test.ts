// The noise penalty in a step: what it costs if nothing learns from it, who learns from it, and its bits in every way to
// run a step. recipes.test.ts compares it with float64.
import { describe, expect, it } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { trainingStep, type StepOptions } from "../../src/gan/step.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { compile } from "../../src/gpu/program.ts";
import { messageOf } from "../support/message-of.ts";
import { narrowRecipes, penalised, strokes } from "../support/narrow-recipes.ts";
import { testDevice } from "../support/device.ts";

const device = await testDevice();
const data = strokes(30);
const makeGan = (recipe: Recipe): Gan => createGan(device, recipe, data, { seed: 5 });
const { recipe } = penalised;
const { penalty: _penalty, penaltyNoise: _noise, ...bare } = recipe;

/** The launches of a step that something depends on, with the shapes that they bind. */
async function launchesOf(of: Recipe, options: StepOptions = {}): Promise<readonly string[]> {
  const gan = makeGan(of);
  const { plan } = await compile(device, "step", () => trainingStep(gan, of.batch, options));
  return plan.dispatches.map(
    ({ label, bindings, workgroups }) =>
      `${label} ${workgroups.join("×")} ${bindings.map(({ array }) => array.shape.join("×")).join(" ")}`,
  );
}

async function bitsAfter(gan: Gan, run: () => Promise<void> | void): Promise<Uint32Array[]> {
  for (let step = 0; step < 4; step += 1) await run();
  const arrays = [gan.ring, ...Object.values(gan.state).flatMap((file) => [...file.values()])];
  const values = await Promise.all(arrays.map((array) => array.read()));
  return values.map(({ buffer }) => new Uint32Array(buffer));
}

describe("a penalty", () => {
  it("of 0 launches what a recipe without one does", async () => {
    const none = await launchesOf(bare);
    expect(await launchesOf({ ...recipe, penalty: 0 })).toEqual(none);
    expect((await launchesOf(recipe)).length).toBeGreaterThan(none.length + 10);
  });

  it("launches nothing if the discriminator doesn't learn", async () => {
    const only = "generator";
    expect(await launchesOf(recipe, { only })).toEqual(await launchesOf(bare, { only }));
  });

  it("moves the discriminator, and in the same step not the generator", async () => {
    const arenas = async (of: Recipe): Promise<Float32Array[]> => {
      const gan = makeGan(of);
      // With a penalty, gradients don't flow back together, which rounds the generator's in another way.
      device.scope(() => void trainingStep(gan, of.batch, { shareGradients: false }));
      const [, ...rest] = await gan.ring.rows(0, 1).read();
      return [
        await gan.discriminator.arena.read("f32"),
        await gan.generator.arena.read("f32"),
        Float32Array.from(rest),
      ];
    };
    const [with1, without] = [await arenas(recipe), await arenas(bare)];
    expect(with1[0]).not.toEqual(without[0]);
    expect(with1.slice(1)).toEqual(without.slice(1));
  });

  it("gives the same bits launch by launch, with no work shared, and as a program", async () => {
    const eager = async (options: StepOptions): Promise<Uint32Array[]> => {
      const gan = makeGan(recipe);
      return bitsAfter(gan, () =>
        device.scope(() => void trainingStep(gan, recipe.batch, options)),
      );
    };
    const expected = await eager({});
    expect(await eager({ shareWork: false })).toEqual(expected);
    for (const how of [{ share: true }, { share: false }]) {
      const gan = makeGan(recipe);
      const body = () => trainingStep(gan, recipe.batch);
      const program = await compile(device, "step", body, how);
      expect(await bitsAfter(gan, () => program.run({ poison: true }))).toEqual(expected);
    }
  });

  it("is refused in orders that have none", async () => {
    const { recipe: mlp } = narrowRecipes[1]!;
    const wrong: Recipe = { ...mlp, penalty: 1 };
    expect(await messageOf(UsageError, () => makeGan(wrong))).toBe(
      "penalty: recipe mlp learns in the order alternating, which has no noise penalty; got 1: set it to 0, or choose the order simultaneous",
    );
  });
});
