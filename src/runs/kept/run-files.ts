// A run folder in memory: the same files as on a disk, so that a run may begin in a page and go on in Node, or the
// reverse. Browsers use it, so nothing here opens a file.
import type { Hashing } from "../../checkpoint/hashing.ts";
import { linesIn, prefixIn } from "../../checkpoint/jsonl-lines.ts";
import { memorySource, sealing, verifying, type VerifiedFiles } from "../../checkpoint/manifest.ts";
import { MAX_JSON_BYTES } from "../../checkpoint/json.ts";
import type { Recipe } from "../../gan/recipe.ts";
import type { StepRecord } from "../../gan/train-steps.ts";
import { CheckpointError } from "../../gpu/errors.ts";
import { checkRecord } from "../check-record.ts";
import { checkHash, findRows, type FoundRows } from "../metrics-rows.ts";
import { parseRecord, RECORD_FILE, recipeIn, type RunRecord } from "../run-record.ts";
import { versionNotes } from "../version-notes.ts";

/** The files of a run folder by their paths in it, with slashes. */
export type RunFiles = ReadonlyMap<string, Uint8Array>;

/** A run at a step, as it is saved. */
export interface RunSnapshot {
  /** The bytes of the checkpoint's safetensors files by name, from `checkpointFiles`. */
  readonly arrays: Readonly<Record<string, Uint8Array>>;
  /** Steps done. */
  readonly step: number;
  readonly record: RunRecord;
  /** The bytes of `run.json`, which stay as they were first written. */
  readonly recordBytes: Uint8Array;
  /** The bytes of `metrics.jsonl`, with the rows up to this step. */
  readonly log: Uint8Array;
  /** The bytes of `evaluations.jsonl`, if the run has one. */
  readonly evaluations?: Uint8Array | undefined;
  /** The version of Longhand. */
  readonly longhand: string;
}

/** A run that was read and may go on. */
export interface KeptRun {
  readonly record: RunRecord;
  readonly recordBytes: Uint8Array;
  /** The recipe with the run's constants. */
  readonly recipe: Recipe;
  /** The checkpoint's files, all of them verified. */
  readonly checkpoint: VerifiedFiles;
  /** What errors call the checkpoint. */
  readonly path: string;
  /** Steps done. */
  readonly step: number;
  /** The records of these steps; fewer if the log was moved away. */
  readonly records: readonly StepRecord[];
  /** The bytes of these records. */
  readonly log: Uint8Array;
  readonly evaluations: Uint8Array | undefined;
  /**
   * Grids, the best checkpoint, own images, and what the page notes of a run: they take no part in going on, and are kept
   * as they are.
   */
  readonly rest: RunFiles;
  /** What a person should know, in sentences. */
  readonly notes: readonly string[];
}

const METRICS = "metrics.jsonl";
const EVALUATIONS = "evaluations.jsonl";
const CHECKPOINT = "checkpoint";
/** Checkpoints in the order in which they are tried; those of `checkpoints/` come in between. */
const PLACES = /^(checkpoint(?:\.old)?|checkpoints\/step-\d{7,15})\/[\w-][\w.-]*$/;
const REST =
  /^(?:untrained\.png|best\.png|samples\/[\w-][\w.-]*\.png|(?:best|images|page)\/[\w-][\w.-]*)$/;

/** Whether a path in a run folder is of a file that `readRun` reads or keeps. */
export const belongsToRun = (path: string): boolean =>
  [RECORD_FILE, METRICS, EVALUATIONS].includes(path) || PLACES.test(path) || REST.test(path);

/** Returns the files of a run's folder, its manifest last: it makes the checkpoint whole. */
export function* runFiles(snapshot: RunSnapshot): Hashing<Map<string, Uint8Array>> {
  const { arrays, step, record, recordBytes, log, evaluations, longhand } = snapshot;
  const files = { ...arrays, [RECORD_FILE]: recordBytes };
  const sealed = yield* sealing(files, {
    longhand,
    recipe: record.recipe,
    seed: record.seed,
    step,
    metrics: yield* prefixIn(log),
    ...(evaluations ? { evaluations: yield* prefixIn(evaluations) } : {}),
  });
  return new Map([
    [RECORD_FILE, recordBytes],
    [METRICS, log],
    ...(evaluations ? ([[EVALUATIONS, evaluations]] as const) : []),
    ...Object.entries(sealed).map(([name, data]): [string, Uint8Array] => [
      `${CHECKPOINT}/${name}`,
      typeof data === "string" ? new TextEncoder().encode(data) : data,
    ]),
  ]);
}

/**
 * Reads a run from its folder's files and checks all of it: the newest checkpoint that is whole, belongs to this run, and
 * has its losses. If that isn't the newest of all, a note says why. Errors call the folder `name`; `longhand` is this
 * version. Throws a `CheckpointError` if there is no such checkpoint.
 */
export function* readRun(files: RunFiles, name: string, longhand: string): Hashing<KeptRun> {
  const file = `${name}/${RECORD_FILE}`;
  const recordBytes = files.get(RECORD_FILE);
  if (!recordBytes) throw new CheckpointError(`${name}: has no run.json, so it is not a run`);
  if (recordBytes.length > MAX_JSON_BYTES) {
    throw new CheckpointError(`${file}: has ${recordBytes.length} bytes; the file is damaged`);
  }
  const record = parseRecord(recordBytes, file);
  const recipe = recipeIn(record, file);
  if (recipe.image[2] !== 1) {
    throw new CheckpointError(
      `${name}: draws in colours, but the page shows greys alone; use the command line for it`,
    );
  }
  const refusals: CheckpointError[] = [];
  for (const place of placesIn(files)) {
    const path = `${name}/${place}`;
    try {
      const checkpoint = yield* verifying(memorySource(path, filesBelow(files, place)));
      checkRecord({ bytes: recordBytes, name: file }, path, checkpoint);
      const { manifest, state } = checkpoint;
      const { log, found } = yield* rowsOf(files, name, record, checkpoint);
      const evaluations = manifest?.evaluations && files.get(EVALUATIONS);
      return {
        record,
        recordBytes,
        recipe,
        checkpoint,
        path,
        step: state.step,
        records: found.records,
        log,
        evaluations: evaluations?.subarray(0, manifest?.evaluations?.bytes),
        rest: new Map([...files].filter(([each]) => REST.test(each))),
        notes: [
          ...fallbackNotes(refusals.map(sentenceOf), state.step),
          ...versionNotes(path, manifest?.longhand, longhand),
          ...found.notes,
        ],
      };
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      refusals.push(error);
    }
  }
  const [first] = refusals;
  if (!first) throw new CheckpointError(`${name}: has no checkpoint yet, so it can't go on`);
  if (refusals.length === 1) throw first;
  throw new CheckpointError(
    `${first.message.replace(/\.$/, "")}; no other checkpoint is whole and belongs to this run`,
  );
}

/** Returns the message of an error as a sentence. */
export const sentenceOf = ({ message }: Error): string => `${message.replace(/\.$/, "")}.`;

/** Returns why newer checkpoints were refused, in sentences, and the step that the run goes on from instead. */
export const fallbackNotes = (refusals: readonly string[], step: number): readonly string[] =>
  refusals.length === 0
    ? []
    : [...refusals, `The run goes on from the checkpoint before, of step ${step}.`];

function* rowsOf(
  files: RunFiles,
  name: string,
  { stepsPerEpoch }: RunRecord,
  { state: { step }, manifest }: VerifiedFiles,
): Hashing<{ log: Uint8Array; found: FoundRows }> {
  const path = `${name}/${METRICS}`;
  const bytes = files.get(METRICS);
  const prefix = manifest?.metrics;
  const source = {
    path,
    size: () => bytes?.length,
    lines: (most?: number) => linesIn([(bytes ?? new Uint8Array()).subarray(0, most)]),
  };
  const found = findRows(source, { step, stepsPerEpoch, prefix });
  const rows = (bytes ?? new Uint8Array()).subarray(0, found.bytes);
  if (prefix && found.bytes > 0) checkHash(path, step, prefix, yield rows);
  const log = new Uint8Array(rows.length + (found.unended ? 1 : 0)).fill(0x0a);
  log.set(rows);
  return { log, found };
}

/** Lists the folders of a run's checkpoints, the newest first. */
function placesIn(files: RunFiles): readonly string[] {
  const places = new Set([...files.keys()].flatMap((path) => PLACES.exec(path)?.[1] ?? []));
  const rank = (place: string): number =>
    place === CHECKPOINT ? Infinity : Number(/-(\d+)$/.exec(place)?.[1] ?? Number.MAX_VALUE);
  return [...places].toSorted((a, b) => rank(b) - rank(a));
}

function filesBelow(files: RunFiles, folder: string): ReadonlyMap<string, Uint8Array> {
  const start = `${folder}/`;
  return new Map(
    [...files].flatMap(([path, bytes]): [string, Uint8Array][] =>
      path.startsWith(start) ? [[path.slice(start.length), bytes]] : [],
    ),
  );
}
