// The names of the recipes, for those who need no more: the list itself loads every layer and kernel.
import { UsageError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";

/** The name of every recipe, the default first. */
export const RECIPE_NAMES = [
  "dcgan",
  "small",
  "dcgan32",
  "dense",
  "upsample",
  "mlp",
  "best",
  "conditional",
] as const;

/** The name of a recipe. */
export type RecipeName = (typeof RECIPE_NAMES)[number];

/** Returns `name` as a recipe's name. Throws `UsageError` with the names of all recipes if it is none. */
export function recipeName(name: string): RecipeName {
  const found = RECIPE_NAMES.find((each) => each === name);
  if (found) return found;
  const names = RECIPE_NAMES.join(", ");
  throw new UsageError(`recipe: there is no ${quote(name)}; choose one of ${names}`);
}
