// What a run is asked for, from the page's address or its form: both carry the same names.

import { recipeNamed } from "../src/gan/recipes/list.ts";
import { UsageError } from "../src/gpu/errors.ts";
import { quote } from "../src/gpu/foreign-text.ts";

/** A run as asked for; undefined leaves the choice to the recipe. */
export interface Settings {
  readonly recipe: string;
  readonly seed: number;
  /** Images a step. */
  readonly batch: number | undefined;
  /** Steps in all; undefined means the recipe's epochs. */
  readonly steps: number | undefined;
  /** New samples are drawn after so many steps. */
  readonly sampleEvery: number;
  /** Seconds to measure first which kernels are fastest; undefined takes what was measured before. */
  readonly tune: number | undefined;
}

/** The recipe of a page opened without a choice: the one that any machine can train. */
export const DEFAULT_RECIPE = "small";

/**
 * Reads settings from `recipe`, `seed`, `batch`, `steps`, `sample-every` and `tune`; what is missing or empty
 * gets its default. Throws UsageError, which names the parameter, for a value that isn't allowed.
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
  throw new UsageError(`${name}: got ${quote(text)}; give a whole number of at least ${least}.`);
}
