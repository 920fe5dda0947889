// The folder of a comparison: found or named, taken by one process, and read back.
import { existsSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { readFileBytes, writeFileAtomic } from "../../checkpoint/files.ts";
import { UsageError } from "../../gpu/errors.ts";
import { holderWords, lockFolder, LOCK_FILE, type Lock } from "../lock.ts";
import {
  COMPARISON_FILE,
  formatComparison,
  parseComparison,
  type RecipeComparison,
} from "./comparison-file.ts";

/** The file of a sweep's folder: its plan. */
export const SWEEP_FILE = "sweep.json";

/** Returns the first of `runs/compare-1`, `runs/compare-2` … that doesn't exist, or is empty. */
export function freeComparisonPath(): string {
  for (let n = 1; ; n += 1) {
    const path = join("runs", `compare-${n}`);
    if (!existsSync(path) || (statSync(path).isDirectory() && readdirSync(path).length === 0)) {
      return path;
    }
  }
}

/**
 * Returns the comparison that a folder holds; undefined if it doesn't exist or is empty, or if it holds a sweep that was
 * not gathered yet, and may. Throws `UsageError` if it holds
 * something else, and `CheckpointError` if its file is damaged.
 */
export function comparisonIn(path: string, isSweep = false): RecipeComparison | undefined {
  if (!existsSync(path)) return undefined;
  if (!statSync(path).isDirectory()) {
    throw new UsageError(`--out ${path}: is a file; name a folder`);
  }
  const names = readdirSync(path).filter((name) => !name.startsWith(LOCK_FILE));
  if (names.length === 0) return undefined;
  if (!names.includes(COMPARISON_FILE)) {
    if (isSweep && names.includes(SWEEP_FILE)) return undefined;
    throw new UsageError(
      `--out ${path}: holds something other than a comparison; name a new folder`,
    );
  }
  const file = join(path, COMPARISON_FILE);
  return parseComparison(readFileBytes(file), file);
}

/** Writes a comparison into its folder. Throws `OutputError`. */
export function writeComparison(path: string, comparison: RecipeComparison): void {
  writeFileAtomic(join(path, COMPARISON_FILE), formatComparison(comparison));
}

/** Takes a folder for this process. Throws a `UsageError` that names the process that has it. */
export function lockComparison(path: string): Lock {
  const attempt = lockFolder(path);
  if ("lock" in attempt) return attempt.lock;
  throw new UsageError(
    `--out ${path}: ${holderWords(attempt.holder)} is comparing there; wait until it ends, or stop it with Ctrl-C, which keeps everything`,
  );
}

/** Releases a folder, and removes it if nothing was written into it. Never throws. */
export function leaveFolder(path: string, lock: Lock): void {
  lock.release();
  try {
    rmdirSync(path);
  } catch {
    // It holds the comparison.
  }
}
