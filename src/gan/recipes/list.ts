// The list of recipes: adding one touches its own file and this list.
import { UsageError } from "../../gpu/errors.ts";
import type { Recipe } from "../recipe.ts";
import { dcgan } from "./dcgan.ts";
import { small } from "./small.ts";

/** Every recipe, the default first. */
export const recipes: readonly Recipe[] = [dcgan, small];

/** The recipe of that name. Throws `UsageError` with the names there are. */
export function recipeNamed(name: string): Recipe {
  const found = recipes.find((recipe) => recipe.name === name);
  if (found) return found;
  const names = recipes.map((recipe) => recipe.name).join(", ");
  throw new UsageError(`recipe: there is no "${name}"; choose one of ${names}`);
}
