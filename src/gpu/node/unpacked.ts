// Folders of the user's cache into which programs and libraries are unpacked, to be run or loaded from there. A
// library that is cut or holds a wrong byte takes the process down that loads it, so each folder lists its files with
// their SHA-256, and all are verified before anything is used.
//
// A file is only ever replaced by a rename, never written over: a process that has the old one mapped keeps it, and
// at every instant each name holds a file that is whole or was damaged before. So several processes may come at once.

import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type Stats,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname, tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/** Where something of that name may be kept, the best first: the user's cache, else the system's temporary folder. */
export function cacheFolders(name: string): string[] {
  const xdg = process.env["XDG_CACHE_HOME"] ?? "";
  const own = join(tmpdir(), `longhand-${process.getuid?.() ?? 0}`);
  let roots = [own];
  try {
    roots = [join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "longhand"), own];
  } catch {
    // `homedir` throws for a user id without an entry in passwd, as some containers have.
  }
  return roots.map((root) => join(root, name));
}

const MANIFEST = "manifest.json";

interface Sum {
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** Files by name. */
type Manifest = ReadonlyMap<string, Sum>;

/** Writes a program or a library into the folder that is being filled. */
export type WriteUnpacked = (name: string, bytes: Uint8Array) => void;

/**
 * Makes `folder` hold `files`, whole: unless it does already, `fill` writes them, and others if it likes, into a fresh
 * folder, which then takes its place, or whose files do. Several processes may come here at once. Removes what killed
 * ones left beside it. Returns why what was there could not be used, as a clause; undefined if it could, or if nothing
 * was there. Throws what the system says when it refuses.
 */
export function unpackOnce(
  folder: string,
  files: readonly string[],
  fill: (write: WriteUnpacked) => void,
): string | undefined {
  const root = dirname(folder);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(root);
  if (uid !== process.getuid?.() || (mode & 0o002) !== 0) {
    // Who owns it could give us code to run.
    throw new Error(`${root} belongs to another user, or anyone may write to it`);
  }
  sweep(root);
  const damage = damageOf(folder, files);
  if (damage === undefined) return undefined;
  const there = lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
  const fresh = mkdtempSync(join(root, `${FRESH}${here()}-${process.pid}-`));
  try {
    const names = write(fresh, fill);
    const missing = files.find((name) => !names.includes(name));
    if (missing !== undefined) throw new Error(`there is no ${missing} to unpack`);
    moveInto(fresh, folder, names);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  const still = damageOf(folder, files);
  if (still !== undefined) throw new Error(`${still}, though it has just been unpacked`);
  return there ? damage : undefined;
}

/** Fills a fresh folder, each file flushed, so that a power cut leaves none hollow. Returns their names. */
function write(fresh: string, fill: (write: WriteUnpacked) => void): readonly string[] {
  const sums = new Map<string, Sum>();
  const writeOne: WriteUnpacked = (name, bytes) => {
    writeFileSync(join(fresh, name), bytes, { mode: 0o755, flush: true });
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    sums.set(name, { bytes: bytes.length, sha256 });
  };
  fill(writeOne);
  const text = `${JSON.stringify({ format: 1, files: Object.fromEntries(sums) }, undefined, 2)}\n`;
  writeFileSync(join(fresh, MANIFEST), text, { flush: true });
  return [...sums.keys(), MANIFEST];
}

/** Gives `folder` the fresh files, all at once if nothing is there, else one by one. */
function moveInto(fresh: string, folder: string, names: readonly string[]): void {
  try {
    renameSync(fresh, folder);
    return;
  } catch (error) {
    if (!lstatSync(folder, { throwIfNoEntry: false })) throw error;
  }
  if (!statusOf(folder)?.isDirectory()) {
    renameSync(folder, join(fresh, ".aside")); // a file in the folder's place: it goes with the fresh folder
    mkdirSync(folder);
  }
  for (const name of names) {
    const [from, to] = [join(fresh, name), join(folder, name)];
    if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) {
      renameSync(to, join(fresh, `.aside-${name}`)); // nor does a file take a folder's place
    }
    renameSync(from, to);
  }
}

// ---------------------------------------------------------------------------------------------
// Verifying

/** Whether a folder holds `files`, whole. */
export function isUnpacked(folder: string, files: readonly string[]): boolean {
  return damageOf(folder, files) === undefined;
}

/** What keeps a folder from being used, as a clause; undefined if every file is as it was unpacked. */
function damageOf(folder: string, files: readonly string[]): string | undefined {
  if (!statusOf(join(folder, MANIFEST))) return `${folder} has no ${MANIFEST}`;
  const manifest = readManifest(folder);
  if (!manifest) return `${join(folder, MANIFEST)} is damaged`;
  const missing = files.find((name) => !manifest.has(name));
  if (missing !== undefined) return `${folder} has no ${missing}`;
  for (const [name, sum] of manifest) {
    const path = join(folder, name);
    if (sizeOf(path) !== sum.bytes) return `${path} hasn't the size that was unpacked`;
    if (sha256Of(path) !== sum.sha256) return `${path} hasn't the bytes that were unpacked`;
  }
  return undefined;
}

function readManifest(folder: string): Manifest | undefined {
  try {
    const path = join(folder, MANIFEST);
    const size = sizeOf(path);
    if (size === undefined || size > 1e6) return undefined;
    const { format, files }: { format: unknown; files: Record<string, Partial<Sum>> } = JSON.parse(
      readFileSync(path, "utf8"),
    );
    const sums = Object.entries(files).map(([name, sum]): [string, Sum] => {
      const { bytes = -1, sha256 = "" } = sum;
      return [name, { bytes, sha256 }];
    });
    return format === 1 ? new Map(sums) : undefined;
  } catch {
    return undefined;
  }
}

/** A file's size; undefined for anything else, some of which can't even be opened without waiting. */
function sizeOf(path: string): number | undefined {
  const found = statusOf(path);
  return found?.isFile() ? found.size : undefined;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // missing, a link that leads nowhere, or out of our reach
  }
}

const CHUNK = 2 ** 20;

/** SHA-256 of a file, in hex; undefined where it can't be read. All of SwiftShader's take some 20 ms. */
function sha256Of(path: string): string | undefined {
  try {
    const file = openSync(path, "r");
    try {
      const hash = createHash("sha256");
      const chunk = Buffer.alloc(Math.min(CHUNK, fstatSync(file).size + 1));
      for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
        hash.update(chunk.subarray(0, read));
      }
      return hash.digest("hex");
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

// ---------------------------------------------------------------------------------------------
// Sweeping

const FRESH = ".unpacking-";
const OLD_MS = 3_600_000;

/** Removes folders that were being filled by processes that are gone; of other machines, those an hour old. */
function sweep(root: string): void {
  for (const name of readdirSync(root).filter((each) => each.startsWith(FRESH))) {
    const path = join(root, name);
    if (!isAbandoned(name, statusOf(path)?.mtimeMs ?? 0)) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // A folder that may not be written to: it is nobody's harm.
    }
  }
}

function isAbandoned(name: string, changed: number): boolean {
  const [, host, pid] = /^\.unpacking-([^-]*)-(\d+)-/.exec(name) ?? [];
  if (host !== here() || pid === undefined) return Date.now() - changed > OLD_MS;
  if (Number(pid) === process.pid) return Date.now() - changed > OLD_MS; // ours, or once another's
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** This machine or container, whose process numbers mean nothing to another that shares the folder. */
function here(): string {
  return hostname().replaceAll(/[^A-Za-z0-9.]/g, "_");
}
