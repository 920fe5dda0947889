// A dataset as a judge sees it, and the figures of sets of known quality. Both are computed once per judge and kept in
// the user's cache folder, so that the next evaluation is quick.
import { createHash } from "node:crypto";
import { z } from "zod";
import { decodeSafetensors, encodeSafetensors, readTensor } from "../../checkpoint/safetensors.ts";
import { anyNumber, formatJson, parseJson } from "../../checkpoint/json.ts";
import { checkSeal, EMPTY_SEAL, sealed, sealedJson } from "../../checkpoint/seal.ts";
import type { LoadedImageSet, LoadOptions } from "../../data/files.ts";
import { OutputError } from "../../gpu/errors.ts";
import {
  evenly,
  imagesAt,
  judgeAll,
  prepareComparison,
  type Comparison,
  type Gaussians,
  type JudgedDataset,
} from "../../judge/comparison.ts";
import { CLASSES, FEATURES } from "../../judge/designs.ts";
import { REFERENCE_WORDS } from "../../judge/figures.ts";
import type { Judge, Judged } from "../../judge/judge.ts";
import { nearestImages } from "../../judge/nearest-images.ts";
import {
  judgeReferences,
  referenceFigures,
  referenceFrechets,
  type FrechetReferences,
  type References,
} from "../../judge/references.ts";
import { readCache, writeCache } from "../cache.ts";
import { frechetReferencesSchema, referencesSchema } from "./evaluation-file.ts";
import type { Phases } from "../phases.ts";
import { openSet } from "../sets/open-set.ts";

/** The images that a generator is compared with: those that it was trained on, and test images. */
export interface RealDigits {
  readonly train: LoadedImageSet;
  readonly test: LoadedImageSet;
}

/** Real digits, as a judge sees them. */
export interface SeenDigits extends RealDigits {
  readonly judge: Judge;
  readonly judged: JudgedDataset;
}

/** What a run's figures are compared with. */
export interface Beside {
  readonly comparison: Comparison;
  readonly references: References;
  /** The distances of evenly spaced test images to their nearest training images. */
  readonly testDistances: Float64Array;
}

/** How many samples, and how many test images, are compared with their nearest training images. */
export const LOOKED_AT = 1000;

/**
 * Loads the training and test sets of a folder, or MNIST; `options` are as in `openSet`. Rejects with `DataError`.
 */
export async function loadRealDigits(
  folder: string | null,
  options: Pick<LoadOptions, "transpose" | "size"> = {},
): Promise<RealDigits> {
  const [train, test] = await Promise.all([
    openSet(folder ?? undefined, "train", options),
    openSet(folder ?? undefined, "test", options),
  ]);
  return { train, test };
}

function keyOf({ train, test }: RealDigits, judge: Judge): string {
  const data = createHash("sha256")
    .update(train.fingerprint + test.fingerprint)
    .digest("hex");
  return `evaluation/${judge.fingerprint.slice(0, 32)}-${data.slice(0, 16)}`;
}

/** Returns a dataset as a judge sees it, from the cache if it is kept there. */
export async function seeDigits(
  judge: Judge,
  digits: RealDigits,
  phases: Phases,
): Promise<SeenDigits> {
  const key = `${keyOf(digits, judge)}.safetensors`;
  const known = await cached(phases, key, (bytes, path) => readDataset(bytes, path, digits));
  const judged = known ?? (await judgeDataset(judge, digits, phases));
  if (!known) keep(key, await sealed(encodeDataset(judged)));
  return { ...digits, judge, judged };
}

async function judgeDataset(
  judge: Judge,
  { train, test }: RealDigits,
  phases: Phases,
): Promise<JudgedDataset> {
  const seen = async (set: LoadedImageSet, name: string): Promise<Judged> =>
    judgeAll(
      judge,
      set,
      phases.begin(`The ${judge.name} judge looks at ${set.count} ${name} images`),
    );
  return { train: await seen(train, "training"), test: await seen(test, "test") };
}

/** Prepares what a comparison of `count` images needs from the real ones. */
export async function compareWith(
  seen: SeenDigits,
  count: number,
  neighbours: number,
  phases: Phases,
): Promise<Comparison> {
  return prepareComparison(
    seen.judged,
    seen.train.labels,
    { count, neighbours },
    phases.begin("Real digits' neighbourhoods"),
  );
}

/** Returns all that the figures of `count` samples are compared with, from the cache if it is kept there. */
export async function standBeside(
  seen: SeenDigits,
  count: number,
  neighbours: number,
  phases: Phases,
): Promise<Beside> {
  const { judge, judged, test } = seen;
  const comparison = await compareWith(seen, count, neighbours, phases);
  const key = `${keyOf(seen, judge)}-${Math.min(count, test.count)}-${neighbours}.json`;
  const known = await cached(phases, key, (bytes, path) => parseJson(besideSchema, bytes, path));
  if (known) return { comparison, ...known, testDistances: Float64Array.from(known.testDistances) };
  const sets = await judgeReferences(judge, judged, test, count, onSet(phases, "Judging"));
  const references = await referenceFigures(sets, judged, comparison, onSet(phases, "Comparing"));
  const testDistances = await distancesOfTest(seen, phases);
  keep(key, await sealedJson(formatJson({ references, testDistances: [...testDistances] })));
  return { comparison, references, testDistances };
}

const besideSchema = z.object({
  references: referencesSchema,
  testDistances: z.array(anyNumber).min(1),
});

/** Returns the Fréchet distances of sets of known quality by another judge, from the cache if they are kept there. */
export async function standBesideFrechets(
  seen: SeenDigits,
  comparison: Gaussians,
  count: number,
  phases: Phases,
): Promise<FrechetReferences> {
  const { judge, judged, test } = seen;
  const key = `${keyOf(seen, judge)}-${Math.min(count, test.count)}-frechet.json`;
  const known = await cached(phases, key, (bytes, path) =>
    parseJson(frechetReferencesSchema, bytes, path),
  );
  if (known) return known;
  const sets = await judgeReferences(judge, judged, test, count, onSet(phases, "Judging"));
  const references = referenceFrechets(sets, judged, comparison);
  keep(key, await sealedJson(formatJson(references)));
  return references;
}

/** Begins a phase as work on each set of known quality begins. */
function onSet(phases: Phases, doing: string) {
  let at: string | undefined;
  let part = phases.begin(`${doing} sets of known quality`);
  return (set: keyof References, done: number, total: number): void => {
    if (at !== set) part = phases.begin(`${doing} ${REFERENCE_WORDS[set].title}`);
    at = set;
    part(done, total);
  };
}

async function distancesOfTest(
  { judge, test, train }: SeenDigits,
  phases: Phases,
): Promise<Float64Array> {
  const rows = evenly(test.count, LOOKED_AT);
  const { distances } = await nearestImages(
    judge.device,
    imagesAt(test, rows),
    rows.length,
    train.images,
    test.height * test.width,
    phases.begin("Test digits' nearest training images"),
  );
  return distances;
}

const SETS = ["train", "test"] as const;

function encodeDataset(judged: JudgedDataset): Uint8Array {
  return encodeSafetensors(
    new Map(
      SETS.flatMap((set) => {
        const { count, features, probabilities } = judged[set];
        return (
          [
            [`${set}.features`, features],
            [`${set}.probabilities`, probabilities],
          ] as const
        ).map(([name, data]) => [
          name,
          { dtype: "F32" as const, shape: [count, data.length / count], data },
        ]);
      }),
    ),
    { seal: EMPTY_SEAL },
  );
}

function readDataset(bytes: Uint8Array, path: string, digits: RealDigits): JudgedDataset {
  const shape = (set: (typeof SETS)[number], width: number) => ({
    shape: [digits[set].count, width],
  });
  const expected = SETS.flatMap((set): [string, { shape: number[] }][] => [
    [`${set}.features`, shape(set, FEATURES)],
    [`${set}.probabilities`, shape(set, CLASSES)],
  ]);
  const file = decodeSafetensors(bytes, path, new Map(expected));
  const judgedOf = (set: (typeof SETS)[number]): Judged => {
    const { count } = digits[set];
    return {
      count,
      features: readTensor(file, `${set}.features`, "F32", [count, FEATURES]),
      probabilities: readTensor(file, `${set}.probabilities`, "F32", [count, CLASSES]),
    };
  };
  return { train: judgedOf("train"), test: judgedOf("test") };
}

/** Reads what is kept under a name; undefined if nothing whole is there. Prints a line if it is damaged. */
async function cached<T>(
  { print }: Phases,
  name: string,
  read: (bytes: Uint8Array, path: string) => T,
): Promise<T | undefined> {
  const { value, trouble } = await readCache(name, async (bytes, path) => {
    const found = read(bytes, path);
    await checkSeal(bytes, path);
    return found;
  });
  if (trouble !== undefined) print(`${trouble}: it is made again.`);
  return value;
}

/** Keeps something under a name. If no folder can be written, it is made again next time. */
function keep(name: string, data: Uint8Array): void {
  try {
    writeCache(name, data, "There is no cache folder.");
  } catch (error) {
    if (!(error instanceof OutputError)) throw error;
  }
}
