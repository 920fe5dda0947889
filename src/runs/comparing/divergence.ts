// A run that diverged, kept in its folder, so that nobody trains it again: a sweep's processes leave it there for
// `compare`.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../checkpoint/files.ts";
import type { DivergedError } from "../../gpu/errors.ts";
import { printable } from "../../gpu/foreign-text.ts";

const fileIn = (run: string): string => join(run, "diverged.txt");

/** Returns the words of the error that say where and how the run diverged, without what to do about it. */
export function divergenceWords({ message }: DivergedError): string {
  const [words = ""] = message.split(": the run has diverged");
  return words;
}

/** Writes into a run's folder that it diverged. Throws `OutputError`. */
export function markDiverged(run: string, error: DivergedError): void {
  writeFileAtomic(fileIn(run), `${divergenceWords(error)}\n`);
}

/** Returns how a run diverged, by its folder; undefined if it didn't. */
export function divergenceOf(run: string): string | undefined {
  const path = fileIn(run);
  return existsSync(path) ? printable(readFileSync(path, "utf8").trim(), 400) : undefined;
}
