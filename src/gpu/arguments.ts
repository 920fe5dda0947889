// Checks of arguments that callers without types get wrong: what isn't an array, a function, a name.
import { GpuArray } from "./array.ts";
import { AttributeError, DTypeError, ShapeError, TraceError } from "./errors.ts";
import { show } from "./foreign-text.ts";

/** Throws `AttributeError` unless a value is a name that can stand in messages and labels. */
export function checkName(op: string, name: unknown): void {
  if (typeof name === "string") return;
  throw new AttributeError(`${op}: takes a name in words; got ${show(name)}`);
}

/** Throws `AttributeError` unless a value can be called. */
export function checkFunction(op: string, body: unknown): void {
  if (typeof body === "function") return;
  throw new AttributeError(`${op}: takes a function, such as () => …; got ${show(body)}`);
}

/**
 * Throws `TraceError` if a body that had to be done when it returned was async: what it does later isn't seen. What
 * becomes of its promise concerns nobody then.
 */
export function refuseAsync(op: string, result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => undefined);
  throw new TraceError(
    `${op}: its function must not be async, as what happens after an await isn't seen; await before it, and pass the result in`,
  );
}

/** Throws `ShapeError` unless a value can be an offset. */
export function checkOffset(op: string, offset: unknown): void {
  if (Number.isInteger(offset)) return;
  throw new ShapeError(`${op}: an offset is a whole number of bytes; got ${show(offset)}`);
}

/** Throws `DTypeError` unless a value is an array on a device, and says so of a tensor. */
export function checkGpuArray(op: string, what: string, array: unknown): void {
  if (array instanceof GpuArray) return;
  throw new DTypeError(
    `${op}: ${what} must be an array on a device; got ${show(array)}${arrayOfHint(array)}`,
  );
}

/** What to write where a tensor stands for its array. */
function arrayOfHint(value: unknown): string {
  const has = typeof value === "object" && value !== null && "array" in value;
  return has && value.array instanceof GpuArray ? ": take its .array" : "";
}
