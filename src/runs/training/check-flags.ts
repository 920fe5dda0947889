// Flags of `train` that contradict each other, and a recipe that doesn't exist: seen before anything is loaded or read.
import { UsageError } from "../../gpu/errors.ts";
import { recipeName } from "../../gan/recipes/names.ts";
import type { TrainFlags } from "./draft-run.ts";

/**
 * Checks the flags of a run as far as they say by themselves what is wrong. Throws `UsageError`.
 */
export function checkTrainFlags(flags: TrainFlags): void {
  const { epochs, steps, resume, checkpoint, evaluateEvery, evaluateCount, recipe } = flags;
  if (epochs !== undefined && steps !== undefined) {
    throw new UsageError(
      "--epochs and --steps: use only one of them; each says where the run ends",
    );
  }
  if (resume !== undefined) return; // the rest depends on the run
  if (recipe !== undefined) recipeName(recipe);
  if (checkpoint !== undefined) {
    throw new UsageError(
      `--checkpoint ${checkpoint}: says which checkpoint --resume starts from; give --resume too`,
    );
  }
  if (evaluateCount !== undefined && evaluateEvery === undefined) throw needsEvery(evaluateCount);
}

/** Returns the error of a run that isn't evaluated, although the flags say how. */
export function needsEvery(count: number): UsageError {
  return new UsageError(
    `--evaluate-count ${count}: says how many samples --evaluate-every draws; give --evaluate-every too`,
  );
}
