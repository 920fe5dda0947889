// A run folder for one process alone: made or taken atomically, locked, and as it was before if nothing came
// of the run.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { absentFolders, outputError, removeQuietly } from "../checkpoint/files.ts";
import { existsFolder } from "../checkpoint/folders.ts";
import { UsageError } from "../gpu/errors.ts";
import { shellQuote } from "../gpu/foreign-text.ts";
import { systemCode } from "../gpu/system-reason.ts";
import { holderWords, lockFolder, LOCK_FILE, type Lock, type LockAttempt } from "./lock.ts";
import { readRunRecord, runFolder } from "./run-folder.ts";

/** A run folder that this process alone may write. */
export interface Claim {
  readonly path: string;
  /** Throws `OutputError` if the folder isn't this process's any more: it was moved, removed or replaced. */
  readonly check: () => void;
  /** To be called before the first write: sets aside what was there when the folder was claimed. */
  readonly begin: () => void;
  /** To be called after the first checkpoint: what was set aside goes. */
  readonly settle: () => void;
  /** Lets go of the folder. Between `begin` and `settle` it first becomes what it was. Never throws. */
  readonly release: () => void;
}

/** Where a run lies that is being replaced, until the new one has a checkpoint. */
const REPLACED = ".replaced";

/**
 * Claims the folder of a new run: `path`, or else `runs/<recipe>-<n>`, the first that is free. An older run there
 * is replaced only with `force`, or if it never came to a checkpoint.
 *
 * Throws `UsageError` if something else is there, or another process has the folder; `OutputError` if the system
 * refuses.
 */
export function claimNewRun(path: string | undefined, recipe: string, force: boolean): Claim {
  if (path !== undefined) {
    const claimed = tryToClaim(path, force);
    if (claimed instanceof UsageError) throw claimed;
    return claimed;
  }
  for (let n = 1; ; n += 1) {
    const free = join("runs", `${recipe}-${n}`);
    if (!isFree(free)) continue;
    const claimed = tryToClaim(free, false);
    if (!(claimed instanceof UsageError)) return claimed;
  }
}

/** The folder that a new run would get, unclaimed. Throws `UsageError` as `claimNewRun` does. */
export function freeRunPath(path: string | undefined, recipe: string, force: boolean): string {
  if (path !== undefined) {
    const trouble = troubleWith(path, force);
    if (trouble) throw trouble;
    return path;
  }
  for (let n = 1; ; n += 1) {
    const free = join("runs", `${recipe}-${n}`);
    if (isFree(free)) return free;
  }
}

/**
 * Claims the folder of a run that goes on. With `force` it is taken from a process of another machine, which may be
 * gone: nobody can look from here.
 *
 * Throws `CheckpointError` if the folder is no run, `UsageError` if another process has it, naming it, `OutputError`
 * if the system refuses.
 */
export function claimRun(path: string, force: boolean): Claim {
  const { record } = runFolder(path);
  if (!existsSync(record) && !existsSync(join(path, REPLACED))) readRunRecord(path); // says what is wrong
  const attempt = lockFolder(path, { takeOver: force });
  if (!("lock" in attempt)) throw heldBy(`--resume ${path}`, path, attempt);
  putBackReplaced(path);
  return claimOf(path, attempt.lock, []);
}

function heldBy(
  flag: string,
  path: string,
  { holder, certain }: Extract<LockAttempt, { holder: unknown }>,
): UsageError {
  const words = holderWords(holder);
  return new UsageError(
    certain
      ? `${flag}: ${words} is training there; wait until it ends, or stop it with Ctrl-C, which saves`
      : `${flag}: ${words} is training there, as far as can be seen from this machine; if it is gone, remove ${shellQuote(join(path, LOCK_FILE))}`,
  );
}

/** What a folder holds besides its lock. */
function entriesOf(path: string): string[] {
  return readdirSync(path).filter((name) => !name.startsWith(LOCK_FILE));
}

/** What is at a path; undefined where nothing is. Throws `OutputError` on a path that can't be one. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw outputError(path, error);
  }
}

/** Whether a default folder may be taken: it isn't there, or holds nothing, such as what a killed process made. */
function isFree(path: string): boolean {
  const found = statusOf(path);
  return !found || (found.isDirectory() && entriesOf(path).length === 0);
}

/** Whether a run came to a checkpoint: without one, nothing is lost with it. */
function hasCheckpoint(path: string): boolean {
  const { checkpoint, checkpoints, best } = runFolder(path);
  return existsFolder(checkpoint) || existsFolder(best) || existsSync(checkpoints);
}

/** Why a new run can't be written to `path`. */
function troubleWith(path: string, force: boolean): UsageError | undefined {
  const found = statusOf(path);
  if (!found) return undefined;
  if (!found.isDirectory()) return new UsageError(`--out ${path}: is a file; name a folder`);
  const entries = entriesOf(path);
  if (entries.length === 0) return undefined;
  if (!entries.includes("run.json") && !entries.includes(REPLACED)) {
    return new UsageError(`--out ${path}: holds other things than a run; name a new folder`);
  }
  const kept = hasCheckpoint(path) || entries.includes(REPLACED);
  if (force || !kept) return undefined;
  return new UsageError(
    `--out ${path}: holds a run already; go on with --resume ${shellQuote(path)}, overwrite it with --force, or name another folder`,
  );
}

function tryToClaim(path: string, force: boolean): Claim | UsageError {
  const before = troubleWith(path, force); // before a lock is written into somebody's folder
  if (before) return before;
  const made = absentFolders(path);
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    mkdirSync(path);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") {
      removeEmpty(made);
      throw outputError(path, error);
    }
  }
  let attempt: LockAttempt;
  try {
    attempt = lockFolder(path);
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
  if (!("lock" in attempt)) return heldBy(`--out ${path}`, path, attempt);
  putBackReplaced(path);
  const after = troubleWith(path, force); // somebody may have been quicker, and have ended since
  if (after) {
    attempt.lock.release();
    removeEmpty(made);
    return after;
  }
  return claimOf(path, attempt.lock, made);
}

function claimOf(path: string, lock: Lock, made: readonly string[]): Claim {
  const old = entriesOf(path);
  const aside = join(path, REPLACED);
  let state: "claimed" | "begun" | "settled" | "released" = "claimed";
  const release = (): void => {
    if (state === "released") return;
    process.off("exit", release);
    if (isOurs()) {
      if (state === "begun") putBackQuietly(path);
      lock.release();
      if (state !== "settled") removeEmpty(made);
    }
    state = "released";
  };
  process.on("exit", release);
  const isOurs = (): boolean => {
    try {
      lock.check();
      return true;
    } catch {
      return false;
    }
  };
  return {
    path,
    check: lock.check,
    begin() {
      try {
        if (old.length > 0) mkdirSync(aside);
        for (const name of old) renameSync(join(path, name), join(aside, name));
      } catch (error) {
        putBackQuietly(path);
        throw outputError(path, error);
      }
      state = "begun";
    },
    settle() {
      state = "settled";
      removeQuietly(aside);
    },
    release,
  };
}

/** After a process that was killed between `begin` and `settle`: the older run again, unless the new one has a checkpoint. */
function putBackReplaced(path: string): void {
  const aside = join(path, REPLACED);
  if (!existsSync(aside)) return;
  if (hasCheckpoint(path)) removeQuietly(aside);
  else putBackQuietly(path);
}

/** Removes what came since `begin`, and puts back what was set aside. */
function putBackQuietly(path: string): void {
  const aside = join(path, REPLACED);
  try {
    for (const name of entriesOf(path)) {
      if (name !== REPLACED) rmSync(join(path, name), { recursive: true, force: true });
    }
    if (!existsSync(aside)) return;
    for (const name of readdirSync(aside)) renameSync(join(aside, name), join(path, name));
    rmdirSync(aside);
  } catch {
    // What was set aside is found there, and put back, when the folder is claimed next.
  }
}

function removeEmpty(folders: readonly string[]): void {
  for (const folder of folders.toReversed()) {
    try {
      rmdirSync(folder);
    } catch {
      return; // it holds something, or is gone
    }
  }
}
