// docs/recipes against the code: the table of constants, the list, the example, and each recipe's page.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { chosenRecipe, readConfig } from "../../src/runs/config.ts";
import { formatComparison } from "../../src/runs/comparing/comparison-file.ts";
import { recipes } from "../../src/gan/recipes/list.ts";
import { comparisonText, keptComparisons } from "../support/comparisons-doc.ts";
import { madeUpComparison } from "../support/made-up-comparison.ts";
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

it("makes a table of each comparison that compare --keep wrote, and of no other file", () => {
  const folder = mkdtempSync(join(tmpdir(), "longhand-kept-"));
  try {
    writeFileSync(join(folder, "ours.json"), formatComparison(madeUpComparison()));
    writeFileSync(join(folder, "other.json"), '{ "format": 1 }');
    const kept = [...keptComparisons(pathToFileURL(`${folder}/`))];
    expect(kept.map(([name]) => name)).toEqual(["ours"]);
    const lines = comparisonText(...kept[0]!).split("\n");
    expect(lines[0]).toMatch(
      /^\[`ours`\]\(comparison\/ours\.json\): `a` and `b`, 10 min each with/,
    );
    expect(lines.slice(4)).toEqual([
      "| `a` | 0 | 100 | 10 min | 50.0 | 52.0 | 100 | 102 | 0.500 | 0.100 | 6 7 8 9 10 11 12 13 14 15 |",
      "| `a` | 1 | 100 | 10 min | 60.0 | 62.0 | 120 | 122 | 0.500 | 0.100 | 6 7 8 9 10 11 12 13 14 15 |",
      "| `a` | median (least–greatest) |  |  | **55.0 (50.0–60.0)** | **57.0 (52.0–62.0)** | **110 (100–120)** | **112 (102–122)** | **0.500** | **0.100** |  |",
      "| `b` | 0 | 100 | 10 min | 30.0 | 32.0 | 60.0 | 62.0 | 0.500 | 0.100 | 6 7 8 9 10 11 12 13 14 15 |",
      "| `b` | 1 | diverged: Step 70: the losses are NaN (D) and NaN (G) | – | – | – | – | – | – | – | – |",
      "| `b` | median (least–greatest) |  |  | **30.0** | **32.0** | **60.0** | **62.0** | **0.500** | **0.100** |  |",
    ]);
  } finally {
    rmSync(folder, { recursive: true });
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
