// The JSON file of a comparison, `compare.json`: its plan, and the results of the runs that have ended.
import { z } from "zod";
import { anyNumber, formatJson, parseJson } from "../../checkpoint/json.ts";
import type { Figures, FrechetFigures } from "../../judge/figures.ts";
import { constantsSchema } from "../constants.ts";
import { figuresShape, type JudgeName } from "../evaluation/evaluation-file.ts";
import type { ComparisonPlan } from "./plan.ts";

/** The name of the file in a comparison's folder. */
export const COMPARISON_FILE = "compare.json";

/** A judging during a run. */
export interface Point extends FrechetFigures {
  /** The mark that it was due at: minutes or steps. */
  readonly mark: number;
  readonly step: number;
  /** Seconds of steps until then. */
  readonly seconds: number;
}

/** A run at its end. */
export interface RunEnd {
  readonly step: number;
  /** Seconds of steps. */
  readonly seconds: number;
  /** Samples that were judged. */
  readonly count: number;
  readonly figures: Figures;
  /** How many of them the judge takes for each class. */
  readonly counts: readonly number[];
  /** By the second judge; null if there is none. */
  readonly second: FrechetFigures | null;
}

/** A run that has ended. */
export interface ComparedRun {
  /** The entry's name. */
  readonly entry: string;
  readonly seed: number;
  readonly points: readonly Point[];
  /** Null if the run diverged. */
  readonly end: RunEnd | null;
  /** How it diverged; null if it didn't. */
  readonly diverged: string | null;
}

/** A comparison, finished or not. */
export interface RecipeComparison {
  readonly format: typeof FORMAT;
  readonly plan: ComparisonPlan;
  /** The second judge, which chose nothing; null if none is kept. */
  readonly second: JudgeName | null;
  /** Longhand's version. */
  readonly longhand: string;
  /** Set if a sweep's processes trained the runs, maybe next to each other. */
  readonly sweep?: true;
  /** In the order in which they ended. */
  readonly runs: readonly ComparedRun[];
}

/** What tells the file from others, and its version. */
export const FORMAT = "longhand comparison 1";

const MAX_BYTES = 2 ** 22;

const judgeSchema = z.object({ name: z.string(), accuracy: anyNumber, fingerprint: z.string() });
const frechet = { frechetTrain: anyNumber, frechetTest: anyNumber };
const seed = z.int().min(0);
const step = z.int().min(0);
const seconds = z.number().min(0);
const above0 = z.number().gt(0);

const planSchema: z.ZodType<ComparisonPlan> = z.object({
  entries: z
    .array(
      z.object({
        name: z.string().regex(/^[\w.+-]{1,60}$/),
        recipe: z.string(),
        constants: constantsSchema,
      }),
    )
    .min(1),
  seeds: z.array(seed).min(1),
  goal: z.object({
    unit: z.enum(["minutes", "steps"]),
    amount: above0,
    marks: z.array(above0).min(1),
  }),
  count: z.int().min(1),
  data: z.object({
    images: z.int().min(1),
    fingerprint: z.string(),
    testFingerprint: z.string(),
    shares: z.array(anyNumber),
  }),
  adapter: z.string(),
  judge: judgeSchema,
});

const runSchema: z.ZodType<ComparedRun> = z.object({
  entry: z.string(),
  seed,
  points: z.array(z.object({ mark: above0, step, seconds, ...frechet })),
  end: z
    .object({
      step,
      seconds,
      count: z.int().min(1),
      figures: z.object(figuresShape),
      counts: z.array(z.int().min(0)),
      second: z.object(frechet).nullable(),
    })
    .nullable(),
  diverged: z.string().nullable(),
});

const schema: z.ZodType<RecipeComparison> = z.object({
  format: z.literal(FORMAT),
  plan: planSchema,
  second: judgeSchema.nullable(),
  longhand: z.string(),
  sweep: z.literal(true).exactOptional(),
  runs: z.array(runSchema),
});

/** Returns a comparison as the text of a file. */
export function formatComparison(comparison: RecipeComparison): string {
  return `${formatJson(comparison, 2)}\n`;
}

/** Reads the bytes of a comparison's file. Throws a `CheckpointError` that names the file and what is wrong in it. */
export function parseComparison(bytes: Uint8Array, name: string): RecipeComparison {
  return parseJson(schema, bytes, name, MAX_BYTES);
}
