// What a scope's result holds on to.
import { GpuArray, type Storage } from "./array.ts";

/**
 * Every storage reachable from a value: arrays, tensors with their tapes, and plain objects of them. Objects of the
 * class `closed` aren't looked into.
 */
export function storagesIn(value: unknown, closed: new (...of: never[]) => object): Set<Storage> {
  const found = new Set<Storage>();
  const seen = new Set<object>();
  const open: unknown[] = [value]; // a tape may be longer than calls nest
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
