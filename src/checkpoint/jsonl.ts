// A log of JSON objects, one a line (`metrics.jsonl`): appended to while a run goes on, cut back to a
// checkpoint's step when it is resumed. Node only.

import { closeSync, fstatSync, ftruncateSync, openSync, writeFileSync } from "node:fs";
import { CheckpointError } from "../gpu/errors.ts";
import { outputError, readFileBytes, syncFile, writeFileAtomic } from "./files.ts";

/** A log that is open for writing. Every method throws OutputError if the system refuses. */
export interface JsonlLog {
  /** Adds rows, all of them or, if it throws, none. They are with the system, not yet on the disk. */
  append(rows: readonly object[]): void;
  /** Waits until every row is on the disk. */
  sync(): void;
  /** Syncs and closes. */
  close(): void;
}

/** A row of a log that was read back. */
export type JsonlRow = Readonly<Record<string, unknown>>;

/**
 * Opens a log to add rows at its end; makes the file if there is none. Where a process may have been
 * killed while writing to it, `truncateJsonl` comes first.
 *
 * Throws OutputError if the system refuses.
 */
export function openJsonl(path: string): JsonlLog {
  const file = attempt(() => openSync(path, "a"));

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
        const end = fstatSync(file).size;
        try {
          writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
        } catch (error) {
          cutQuietly(file, end);
          throw error;
        }
      }),
    sync: () => attempt(() => syncFile(file)),
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

/**
 * Rewrites a log with only the rows that `keep` wants, whole or not at all. What a killed process or a
 * machine that stopped left at the end, a torn line, is dropped. Returns how many rows stay. Not for a
 * log that is open: it would go on writing to the old file.
 *
 * Throws CheckpointError if the file can't be read or a damaged line stands before a row to be kept,
 * OutputError if it can't be written.
 */
export function truncateJsonl(path: string, keep: (row: JsonlRow) => boolean): number {
  const text = new TextDecoder().decode(readFileBytes(path));
  const kept: string[] = [];
  let damaged: number | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const row = parseRow(line);
    if (row === undefined) {
      damaged ??= index + 1;
    } else if (keep(row)) {
      if (damaged !== undefined) {
        throw new CheckpointError(
          `${path}: line ${damaged} is not a JSON object, and rows to be kept follow; mend or delete the line.`,
        );
      }
      kept.push(line);
    }
  }
  const rewritten = kept.map((line) => `${line}\n`).join("");
  if (rewritten !== text) writeFileAtomic(path, rewritten);
  return kept.length;
}

/** The whole rows of a log; a torn line is left out. Throws CheckpointError if the file can't be read. */
export function readJsonl(path: string): readonly JsonlRow[] {
  const lines = new TextDecoder().decode(readFileBytes(path)).split("\n");
  return lines.map(parseRow).filter((row) => row !== undefined);
}

function parseRow(line: string): JsonlRow | undefined {
  try {
    const value: unknown = JSON.parse(line);
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
