// The settings of a run, from the page's address or its form: both use the same names.

import { recipeNamed } from "../src/gan/recipes/list.ts";
import { UsageError } from "../src/gpu/errors.ts";
import { quote } from "../src/gpu/foreign-text.ts";

/** The settings of a run; undefined leaves the choice to the recipe. */
export interface Settings {
  readonly recipe: string;
  readonly seed: number;
  /** Images per step. */
  readonly batch: number | undefined;
  /** Steps in all; undefined means the recipe's epochs. */
  readonly steps: number | undefined;
  /** New samples are drawn every so many steps. */
  readonly sampleEvery: number;
  /** Seconds to spend measuring which kernels are fastest; undefined uses what was measured before. */
  readonly tune: number | undefined;
}

/** The recipe of a page opened without a choice: the one that any machine can train. */
export const DEFAULT_RECIPE = "small";

/**
 * Reads settings from `recipe`, `seed`, `batch`, `steps`, `sample-every` and `tune`; what is missing or empty gets its
 * default. Throws a `UsageError` that names the parameter if a value isn't allowed.
 */
export function readSettings(parameters: URLSearchParams): Settings {
  const recipe = parameters.get("recipe") || DEFAULT_RECIPE;
  recipeNamed(recipe);
  return {
    recipe,
    seed: whole(parameters, "seed", 0) ?? 0,
    batch: whole(parameters, "batch", 1),
    steps: whole(parameters, "steps", 1),
    sampleEvery: whole(parameters, "sample-every", 1) ?? 20,
    tune: whole(parameters, "tune", 1),
  };
}

function whole(parameters: URLSearchParams, name: string, least: number): number | undefined {
  const text = parameters.get(name)?.trim() ?? "";
  if (text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${name}: must be a whole number of at least ${least}; got ${quote(text)}.`);
}
