// Finds the storages that a scope's result refers to.
import { GpuArray, type Storage } from "./array.ts";

/**
 * Returns every storage reachable from a value: from arrays, tensors with their tapes, and objects that contain them.
 * Objects of the class `closed` aren't searched.
 */
export function storagesIn(value: unknown, closed: new (...of: never[]) => object): Set<Storage> {
  const found = new Set<Storage>();
  const seen = new Set<object>();
  const open: unknown[] = [value]; // no recursion, because a tape may be longer than the call stack is deep
  while (open.length > 0) {
    const each = open.pop();
    if (typeof each !== "object" || each === null || seen.has(each)) continue;
    if (each instanceof closed || ArrayBuffer.isView(each)) continue;
    seen.add(each);
    if (each instanceof GpuArray) found.add(each.storage);
    else for (const child of Object.values(each)) open.push(child);
  }
  return found;
}
