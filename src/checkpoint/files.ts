// Writes a file whole or not at all, and reads one; for checkpoints and everything else in a run
// folder. Synchronous: a write can't be overtaken by another, and works while the process is ending.
// Node only.

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
 * Writes a file so that at every instant, even if the machine stops, `path` holds either what it held
 * before or all of `data`: into a temporary file beside it, to the disk, then in place by a rename. A
 * symbolic link stays one. A device or a pipe is simply written to.
 *
 * Throws OutputError, and leaves nothing behind, if the system refuses.
 */
export function writeFileAtomic(path: string, data: Uint8Array | string): void {
  let temporary: string | undefined;
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status !== undefined && !status.isFile() && !status.isDirectory()) {
      // A rename would put a plain file in the place of, say, /dev/null.
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
 * Writes a file whole, with its folder, at the first of several places that lets us, such as those that
 * caches may be in. Returns it.
 *
 * Throws OutputError, the last place's, or `none` where there is no place to try.
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
 * All bytes of a file. Throws CheckpointError if it is missing, can't be read, is no regular file, or has more than
 * `most` bytes: then it isn't read at all.
 */
export function readFileBytes(path: string, most: number = Infinity): Uint8Array<ArrayBuffer> {
  let size: number;
  try {
    const status = statSync(path);
    if (!status.isFile() && !status.isDirectory()) {
      // A pipe would wait for somebody who writes to it.
      throw new CheckpointError(`Can't read ${path}: it is no regular file.`);
    }
    ({ size } = status);
    // A copy out of Node's pool for small files: `.buffer` then holds this file alone.
    if (size <= most) return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw error instanceof CheckpointError ? error : readError(path, error);
  }
  throw new CheckpointError(
    `Can't read ${path}: it has ${size} bytes, where at most ${most} are expected; the file is damaged.`,
  );
}

/** Where `path` is prepared before it is renamed into place. */
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
 * Makes folders before `work` that would write into them, so that a refusal comes first; those it made
 * and that stay empty go again. Throws OutputError if the system refuses.
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

/** A folder and those it is in, as far as they aren't there, outermost first. */
export function absentFolders(path: string): string[] {
  const absent: string[] = [];
  let folder = resolve(path);
  // A root is the folder it is in: where a drive is missing, it ends the way up.
  while (!existsSync(folder) && folder !== dirname(folder)) {
    absent.unshift(folder);
    folder = dirname(folder);
  }
  return absent;
}

/** Makes a folder, and those it is in, if it isn't there. Throws OutputError if the system refuses. */
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
 * Waits until a folder's entries are on the disk, where the system can do so (Windows can't): without
 * it a rename may be lost if the machine stops.
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
    // What was written stands all the same.
  }
}

/** Removes a file or a folder if it is there and the system lets us; never throws. */
export function removeQuietly(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It is a leftover, whose error would hide the one that matters.
  }
}

/** The OutputError for a path that the system refused to write. */
export function outputError(path: string, error: unknown): OutputError {
  if (error instanceof OutputError) return error;
  const reason =
    systemCode(error) === "ENOENT"
      ? "the folder it should be in does not exist"
      : systemReason(error);
  return new OutputError(`Can't write ${path}: ${reason}.`, { cause: error });
}

/** The CheckpointError for a path that the system refused to read. */
export function readError(path: string, error: unknown): CheckpointError {
  return new CheckpointError(`Can't read ${path}: ${systemReason(error)}.`, { cause: error });
}
