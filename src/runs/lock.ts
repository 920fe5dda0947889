// A lock that lets one process at a time write a folder: a file in the folder names the process. The file survives a
// crash, and the next process sees that its owner is gone. Node only.
//
// A lock is made by linking a complete file, so that nobody reads half of one. If links can't be made, it is created
// exclusively. A stale lock is removed only under a second, short-lived lock, and only after it was read again.
// Otherwise two processes that find the same stale lock could remove each other's new one.
import {
  linkSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { z } from "zod";
import { outputError, removeQuietly } from "../checkpoint/files.ts";
import { OutputError } from "../gpu/errors.ts";
import { systemCode } from "../gpu/system-reason.ts";

/** Who holds a lock. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When it took the lock, as ISO 8601. */
  readonly since: string;
  /** Boot and start time, which tell it from a later process with the same id; null if the system doesn't say. */
  readonly birth: string | null;
}

/** A folder's lock, held by this process. */
export interface Lock {
  /** Releases the lock. May be called more than once, and when the folder is gone. */
  readonly release: () => void;
  /**
   * Throws `OutputError` if the folder is no longer the one that was locked: it is gone, or another one has its name.
   */
  readonly check: () => void;
}

/** The outcome of asking for a lock. */
export type LockAttempt =
  | { readonly lock: Lock }
  | {
      readonly holder: Holder;
      /** False if the holder is on another machine. */ readonly certain: boolean;
    };

const schema: z.ZodType<Holder> = z.object({
  pid: z.int().min(1),
  host: z.string(),
  since: z.string(),
  birth: z.string().nullable(),
});

/** The lock's name in its folder. */
export const LOCK_FILE = "run.lock";

/** A lock that can't be parsed is still being written. After this time, its writer must have been stopped. */
const WRITING_MS = 10_000;
const ATTEMPTS = 100;

/**
 * Takes the lock of an existing folder, or says who holds it. A lock whose process is gone is taken over. A lock from
 * another machine, whose processes can't be seen from here, is taken over only with `takeOver`.
 *
 * Throws `OutputError` if the system refuses.
 */
export function lockFolder(
  folder: string,
  { takeOver = false }: { takeOver?: boolean } = {},
): LockAttempt {
  const path = join(folder, LOCK_FILE);
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (create(path)) return { lock: lockAt(path) };
      const held = stateOf(path);
      if (held.is === "gone") continue;
      if (held.is === "alive") return { holder: held.holder, certain: true };
      if (held.is === "elsewhere" && !takeOver) return { holder: held.holder, certain: false };
      if (held.is === "being written") sleep(20);
      else if (!removeStale(path, held.text)) sleep(20);
    }
    throw new Error(
      "it is being written, or its writer was stopped while writing; try again in 10 s",
    );
  } catch (error) {
    throw outputError(path, error);
  }
}

function lockAt(path: string): Lock {
  const text = readFileSync(path, "utf8");
  return {
    release: () => release(path),
    check() {
      let now: string | undefined;
      try {
        now = readFileSync(path, "utf8");
      } catch (error) {
        if (systemCode(error) !== "ENOENT") throw outputError(path, error);
      }
      if (now === text) return;
      const what =
        now === undefined
          ? "no longer has this process's lock"
          : "is now locked by another process";
      throw new OutputError(
        `Can't write ${dirname(path)}: it ${what}, so it was moved, removed or replaced while this run trained.`,
      );
    },
  };
}

/** Whether a folder's lock is held, as far as can be seen from here; changes nothing. */
export function isLocked(folder: string): boolean {
  const { is } = stateOf(join(folder, LOCK_FILE));
  return is === "alive" || is === "elsewhere" || is === "being written";
}

/** Returns the holder in words: `process 4711 on host, since 2026-11-27 19:30 UTC`. */
export function holderWords({ pid, host, since }: Holder): string {
  const where = host === hostname() ? "" : ` on ${host}`;
  const when = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(since)
    ? `, since ${since.slice(0, 10)} ${since.slice(11, 16)} UTC`
    : "";
  return `process ${pid}${where}${when}`;
}

type State =
  | { readonly is: "gone" }
  | { readonly is: "being written" }
  | { readonly is: "alive" | "elsewhere" | "stale"; readonly holder: Holder; readonly text: string }
  | { readonly is: "torn"; readonly text: string };

function stateOf(path: string): State {
  let text: string;
  let age: number;
  try {
    age = Date.now() - statSync(path).mtimeMs;
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return { is: "gone" };
    throw error;
  }
  const holder = parse(text);
  if (!holder) return age < WRITING_MS ? { is: "being written" } : { is: "torn", text };
  if (holder.host !== hostname()) return { is: "elsewhere", holder, text };
  return { is: isAlive(holder) ? "alive" : "stale", holder, text };
}

function parse(text: string): Holder | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, birth }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemCode(error) === "ESRCH") return false; // EPERM: it exists, and belongs to another user
  }
  const now = birthOf(pid);
  return birth === null || now === null || birth === now;
}

/** Returns the boot and start time of a process on Linux; null elsewhere, or if the process is gone. */
function birthOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name in brackets may hold anything. The 20th word after it is the start time.
    const words = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\)/s, "").trim().split(" ");
    return words[19] === undefined ? null : `${boot} ${words[19]}`;
  } catch {
    return null;
  }
}

function create(path: string): boolean {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    birth: birthOf(process.pid),
  };
  const text = `${JSON.stringify(holder)}\n`;
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, text);
    linkSync(whole, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(systemCode(error) ?? "")) {
      throw error;
    }
    return createWithoutLinks(path, text);
  } finally {
    removeQuietly(whole);
  }
}

function createWithoutLinks(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a stale lock if it still is the one that was read. Returns false if another process is removing it. */
function removeStale(path: string, text: string): boolean {
  const guard = `${path}.removing`;
  try {
    mkdirSync(guard);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    const found = statSync(guard, { throwIfNoEntry: false });
    if (found && Date.now() - found.mtimeMs > WRITING_MS)
      rmSync(guard, { recursive: true, force: true });
    return false;
  }
  try {
    if (readFileSync(path, "utf8") === text) unlinkSync(path);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  } finally {
    rmdirSync(guard);
  }
  return true;
}

function release(path: string): void {
  try {
    const held = stateOf(path);
    // If the folder was moved away and made again, the lock in it may be another process's.
    if ("holder" in held && held.holder.pid === process.pid && held.is === "alive")
      unlinkSync(path);
  } catch {
    // The folder or the disk is gone. Then nobody finds the lock, or it is found stale.
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
