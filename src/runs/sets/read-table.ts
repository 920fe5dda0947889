// Reads a table of images, one per row: CSV, with or without a header, with labels or without. papaparse splits it, for
// quotes, separators and ends of lines; for Kaggle's 42,000 digits it takes 2 s, csv-parse 8 s.
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import papa from "papaparse";
import type { ImageSet } from "../../data/idx.ts";
import { NO_NUMBERS, scalingOf, toLabels, toLevels, widened } from "../../data/levels.ts";
import { DataError } from "../../gpu/errors.ts";
import { quote } from "../../gpu/foreign-text.ts";
import { systemReason } from "../../gpu/system-reason.ts";
import { MOST_PIXELS } from "./limits.ts";
import { requireRegular } from "./regular-file.ts";

/** A table's images, and how its numbers became levels. */
export interface ReadTable {
  readonly set: ImageSet;
  /** Undefined if they were levels. */
  readonly converted: string | undefined;
}

/** The columns of a table. */
interface Columns {
  readonly count: number;
  /** Undefined if there is none. */
  readonly label: number | undefined;
  /** Those of the pixels, in order. */
  readonly pixels: readonly number[];
  readonly height: number;
  readonly width: number;
}

const MOST_ROW = 2 ** 19; // bytes; the parser goes over an unfinished row again and again
const LABELS = new Set(["label", "labels", "class", "target", "y", "digit", "character"]);
const INDEX = /^(|id|index|imageid|unnamed: 0)$/;

/** Reads a table, plain or gzipped. Rejects with `DataError`, which names the file and the row. */
export async function readTable(path: string): Promise<ReadTable> {
  const pixels = growingPixels();
  const labels: number[] = [];
  let columns: Columns | undefined;
  await eachRow(path, (cells, row) => {
    if (!columns) {
      columns = columnsOf(cells, path);
      if (isHeader(cells)) return;
    }
    if (cells.length !== columns.count) {
      throw new DataError(
        `${path}: row ${row} has ${cells.length} columns, but the first has ${columns.count}; it is cut short, or not a table of images: fetch it again`,
      );
    }
    const number = (column: number): number => {
      const cell = cells[column]!;
      const value = Number(cell);
      if (Number.isFinite(value) && (value !== 0 || cell.trim() !== "")) return value;
      throw new DataError(
        `${path}: row ${row}, column ${column + 1} is ${quote(cell, 40)}; pixels and labels must be numbers: fill it in, or leave the row out`,
      );
    };
    if (columns.label !== undefined) labels.push(number(columns.label));
    pixels.add(columns.pixels, number, path);
  });
  const { count } = pixels;
  if (!columns || count === 0) {
    throw new DataError(`${path}: has no rows of images; a row has one number per pixel`);
  }
  const { data, words } = pixels.levels(path);
  const classes = columns.label === undefined ? undefined : toLabels(labels, path);
  const { height, width } = columns;
  return {
    set: {
      images: data,
      count: count / (height * width),
      height,
      width,
      labels: classes,
      classes: classes ? 1 + classes.reduce((most, label) => Math.max(most, label), 0) : 0,
    },
    converted: words,
  };
}

const isNumber = (cell: string): boolean => cell.trim() !== "" && Number.isFinite(Number(cell));

const isHeader = (cells: readonly string[]): boolean => !cells.every(isNumber);

/** Returns a table's columns by its first row, the header or an image. Throws `DataError` if they are no image's. */
function columnsOf(cells: readonly string[], path: string): Columns {
  const names = cells.map((cell) =>
    cell
      .replace(/^\ufeff/, "")
      .trim()
      .toLowerCase(),
  );
  const all = names.map((_, column) => column);
  const named = isHeader(cells);
  let label = named ? names.findIndex((name) => LABELS.has(name)) : -1;
  let pixels = all.filter((column) => column !== label && !(named && INDEX.test(names[column]!)));
  const last = /^(\d+)x(\d+)$/.exec(names[pixels.at(-1) ?? 0] ?? ""); // 1x1 to 28x28
  const [rows = 0, columns = 0] = last?.slice(1).map(Number) ?? [];
  if (label < 0 && rows * columns !== pixels.length && sideOf(pixels.length) === undefined) {
    if (sideOf(pixels.length - 1) !== undefined)
      [label, ...pixels] = pixels as [number, ...number[]];
  }
  const side = sideOf(pixels.length);
  const [height, width] =
    last && rows * columns === pixels.length ? [rows, columns] : [side ?? 0, side ?? 0];
  if (height * width === 0) {
    throw new DataError(
      `${path}: its first row has ${cells.length} columns${named ? `, the first ${quote(cells[0]!, 40)}` : ""}; an image takes a square number of them, such as 784 for 28×28, with or without a label first: write it so`,
    );
  }
  return {
    count: cells.length,
    label: label < 0 ? undefined : label,
    pixels,
    height,
    width,
  };
}

/** Returns the side of a square of at least 2×2 pixels; undefined if the number isn't one's. */
function sideOf(pixels: number): number | undefined {
  const side = Math.round(Math.sqrt(pixels));
  return side >= 2 && side * side === pixels ? side : undefined;
}

/** Pixels as they come in: bytes as long as all of them are bytes, then floats. */
function growingPixels(): {
  readonly count: number;
  readonly add: (
    columns: readonly number[],
    number: (column: number) => number,
    path: string,
  ) => void;
  readonly levels: (path: string) => { data: Uint8Array; words: string | undefined };
} {
  let kept: Uint8Array | Float32Array = new Uint8Array(2 ** 14);
  let count = 0;
  return {
    get count() {
      return count;
    },
    add(columns, number, path) {
      if (count + columns.length > MOST_PIXELS) {
        throw new DataError(`${path}: has more than ${MOST_PIXELS} pixels; leave some rows out`);
      }
      if (count + columns.length > kept.length) {
        const length = Math.max(2 * kept.length, count + columns.length);
        const larger =
          kept instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
        larger.set(kept);
        kept = larger;
      }
      for (const column of columns) {
        const value = number(column);
        kept[count] = value;
        if (kept[count] !== value && kept instanceof Uint8Array) {
          kept = Float32Array.from(kept);
          kept[count] = value;
        }
        count += 1;
      }
    },
    levels(path) {
      const numbers = kept.subarray(0, count);
      if (numbers instanceof Float32Array) {
        const { data, words } = toLevels(numbers, path);
        return { data, words: `numbers: ${words ?? "taken as they are"}` };
      }
      const { toLevel, words } = scalingOf(widened(NO_NUMBERS, numbers, path), path);
      if (words === undefined) return { data: numbers, words };
      return { data: numbers.map(toLevel), words: `numbers: ${words}` };
    },
  };
}

/** Visits a table's rows, counted from 1. Rejects with `DataError` if it can't be read, or with what `visit` throws. */
async function eachRow(
  path: string,
  visit: (cells: readonly string[], row: number) => void,
): Promise<void> {
  let row = 0;
  let sinceRow = 0; // bytes
  const guarded = async function* (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      sinceRow += piece.length;
      if (sinceRow > MOST_ROW) {
        throw new DataError(
          `${path}: row ${row + 1} doesn't end within ${MOST_ROW} bytes; it is not a table of small images`,
        );
      }
      yield piece;
    }
  };
  const gunzip = startsAsGzip(path) ? [createGunzip()] : [];
  const source = createReadStream(path);
  const bytes = Readable.from(guarded(gunzip[0] ?? source), { objectMode: false });
  const unpacked = gunzip[0] ? pipeline(source, gunzip[0]) : Promise.resolve();
  const parsed = new Promise<void>((resolve, reject) => {
    papa.parse<string[]>(bytes, {
      skipEmptyLines: true,
      step: ({ data }, parser) => {
        row += 1;
        sinceRow = 0;
        try {
          visit(data, row);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          parser.abort(); // which reports that it is complete
        }
      },
      complete: () => resolve(),
      error: reject,
    });
  });
  try {
    await Promise.all([parsed, unpacked]);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: can't be read: ${systemReason(error)}; fetch it again`, {
      cause: error,
    });
  } finally {
    source.destroy();
    bytes.destroy();
    await unpacked.catch(() => undefined);
  }
}

/** Whether a file is gzipped. Throws `DataError` if it can't be read. */
function startsAsGzip(path: string): boolean {
  requireRegular(path);
  try {
    const file = openSync(path, "r");
    try {
      const head = new Uint8Array(2);
      readSync(file, head);
      return head[0] === 0x1f && head[1] === 0x8b;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new DataError(`${path}: can't be read: ${systemReason(error)}`, { cause: error });
  }
}
