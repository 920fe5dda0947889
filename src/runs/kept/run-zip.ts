// A run folder as one .zip file, and the run folder among files that somebody dropped: those of a .zip, or of a folder.
import { unzipSync, zipSync, type Unzipped, type Zippable } from "fflate";
import { CheckpointError } from "../../gpu/errors.ts";
import { printable, wordsOf } from "../../gpu/foreign-text.ts";
import { RECORD_FILE } from "../run-record.ts";
import { belongsToRun, type RunFiles } from "./run-files.ts";

/** More than any run has: a .zip of a few bytes may claim any size. */
const MOST_BYTES = 2 ** 30;
const MOST_FILES = 10_000;

/** A file that was dropped: its path, its length, and how to read it. */
export interface DroppedFile {
  readonly path: string;
  readonly size: number;
  readonly bytes: () => Promise<Uint8Array>;
}

/** Returns a .zip of a run's files, in a folder `name`. Weights hardly shrink, so all is stored as it is. */
export function zipRun(files: RunFiles, name: string): Uint8Array<ArrayBuffer> {
  const tree: Zippable = {};
  // The files were saved at different times; equal contents make an equal .zip.
  for (const [path, bytes] of files) tree[`${name}/${path}`] = [bytes, { level: 0, mtime: EPOCH }];
  return zipSync(tree);
}

const EPOCH = new Date(1980, 0, 1); // the earliest time that a .zip can hold

/** Reads the run folder in a .zip, wherever in it. Throws a `CheckpointError` that names the file. */
export function unzipRun(bytes: Uint8Array, name: string): RunFiles {
  if (bytes.length < 4 || bytes[0] !== 0x50 || bytes[1] !== 0x4b) {
    throw new CheckpointError(`${printable(name, 80)}: is not a .zip file`);
  }
  const paths: { readonly path: string; readonly size: number }[] = [];
  unzipSome(bytes, name, (path, size) => {
    paths.push({ path, size });
    return false;
  });
  const wanted = runAmong(paths, name);
  const found = unzipSome(bytes, name, (path) => wanted.has(path));
  return new Map(Object.entries(found).map(([path, data]) => [wanted.get(path)!, data]));
}

// Synchronously: the library's own workers come from blobs, which the page's policy forbids.
function unzipSome(
  bytes: Uint8Array,
  name: string,
  take: (path: string, size: number) => boolean,
): Unzipped {
  try {
    return unzipSync(bytes, { filter: (file) => take(file.name, file.originalSize) });
  } catch (error) {
    throw new CheckpointError(`${printable(name, 80)}: is a damaged .zip file (${wordsOf(error)})`);
  }
}

/** Reads the run folder among dropped files. Rejects with a `CheckpointError` if there is none. */
export async function runInFolder(files: readonly DroppedFile[], name: string): Promise<RunFiles> {
  const wanted = runAmong(files, name);
  const read = files.flatMap(({ path, bytes }) => {
    const own = wanted.get(path);
    return own === undefined ? [] : [bytes().then((data) => [own, data] as const)];
  });
  return new Map(await Promise.all(read));
}

/** Returns the paths of a run's files, and their paths in the run folder: that of the outermost `run.json`. */
function runAmong(
  files: readonly { readonly path: string; readonly size: number }[],
  name: string,
): ReadonlyMap<string, string> {
  const called = printable(name, 80);
  const depth = (path: string): number => path.split("/").length;
  const [record, other] = files
    .map(({ path }) => path)
    .filter((path) => path === RECORD_FILE || path.endsWith(`/${RECORD_FILE}`))
    .toSorted((a, b) => depth(a) - depth(b));
  if (record === undefined) {
    throw new CheckpointError(
      `${called}: holds no run.json: drop the folder of a run, or its .zip file`,
    );
  }
  if (other !== undefined && depth(other) === depth(record)) {
    throw new CheckpointError(`${called}: holds several runs: drop one of them`);
  }
  const root = record.slice(0, -RECORD_FILE.length);
  const wanted = new Map<string, string>();
  let bytes = 0;
  for (const { path, size } of files) {
    const own = path.startsWith(root) ? path.slice(root.length) : "";
    if (!belongsToRun(own)) continue;
    wanted.set(path, own);
    bytes += size;
  }
  if (bytes > MOST_BYTES || wanted.size > MOST_FILES) {
    throw new CheckpointError(
      `${called}: has ${wanted.size} files of ${bytes} bytes, which is more than a run has`,
    );
  }
  return wanted;
}
