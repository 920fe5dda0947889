// What a file of constants holds, as data: whatever a module exports is copied once, so that no getter, proxy or
// cycle reaches the checks behind.
import { readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../gpu/errors.ts";
import { keyPath, printable, show, wordsOf } from "../gpu/foreign-text.ts";
import { systemReason } from "../gpu/system-reason.ts";

const MODULES = [".ts", ".mts", ".js", ".mjs"];
const MOST_BYTES = 1e6;
const MOST_SECONDS = 10;
/** Constants, an optimizer's constants, a list in there: and one more. */
const MOST_DEPTH = 4;
const MOST_ENTRIES = 10_000;

/**
 * The value in a JSON file, or a module's default export, as `plainCopy` copies it. `where` begins errors. Throws
 * `UsageError` where there is none, or where a module doesn't come to its end within `seconds`.
 */
export async function configValue(
  path: string,
  where: string,
  seconds: number = MOST_SECONDS,
): Promise<unknown> {
  const ending = extname(path).toLowerCase();
  if (ending !== ".json" && !MODULES.includes(ending)) {
    throw new UsageError(
      `${where}: must be JSON or a module, and its name end in .json, ${MODULES.join(", ")}`,
    );
  }
  const text = textOf(path, where);
  try {
    if (ending === ".json") return plainCopy(JSON.parse(text), where);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where}: is not JSON: ${wordsOf(error)}`);
  }
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const words = `${where}: did not load within ${seconds} s; what does it wait for?`;
    timer = setTimeout(() => reject(new UsageError(words)), seconds * 1000);
  });
  try {
    const loading: Promise<{ readonly default?: unknown }> = import(
      pathToFileURL(resolve(path)).href
    );
    const module = await Promise.race([loading, late]);
    return plainCopy(module.default, where); // what it returns is no promise, or this would wait for that
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where}: can't be loaded: ${reasonOf(error)}`);
  } finally {
    clearTimeout(timer);
  }
}

function textOf(path: string, where: string): string {
  try {
    const found = statSync(path);
    if (!found.isFile() && !found.isDirectory()) {
      throw new UsageError(`${where}: can't be read: it is not a regular file`);
    }
    if (found.size > MOST_BYTES) {
      throw new UsageError(
        `${where}: has ${found.size} bytes; constants take at most ${MOST_BYTES}`,
      );
    }
    const bytes = readFileSync(path);
    return new TextDecoder(encodingOf(bytes)).decode(bytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where}: can't be read: ${systemReason(error)}`);
  }
}

/** By the mark that text begins with: PowerShell writes UTF-16 where others write UTF-8. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** An error in one line: of a compiler's, whose first line only says that there are errors, the next. */
function reasonOf(error: unknown): string {
  const words = wordsOf(error);
  if (!words.endsWith(":") || !(error instanceof Error)) return words;
  const lines = error.message.split("\n").filter((line) => line.trim() !== "");
  return printable(lines[1]?.trim() ?? words);
}

/**
 * A copy of a value. Objects of keys and values and lists are walked, which numbers, words and the like may be in.
 * Throws `UsageError` on any other object, on what is nested too deep or too large, and on what throws when it is
 * read.
 */
function plainCopy(
  value: unknown,
  where: string,
  path: readonly string[] = [],
  seen: { entries: number } = { entries: 0 },
): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  const at = path.length === 0 ? where : `${where}: ${keyPath(path)}`;
  try {
    const list = Array.isArray(value);
    if (!list && !isPlain(value)) throw new UsageError(`${at}: ${refusalOf(value, path)}`);
    if (path.length === MOST_DEPTH) {
      throw new UsageError(`${at}: is nested deeper than constants are`);
    }
    const keys = list ? indices(value) : Object.keys(value);
    seen.entries += keys.length;
    if (seen.entries > MOST_ENTRIES) {
      throw new UsageError(`${at}: makes more than ${MOST_ENTRIES} entries; constants are few`);
    }
    const copied = keys.map((key): [string, unknown] => [
      key,
      plainCopy(Reflect.get(value, key), where, [...path, key], seen),
    ]);
    return list ? copied.map(([, item]) => item) : Object.fromEntries(copied);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${at}: can't be looked into: ${wordsOf(error)}`);
  }
}

/** The indices of a list, so far as they are few: a list may say that it has four billion items. */
function indices({ length }: readonly unknown[]): string[] {
  return Array.from({ length: Math.min(length, MOST_ENTRIES + 1) }, (_, index) => String(index));
}

function refusalOf(value: object, path: readonly string[]): string {
  if (value instanceof Promise) return "is a promise; export what it resolves to, by await";
  const got = show(value);
  return path.length === 0
    ? noConstants(got)
    : `must be a number, a word, or a list or object of such; got ${got}`;
}

/** What is wrong with a file that holds something else. */
export function noConstants(got: string): string {
  return `holds no object of constants, such as { "batch": 64 }, but ${got}; a module must export it by default`;
}

/** Whether an object is one of keys and values: no promise, no instance of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
