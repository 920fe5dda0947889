// The JSON file that `longhand evaluate` writes: every figure, and what it was measured on and by.
import { z } from "zod";
import type { Copying } from "../../judge/copying.ts";
import type { Figures, FrechetFigures, SetFigures } from "../../judge/figures.ts";
import type { FrechetReferences, References } from "../../judge/references.ts";
import { anyNumber, formatJson, parseJson } from "../../checkpoint/json.ts";
import type { WhichCheckpoint } from "../checkpoint-places.ts";

/** Which judge. Judges with equal fingerprints return equal figures. */
export interface JudgeName {
  readonly name: string;
  /** Share of the test images that it gets right. */
  readonly accuracy: number;
  readonly fingerprint: string;
}

/** An evaluation of a run's samples. */
export interface Evaluation {
  readonly format: 1;
  readonly run: {
    readonly recipe: string;
    readonly seed: number;
    readonly checkpoint: WhichCheckpoint;
    /** Steps done when the checkpoint was saved. */
    readonly step: number;
  };
  readonly adapter: string;
  /** What the samples were compared with. */
  readonly data: Readonly<
    Record<"train" | "test", { readonly images: number; readonly fingerprint: string }>
  >;
  /** Samples drawn, and the seed of their noise. */
  readonly count: number;
  readonly seed: number;
  /** How many neighbours make a neighbourhood. */
  readonly neighbours: number;
  readonly judge: JudgeName;
  readonly samples: SetFigures;
  /** Sets of known quality. */
  readonly references: References;
  /** Share of each class in the training set. */
  readonly expected: readonly number[];
  /** Share of the samples that the judge takes for the digit that was asked for; null if none was. */
  readonly asked: number | null;
  readonly copying: Copying;
  /** By a judge that was trained separately and chose nothing; null if none is kept. */
  readonly second: {
    readonly judge: JudgeName;
    readonly samples: FrechetFigures;
    readonly references: FrechetReferences;
  } | null;
}

const frechet = { frechetTrain: anyNumber, frechetTest: anyNumber };
const frechetSchema = z.object(frechet);
/** The shape of a set's figures, for the schemas that contain them. */
export const figuresShape: Readonly<Record<keyof Figures, z.ZodType<number>>> = {
  ...frechet,
  kid: anyNumber,
  precision: anyNumber,
  recall: anyNumber,
  density: anyNumber,
  coverage: anyNumber,
  classBalance: anyNumber,
  score: anyNumber,
};
const setSchema = z.object({
  count: z.int().min(1),
  figures: z.object(figuresShape),
  counts: z.array(z.int().min(0)),
});
const everyReference = <S extends z.ZodType>(shape: S) =>
  z.object({ real: shape, repeated: shape, single: shape, noisy: shape, noise: shape });
const judgeSchema = z.object({ name: z.string(), accuracy: anyNumber, fingerprint: z.string() });
const imagesSchema = z.object({ images: z.int().min(1), fingerprint: z.string() });
const spread = z.object({ least: anyNumber, median: anyNumber, most: anyNumber });

/** The figures of sets of known quality. */
export const referencesSchema: z.ZodType<References> = everyReference(setSchema);
/** Their Fréchet distances alone. */
export const frechetReferencesSchema: z.ZodType<FrechetReferences> = everyReference(frechetSchema);

const schema: z.ZodType<Evaluation> = z.object({
  format: z.literal(1),
  run: z.object({
    recipe: z.string(),
    seed: z.int().min(0),
    checkpoint: z.union([z.enum(["last", "best"]), z.int().min(0)]),
    step: z.int().min(0),
  }),
  adapter: z.string(),
  data: z.object({ train: imagesSchema, test: imagesSchema }),
  count: z.int().min(1),
  seed: z.int().min(0),
  neighbours: z.int().min(1),
  judge: judgeSchema,
  samples: setSchema,
  references: referencesSchema,
  expected: z.array(anyNumber),
  asked: z.union([z.null(), anyNumber]),
  copying: z.object({
    count: z.int().min(1),
    samples: spread,
    test: spread,
    guide: anyNumber,
    nearer: anyNumber,
  }),
  second: z
    .object({
      judge: judgeSchema,
      samples: frechetSchema,
      references: frechetReferencesSchema,
    })
    .nullable(),
});

/** Returns an evaluation as the text of a file. */
export function formatEvaluation(evaluation: Evaluation): string {
  return `${formatJson(evaluation, 2)}\n`;
}

/** Reads the bytes of an evaluation's file. Throws a `CheckpointError` that names the file and what is wrong in it. */
export function parseEvaluation(bytes: Uint8Array, name: string): Evaluation {
  return parseJson(schema, bytes, name);
}
