// The format of a log: JSON objects, one per line. A torn line costs no more memory than a row. No file access, because
// browsers use it too; jsonl.ts has it for Node.
import type { Hashing } from "./hashing.ts";
import { formatJson, parseJsonText } from "./json.ts";

/** The beginning of a log, up to a checkpoint. */
export interface LogPrefix {
  readonly rows: number;
  readonly bytes: number;
  /** The SHA-256 of those bytes, in hex. */
  readonly sha256: string;
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

// A row has a few hundred bytes, an evaluation's row a thousand.
const MAX_ROW_BYTES = 2 ** 16;
const LINE_FEED = 10;

/** Returns rows as a log's bytes. */
export function formatRows(rows: readonly object[]): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(rows.map((row) => `${formatJson(row)}\n`).join(""));
}

/** Counts the ended rows in some bytes of a log. */
export function rowCount(bytes: Uint8Array): number {
  let rows = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) rows += 1;
  return rows;
}

/** Returns what a log in memory holds. */
export function* prefixIn(bytes: Uint8Array): Hashing<LogPrefix> {
  return { rows: rowCount(bytes), bytes: bytes.length, sha256: yield bytes };
}

/** Yields the lines of a log that comes in pieces, one by one. A piece may change once the next one is asked for. */
export function* linesIn(chunks: Iterable<Uint8Array>): Generator<LogLine> {
  let pieces: Uint8Array[] = [];
  let held = 0; // bytes of a line so far, including those that aren't kept
  let at = 0;
  let number = 0;
  const line = (ended: boolean): LogLine => {
    number += 1;
    const row = held > MAX_ROW_BYTES ? undefined : parseRow(joined(pieces));
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
  for (const chunk of chunks) {
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
}

/** Returns pieces of bytes as one array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
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
