// The browser's private files for this page (OPFS), as the tree of files that runs are kept in. A file is written aside
// and replaces the old one when it is whole.
import { OutputError, StorageFullError, wordsOf, type FileTree } from "../../src/web.ts";

const FOLDER = "runs";

/** Opens the page's files. Rejects with an `OutputError` if this browser keeps none. */
export async function originFiles(): Promise<FileTree> {
  let root: FileSystemDirectoryHandle;
  try {
    const origin = await navigator.storage.getDirectory();
    root = await origin.getDirectoryHandle(FOLDER, { create: true });
  } catch (error) {
    throw new OutputError(
      `this browser keeps no files for this page (${wordsOf(error)}); private windows don't`,
      { cause: error },
    );
  }

  /** Finds a folder; undefined if there is none and it isn't to be made. */
  const folderAt = async (
    names: readonly string[],
    create: boolean,
  ): Promise<FileSystemDirectoryHandle | undefined> => {
    let folder = root;
    try {
      for (const name of names) folder = await folder.getDirectoryHandle(name, { create });
      return folder;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  };
  const namesIn = (path: string): readonly string[] =>
    path.split("/").filter((name) => name !== "");
  const split = (path: string): readonly [folder: readonly string[], name: string] => {
    const names = namesIn(path);
    return [names.slice(0, -1), names.at(-1) ?? ""];
  };

  return {
    async list(path) {
      const folder = await folderAt(namesIn(path), false);
      const names: string[] = [];
      if (folder) for await (const name of folder.keys()) names.push(name);
      return names;
    },

    async read(path) {
      const [names, name] = split(path);
      const folder = await folderAt(names, false);
      if (!folder) return undefined;
      try {
        const file = await (await folder.getFileHandle(name)).getFile();
        return new Uint8Array(await file.arrayBuffer());
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },

    async write(path, bytes) {
      const [names, name] = split(path);
      let stream: FileSystemWritableFileStream | undefined;
      try {
        const folder = (await folderAt(names, true))!;
        const file = await folder.getFileHandle(name, { create: true });
        stream = await file.createWritable();
        await stream.write(Uint8Array.from(bytes));
        await stream.close();
      } catch (error) {
        await stream?.abort().catch(() => undefined); // the error that led here says more
        throw refusalOf(path, error);
      }
    },

    async remove(path) {
      const [names, name] = split(path);
      const folder = await folderAt(names, false);
      try {
        await folder?.removeEntry(name, { recursive: true });
      } catch (error) {
        if (!isAbsent(error)) throw refusalOf(path, error);
      }
    },
  };
}

/** Whether there is nothing of that name, or a folder instead of a file, or the reverse. */
const isAbsent = (error: unknown): boolean =>
  error instanceof DOMException && ["NotFoundError", "TypeMismatchError"].includes(error.name);

function refusalOf(path: string, error: unknown): OutputError {
  if (error instanceof DOMException && error.name === "QuotaExceededError") {
    return new StorageFullError("the browser gives this page no more room", { cause: error });
  }
  return new OutputError(`the browser can't write ${path}: ${wordsOf(error)}`, { cause: error });
}

/**
 * Claims a run for this tab, as long as the lab lives or until the returned function is called. Undefined if another tab
 * has it.
 */
export function claimRun(id: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockOf(id), { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

/** Returns the runs that some tab has claimed. */
export async function claimedRuns(): Promise<ReadonlySet<string>> {
  const { held = [] } = await navigator.locks.query();
  const start = lockOf("");
  const names = held.flatMap(({ name }) => (name?.startsWith(start) ? [name] : []));
  return new Set(names.map((name) => name.slice(start.length)));
}

const lockOf = (id: string): string => `longhand run ${id}`;
