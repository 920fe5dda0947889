// Checks of arguments that callers without types get wrong: arrays, functions, names, offsets.
import { GpuArray } from "./array.ts";
import { AttributeError, DTypeError, ShapeError, TraceError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Throws `AttributeError` unless a value is a string, which can be a name in messages and labels. */
export function checkName(op: string, name: unknown): void {
  if (typeof name === "string") return;
  throw new AttributeError(`${op}: the name must be a string; got ${show(name)}`);
}

/** Throws `AttributeError` unless a value can be called. */
export function checkFunction(op: string, body: unknown): void {
  if (typeof body === "function") return;
  throw new AttributeError(`${op}: must be given a function, such as () => …; got ${show(body)}`);
}

/**
 * Throws `TraceError` if a body returned a promise: it had to be done when it returned, and what it does later isn't
 * recorded. A rejection of that promise is ignored.
 */
export function refuseAsync(op: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => undefined);
  throw new TraceError(
    `${op}: its function must not be async, because work after an await isn't recorded; await first, and pass the result in`,
  );
}

/** Throws `ShapeError` unless a value is a whole number, as offsets are. */
export function checkOffset(op: string, offset: unknown): void {
  if (Number.isInteger(offset)) return;
  throw new ShapeError(`${op}: the offset must be a whole number of bytes; got ${show(offset)}`);
}

/** Throws `DTypeError` unless a value is an array on a device. For a tensor, the message names its `.array`. */
export function checkGpuArray(op: string, what: string, array: unknown): void {
  if (array instanceof GpuArray) return;
  throw new DTypeError(
    `${op}: ${what} must be an array on a device; got ${show(array)}${arrayOfHint(array)}`,
  );
}

/** Returns a hint for callers who pass a tensor instead of its array. */
function arrayOfHint(value: unknown): string {
  const has = typeof value === "object" && value !== null && "array" in value;
  return has && value.array instanceof GpuArray ? "; use its .array" : "";
}
