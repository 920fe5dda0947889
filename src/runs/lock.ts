// A folder that one process at a time may write: a file in it names the process. It survives a crash, and
// whoever comes next sees that its process is gone. Node only.
//
// A lock is made by linking a file that is whole already, so nobody reads half of one; where links can't be
// made, it is created exclusively. A stale one is removed only under a second, short-lived lock, and only
// after reading it again: else two that find the same stale lock could remove each other's new one.
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
  /** What tells it from a later process of the same number, where the system says: boot and start time. */
  readonly birth: string | null;
}

/** A folder's lock, held by this process. */
export interface Lock {
  /** Lets go of it; more than once is fine, and so is a folder that is gone. */
  readonly release: () => void;
  /** Throws OutputError if the folder isn't the one that was locked any more: it is gone, or another took its name. */
  readonly check: () => void;
}

/** The outcome of asking for a lock. */
export type LockAttempt =
  | { readonly lock: Lock }
  | {
      readonly holder: Holder;
      /** False where the holder's machine is another. */ readonly certain: boolean;
    };

const schema: z.ZodType<Holder> = z.object({
  pid: z.int().min(1),
  host: z.string(),
  since: z.string(),
  birth: z.string().nullable(),
});

/** The lock's name in its folder. */
export const LOCK_FILE = "run.lock";

/** A lock that can't be read is being written; after so long, its writer was stopped while it wrote. */
const WRITING_MS = 10_000;
const ATTEMPTS = 100;

/**
 * Takes the lock of a folder that is there, or says who holds it. A lock whose process is gone is taken over; one of
 * another machine, where nobody can look from here, only with `takeOver`.
 *
 * Throws OutputError if the system refuses.
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
      "it is being written, or its writer was stopped while it wrote; try again in 10 s",
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
          ? "has no lock of this process any more"
          : "is locked by another process now";
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

/** The holder in words: `process 4711 on host, since 2026-11-27 19:30 UTC`. */
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
    if (systemCode(error) === "ESRCH") return false; // EPERM: there, and somebody else's
  }
  const now = birthOf(pid);
  return birth === null || now === null || birth === now;
}

/** Boot and start time of a process, on Linux; null elsewhere, and where it is gone. */
function birthOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The name, in brackets, may hold anything; the 20th word after it is when it started.
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

/** Removes a stale lock if it still is the one that was read. Returns false where another process is at it. */
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
    // A folder that was moved away and made anew may hold another's.
    if ("holder" in held && held.holder.pid === process.pid && held.is === "alive")
      unlinkSync(path);
  } catch {
    // The folder is gone, or the disk: then nobody finds the lock, or finds it stale.
  }
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
