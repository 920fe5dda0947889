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
  checkGpus(flags);
  checkShared(flags);
  if (resume !== undefined) return; // the rest depends on the run
  if (recipe !== undefined) recipeName(recipe);
  if (checkpoint !== undefined) {
    throw new UsageError(
      `--checkpoint ${checkpoint}: says which checkpoint --resume starts from; give --resume too`,
    );
  }
  if (evaluateCount !== undefined && evaluateEvery === undefined) throw needsEvery(evaluateCount);
}

/** Throws a `UsageError` that says how several GPUs are used, if the flags ask for them as other programs have it. */
function checkGpus({ gpus, gpu }: TrainFlags): void {
  if (gpus !== undefined) {
    throw new UsageError(
      `--gpus ${gpus}: each process trains on one GPU; start a rank for each: mpirun -n ${gpus} npx longhand train … --distributed mpi (docs/distributed.md)`,
    );
  }
  if (gpu !== undefined) {
    throw new UsageError(
      `--gpu ${gpu}: GPUs have no numbers here, but names: --adapter NAME, as \`doctor\` lists them; equal GPUs have equal names, so let the launcher show each rank its own (docs/distributed.md)`,
    );
  }
}

/** Throws `UsageError` on flags that don't go with `--distributed`, or only with it. */
function checkShared(flags: TrainFlags): void {
  const { distributed, batchNorm, reduce, patience, explain, profile, tune, checkNumerics } = flags;
  if (distributed === undefined) {
    const among = [
      ["batch-norm", batchNorm, "how ranks share a batch"],
      ["reduce", reduce, "how ranks sum their gradients"],
      ["patience", patience, "how long a rank waits for the others"],
    ] as const;
    for (const [flag, given, what] of among) {
      if (given === undefined) continue;
      throw new UsageError(
        `--${flag} ${given}: says ${what}; give --distributed mpi too, or leave it out`,
      );
    }
    return;
  }
  const alone = { explain, profile, tune, "check-numerics": checkNumerics };
  for (const [flag, given] of Object.entries(alone)) {
    if (!given) continue;
    throw new UsageError(
      `--${flag}: looks at the step of one process; use it without --distributed, then train with the ranks`,
    );
  }
}

/** Returns the error of a run that isn't evaluated, although the flags say how. */
export function needsEvery(count: number): UsageError {
  return new UsageError(
    `--evaluate-count ${count}: says how many samples --evaluate-every draws; give --evaluate-every too`,
  );
}
