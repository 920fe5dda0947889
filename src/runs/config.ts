// The recipe that a command uses: --recipe, changed by --width and by a file of constants. The file is JSON, or a
// TypeScript or JavaScript module that exports the constants by default.
import { scaled, type Recipe } from "../gan/recipe.ts";
import { recipeNamed, recipes } from "../gan/recipes/list.ts";
import { UsageError } from "../gpu/errors.ts";
import { printable, quote, show } from "../gpu/foreign-text.ts";
import { withConstants, type ConstantValues } from "./constants.ts";
import { configValue, noConstants } from "./config-value.ts";

/** The flags that choose a recipe. */
export interface RecipeFlags {
  /** Default: the config's, else dcgan. */
  readonly recipe?: string | undefined;
  /** A factor for every hidden width, including those that the config sets. */
  readonly width?: number | undefined;
  /** A file of constants. */
  readonly config?: string | undefined;
  /** The channels of an image. Default: the config's, else 1. */
  readonly channels?: number | undefined;
}

/** What a config file holds. */
export interface Config {
  /** The recipe that it is for, if it says so. */
  readonly recipe: string | undefined;
  readonly constants: ConstantValues;
}

/**
 * Returns the recipe that the flags ask for: the config's constants are set first, then the widths are multiplied by
 * `width`. Throws `UsageError` if the file can't be read or doesn't fit the recipe.
 */
export async function chosenRecipe({
  recipe,
  width,
  config,
  channels,
}: RecipeFlags): Promise<Recipe> {
  const file = config === undefined ? undefined : await readConfig(config);
  if (recipe !== undefined && file?.recipe !== undefined && recipe !== file.recipe) {
    throw new UsageError(
      `--recipe ${printable(recipe, 80)}: ${printable(config!)} says it is for recipe ${quote(file.recipe)}; leave out the flag, or remove recipe from the file`,
    );
  }
  const named = recipeNamed(recipe ?? file?.recipe ?? "dcgan");
  const configured = file
    ? withConstants(named, file.constants, `--config ${printable(config!)}`)
    : named;
  const coloured = withChannels(configured, channels);
  return width === undefined ? coloured : scaled(coloured, width);
}

/** Returns a recipe for images of so many channels. Throws `UsageError` if it is for grey images alone. */
export function withChannels(recipe: Recipe, channels: number | undefined): Recipe {
  if (channels === undefined || channels === recipe.image[2]) return recipe;
  if (recipe.channels !== undefined) return withConstants(recipe, { channels }, "--channels");
  const able = recipes.filter((each) => each.channels !== undefined).map(({ name }) => name);
  throw new UsageError(
    `--channels ${channels}: recipe ${recipe.name} takes grey images alone; ${able.join(", ")} take colours`,
  );
}

/** Reads a config file. Throws `UsageError` if it can't be read, or isn't an object of constants. */
export async function readConfig(path: string): Promise<Config> {
  const where = `--config ${printable(path)}`;
  const value = await configValue(path, where);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new UsageError(`${where}: ${noConstants(show(value))}`);
  }
  const { recipe, ...constants }: ConstantValues = { ...value };
  if (recipe !== undefined && typeof recipe !== "string") {
    throw new UsageError(`${where}: recipe: must be a recipe's name; got ${show(recipe)}`);
  }
  return { recipe, constants };
}
