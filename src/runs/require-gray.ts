// Refuses runs in colour where only grey digits are understood.
import type { Recipe } from "../gan/recipe.ts";
import { UsageError } from "../gpu/errors.ts";

/** Throws `UsageError` if a recipe draws in colours; `what` names who can't take them, and `because` says why. */
export function requireGray({ name, image }: Recipe, what: string, because: string): void {
  if (image[2] === 1) return;
  throw new UsageError(
    `${what}: recipe ${name} has ${image[2]} channels, but ${because}; train with --channels 1 for this`,
  );
}

/** Why samples in colour aren't judged. */
export const JUDGE_IS_GRAY = "the judge knows grey digits alone";
