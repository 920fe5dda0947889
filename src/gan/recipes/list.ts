// The list of recipes. To add a recipe, write its file, name it in names.ts and put it here.
import type { Recipe } from "../recipe.ts";
import { best } from "./best.ts";
import { conditional } from "./conditional.ts";
import { dcgan } from "./dcgan.ts";
import { dcgan32 } from "./dcgan32.ts";
import { denseGan } from "./dense.ts";
import { mlp } from "./mlp.ts";
import { RECIPE_NAMES, recipeName, type RecipeName } from "./names.ts";
import { small } from "./small.ts";
import { upsampleGan } from "./upsample.ts";

const RECIPES: Readonly<Record<RecipeName, Recipe>> = {
  dcgan,
  small,
  dcgan32,
  dense: denseGan,
  upsample: upsampleGan,
  mlp,
  best,
  conditional,
};

/** Every recipe, the default first. */
export const recipes: readonly Recipe[] = RECIPE_NAMES.map((name) => RECIPES[name]);

/** Returns the recipe of a name. Throws `UsageError` with the names of all recipes. */
export function recipeNamed(name: string): Recipe {
  return RECIPES[recipeName(name)];
}
