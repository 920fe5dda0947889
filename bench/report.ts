// Files that benchmarks leave.
import { writeFileSync } from "node:fs";
import { OutputError } from "../src/gpu/errors.ts";

/** Writes a file. Throws `OutputError`. */
export function writeReport(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new OutputError(`bench: can't write ${path}: ${String(error)}`);
  }
}
