// The recipe that a command is about: --recipe, changed by --width and by a file of constants, which is JSON, or a
// TypeScript or JavaScript module whose default export they are.
import { readFileSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { scaled, type Recipe } from "../gan/recipe.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import { UsageError } from "../gpu/errors.ts";
import { systemReason } from "../gpu/system-reason.ts";
import { withConstants, type ConstantValues } from "../runs/constants.ts";

/** The flags that say which recipe. */
export interface RecipeFlags {
  /** Default: the config's, else dcgan. */
  readonly recipe?: string | undefined;
  /** A factor for every hidden width, whoever set them. */
  readonly width?: number | undefined;
  /** A file of constants. */
  readonly config?: string | undefined;
}

/** What a config file holds. */
export interface Config {
  /** The recipe that it is for, if it says so. */
  readonly recipe: string | undefined;
  readonly constants: ConstantValues;
}

/**
 * The recipe that flags ask for: first the config's constants, then widths times `width`. Throws `UsageError` where
 * the file can't be read, or doesn't fit the recipe.
 */
export async function chosenRecipe({ recipe, width, config }: RecipeFlags): Promise<Recipe> {
  const file = config === undefined ? undefined : await readConfig(config);
  if (recipe !== undefined && file?.recipe !== undefined && recipe !== file.recipe) {
    throw new UsageError(
      `--recipe ${recipe}: ${config} says it is for recipe ${file.recipe}; leave the flag out, or take recipe out of the file`,
    );
  }
  const named = recipeNamed(recipe ?? file?.recipe ?? "dcgan");
  const configured = file ? withConstants(named, file.constants, `--config ${config}`) : named;
  return width === undefined ? configured : scaled(configured, width);
}

const MODULES = [".ts", ".mts", ".js", ".mjs"];

/** Reads a config file. Throws `UsageError` if it can't be read, or is no object of constants. */
export async function readConfig(path: string): Promise<Config> {
  const value = await valueIn(path);
  const plain = typeof value === "object" && value !== null && isPlain(value);
  if (!plain) {
    throw new UsageError(
      `--config ${path}: holds no object of constants, such as { "batch": 64 }; a module must export it by default`,
    );
  }
  const { recipe, ...constants }: ConstantValues = { ...value };
  if (recipe !== undefined && typeof recipe !== "string") {
    throw new UsageError(
      `--config ${path}: recipe: must be a recipe's name; got ${JSON.stringify(recipe)}`,
    );
  }
  return { recipe, constants };
}

/** Whether an object is one of keys and values: no list, no promise, no instance of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

async function valueIn(path: string): Promise<unknown> {
  const ending = extname(path).toLowerCase();
  if (ending !== ".json" && !MODULES.includes(ending)) {
    throw new UsageError(
      `--config ${path}: must be JSON or a module, and its name end in .json, ${MODULES.join(", ")}`,
    );
  }
  let text: string;
  try {
    text = new TextDecoder().decode(readFileSync(path));
  } catch (error) {
    throw new UsageError(`--config ${path}: can't be read: ${systemReason(error)}`);
  }
  try {
    if (ending === ".json") return JSON.parse(text);
    const module: { readonly default?: unknown } = await import(pathToFileURL(resolve(path)).href);
    return module.default;
  } catch (error) {
    const what = ending === ".json" ? "is not JSON" : "can't be loaded";
    throw new UsageError(`--config ${path}: ${what}: ${reasonOf(error)}`);
  }
}

/** An error in one line: of a compiler's, whose first line only says that there are errors, the next. */
function reasonOf(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).split("\n");
  const [first = "no reason given", second] = lines.filter((line) => line.trim() !== "");
  return first.endsWith(":") && second !== undefined ? second : first;
}
