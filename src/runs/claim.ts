// Claims a run folder for one process. The folder is created or taken atomically and locked. If nothing comes of the
// run, it becomes what it was before.
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

/** A run folder that only this process may write. */
export interface Claim {
  readonly path: string;
  /** Throws `OutputError` if the folder no longer belongs to this process: it was moved, removed or replaced. */
  readonly check: () => void;
  /** Sets aside what was in the folder when it was claimed. Call before the first write. */
  readonly begin: () => void;
  /** Removes what was set aside. Call after the first checkpoint. */
  readonly settle: () => void;
  /** Releases the folder. Between `begin` and `settle`, first restores what was there. Never throws. */
  readonly release: () => void;
}

/** Holds the run that is being replaced, until the new one has a checkpoint. */
const REPLACED = ".replaced";

/**
 * Claims the folder of a new run: `path`, or else the first free `runs/<recipe>-<n>`. An older run there is replaced
 * only with `force`, or if it never reached a checkpoint.
 *
 * Throws `UsageError` if something else is there or another process has the folder, and `OutputError` if the system
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

/** Returns the folder that a new run would get, without claiming it. Throws `UsageError` as `claimNewRun` does. */
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
 * Claims the folder of a run that is resumed. With `force`, it is taken even from a process on another machine, which
 * may be gone: that can't be seen from here.
 *
 * Throws `CheckpointError` if the folder is not a run, a `UsageError` that names the process if another one has the
 * folder, and `OutputError` if the system refuses.
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
      ? `${flag}: ${words} is training there; wait until it ends, or stop it with Ctrl-C, which saves the run`
      : `${flag}: ${words} is training there, as far as can be seen from this machine; if it is gone, remove ${shellQuote(join(path, LOCK_FILE))}`,
  );
}

/** What a folder holds besides its lock. */
function entriesOf(path: string): string[] {
  return readdirSync(path).filter((name) => !name.startsWith(LOCK_FILE));
}

/** Returns the status of what is at a path; undefined if nothing is. Throws `OutputError` if the path is not valid. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw outputError(path, error);
  }
}

/** Whether a default folder may be taken: it doesn't exist, or it is empty, as a killed process may leave it. */
function isFree(path: string): boolean {
  const found = statusOf(path);
  return !found || (found.isDirectory() && entriesOf(path).length === 0);
}

/** Whether a run reached a checkpoint. Without one, nothing is lost if it is replaced. */
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
    return new UsageError(`--out ${path}: holds something other than a run; name a new folder`);
  }
  const kept = hasCheckpoint(path) || entries.includes(REPLACED);
  if (force || !kept) return undefined;
  return new UsageError(
    `--out ${path}: already holds a run; go on with --resume ${shellQuote(path)}, overwrite it with --force, or name another folder`,
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
  const after = troubleWith(path, force); // another process may have been quicker, and have ended since
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

/**
 * Restores the older run after a process was killed between `begin` and `settle`, unless the new run has a checkpoint.
 */
function putBackReplaced(path: string): void {
  const aside = join(path, REPLACED);
  if (!existsSync(aside)) return;
  if (hasCheckpoint(path)) removeQuietly(aside);
  else putBackQuietly(path);
}

/** Removes what was written since `begin`, and puts back what was set aside. */
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
    // The next claim of the folder finds what was set aside, and puts it back.
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
