// Longhand's JSON: every number is read back as it was written, and reading is strict. `JSON.stringify` turns NaN and
// infinities into null and -0 into 0; `JSON.parse` hides duplicate keys and limits neither nesting nor length. No file
// access, because browsers use it too.
import { z } from "zod";
import { CheckpointError } from "../gpu/errors.ts";
import { parseHeaderJson, type JsonValue } from "./header-json.ts";
import { keyPath, printable, quote } from "../gpu/foreign-text.ts";

/** A longer JSON file is refused: ours have about a thousand bytes, and parsed text may take 90 times its length. */
export const MAX_JSON_BYTES: number = 2 ** 16;

/** The numbers that JSON can't express. We write them as these strings. */
const WORDS = ["NaN", "Infinity", "-Infinity"] as const;

/** The schema of any number, finite or not. `null` is NaN, because older versions wrote it for all of `WORDS`. */
export const anyNumber: z.ZodType<number> = z.union([
  z.number(),
  z.enum(WORDS).transform(Number),
  z.null().transform(() => Number.NaN),
]);

/**
 * Returns the JSON text of a value, as `JSON.stringify` writes it except for numbers: -0 keeps its sign, and a number
 * that isn't finite is a string that `anyNumber` reads. Fields that are undefined are left out. `indent` counts spaces;
 * 0 keeps everything on one line.
 */
export function formatJson(value: unknown, indent = 0): string {
  return textOf(value, " ".repeat(indent), "\n");
}

function textOf(value: unknown, indent: string, newline: string): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = newline + indent;
  const colon = indent === "" ? ":" : ": ";
  const parts = Array.isArray(value)
    ? value.map((item) => textOf(item, indent, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}${colon}${textOf(item, indent, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (parts.length === 0 || indent === "") return `${open}${parts.join(",")}${close}`;
  return `${open}${inner}${parts.join(`,${inner}`)}${newline}${close}`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify(String(value));
  return Object.is(value, -0) ? "-0" : String(value);
}

/**
 * Parses JSON bytes by a schema. Throws `CheckpointError`, which names the file and what is wrong in it. It also throws
 * on text that isn't UTF-8, is longer than `most` bytes, nests deeper than 127 levels or has a duplicate key.
 */
export function parseJson<T>(
  shape: z.ZodType<T>,
  bytes: Uint8Array,
  name: string,
  most: number = MAX_JSON_BYTES,
): T {
  const fail = (what: string): never => {
    throw new CheckpointError(`${name}: is not JSON (${what}); the file is damaged`);
  };
  const parsed = shape.safeParse(parseJsonText(utf8(bytes, most, fail), fail));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = keyPath(issue?.path ?? []) || "the whole";
  throw new CheckpointError(`${name}: ${where}: ${printable(issue?.message ?? "does not fit")}`);
}

function utf8(bytes: Uint8Array, most: number, fail: (what: string) => never): string {
  if (bytes.length > most) {
    return fail(`it has ${bytes.length} bytes, but at most ${most} are read`);
  }
  try {
    // A byte order mark stays in the text, where it is refused.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail("its text isn't UTF-8");
  }
}

/**
 * Returns the value of a JSON text. Calls `fail` with what is wrong; `fail` must throw. Refuses what `JSON.parse`
 * accepts: duplicate keys, `__proto__`, numbers that overflow, half of a surrogate pair, and deep nesting.
 */
export function parseJsonText(text: string, fail: (what: string) => never): unknown {
  return plainValue(parseHeaderJson(text, fail), fail);
}

function plainValue(value: JsonValue, fail: (what: string) => never): unknown {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "object" || value === null) return value;
  if ("items" in value) return value.items.map((item) => plainValue(item, fail));
  const found = new Map<string, unknown>();
  for (const [key, item] of value.entries) {
    if (found.has(key)) return fail(`it has the key ${quote(key)} twice`);
    if (key === "__proto__") return fail(`it has the key ${quote(key)}`);
    found.set(key, plainValue(item, fail));
  }
  return Object.fromEntries(found);
}
