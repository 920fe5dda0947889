// Checks of options and paths that callers without types get wrong: a misspelt key must not silently mean a default.
import { AttributeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Whether a value is a plain object: not a list, a promise or an instance of a class. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Throws `AttributeError` unless options are a plain object without unknown keys. */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  if (isPlain(options) && Object.keys(options).every((key) => known.includes(key))) return;
  throw new AttributeError(
    `${op}: options must be an object of ${known.join(", ")}; got ${show(options)}`,
  );
}

/** Throws `AttributeError` unless a value is a string that isn't empty. */
export function checkPath(op: string, what: string, path: string): void {
  if (typeof path === "string" && path !== "") return;
  throw new AttributeError(`${op}: ${what} must be a path, as a string; got ${show(path)}`);
}
