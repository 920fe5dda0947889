// A disk that stands still from one call on, as if the process had been killed there: that call does half its work or
// none, and no later one does any, so that nothing is put right.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const NAMES = [
  "closeSync",
  "fsyncSync",
  "ftruncateSync",
  "mkdirSync",
  "openSync",
  "renameSync",
  "rmSync",
  "rmdirSync",
  "writeFileSync",
  "writeSync",
] as const;

const originals = Object.fromEntries(NAMES.map((name) => [name, fs[name]]));

/** Runs `action` with the disk standing still from call `last` on (from 1). Returns whether it came so far. */
export function freezeAt(last: number, action: () => void): boolean {
  try {
    return withFaults(last, Infinity, action);
  } catch {
    return true; // the process is no more
  }
}

/** Runs `action` with call `call` alone refused (from 1). Returns whether it came so far; throws what `action` throws. */
export function refuseAt(call: number, action: () => void): boolean {
  return withFaults(call, call, action);
}

function withFaults(last: number, until: number, action: () => void): boolean {
  let calls = 0;
  for (const name of NAMES) {
    const original = (...args: unknown[]): unknown => Reflect.apply(originals[name]!, fs, args);
    const frozen = (...args: unknown[]): unknown => {
      // Files that are open may be let go.
      if (name === "closeSync" && calls >= last) return original(...args);
      calls += 1;
      if (calls < last || calls > until) return original(...args);
      const [target, data] = args;
      if (calls === last && name === "writeFileSync" && data instanceof Uint8Array) {
        original(target, data.subarray(0, data.length / 2));
      }
      throw Object.assign(new Error("the disk is no more"), { code: "EIO" });
    };
    Object.assign(fs, { [name]: frozen });
  }
  syncBuiltinESMExports();
  try {
    action();
  } finally {
    Object.assign(fs, originals);
    syncBuiltinESMExports();
  }
  return calls >= last;
}
