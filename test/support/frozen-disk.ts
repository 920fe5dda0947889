// A disk that freezes at one call, as if the process had been killed there. That call does half of its work or none,
// and later calls do nothing, so that nothing is repaired.
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

/** Runs `action` with the disk frozen from call `last` on (counted from 1). Returns whether it got that far. */
export function freezeAt(last: number, action: () => void): boolean {
  try {
    return withFaults(last, Infinity, action);
  } catch {
    return true; // the process is dead
  }
}

/**
 * Runs `action` with only call `call` refused (counted from 1). Returns whether it got that far. Throws what `action`
 * throws.
 */
export function refuseAt(call: number, action: () => void): boolean {
  return withFaults(call, call, action);
}

function withFaults(last: number, until: number, action: () => void): boolean {
  let calls = 0;
  for (const name of NAMES) {
    const original = (...args: unknown[]): unknown => Reflect.apply(originals[name]!, fs, args);
    const frozen = (...args: unknown[]): unknown => {
      // Open files may be closed.
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
