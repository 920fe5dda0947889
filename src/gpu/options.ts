// Checks of options and paths that callers without types get wrong: a slip of the pen isn't a silent default.
import { AttributeError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Whether a value is an object of keys and values: no list, no promise, no instance of a class. */
export function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Throws `AttributeError` unless options are an object with no other keys than these. */
export function checkOptions(op: string, options: object, known: readonly string[]): void {
  if (isPlain(options) && Object.keys(options).every((key) => known.includes(key))) return;
  throw new AttributeError(
    `${op}: options are an object of ${known.join(", ")}; got ${show(options)}`,
  );
}

/** Throws `AttributeError` unless a value can be a path. */
export function checkPath(op: string, what: string, path: string): void {
  if (typeof path === "string" && path !== "") return;
  throw new AttributeError(`${op}: ${what} must be a path in words; got ${show(path)}`);
}
