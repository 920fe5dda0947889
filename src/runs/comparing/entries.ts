// What is compared: recipes by name, and config files by path.
import { existsSync } from "node:fs";
import { basename, extname } from "node:path";
import type { Recipe } from "../../gan/recipe.ts";
import { recipes } from "../../gan/recipes/list.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable, quote } from "../../gpu/foreign-text.ts";
import { JUDGE_IS_GRAY, requireGray } from "../require-gray.ts";
import { chosenRecipe } from "../config.ts";

/** A recipe that takes part in a comparison. */
export interface Entry {
  /** Its name in the comparison, and in the names of its runs' folders. */
  readonly name: string;
  /** The recipe, with the constants of its file and scaled. */
  readonly recipe: Recipe;
}

/** The most entries: the plot has as many colours. */
export const MOST_ENTRIES = 6;

/**
 * Returns the entries that words of a command name, in their order, with every hidden width multiplied by `width`.
 * Throws `UsageError` on a word that is neither a recipe nor a file, on a config that doesn't fit, and on names that
 * aren't different.
 */
export async function entriesOf(
  words: readonly string[],
  width: number | undefined,
): Promise<readonly Entry[]> {
  if (words.length === 0 || words.length > MOST_ENTRIES) {
    throw new UsageError(
      `compare: takes 1 to ${MOST_ENTRIES} recipes or config files; got ${words.length}`,
    );
  }
  const entries: Entry[] = [];
  for (const word of words) {
    const name = entryNameOf(word, "compare");
    const at = entries.findIndex((entry) => entry.name === name);
    if (at >= 0) throw twice(words[at]!, word, name);
    const which = isRecipe(word) ? { recipe: word } : { config: word };
    const recipe = await chosenRecipe({ ...which, width });
    requireGray(recipe, `compare ${printable(word, 80)}`, JUDGE_IS_GRAY);
    entries.push({ name, recipe });
  }
  return entries;
}

/** Whether a word names a recipe. */
export const isRecipe = (word: string): boolean => recipes.some(({ name }) => name === word);

/**
 * Returns the name of an entry: the recipe's, or the file's without its folder and ending. Throws a `UsageError` that
 * begins with `where` if it is neither.
 */
export function entryNameOf(word: string, where: string): string {
  if (isRecipe(word)) return word;
  if (!existsSync(word)) {
    const names = recipes.map(({ name }) => name).join(", ");
    throw new UsageError(
      `${where}: there is no recipe and no file ${quote(word)}; name config files by their paths, or choose of ${names}`,
    );
  }
  const name = basename(word, extname(word));
  checkEntryName(name, `${where}: ${printable(word)}`);
  return name;
}

/** Throws a `UsageError` that begins with `where` unless folders can be named after an entry. */
export function checkEntryName(name: string, where: string): void {
  if (/^[\w.+-]{1,60}$/.test(name) && !/^\.+$/.test(name)) return;
  throw new UsageError(
    `${where}: folders of runs are named after ${quote(name)}, so it must have up to 60 letters, digits, and . + - _; give it another name`,
  );
}

function twice(first: string, second: string, name: string): UsageError {
  return new UsageError(
    first === second
      ? `compare: ${printable(first)} is named twice; --seeds says how often each is trained`
      : `compare: ${printable(first)} and ${printable(second)} would both be called ${name}; rename one of the files`,
  );
}
