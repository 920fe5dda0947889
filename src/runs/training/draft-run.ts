// A run before its first write: flags checked, data loaded, nothing changed on the disk.
import { commandFor } from "../command-words.ts";
import { resolve } from "node:path";
import type { LoadedImageSet } from "../../data/files.ts";
import type { Recipe } from "../../gan/recipe.ts";
import type { OpenedAdapter } from "../../gpu/node/adapter.ts";
import { doubtOfHalf, loadGpuCheck } from "../gpu-checks.ts";
import type { Device } from "../../gpu/device.ts";
import { UsageError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";
import type { ActivationType } from "../../kernels/epilogue-attributes.ts";
import { chosenRecipe, type RecipeFlags } from "../config.ts";
import type { WhichCheckpoint } from "../checkpoint-places.ts";
import { titleOf } from "../constants.ts";
import { EVALUATE_COUNT } from "../defaults.ts";
import { needsEvery } from "./check-flags.ts";
import { claimNewRun, claimRun, freeRunPath, type Claim } from "../claim.ts";
import { readRunRecord, recipeOf, runFolder, type RunFolder } from "../run-folder.ts";
import type { EvaluationPlan, RunRecord } from "../run-record.ts";
import { JUDGE_IS_GRAY, requireGray } from "../require-gray.ts";
import { openTrainingSet } from "../sets/open-set.ts";

/** The flags of `train`, as the command line passes them; what is undefined has its default. */
export interface TrainFlags extends RecipeFlags {
  readonly epochs?: number;
  readonly steps?: number;
  /** Minutes after which training stops, as on Ctrl-C. */
  readonly minutes?: number;
  readonly batch?: number;
  readonly seed?: number;
  readonly out?: string;
  readonly data?: string;
  /** Exchange each image's rows and columns. */
  readonly transpose?: boolean;
  /** Fit images of any size into so many rows and columns. */
  readonly size?: number;
  readonly adapter?: string;
  readonly sampleEvery?: number;
  readonly checkpointEvery?: number;
  /** Minutes after which a checkpoint is saved, in addition to those at epochs. */
  readonly checkpointMinutes?: number;
  /** If a number isn't finite, repeat the step and say which dispatch produced it. */
  readonly checkNumerics?: boolean;
  readonly evaluateEvery?: number | "epoch";
  readonly evaluateCount?: number;
  /** Seconds to tune before training; true for the default. */
  readonly tune?: number | true;
  /** Store activations in 16 bits. */
  readonly f16?: boolean;
  readonly resume?: string;
  /** The checkpoint to resume from. */
  readonly checkpoint?: WhichCheckpoint;
  /** How many of the newest checkpoints are kept. */
  readonly keepCheckpoints?: number;
  readonly force?: boolean;
  readonly explain?: boolean;
  readonly profile?: boolean;
  /** Share the training with the other ranks of an MPI job. */
  readonly distributed?: "mpi";
  /** Of which images batch norm takes the statistics, if ranks share a batch. */
  readonly batchNorm?: "all" | "local";
  readonly reduce?: "f32" | "f16";
  /** The most seconds that a rank waits for the others. */
  readonly patience?: number;
  /** Refused, with what to do instead. */
  readonly gpus?: string;
  readonly gpu?: string;
}

/** A run that is about to start or to go on: everything is checked, nothing is written yet. */
export interface Draft {
  readonly folder: RunFolder;
  /** The claim on its folder; undefined if nothing is to be written. */
  readonly claim: Claim | undefined;
  readonly recipe: Recipe;
  readonly data: LoadedImageSet;
  readonly dataFolder: string | null;
  /** The rows and columns that its images are fitted into, if they are. */
  readonly size: number | undefined;
  readonly batch: number;
  readonly seed: number;
  /** How activations are stored. */
  readonly activationType: ActivationType;
  /** Of which images batch norm takes the statistics, if ranks share a batch: of all, or of each rank's own. */
  readonly batchNorm: "all" | "local";
  readonly reduce: "f32" | "f16";
  /** How it is evaluated while it trains, if it is. */
  readonly evaluate: EvaluationPlan | undefined;
  /** The run that is resumed. */
  readonly earlier: RunRecord | undefined;
  readonly notes: readonly string[];
}

/** Says how a run differs from its recipe. */
function notesOn(recipe: Recipe, activationType: ActivationType): readonly string[] {
  const title = titleOf(recipe);
  return [
    ...(title === recipe.name ? [] : [`Recipe ${title}.`]),
    ...(activationType === "f16" ? ["Activations are stored in 16 bits."] : []),
  ];
}

/** Receives a claim as soon as it is made. */
type OnClaim = (claim: Claim) => void;

/**
 * Checks the flags of a new run, loads its data and claims its folder. If it throws `UsageError` or `DataError`,
 * nothing is claimed. `chosen` is the recipe if the flags don't choose it.
 */
export async function draftRun(
  flags: TrainFlags,
  onClaim: OnClaim = () => undefined,
  chosen?: Recipe,
): Promise<Draft> {
  const recipe = chosen ?? (await chosenRecipe(flags));
  const { out, force = false } = flags;
  const free = freeRunPath(out, recipe.name, force); // a bad folder is refused before the data is read
  const dataFolder = flags.data === undefined ? null : resolve(flags.data);
  const activationType = flags.f16 ? "f16" : "f32";
  const evaluate = evaluationPlan(flags, undefined);
  if (evaluate) requireGray(recipe, "--evaluate-every", JUDGE_IS_GRAY);
  const { transpose, size } = flags;
  const data = await openTrainingSet(recipe, dataFolder, { transpose, size });
  const claim = flags.explain ? undefined : claimNewRun(out, recipe.name, force);
  if (claim) onClaim(claim);
  return {
    folder: runFolder(claim?.path ?? free),
    claim,
    recipe,
    data,
    dataFolder,
    size,
    batch: flags.batch ?? recipe.batch,
    seed: flags.seed ?? 0,
    activationType,
    batchNorm: flags.batchNorm ?? "all",
    reduce: flags.reduce ?? "f32",
    evaluate,
    earlier: undefined,
    notes: [...notesOn(recipe, activationType), ...data.notes],
  };
}

/** Returns how a run is evaluated: as the flags say, otherwise as when it began. */
function evaluationPlan(
  { evaluateEvery: every, evaluateCount: count }: TrainFlags,
  began: EvaluationPlan | null | undefined,
): EvaluationPlan | undefined {
  if (every === undefined && !began) {
    if (count === undefined) return undefined;
    throw needsEvery(count);
  }
  return { every: every ?? began!.every, count: count ?? began?.count ?? EVALUATE_COUNT };
}

/** Throws `UsageError` if an adapter can't store activations as a run asks. */
export async function checkStorage(
  { activationType, earlier }: Pick<Draft, "activationType" | "earlier">,
  { gpu }: Device,
  { name: adapter, backend, adapter: { info } }: OpenedAdapter,
): Promise<void> {
  if (activationType === "f32") return;
  if (gpu.features.has("shader-f16")) {
    const doubt = doubtOfHalf(info, backend, await loadGpuCheck(adapter));
    if (doubt === undefined) return;
    throw new UsageError(
      `--f16: ${adapter} isn't trusted with it: ${doubt}; ${commandFor("gpu-check")} checks this driver in some minutes`,
    );
  }
  const mend = earlier
    ? "the run began with it, and --resume keeps that"
    : "leave the flag out to store 32 bits";
  throw new UsageError(
    `--f16: ${adapter} has no shader-f16; ${mend}; another adapter may have it: see ${commandFor("doctor")}, and --adapter`,
  );
}

/**
 * Like `draftRun`, for `--resume`. Recipe, batch, seed, activation type and data are the run's; flags that contradict
 * them are refused.
 */
export async function draftResumed(
  flags: TrainFlags,
  onClaim: OnClaim = () => undefined,
): Promise<Draft> {
  const path = flags.resume!;
  const claim = flags.explain ? undefined : claimRun(path, flags.force ?? false);
  if (claim) onClaim(claim);
  try {
    return await draftClaimed(flags, path, claim);
  } catch (error) {
    claim?.release();
    throw error;
  }
}

async function draftClaimed(
  flags: TrainFlags,
  path: string,
  claim: Claim | undefined,
): Promise<Draft> {
  const record = readRunRecord(path);
  const refuse = (flag: string, got: unknown, has: unknown): void => {
    if (got === undefined || got === has) return;
    throw new UsageError(
      `--${flag} ${printable(String(got), 80)}: the run in ${path} has ${flag} ${printable(String(has), 80)}, which --resume keeps; leave the flag out or start a new run`,
    );
  };
  if (flags.tune !== undefined) {
    throw new UsageError(
      `--tune: the run in ${path} keeps the kernels that it began with, so that its bits stay the same; leave the flag out, or start a new run`,
    );
  }
  if (flags.f16 && record.activationType !== "f16") {
    throw new UsageError(
      `--f16: the run in ${path} stores activations as ${record.activationType}, which --resume keeps; leave the flag out or start a new run`,
    );
  }
  for (const flag of ["width", "config", "channels"] as const) {
    if (flags[flag] === undefined) continue;
    throw new UsageError(
      `--${flag}: the run in ${path} keeps the constants that it began with; leave the flag out, or start a new run`,
    );
  }
  refuse("recipe", flags.recipe, record.recipe);
  refuse("batch", flags.batch, record.batch);
  refuse("seed", flags.seed, record.seed);
  refuse("batch-norm", flags.batchNorm, record.batchNorm ?? "all");
  refuse("reduce", flags.reduce, record.reduce ?? "f32");
  const { transposed: transpose, size } = record.data;
  refuse("size", flags.size, size ?? "of its images");
  if (flags.transpose !== undefined && flags.transpose !== transpose) {
    const has = transpose ? "exchanged" : "as they are";
    throw new UsageError(
      `--${flags.transpose ? "" : "no-"}transpose: the run in ${path} takes its images' rows and columns ${has}, which --resume keeps; leave the flag out or start a new run`,
    );
  }
  if (flags.out !== undefined && resolve(flags.out) !== resolve(path)) {
    refuse("out", flags.out, path);
  }
  const dataFolder = flags.data === undefined ? record.data.folder : resolve(flags.data);
  const recipe = recipeOf(record, path);
  const data = await openTrainingSet(recipe, dataFolder, { transpose, size });
  const same = data.fingerprint === record.data.fingerprint;
  if (!same && flags.data !== undefined) {
    throw new UsageError(
      `--data ${flags.data}: holds other images than the run in ${path} was trained on; leave the flag out or start a new run`,
    );
  }
  const evaluate = evaluationPlan(flags, record.evaluate);
  if (evaluate) requireGray(recipe, "--evaluate-every", JUDGE_IS_GRAY);
  return {
    folder: runFolder(path),
    claim,
    recipe,
    data,
    dataFolder,
    size,
    batch: record.batch,
    seed: record.seed,
    activationType: record.activationType,
    batchNorm: record.batchNorm ?? "all",
    reduce: record.reduce ?? "f32",
    evaluate,
    earlier: record,
    notes: [
      ...notesOn(recipe, record.activationType),
      ...(same ? [] : [`The images in ${data.source} have changed since the run began.`]),
    ],
  };
}
