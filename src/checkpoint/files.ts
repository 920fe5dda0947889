// Reads files, and writes them whole or not at all, for everything in a run's folder. Synchronous: a write can't be
// overtaken by another, and works while the process is ending. Node only.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { CheckpointError, OutputError } from "../gpu/errors.ts";
import { systemCode, systemReason } from "../gpu/system-reason.ts";

/**
 * Writes a file so that at every instant, even if the machine stops, `path` holds either its old contents or all of
 * `data`. The data goes into a temporary file next to it, then to the disk, then in place by a rename. A symbolic link
 * stays a link. A device or a pipe is written to directly.
 *
 * Throws OutputError, and leaves nothing behind, if the system refuses.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string): void {
  let temporary: string | undefined;
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && !status.isFile() && !status.isDirectory()) {
      // A rename would replace, say, /dev/null by a plain file.
      writeFileSync(path, data);
      return;
    }
    const target = status === undefined ? path : realpathSync(path);
    temporary = temporaryPath(target);
    writeToDisk(temporary, data);
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (temporary !== undefined) removeQuietly(temporary);
    throw outputError(path, error);
  }
}

/**
 * Writes a whole file, and makes its folder, at the first of several places that the system allows, such as the places
 * for caches. Returns that place.
 *
 * Throws OutputError: that of the last place, or `none` if there is no place to try.
 */
export function writeToFirst(
  paths: readonly string[],
  data: Uint8Array | string,
  none: string,
): string {
  let refused = new OutputError(none);
  for (const path of paths) {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileAtomic(path, data);
      return path;
    } catch (error) {
      refused = outputError(path, error);
    }
  }
  throw refused;
}

/**
 * Returns all bytes of a file. Throws CheckpointError if it is missing, can't be read, is not a regular file, or has
 * more than `most` bytes, in which case it isn't read at all.
 */
export function readFileBytes(path: string, most: number = Infinity): Uint8Array<ArrayBuffer> {
  let size: number;
  try {
    const status = statSync(path);
    if (!status.isFile() && !status.isDirectory()) {
      // A pipe would wait until somebody writes to it.
      throw new CheckpointError(`Can't read ${path}: it is not a regular file.`);
    }
    ({ size } = status);
    // Node pools small files, so a copy makes sure that `.buffer` holds only this file.
    if (size <= most) return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw error instanceof CheckpointError ? error : readError(path, error);
  }
  throw new CheckpointError(
    `Can't read ${path}: it has ${size} bytes, but at most ${most} are expected; the file is damaged.`,
  );
}

/** Returns where `path` is prepared before it is renamed into place. */
export function temporaryPath(path: string): string {
  return `${path}.tmp-${process.pid}`;
}

/** Writes a file and waits until it is on the disk. Throws the system's own errors. */
export function writeToDisk(path: string, data: Uint8Array | string): void {
  const file = openSync(path, "w");
  try {
    writeFileSync(file, data);
    syncFile(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Makes the folders that `work` will write into, so that a refusal comes before the work. Folders that it made and that
 * stay empty are removed again. Throws OutputError if the system refuses.
 */
export async function withFolders<T>(paths: readonly string[], work: () => Promise<T>): Promise<T> {
  const made: string[] = [];
  try {
    for (const path of paths) {
      made.push(...absentFolders(path));
      makeFolder(path);
    }
    return await work();
  } finally {
    for (const path of made.toReversed()) removeIfEmpty(path);
  }
}

/** Returns those of a folder and its parents that don't exist, outermost first. */
export function absentFolders(path: string): string[] {
  const absent: string[] = [];
  let folder = resolve(path);
  // A root is its own parent, so the loop ends there if a drive is missing.
  while (!existsSync(folder) && folder !== dirname(folder)) {
    absent.unshift(folder);
    folder = dirname(folder);
  }
  return absent;
}

/** Makes a folder and its parents if they don't exist. Throws OutputError if the system refuses. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw outputError(path, error);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It holds what the work wrote.
  }
}

/** Waits until an open file is on the disk. Throws the system's own errors. */
export function syncFile(file: number): void {
  try {
    fsyncSync(file);
  } catch (error) {
    // A device or a pipe has nothing to wait for.
    if (systemCode(error) !== "EINVAL") throw error;
  }
}

/**
 * Waits until a folder's entries are on the disk, if the system can do so (Windows can't). Without it, a rename may be
 * lost if the machine stops.
 */
export function syncFolder(path: string): void {
  try {
    const folder = openSync(path, "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch {
    // The file itself is written in any case.
  }
}

/** Removes a file or a folder if it exists and the system allows it; never throws. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is a leftover; its error would hide the one that matters.
  }
}

/** Returns the OutputError for a path that the system refused to write. */
export function outputError(path: string, error: unknown): OutputError {
  if (error instanceof OutputError) return error;
  const reason =
    systemCode(error) === "ENOENT"
      ? "the folder it should be in does not exist"
      : systemReason(error);
  return new OutputError(`Can't write ${path}: ${reason}.`, { cause: error });
}

/** Returns the CheckpointError for a path that the system refused to read. */
export function readError(path: string, error: unknown): CheckpointError {
  return new CheckpointError(`Can't read ${path}: ${systemReason(error)}.`, { cause: error });
}
