// docs/recipes against the code: the table of constants, the list, the example, and each recipe's page.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { chosenRecipe, readConfig } from "../../src/runs/config.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { sourcePages, sourcePath, sourceText } from "../support/recipe-pages.ts";
import {
  COMPARED,
  distancesOf,
  keptEvaluation,
  RECIPES_DOC,
  SEEDS,
  withTables,
} from "../support/recipes-doc.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const page = readFileSync(join(ROOT, RECIPES_DOC), "utf8");

it("has the recipes' constants and the kept figures (npm run docs writes them)", () => {
  expect(withTables(page)).toBe(page);
});

it("has best ahead of dcgan for every seed, by both judges, to both sets", () => {
  for (const seed of SEEDS) {
    const [best, ...others] = Object.keys(COMPARED).map((name) => {
      const kept = keptEvaluation(`comparison/${name}-${seed}`)!;
      expect(kept.run).toMatchObject({ seed, recipe: name === "best" ? "best" : "dcgan" });
      return distancesOf(kept);
    });
    for (const other of others) {
      best!.forEach((distance, i) => expect(distance).toBeLessThan(other[i]!));
    }
  }
});

it("lists every recipe, in the list's order", () => {
  const listed = [...page.matchAll(/^\| `(\w+)` \| /gm)].map(([, name]) => name);
  expect(listed.slice(0, recipes.length)).toEqual(recipes.map(({ name }) => name));
});

it("shows the example as its file has it, and the file fits its recipe", async () => {
  const [, shown] = /```json\n([\s\S]+?)```/.exec(page) ?? [];
  const path = join(ROOT, "docs/recipes/quarter.json");
  expect(JSON.parse(shown!)).toEqual(JSON.parse(readFileSync(path, "utf8")));
  const { recipe, constants } = await readConfig(path);
  expect(await chosenRecipe({ config: path })).toMatchObject({
    name: recipe,
    batch: constants["batch"],
    generatorWidths: constants["generatorWidths"],
  });
});

describe("each recipe's page", () => {
  it("is there, in the list's order, and linked", () => {
    expect(sourcePages.map(({ recipe }) => recipe)).toEqual(recipes);
    for (const { recipe } of sourcePages) {
      expect(page).toContain(`[\`${recipe.name}\`](${recipe.name}/README.md)`);
    }
  });

  it.each(sourcePages.map((each) => [each.recipe.name, each] as const))(
    "of %s says what the code does (npm run docs writes it), and its proofs are there",
    (_name, each) => {
      expect(readFileSync(join(ROOT, sourcePath(each)), "utf8")).toBe(sourceText(each));
      for (const [file, name] of each.rows.flatMap(({ proofs }) => proofs)) {
        expect(readFileSync(join(ROOT, file), "utf8"), `${file} -t "${name}"`).toContain(name);
      }
    },
  );
});
