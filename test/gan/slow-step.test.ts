// A step in slow motion: its bits are those of the compiled step, and its parts come in order with true figures.
import { describe, expect, it } from "vitest";
import { createGan, type Gan } from "../../src/gan/gan.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { compileSlowStep, type SlowPart } from "../../src/gan/slow-step.ts";
import type { Player, StepPart } from "../../src/gan/steps/parts.ts";
import { compileSteps } from "../../src/gan/train-steps.ts";
import { testDevice } from "../support/device.ts";
import { narrowDcgans, narrowRecipes, penalised, strokes } from "../support/narrow-recipes.ts";

const device = await testDevice();
const data = strokes(30);
const recipes: readonly Recipe[] = [narrowDcgans[0]!, ...narrowRecipes].map(({ recipe }) => recipe);
const recipeOf = (order: Recipe["order"], classes?: boolean): Recipe =>
  recipes.find((each) => each.order === order && (!classes || each.classes !== undefined))!;
const fresh = (recipe: Recipe): Gan => createGan(device, recipe, data, { seed: 5 });

async function bitsOf(gan: Gan): Promise<Uint32Array[]> {
  const arrays = Object.values(gan.state).flatMap((named) => [...named.values()]);
  const values = await Promise.all([gan.ring, ...arrays].map((array) => array.read()));
  return values.map(({ buffer }) => new Uint32Array(buffer));
}

async function partsOf(gan: Gan, only?: Player): Promise<SlowPart[]> {
  const slow = await compileSlowStep(gan, gan.plan.batch, { only });
  const parts: SlowPart[] = [];
  for await (const part of slow.run()) parts.push(part);
  return parts;
}

const SIMULTANEOUS: readonly StepPart[] = [
  "noise",
  "real",
  "generate",
  "judge",
  "losses",
  "discriminator-backward",
  "generator-backward",
  "discriminator-update",
  "generator-update",
  "count",
];

describe("the parts", () => {
  it("of a simultaneous step come in order", async () => {
    const parts = await partsOf(fresh(recipeOf("simultaneous")));
    const averaged = parts.at(-1)!.part === "average" ? ["average"] : [];
    expect(parts.map(({ part }) => part)).toEqual([...SIMULTANEOUS, ...averaged]);
    expect(parts.map(({ at }) => at)).toEqual(parts.map((_, i) => i));
    const indices = parts.flatMap(({ launches }) => launches.map(({ index }) => index));
    expect(indices).toEqual(indices.map((_, i) => i));
  });

  it("of a step with a noise penalty have it between the losses and the gradients", async () => {
    const { recipe } = penalised;
    const names = (await partsOf(fresh(recipe))).map(({ part }) => part);
    const parts = SIMULTANEOUS.toSpliced(5, 0, "penalty");
    expect(names).toEqual(["real", ...parts, "average"]); // the classes come first
    const alone = (await partsOf(fresh(recipe), "generator")).map(({ part }) => part);
    expect(alone).not.toContain("penalty");
  });

  it("leave out what one network alone doesn't need", async () => {
    const recipe = recipeOf("simultaneous");
    const [d, g] = [
      await partsOf(fresh(recipe), "discriminator"),
      await partsOf(fresh(recipe), "generator"),
    ].map((parts) => parts.map(({ part }) => part));
    expect(d).toEqual(SIMULTANEOUS.filter((part) => !part.startsWith("generator")));
    expect(g!.filter((part) => part !== "average")).toEqual(
      SIMULTANEOUS.filter((part) => !part.startsWith("discriminator")),
    );
  });

  it("of an alternating step update the discriminator before the generator judges itself", async () => {
    for (const order of ["alternating", "alternating-split"] as const) {
      const names = (await partsOf(fresh(recipeOf(order)))).map(({ part }) => part);
      expect(names.indexOf("discriminator-update")).toBeLessThan(
        names.indexOf("generator-backward"),
      );
      expect(names.filter((name) => name === "noise")).toHaveLength(2);
      expect(names.filter((name) => name === "judge")).toHaveLength(
        order === "alternating" ? 2 : 3,
      );
    }
  });

  it("name a layer for each launch of the networks", async () => {
    const gan = fresh(recipeOf("simultaneous"));
    const layers = new Set(
      [gan.generator, gan.discriminator].flatMap(({ name, layers: placed }) =>
        placed.map((layer) => `${name}.${layer.name}`),
      ),
    );
    const ofNetworks = (await partsOf(gan)).filter(({ part }) =>
      ["generate", "judge", "discriminator-backward", "generator-backward"].includes(part),
    );
    // Except the copy that puts generated images beside the real ones, if their place is at no multiple of 256 bytes.
    const launches = ofNetworks
      .flatMap((part) => part.launches)
      .filter(({ label }) => label !== "move.copy");
    expect(launches.filter(({ layer }) => layer === undefined)).toEqual([]);
    expect(launches.filter(({ layer }) => !layers.has(layer!))).toEqual([]);
    const judged = ofNetworks.find(({ part }) => part === "judge")!.launches;
    expect(judged.every(({ layer }) => layer!.startsWith("discriminator."))).toBe(true);
  });
});

describe("three steps in slow motion leave the bits of three steps at once", () => {
  const cases = (["simultaneous", "alternating", "alternating-split"] as const).flatMap((order) =>
    [undefined, "discriminator", "generator"].map((only) => ({
      recipe: recipeOf(order),
      order,
      only: only as Player | undefined,
    })),
  );
  it.each([
    ...cases,
    { recipe: recipeOf("simultaneous", true), order: "with classes", only: undefined },
    { recipe: penalised.recipe, order: "with a penalty", only: undefined },
  ])("$order, only: $only", async ({ recipe, only }) => {
    const [fast, slow] = [fresh(recipe), fresh(recipe)];
    const { full } = await compileSteps(fast, undefined, { only });
    for (let step = 0; step < 3; step += 1) await full.run();
    const program = await compileSlowStep(slow, slow.plan.batch, { only });
    const scalars: number[] = [];
    for (let step = 0; step < 3; step += 1) {
      for await (const { numbers } of program.run()) {
        const { lossD, lossG, dReal, dFake } = numbers;
        if (lossD !== undefined && dReal !== undefined) {
          scalars.push(lossD, lossG!, dReal, dFake!);
        }
      }
    }
    expect(await bitsOf(slow)).toEqual(await bitsOf(fast));
    // The figures shown are those of the log, number for number.
    expect(scalars).toEqual([...(await fast.ring.rows(0, 3).read())]);
    program.release();
  });

  it("even if nobody watches to the end", async () => {
    const recipe = recipeOf("simultaneous");
    const [fast, slow] = [fresh(recipe), fresh(recipe)];
    const { full } = await compileSteps(fast);
    await full.run();
    await full.run();
    const program = await compileSlowStep(slow, slow.plan.batch);
    for (let step = 0; step < 2; step += 1) {
      for await (const { part } of program.run()) if (part === "judge") break;
    }
    expect(await bitsOf(slow)).toEqual(await bitsOf(fast));
  });
});

describe("the figures", () => {
  it("are those of the arrays, and of the record", async () => {
    const gan = fresh(recipeOf("simultaneous"));
    const parts = await partsOf(gan);
    const numbers = (part: StepPart) => parts.find((each) => each.part === part)!.numbers;
    const { dReal, dFake } = numbers("judge");
    expect(dReal).toBeCloseTo(numbers("losses")["dReal"]!, 5);
    expect(dFake).toBeCloseTo(numbers("losses")["dFake"]!, 5);
    expect(numbers("noise")["count"]).toBe(6);
    expect(numbers("noise")["deviation"]).toBeGreaterThan(0.5);
    expect(numbers("discriminator-backward")["norm"]).toBeGreaterThan(0);
    expect(numbers("generator-update")["change"]).toBeGreaterThan(0);
    expect(numbers("count")).toEqual({ step: 1 });
    const real = await parts.find(({ part }) => part === "real")!.arrays.real!.read();
    expect(Math.max(...real)).toBeGreaterThan(0); // a stroke
    expect(real.length).toBe(6 * 784);
    const back = parts.find(({ part }) => part === "generator-backward")!;
    const slopes = await back.arrays.slopes!.read();
    expect(slopes.length).toBe(6 * 784);
    expect(slopes.some((value) => value !== 0)).toBe(true);
  });

  it("with classes judge each image as one of its class", async () => {
    const parts = await partsOf(fresh(recipeOf("simultaneous", true)));
    const numbers = (part: StepPart) => parts.find((each) => each.part === part)!.numbers;
    expect(numbers("judge")["dReal"]).toBeCloseTo(numbers("losses")["dReal"]!, 5);
    expect(numbers("judge")["dFake"]).toBeCloseTo(numbers("losses")["dFake"]!, 5);
  });
});
