// A log of JSON objects, one per line (`metrics.jsonl`). A run appends to it, and resuming cuts it back to a
// checkpoint's step. It is read in chunks: a torn line costs no more memory than a row. Node only.

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
import { formatJson, parseJsonText } from "./json.ts";

/** The beginning of a log, up to a checkpoint. */
export interface LogPrefix {
  readonly rows: number;
  readonly bytes: number;
  /** The SHA-256 of those bytes, in hex. */
  readonly sha256: string;
}

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

/** A row of a log that was read back. */
export type JsonlRow = Readonly<Record<string, unknown>>;

/** A line of a log. */
export interface LogLine {
  /** Counted from 1. */
  readonly number: number;
  /** Undefined if the line is not a JSON object: torn, damaged, or longer than any row. */
  readonly row: JsonlRow | undefined;
  /** Whether the line has nothing in it. */
  readonly empty: boolean;
  /** Where the next line starts, in bytes. */
  readonly end: number;
  /** Whether it ends in a line feed; only the last line may not. */
  readonly ended: boolean;
}

const CHUNK_BYTES = 2 ** 16;
// A row has a few hundred bytes, an evaluation's row a thousand.
const MAX_ROW_BYTES = 2 ** 16;
const LINE_FEED = 10;

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
        const text = Buffer.from(rows.map((row) => `${formatJson(row)}\n`).join(""));
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
    for (let at = text.indexOf(LINE_FEED); at >= 0; at = text.indexOf(LINE_FEED, at + 1)) rows += 1;
  };
  for (const chunk of chunksOf(path, most)) add(chunk);
  return { add, prefix: () => ({ rows, bytes, sha256: hash.copy().digest("hex") }) };
}

/** Yields the lines of a log, or of its first `bytes`, one by one. Throws CheckpointError if the file can't be read. */
export function* linesOf(path: string, bytes: number = Infinity): Generator<LogLine> {
  let pieces: Uint8Array[] = [];
  let held = 0; // bytes of a line so far, including those that aren't kept
  let at = 0;
  let number = 0;
  const line = (ended: boolean): LogLine => {
    number += 1;
    const row = held > MAX_ROW_BYTES ? undefined : parseRow(Buffer.concat(pieces));
    const empty = held === 0;
    pieces = [];
    held = 0;
    return { number, row, empty, end: at, ended };
  };
  const hold = (piece: Uint8Array): void => {
    held += piece.length;
    if (held <= MAX_ROW_BYTES) pieces.push(Uint8Array.from(piece));
    else pieces = [];
  };
  try {
    for (const chunk of chunksOf(path, bytes)) {
      let start = 0;
      for (let feed = chunk.indexOf(LINE_FEED); feed >= 0; feed = chunk.indexOf(LINE_FEED, start)) {
        hold(chunk.subarray(start, feed));
        at += feed + 1 - start;
        start = feed + 1;
        yield line(true);
      }
      hold(chunk.subarray(start));
      at += chunk.length - start;
    }
    if (held > 0) yield line(false);
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

const NO_ROW = new Error("no row");

function parseRow(line: Uint8Array): JsonlRow | undefined {
  if (line.length === 0) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line);
    const value = parseJsonText(text, () => {
      throw NO_ROW;
    });
    return isRow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRow(value: unknown): value is JsonlRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function cutQuietly(file: number, bytes: number): void {
  try {
    ftruncateSync(file, bytes);
  } catch {
    // A device has nothing to cut; otherwise the error that led here says more.
  }
}
