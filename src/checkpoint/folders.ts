// Replaces a folder of files as a whole, for checkpoints of several files. No system renames a folder
// over another that isn't empty, so the old one is moved aside first:
//
//   1. the new files go to PATH.tmp-PID     PATH is the old folder
//   2. PATH becomes PATH.old                PATH.old is the old folder, PATH is missing
//   3. PATH.tmp-PID becomes PATH            PATH is the new folder
//   4. PATH.old is removed
//
// A process that is killed at any point leaves a whole folder at PATH or, after 2, at PATH.old. To keep the
// old folder, name a place for it: it then goes there instead of to PATH.old, and stays. Node only.

import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CheckpointError, LonghandError, OutputError } from "../gpu/errors.ts";
import { systemCode } from "../gpu/system-reason.ts";
import {
  outputError,
  readError,
  removeQuietly,
  syncFolder,
  temporaryPath,
  writeToDisk,
} from "./files.ts";

// A writer would have to replace the folder this often, during as many reads of a few files.
const READ_ATTEMPTS = 8;

/**
 * Replaces the folder `path` by one that holds exactly these files, given by name, which may lie in folders below it,
 * and written in their order. At any time, a reader that uses `readFolder` finds the old folder or the new one, whole.
 * With `keepAs`, a path on the same disk, the old folder is kept there and replaces what was there. Only one process
 * may write a folder.
 *
 * Throws OutputError if the system refuses; the old folder is then in place, and nothing is left behind.
 */
export function writeFolderAtomic(
  path: string,
  files: Readonly<Record<string, Uint8Array | string>>,
  keepAs?: string,
): void {
  const temporary = temporaryPath(path);
  const old = keepAs ?? oldPath(path);
  let aside = false;
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) {
      throw new OutputError(`Can't write ${path}: it is a file, not a folder.`);
    }
    removeTree(temporary);
    mkdirSync(temporary);
    for (const [name, data] of Object.entries(files)) {
      const file = join(temporary, name);
      mkdirSync(dirname(file), { recursive: true });
      writeToDisk(file, data);
    }
    syncFolder(temporary);
    if (existsSync(path)) {
      if (keepAs !== undefined) mkdirSync(dirname(keepAs), { recursive: true });
      removeTree(old);
      renameSync(path, old);
      aside = true;
    }
    renameSync(temporary, path);
  } catch (error) {
    if (aside) restoreQuietly(path, old);
    removeQuietly(temporary);
    throw outputError(path, error);
  }
  syncFolder(dirname(path));
  if (keepAs === undefined) removeQuietly(old);
  else syncFolder(dirname(keepAs));
}

/**
 * Repairs what a process that was killed in `writeFolderAtomic` left: restores `path` from PATH.old if it is missing,
 * and removes leftovers. Returns whether it had to restore. Only for the process that writes the folder; others use
 * `readFolder`, which changes nothing.
 *
 * Throws OutputError if the system refuses.
 */
export function recoverFolder(path: string): boolean {
  const old = oldPath(path);
  try {
    const restore = !existsSync(path) && existsSync(old);
    if (restore) {
      renameSync(old, path);
      syncFolder(dirname(path));
    }
    removeTree(old);
    for (const leftover of abandonedTemporaries(path)) removeTree(leftover);
    return restore;
  } catch (error) {
    throw outputError(path, error);
  }
}

/**
 * Returns all files of a folder that `writeFolderAtomic` wrote, by name. All are of the same writing, even while
 * another process replaces the folder, or after one was killed in doing so.
 *
 * Throws CheckpointError if there is no such folder or it can't be read.
 */
export function readFolder(path: string): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  return readSteadily(() => (existsSync(path) ? path : oldPath(path)), filesIn, path);
}

/**
 * Returns what `read` makes of the folder that `find` names, all of the same writing: it reads again whenever another
 * process has moved or replaced the folder meanwhile. Errors call the folder `name`.
 *
 * Throws what `read` throws on a folder that stayed in place, CheckpointError for the system's own errors.
 */
export function readSteadily<T>(find: () => string, read: (folder: string) => T, name: string): T {
  let fault: unknown = new CheckpointError(
    `Can't read ${name}: it is being replaced all the time.`,
  );
  for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
    const folder = find();
    let before: string | undefined;
    try {
      before = identity(folder);
      const found = read(folder);
      if (find() === folder && identity(folder) === before) return found;
    } catch (error) {
      fault = error;
      if (find() === folder && stays(folder, before)) break;
    }
  }
  throw fault instanceof LonghandError ? fault : readError(name, fault);
}

/** Whether `readFolder` would find a folder at `path`, even one that a killed process left next to it. */
export function existsFolder(path: string): boolean {
  return existsSync(path) || existsSync(oldPath(path));
}

/** Returns where the folder `path` is while it is being replaced. */
export function oldPath(path: string): string {
  return `${path}.old`;
}

// If even this is refused, readers still find the old folder at PATH.old.
function restoreQuietly(path: string, old: string): void {
  try {
    if (!existsSync(path) && existsSync(old)) renameSync(old, path);
  } catch {
    // The error that led here says more.
  }
}

function removeTree(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function filesIn(folder: string): Map<string, Uint8Array<ArrayBuffer>> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isFile()) {
      files.set(entry.name, new Uint8Array(readFileSync(join(folder, entry.name))));
    }
  }
  return files;
}

// Distinguishes a folder from another that took its name. Inodes are reused; times of birth are not.
function identity(folder: string): string {
  const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
  return `${dev} ${ino} ${birthtimeNs}`;
}

// Whether a folder is still the same one, or is still missing.
function stays(folder: string, before: string | undefined): boolean {
  try {
    return identity(folder) === before;
  } catch {
    return before === undefined;
  }
}

function abandonedTemporaries(path: string): string[] {
  const folder = dirname(path);
  if (!existsSync(folder)) return [];
  const prefix = `${basename(path)}.tmp-`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(prefix) && isAbandoned(name.slice(prefix.length)))
    .map((name) => join(folder, name));
}

/**
 * Whether the process in a temporary file's name is gone. A temporary with our own number belongs to an earlier
 * process, because we aren't writing now.
 */
export function isAbandoned(pid: string): boolean {
  if (!/^[1-9][0-9]*$/.test(pid)) return false;
  if (Number(pid) === process.pid) return true;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return systemCode(error) === "ESRCH";
  }
}
