// A log of JSON objects on the disk (`metrics.jsonl`). A run appends to it, and resuming cuts it back to a checkpoint's
// step. It is read in chunks. Node only; jsonl-lines.ts has the format.

import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { outputError, readError, syncFile } from "./files.ts";
import {
  formatRows,
  linesIn,
  rowCount,
  type JsonlRow,
  type LogLine,
  type LogPrefix,
} from "./jsonl-lines.ts";

/** A log that is open for writing. Every method throws OutputError if the system refuses. */
export interface JsonlLog {
  /** Adds rows: all of them or, if it throws, none. They are then with the system, not yet on the disk. */
  append(rows: readonly object[]): void;
  /** Waits until every row is on the disk. */
  sync(): void;
  /** Returns what the log holds by now. */
  prefix(): LogPrefix;
  /** Syncs and closes. */
  close(): void;
}

const CHUNK_BYTES = 2 ** 16;

/**
 * Opens a log to add rows at its end; makes the file if there is none. If a process may have been killed while writing
 * to it, call `cutLog` first.
 *
 * Throws OutputError if the system refuses.
 */
export function openJsonl(path: string): JsonlLog {
  const file = attempt(() => openSync(path, "a"));
  // Counts everything in the file, once somebody has asked for it.
  let counter: Counter | undefined;

  function attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw outputError(path, error);
    }
  }

  return {
    append: (rows) =>
      attempt(() => {
        const text = formatRows(rows);
        const end = fstatSync(file).size;
        try {
          writeFileSync(file, text);
        } catch (error) {
          cutQuietly(file, end);
          throw error;
        }
        counter?.add(text);
      }),
    sync: () => attempt(() => syncFile(file)),
    prefix: () =>
      attempt(() => {
        counter ??= countFile(path);
        return counter.prefix();
      }),
    close: () =>
      attempt(() => {
        try {
          syncFile(file);
        } finally {
          closeSync(file);
        }
      }),
  };
}

/** Returns what a log holds that nobody is writing to. Throws CheckpointError if it can't be read. */
export function prefixOf(path: string, bytes: number = Infinity): LogPrefix {
  try {
    return countFile(path, bytes).prefix();
  } catch (error) {
    throw readError(path, error);
  }
}

interface Counter {
  readonly add: (text: Uint8Array) => void;
  readonly prefix: () => LogPrefix;
}

function countFile(path: string, most?: number): Counter {
  const hash = createHash("sha256");
  let rows = 0;
  let bytes = 0;
  const add = (text: Uint8Array): void => {
    hash.update(text);
    bytes += text.length;
    rows += rowCount(text);
  };
  for (const chunk of chunksOf(path, most)) add(chunk);
  return { add, prefix: () => ({ rows, bytes, sha256: hash.copy().digest("hex") }) };
}

/** Yields the lines of a log, or of its first `bytes`, one by one. Throws CheckpointError if the file can't be read. */
export function* linesOf(path: string, bytes: number = Infinity): Generator<LogLine> {
  try {
    yield* linesIn(chunksOf(path, bytes));
  } catch (error) {
    throw readError(path, error);
  }
}

/**
 * Cuts a log after `bytes`, and ends its last row if `unended` says that it wasn't ended. Not for a log that is open.
 * Throws OutputError if the system refuses.
 */
export function cutLog(path: string, bytes: number, unended = false): void {
  try {
    const file = openSync(path, "r+");
    try {
      if (fstatSync(file).size > bytes) ftruncateSync(file, bytes);
      if (unended) writeSync(file, "\n", bytes);
      syncFile(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw outputError(path, error);
  }
}

/** Returns the whole rows of a log, without torn lines. Throws CheckpointError if the file can't be read. */
export function readJsonl(path: string): readonly JsonlRow[] {
  return Array.from(linesOf(path), ({ row }) => row).filter((row) => row !== undefined);
}

/** Yields the file in pieces, each valid until the next. Throws the system's own errors. */
function* chunksOf(path: string, bytes = Infinity): Generator<Uint8Array> {
  const file = openSync(path, "r");
  try {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let left = bytes; left > 0;) {
      const read = readSync(file, buffer, 0, Math.min(left, CHUNK_BYTES), null);
      if (read === 0) return;
      left -= read;
      yield buffer.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

function cutQuietly(file: number, bytes: number): void {
  try {
    ftruncateSync(file, bytes);
  } catch {
    // A device has nothing to cut; otherwise the error that led here says more.
  }
}
