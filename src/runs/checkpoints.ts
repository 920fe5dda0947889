// The checkpoints of a run. `RUN/checkpoint` is the newest. When the next one is written, it moves to a folder such as
// `RUN/checkpoints/step-0000500`, where the last few are kept. `RUN/best` has the lowest Fréchet distance. A checkpoint
// is used only if it is whole and belongs to this run, which is checked before anything else. If not, the error names
// the newest one that is.
import { longhandVersion } from "./checkout.ts";
import { commandFor } from "./command-words.ts";
import { existsSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { outputError, readFileBytes } from "../checkpoint/files.ts";
import { oldPath, readSteadily, recoverFolder, writeFolderAtomic } from "../checkpoint/folders.ts";
import { MAX_JSON_BYTES } from "../checkpoint/json.ts";
import { prefixOf, type JsonlLog } from "../checkpoint/jsonl.ts";
import { MANIFEST_FILE, type VerifiedFiles } from "../checkpoint/manifest.ts";
import {
  folderSource,
  formatManifest,
  sealFiles,
  verifyFiles,
} from "../checkpoint/sealed-folder.ts";
import { CheckpointError } from "../gpu/errors.ts";
import { shellQuote } from "../gpu/foreign-text.ts";
import { checkRecord } from "./check-record.ts";
import { KEPT_CHECKPOINTS } from "./defaults.ts";
import {
  abandon,
  abandonedPath,
  candidates,
  hasBest,
  olderCheckpoints,
  olderPath,
  pathOf,
  removeAbandoned,
  stepIn,
  type WhichCheckpoint,
} from "./checkpoint-places.ts";
import type { RunFolder } from "./run-folder.ts";
import { versionNotes } from "./version-notes.ts";
import { formatRecord, RECORD_FILE, type RunRecord } from "./run-record.ts";

/** What a checkpoint is made of. */
export interface Snapshot {
  /** The bytes of its safetensors files by name, from `checkpointFiles`. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** Steps done. */
  readonly step: number;
  readonly seed: number;
  readonly record: RunRecord;
  /** `metrics.jsonl`, with the rows up to this step. */
  readonly log: Pick<JsonlLog, "sync" | "prefix">;
}

/** A checkpoint that was read and is whole. */
export interface Checkpoint extends VerifiedFiles {
  /** Where it was found. */
  readonly path: string;
  readonly step: number;
  /** What a person should know about it, in sentences. */
  readonly notes: readonly string[];
}

const LONGHAND: string = longhandVersion();

/**
 * Saves a run's newest checkpoint and keeps the `keep` newest, this one included. If the process is killed or a write
 * is refused at any moment, the previous checkpoint stays whole. A second save at the same step replaces the first.
 * Throws `OutputError`.
 */
export function saveCheckpoint(
  folder: RunFolder,
  snapshot: Snapshot,
  keep: number = KEPT_CHECKPOINTS,
): void {
  const { step } = snapshot;
  const files = seal(folder, snapshot);
  const before = stepIn(folder.checkpoint); // undefined if it can't be read: then it isn't kept
  const keepAs =
    before !== undefined && before < step && keep > 1 ? olderPath(folder, before) : undefined;
  writeFolderAtomic(folder.checkpoint, files, keepAs);
  const older = olderCheckpoints(folder);
  const stay = older.filter((each) => each.step < step).slice(0, keep - 1);
  try {
    for (const each of older) if (!stay.includes(each)) abandon(folder, each.path);
  } catch {
    // The new checkpoint is in place. Surplus ones are removed with the next save.
  }
  removeAbandoned(folder);
}

/** Saves a run's best checkpoint, with files of its own next to the arrays. Throws `OutputError`. */
export function saveBest(folder: RunFolder, snapshot: Snapshot): void {
  writeFolderAtomic(folder.best, seal(folder, snapshot));
}

function seal(folder: RunFolder, { files, step, seed, record, log }: Snapshot) {
  log.sync();
  const about = {
    longhand: LONGHAND,
    recipe: record.recipe,
    seed,
    step,
    metrics: log.prefix(),
    ...(existsSync(folder.evaluations) ? { evaluations: prefixOf(folder.evaluations) } : {}),
  };
  return sealFiles({ ...files, [RECORD_FILE]: recordFile(folder, record) }, about);
}

/**
 * Returns the bytes of `run.json` as they are, because older versions wrote it differently. If the file is gone,
 * returns what it should say.
 */
function recordFile(folder: RunFolder, record: RunRecord): Uint8Array | string {
  try {
    return readFileBytes(folder.record, MAX_JSON_BYTES);
  } catch (error) {
    if (!(error instanceof CheckpointError)) throw error;
    return formatRecord(record);
  }
}

/**
 * Reads a checkpoint of a run and checks all of it, including that it belongs to the run that `run.json` describes.
 * Changes nothing. Throws a `CheckpointError` that says what is missing, damaged or different, and which checkpoint is
 * whole.
 */
export function readCheckpoint(folder: RunFolder, which: WhichCheckpoint): Checkpoint {
  try {
    return readOne(folder, which);
  } catch (error) {
    if (!(error instanceof CheckpointError) || (which === "best" && !hasBest(folder))) throw error;
    const advice = adviceFor(folder, which);
    throw advice === "" ? error : withAdvice(error, advice);
  }
}

/** Returns the error with a clause added to its message. */
export function withAdvice(error: CheckpointError, advice: string): CheckpointError {
  return new CheckpointError(`${error.message.replace(/\.$/, "")}; ${advice}`, { cause: error });
}

function readOne(folder: RunFolder, which: WhichCheckpoint): Checkpoint {
  let path = folder.checkpoint;
  const verified = readSteadily(
    () => {
      path = pathOf(folder, which);
      return path;
    },
    (found) => verifyFiles(folderSource(found)),
    which === "best" ? folder.best : folder.checkpoint,
  );
  const { state, manifest } = verified;
  if (typeof which === "number" && state.step !== which) {
    throw new CheckpointError(`${path}: is named for step ${which}, but holds step ${state.step}`);
  }
  const bytes = readFileBytes(folder.record, MAX_JSON_BYTES);
  checkRecord({ bytes, name: folder.record }, path, verified);
  const missing =
    which === "last" && path !== folder.checkpoint
      ? [
          `${folder.checkpoint} is missing, probably because a process was killed while it replaced it: the newest checkpoint is ${path}, of step ${state.step}.`,
        ]
      : [];
  const notes = [...missing, ...versionNotes(path, manifest?.longhand, LONGHAND)];
  return { ...verified, path, step: state.step, notes };
}

/**
 * Returns the newest of a run's checkpoints, except `but`, that is whole and for which `holds` is true; undefined if
 * there is none.
 */
export function newestWhole(
  folder: RunFolder,
  but: WhichCheckpoint,
  holds: (checkpoint: Checkpoint) => boolean = () => true,
): WhichCheckpoint | undefined {
  return candidates(folder).find((which) => {
    if (which === but) return false;
    try {
      return holds(readOne(folder, which));
    } catch (error) {
      if (error instanceof CheckpointError) return false;
      throw error;
    }
  });
}

function adviceFor(folder: RunFolder, which: WhichCheckpoint): string {
  const whole = newestWhole(folder, which);
  if (whole === undefined) {
    return existsSync(pathOf(folder, "last"))
      ? "no other checkpoint is whole and belongs to this run"
      : "";
  }
  const of = whole === "best" ? "the best one" : `the one of step ${whole}`;
  return `the newest whole checkpoint is ${of}: --checkpoint ${whole} uses it, and ${resumeCommand(folder, whole)} goes on from it`;
}

/** Returns the command that resumes a run from a checkpoint. */
export function resumeCommand({ path }: RunFolder, which: WhichCheckpoint): string {
  return commandFor("train", `--resume ${shellQuote(path)} --checkpoint ${which}`);
}

/**
 * Makes a checkpoint that was read the run's newest, and repairs what a killed process left. Newer checkpoints are set
 * aside until the next one is saved. Throws `OutputError`.
 */
export function makeNewest(folder: RunFolder, { path, step, files, manifest }: Checkpoint): void {
  recoverFolder(folder.checkpoint);
  recoverFolder(folder.best);
  if (path === folder.checkpoint || path === oldPath(folder.checkpoint)) return;
  try {
    for (const older of olderCheckpoints(folder)) {
      if (older.step > step) abandon(folder, older.path);
    }
    if (dirname(path) === folder.checkpoints) {
      if (existsSync(folder.checkpoint)) abandon(folder, folder.checkpoint);
      renameSync(path, folder.checkpoint);
    } else {
      const own = manifest ? { [MANIFEST_FILE]: formatManifest(manifest) } : {};
      const all = { ...Object.fromEntries(files), ...own };
      writeFolderAtomic(folder.checkpoint, all, abandonedPath(folder, folder.checkpoint));
    }
  } catch (error) {
    throw outputError(folder.checkpoint, error);
  }
}
