// The list of recipes. To add a recipe, write its file and name it here.
import { UsageError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import type { Recipe } from "../recipe.ts";
import { best } from "./best.ts";
import { conditional } from "./conditional.ts";
import { dcgan } from "./dcgan.ts";
import { dcgan32 } from "./dcgan32.ts";
import { denseGan } from "./dense.ts";
import { mlp } from "./mlp.ts";
import { small } from "./small.ts";
import { upsampleGan } from "./upsample.ts";

/** Every recipe, the default first. */
export const recipes: readonly Recipe[] = [
  dcgan,
  small,
  dcgan32,
  denseGan,
  upsampleGan,
  mlp,
  best,
  conditional,
];

/** Returns the recipe of a name. Throws `UsageError` with the names of all recipes. */
export function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const names = recipes.map((recipe) => recipe.name).join(", ");
  throw new UsageError(`recipe: there is no ${quote(name)}; choose one of ${names}`);
}
