// Reads a file of constants as plain data. Whatever a module exports is copied once, so that no getter, proxy or cycle
// reaches the checks that follow.
import { readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { UsageError } from "../gpu/errors.ts";
import { keyPath, printable, show, wordsOf } from "../gpu/foreign-text.ts";
import { systemReason } from "../gpu/system-reason.ts";

const MODULES = [".ts", ".mts", ".js", ".mjs"];
const MOST_BYTES = 1e6;
const MOST_SECONDS = 10;
/** Constants, an optimizer's constants and a list in them make three levels; one more is allowed. */
const MOST_DEPTH = 4;
const MOST_ENTRIES = 10_000;

/**
 * Returns the value in a JSON file, or a module's default export, as `plainCopy` copies it. Errors begin with `where`.
 * Throws `UsageError` if there is no such value, or if a module doesn't finish loading within `seconds`.
 */
export async function configValue(
  path: string,
  where: string,
  seconds: number = MOST_SECONDS,
): Promise<unknown> {
  const ending = extname(path).toLowerCase();
  if (ending !== ".json" && !MODULES.includes(ending)) {
    throw new UsageError(
      `${where}: must be JSON or a module, with a name that ends in .json, ${MODULES.join(", ")}`,
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
    const words = `${where}: did not load within ${seconds} s; remove what it waits for`;
    timer = setTimeout(() => reject(new UsageError(words)), seconds * 1000);
  });
  try {
    const loading: Promise<{ readonly default?: unknown }> = import(
      pathToFileURL(resolve(path)).href
    );
    const module = await Promise.race([loading, late]);
    return plainCopy(module.default, where); // never a promise, which this function would wait for
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
        `${where}: has ${found.size} bytes; a file of constants may have at most ${MOST_BYTES}`,
      );
    }
    const bytes = readFileSync(path);
    return new TextDecoder(encodingOf(bytes)).decode(bytes);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${where}: can't be read: ${systemReason(error)}`);
  }
}

/** Chooses the encoding by the byte-order mark: PowerShell writes UTF-16, others write UTF-8. */
function encodingOf([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
}

/** Returns an error in one line. If a compiler's first line only says that there are errors, that is the next line. */
function reasonOf(error: unknown): string {
  const words = wordsOf(error);
  if (!words.endsWith(":") || !(error instanceof Error)) return words;
  const lines = error.message.split("\n").filter((line) => line.trim() !== "");
  return printable(lines[1]?.trim() ?? words);
}

/**
 * Returns a copy of a value. Plain objects and lists are copied recursively; numbers, strings and the like are returned
 * as they are. Throws `UsageError` on any other object, on data that is nested too deeply or too large, and on anything
 * that throws when it is read.
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
      throw new UsageError(`${at}: is nested too deeply for constants`);
    }
    const keys = list ? indices(value) : Object.keys(value);
    seen.entries += keys.length;
    if (seen.entries > MOST_ENTRIES) {
      throw new UsageError(
        `${at}: brings the file above ${MOST_ENTRIES} entries; constants are few`,
      );
    }
    const copied = keys.map((key): [string, unknown] => [
      key,
      plainCopy(Reflect.get(value, key), where, [...path, key], seen),
    ]);
    return list ? copied.map(([, item]) => item) : Object.fromEntries(copied);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${at}: can't be read: ${wordsOf(error)}`);
  }
}

/** Returns the indices of a list, up to one more than allowed: a list may claim to have four billion items. */
function indices({ length }: readonly unknown[]): string[] {
  return Array.from({ length: Math.min(length, MOST_ENTRIES + 1) }, (_, index) => String(index));
}

function refusalOf(value: object, path: readonly string[]): string {
  if (value instanceof Promise) return "is a promise; await it, and export its result";
  const got = show(value);
  return path.length === 0
    ? noConstants(got)
    : `must be a number, a string, or a list or object of these; got ${got}`;
}

/** Says that a file holds something other than constants. */
export function noConstants(got: string): string {
  return `must hold an object of constants, such as { "batch": 64 }; got ${got}; a module must export it by default`;
}

/** Whether an object is a plain one, and not a promise or an instance of a class. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
