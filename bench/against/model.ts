// The model that both commits train. Recipes change, so it is the recipe as the other commit has it, which this
// checkout reads as it reads the records of runs from that time.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Recipe } from "../../src/gan/recipe.ts";
import { recipeNamed } from "../../src/gan/recipes/list.ts";
import { UsageError } from "../../src/gpu/errors.ts";
import { wordsOf } from "../../src/gpu/foreign-text.ts";
import { readConfig } from "../../src/runs/config.ts";
import { asBefore, constantsOf, titleOf, withConstants } from "../../src/runs/constants.ts";
import type { Commit } from "./checkout.ts";

/** A recipe for both commits. */
export interface Model {
  readonly recipe: string;
  /** The recipe's name and how its constants differ from this checkout's. */
  readonly title: string;
  /** Files of constants: what the other commit needs, if anything, and what this checkout needs. */
  readonly configs: { readonly there: string | undefined; readonly here: string };
}

/** Models by recipe, and what to call when they are no longer needed. */
export interface Models {
  readonly of: (recipe: string) => Promise<Model>;
  readonly forget: () => void;
}

/** Returns the models that both commits can train. `root` is the other one's folder; `config` changes them all. */
export function modelsOf(commit: Commit, root: string, config: string | undefined): Models {
  const folder = mkdtempSync(join(tmpdir(), "longhand-against-"));
  return {
    async of(name) {
      const from = `against: recipe ${name} at ${commit.name}`;
      const constants = constantsOf(await recipeOf(name, root, from));
      const before = withConstants(asBefore(recipeNamed(name)), constants, from);
      const changes = config === undefined ? undefined : await readConfig(config);
      const recipe = changes
        ? withConstants(before, changes.constants, `--config ${config}`)
        : before;
      const here = join(folder, `${name}.json`);
      writeFileSync(here, JSON.stringify(constantsOf(recipe)));
      const there = config === undefined ? undefined : resolve(config);
      return { recipe: name, title: titleOf(recipe), configs: { there, here } };
    },
    forget: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Returns a recipe as the code in another folder has it. Throws `UsageError` if it has none of that name. */
async function recipeOf(name: string, root: string, from: string): Promise<Recipe> {
  const list = pathToFileURL(join(root, "src/gan/recipes/list.ts")).href;
  try {
    const { recipeNamed: theirs }: { recipeNamed(name: string): Recipe } = await import(list);
    return theirs(name);
  } catch (error) {
    throw new UsageError(`${from}: ${wordsOf(error)}`);
  }
}
