// The files that commands keep in the user's cache folder, one per name. A file is used only if it is whole, and is
// written atomically. Leftovers of killed processes are removed.
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { readFileBytes, removeQuietly, writeToFirst } from "../checkpoint/files.ts";
import { isAbandoned } from "../checkpoint/folders.ts";
import { LonghandError } from "../gpu/errors.ts";
import { cacheFolders } from "../gpu/node/adapter.ts";

/** What was found under a name. */
export interface Cached<T> {
  /** Where it is, or would be. */
  readonly path: string;
  /** Undefined if there is no file that can be used. */
  readonly value: T | undefined;
  /** Why the file there can't be used, as a clause. */
  readonly trouble: string | undefined;
}

/**
 * Reads the file kept under a name, in the first cache folder with a copy that `read` accepts. `read` must throw a
 * `LonghandError` on bytes that are damaged or don't fit.
 */
export async function readCache<T>(
  name: string,
  read: (bytes: Uint8Array, path: string) => T | Promise<T>,
): Promise<Cached<T>> {
  const paths = cacheFolders(name);
  const there = paths.filter((path) => existsSync(path));
  let trouble: string | undefined;
  for (const path of there) {
    try {
      return { path, value: await read(readFileBytes(path), path), trouble: undefined };
    } catch (error) {
      if (!(error instanceof LonghandError)) throw error;
      trouble ??= error.message.replace(/[.]$/, "");
    }
  }
  return { path: there[0] ?? paths[0]!, value: undefined, trouble };
}

/**
 * Writes a file under a name, in the first cache folder that can be written, and removes what killed processes left
 * unfinished there. Returns the path. Throws the `OutputError` of the last folder tried, or one with the message `none`
 * if there is no folder to try.
 */
export function writeCache(name: string, data: Uint8Array | string, none: string): string {
  const path = writeToFirst(cacheFolders(name), data, none);
  const folder = dirname(path);
  for (const left of readdirSync(folder).filter(isLeftover)) removeQuietly(join(folder, left));
  return path;
}

function isLeftover(file: string): boolean {
  const [, pid] = /\.tmp-(\d+)$/.exec(basename(file)) ?? [];
  return pid !== undefined && isAbandoned(pid);
}
