// Recipes changed by --width and --config: the result, and that every mistake is reported with its key.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { chosenRecipe } from "../../src/runs/config.ts";
import { asBefore, constantsOf, titleOf, withConstants } from "../../src/runs/constants.ts";
import { recipeOf } from "../../src/runs/run-folder.ts";
import type { Recipe } from "../../src/gan/recipe.ts";
import { recipeNamed, recipes } from "../../src/gan/recipes/list.ts";
import { CheckpointError, UsageError } from "../../src/gpu/errors.ts";
import { messageOf } from "../support/message-of.ts";

const folder = mkdtempSync(join(tmpdir(), "longhand-config-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const json = (value: unknown): string => file("config.json", JSON.stringify(value));

describe("a recipe's constants", () => {
  it.each(recipes)("$name's own pass the checks, through JSON too", (recipe) => {
    const constants = constantsOf(recipe);
    const kept: unknown = JSON.parse(JSON.stringify(constants));
    expect(withConstants(recipe, kept, "run.json")).toEqual(recipe);
    for (const name of ["latent", "batch", "generatorAdam", "generatorWidths", "loss"]) {
      expect(Object.keys(constants)).toContain(name);
    }
    expect(titleOf(recipe)).toBe(recipe.name);
  });

  it("change from a file, part of an optimizer's too, and widths times --width after it", async () => {
    const config = json({ batch: 8, generatorAdam: { beta1: 0.4 }, generatorWidths: [40, 20, 10] });
    const recipe = await chosenRecipe({ recipe: "dcgan", config, width: 0.25 });
    const dcgan = recipeNamed("dcgan");
    expect(recipe).toEqual({
      ...dcgan,
      batch: 8,
      generatorAdam: { ...dcgan.generatorAdam, beta1: 0.4 },
      generatorWidths: [10, 5, 3],
      discriminatorWidths: [16, 32],
    });
    expect(titleOf(recipe)).toMatch(/^dcgan with batch 8, generatorAdam\.beta1 0\.4/);
  });

  it("scale to one channel at least, in every recipe", async () => {
    for (const { name } of recipes) {
      const { generatorWidths, discriminatorWidths } = await chosenRecipe({
        recipe: name,
        width: 1e-6,
      });
      expect(new Set([...generatorWidths, ...discriminatorWidths])).toEqual(new Set([1]));
    }
  });

  const forms: readonly [name: string, text: string][] = [
    ["a.json", '\uFEFF{ "batch": 8 }'],
    ["a.ts", "const batch: number = 8;\nexport default { batch };"],
    ["a.mts", "export default { batch: 8 as const };"],
    ["a.js", "export default { batch: 8 };"],
    ["a.mjs", "export default { batch: 8 };"],
  ];
  it.each(forms)("come from %s", async (name, text) => {
    expect((await chosenRecipe({ config: file(name, text) })).batch).toBe(8);
  });

  it("come with the recipe's name, where --recipe doesn't contradict", async () => {
    const config = json({ recipe: "mlp", batch: 8 });
    expect(await chosenRecipe({ config })).toEqual({ ...recipeNamed("mlp"), batch: 8 });
    expect((await chosenRecipe({ config, recipe: "mlp" })).name).toBe("mlp");
    const message = await messageOf(UsageError, () => chosenRecipe({ config, recipe: "small" }));
    expect(message).toMatch(/^--recipe small: .*config\.json says it is for recipe "mlp"; leave/);
  });
});

describe("a mistake is told by its key", () => {
  const cases: readonly [recipe: string, changes: unknown, message: RegExp][] = [
    ["dcgan", { bacth: 8 }, /bacth: is not a constant of recipe dcgan, which has .*batch, epochs/],
    ["mlp", { slope: 0.2 }, /slope: is not a constant of recipe mlp/],
    [
      "dcgan",
      { name: "x", order: "alternating-split" },
      /: name, order: is not a constant of recipe dcgan/,
    ],
    ["dcgan", { generator: 3 }, /: generator: is not a constant/],
    ["dcgan", JSON.parse('{ "__proto__": 3 }'), /__proto__: is not a constant/],
    [
      "dcgan",
      { generatorAdam: { lr: 1 } },
      /: generatorAdam\.lr: .*has learningRate, beta1, beta2/,
    ],
    [
      "dcgan",
      { generatorAdam: 1e-4 },
      /generatorAdam: must be an object of learningRate.*; got 0\.0001/,
    ],
    [
      "dcgan",
      { discriminatorAdam: { beta2: 1 } },
      /discriminatorAdam\.beta2: must be .*\[0, 1\); got 1/,
    ],
    [
      "dcgan",
      { discriminatorAdam: { convention: "tf" } },
      /discriminatorAdam\.convention: must be 'pytorch' or 'keras'; got "tf"/,
    ],
    ["dcgan", { generatorAdam: { epsilon: 0 } }, /generatorAdam\.epsilon: must be .*> 0; got 0/],
    [
      "dcgan",
      { generatorAdam: { learningRate: -1 } },
      /generatorAdam\.learningRate: .*≥ 0; got -1/,
    ],
    ["dcgan", { batch: "64" }, /batch: must be a whole number ≥ 1; got "64"/],
    ["dcgan", { batch: null }, /batch: must be a whole number ≥ 1; got null/],
    ["dcgan", { batch: undefined }, /batch: must be a whole number ≥ 1; got undefined/],
    ["dcgan", { latent: 1.5 }, /latent: must be a whole number ≥ 1; got 1\.5/],
    ["dcgan", { epochs: 0 }, /epochs: must be a whole number ≥ 1; got 0/],
    ["dcgan", { lastBatch: "skip" }, /lastBatch: must be 'keep' or 'drop'; got "skip"/],
    ["dcgan", { average: 1 }, /average: must be a number in \[0, 1\); got 1/],
    ["dcgan", { dropout: -0.1 }, /dropout: must be a number in \[0, 1\); got -0\.1/],
    ["dense", { momentum: 2 }, /momentum: must be a number in \[0, 1\); got 2/],
    ["dcgan", { slope: Infinity }, /slope: must be a finite number; got Infinity/],
    ["dcgan", { slope: 1e39 }, /slope: must be a finite number; got 1e\+39/],
    [
      "dcgan",
      { generatorWidths: [8, 4] },
      /generatorWidths: must be 3 whole numbers ≥ 1; got \[8, 4\]/,
    ],
    ["dcgan", { generatorWidths: [8, 4, 0] }, /generatorWidths: must be 3 whole numbers ≥ 1/],
    [
      "dcgan",
      { discriminatorWidths: 8 },
      /discriminatorWidths: must be 2 whole numbers ≥ 1; got 8/,
    ],
    [
      "dcgan",
      { loss: "probabilities" },
      /loss: must be 'logits' or 'hinge' or 'paired'; got "prob/,
    ],
    ["dcgan32", { loss: "clamped" }, /loss: must be 'sigmoid' or 'probabilities'; got "cla/],
    ["dense", { loss: "hinge" }, /must be 'sigmoid' or 'probabilities' or 'clamped'; got "hinge"/],
    ["mlp", { loss: "logits" }, /must be 'sigmoid' or 'probabilities' or 'clamped'; got "logits"/],
    ["dcgan", { loss: "hinge", smoothing: 0.1 }, /smoothing: must be 0 with the loss 'hinge'/],
    ["best", { penalty: -1 }, /penalty: must be a finite number ≥ 0; got -1/],
    ["conditional", { penaltyNoise: 0 }, /penaltyNoise: must be a finite number > 0; got 0/],
    ["dcgan", { penalty: 1 }, /penalty: is not a constant of recipe dcgan, which has loss/],
    ["best", { loss: "paired", smoothing: 0.1 }, /smoothing: must be 0 with the loss 'paired'/],
    ["dcgan", { batch: 0, slope: "x" }, /: batch: must be .*; got 0; slope: must be .*; got "x"$/],
  ];
  it.each(cases)("%s: %j", async (name, changes, message) => {
    const said = await messageOf(UsageError, () => withConstants(recipeNamed(name), changes, "F"));
    expect(said).toMatch(message);
    expect(said).toMatch(/^F: [^\n]*$/);
  });

  it("that the hinge loss goes with labels that aren't smoothed", () => {
    const smoothed: Recipe = { ...recipeNamed("dcgan"), smoothing: 0.1 };
    expect(() => withConstants(smoothed, { loss: "hinge" }, "F")).toThrow(/smoothing: must be 0/);
    const hinge = withConstants(smoothed, { loss: "hinge", smoothing: 0 }, "F");
    expect([hinge.loss, hinge.smoothing]).toEqual(["hinge", 0]);
  });

  const files: readonly [name: string, text: string, message: RegExp][] = [
    ["b.json", '{ "batch": 8', /b\.json: is not JSON: /],
    ["b.json", "[8]", /b\.json: must hold an object of constants/],
    ["b.json", "null", /b\.json: must hold an object of constants/],
    ["b.json", '{ "recipe": 3 }', /b\.json: recipe: must be a recipe's name; got 3/],
    ["b.json", '{ "recipe": "nope" }', /recipe: there is no "nope"; choose one of dcgan, /],
    ["b.json", '{ "batch": 0 }', /^--config \S+b\.json: batch: must be a whole number/],
    ["c.ts", "export default { batch: 8", /c\.ts: can't be loaded: \S/],
    ["c.mjs", "export default { batch: 8", /c\.mjs: can't be loaded: /],
    ["d.mjs", "export const batch = 8;", /must hold an object of constants.*export it by default/],
    ["e.mjs", "export default async () => ({});", /must hold an object of constants/],
    ["f.mjs", "export default new Map([['batch', 8]]);", /must hold an object of constants/],
    ["g.mjs", "throw new Error('one\\ntwo');", /g\.mjs: can't be loaded: one$/],
    [
      "h.yaml",
      "batch: 8",
      /h\.yaml: must be JSON or a module, with a name that ends in \.json, \.ts/,
    ],
  ];
  it.each(files)("%s with %j", async (name, text, message) => {
    const said = await messageOf(UsageError, () => chosenRecipe({ config: file(name, text) }));
    expect(said).toMatch(message);
    expect(said).not.toContain("\n");
  });

  it("a file that isn't there, and a folder", async () => {
    const missing = join(folder, "missing.json");
    expect(await messageOf(UsageError, () => chosenRecipe({ config: missing }))).toBe(
      `--config ${missing}: can't be read: no such file or folder`,
    );
    const inner = join(folder, "folder.ts");
    mkdirSync(inner);
    expect(await messageOf(UsageError, () => chosenRecipe({ config: inner }))).toMatch(
      /can't be read: it is a folder, not a file$/,
    );
  });
});

describe("a run's record", () => {
  const record = { format: 1, recipe: "small", batch: 4, seed: 0 } as const;
  const rest = {
    activationType: "f32",
    stepsPerEpoch: 5,
    adapter: "",
    versions: {},
    choices: {},
    evaluate: null,
  } as const;
  const data = { folder: null, images: 1, fingerprint: "", transposed: false };
  const untrained = { logit: 0, probability: 0.5 };
  const kept = (recipe: string, constants: Record<string, unknown>): Recipe =>
    recipeOf({ ...record, ...rest, data, untrained, recipe, constants }, "run");

  it("gives its constants, or the recipe's where it is older than they are", () => {
    expect(kept("small", { slope: 0.1, latent: 7 })).toMatchObject({ slope: 0.1, latent: 7 });
    expect(kept("small", {})).toEqual(asBefore(recipeNamed("small")));
  });

  it("is refused by its file's name where it doesn't fit", () => {
    const fault = (recipe: string, constants: Record<string, unknown>): Promise<string> =>
      messageOf(CheckpointError, () => kept(recipe, constants));
    return Promise.all([
      expect(fault("small", { slope: "x" })).resolves.toMatch(
        /^run\/run\.json: constants: slope: must/,
      ),
      expect(fault("gone", {})).resolves.toMatch(/^run\/run\.json: recipe: there is no "gone"/),
    ]);
  });
});

it("reads constants by the names that older versions gave them", () => {
  expect(withConstants(recipeNamed("dcgan"), { verdicts: "hinge" }, "F").loss).toBe("hinge");
  const both = { verdicts: "hinge", loss: "logits" };
  expect(() => withConstants(recipeNamed("dcgan"), both, "F")).toThrow(
    /^F: verdicts: is not a constant/,
  );
});
