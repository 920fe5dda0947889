// Unpacks programs and libraries into folders of the user's cache, to be run or loaded from there. A library that is
// truncated or has a wrong byte crashes the process that loads it. So each folder lists its files with their SHA-256,
// and all are verified before anything is used.
//
// Files are only replaced by renames, never overwritten. A process that has mapped the old file keeps it, and at every
// moment each name holds a file that is whole or was damaged before. So several processes may unpack at the same time.

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

/** Returns the folders that may hold something of that name: in the user's cache, then in the temporary folder. */
export function cacheFolders(name: string): string[] {
  const xdg = process.env["XDG_CACHE_HOME"] ?? "";
  const own = join(tmpdir(), `longhand-${process.getuid?.() ?? 0}`);
  let roots = [own];
  try {
    roots = [join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "longhand"), own];
  } catch {
    // `homedir` throws for a user id that has no entry in passwd, as in some containers.
  }
  return roots.map((root) => join(root, name));
}

const MANIFEST = "manifest.json";

interface Sum {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Files by name. */
type Manifest = ReadonlyMap<string, Sum>;

/** Writes a program or a library into the folder that is being filled. */
export type WriteUnpacked = (name: string, bytes: Uint8Array) => void;

/**
 * Makes sure that `folder` holds `files`, undamaged. If it doesn't, `fill` writes them, and any others, into a fresh
 * folder; that folder, or its files, then replace the old ones. Several processes may do this at the same time. It also
 * removes what killed processes left next to the folder. Returns why the existing files couldn't be used, as a clause;
 * undefined if they could, or if there were none. Throws the system's errors.
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
    // Its owner could make this process run any code.
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

/** Fills a fresh folder and flushes each file, so that a power failure leaves none empty. Returns the files' names. */
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

/** Moves the fresh files to `folder`: all in one rename if nothing is there, else one by one. */
function moveInto(fresh: string, folder: string, names: readonly string[]): void {
  try {
    renameSync(fresh, folder);
    return;
  } catch (error) {
    if (!lstatSync(folder, { throwIfNoEntry: false })) throw error;
  }
  if (!statusOf(folder)?.isDirectory()) {
    renameSync(folder, join(fresh, ".aside")); // a file in the folder's place is removed with the fresh folder
    mkdirSync(folder);
  }
  for (const name of names) {
    const [from, to] = [join(fresh, name), join(folder, name)];
    if (lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) {
      renameSync(to, join(fresh, `.aside-${name}`)); // a rename can't replace a folder by a file
    }
    renameSync(from, to);
  }
}

// ---------------------------------------------------------------------------------------------
// Verifying

/** Whether a folder holds `files`, undamaged. */
export function isUnpacked(folder: string, files: readonly string[]): boolean {
  return damageOf(folder, files) === undefined;
}

/** Returns why a folder can't be used, as a clause; undefined if every file is as it was unpacked. */
function damageOf(folder: string, files: readonly string[]): string | undefined {
  if (!statusOf(join(folder, MANIFEST))) return `${folder} has no ${MANIFEST}`;
  const manifest = readManifest(folder);
  if (!manifest) return `${join(folder, MANIFEST)} is damaged`;
  const missing = files.find((name) => !manifest.has(name));
  if (missing !== undefined) return `${folder} has no ${missing}`;
  for (const [name, sum] of manifest) {
    const path = join(folder, name);
    if (sizeOf(path) !== sum.bytes) return `${path} doesn't have the size that was unpacked`;
    if (sha256Of(path) !== sum.sha256) return `${path} doesn't have the bytes that were unpacked`;
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

/** Returns a file's size; undefined for anything else, such as a pipe, which would block when opened. */
function sizeOf(path: string): number | undefined {
  const found = statusOf(path);
  return found?.isFile() ? found.size : undefined;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // missing, a broken link, or not accessible
  }
}

const CHUNK = 2 ** 20;

/** Returns the SHA-256 of a file in hexadecimal; undefined if it can't be read. All of SwiftShader takes some 20 ms. */
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

/** Removes folders that dead processes were filling. Those of other machines are removed when they are an hour old. */
function sweep(root: string): void {
  for (const name of readdirSync(root).filter((each) => each.startsWith(FRESH))) {
    const path = join(root, name);
    if (!isAbandoned(name, statusOf(path)?.mtimeMs ?? 0)) continue;
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // A folder that can't be removed does no harm.
    }
  }
}

function isAbandoned(name: string, changed: number): boolean {
  const [, host, pid] = /^\.unpacking-([^-]*)-(\d+)-/.exec(name) ?? [];
  if (host !== here() || pid === undefined) return Date.now() - changed > OLD_MS;
  if (Number(pid) === process.pid) return Date.now() - changed > OLD_MS; // it is ours, or of an earlier process with the same id
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Returns the name of this machine or container. Others that share the folder have process ids of their own. */
function here(): string {
  return hostname().replaceAll(/[^A-Za-z0-9.]/g, "_");
}
