// How a failed command reports its error, and with which exit code it ends.
import { commandFor } from "../runs/command-words.ts";
import type { OutputConfiguration } from "commander";
import {
  AdapterError,
  DivergedError,
  LonghandError,
  MemoryError,
  UsageError,
} from "../gpu/errors.ts";
import { escapeText, wordsOf } from "../gpu/foreign-text.ts";

/**
 * Prints an error for a person, and returns the exit code: 2 for usage, 3 for a run that diverged, 1 for the rest.
 * `where` says which process it comes from.
 */
export function report(error: unknown, where = ""): number {
  const verbose = process.argv.includes("--verbose");
  if (error instanceof Error && "exitCode" in error && "code" in error) {
    // commander has printed its own sentence, or help that was asked for
    return error.exitCode === 0 ? 0 : 2;
  }
  if (verbose && error instanceof Error) {
    console.error(String(error.stack).split("\n").map(escapeText).join("\n"));
  } else if (error instanceof LonghandError) {
    console.error(`longhand: ${where}${error.message}${adviceOn(error)}`);
  } else console.error(`longhand: ${where}unexpected: ${wordsOf(error)} (--verbose shows where)`);
  if (error instanceof DivergedError) return 3;
  return error instanceof UsageError ? 2 : 1;
}

/** Returns the advice of this command line if the trouble is the adapter. */
function adviceOn(error: LonghandError): string {
  const ofAdapter = error instanceof AdapterError || error instanceof MemoryError;
  return ofAdapter ? ` (${commandFor("doctor")} lists adapters and their limits)` : "";
}

/** Makes commander's complaints one printable line, because they repeat what was typed. */
export const complaints: OutputConfiguration = {
  outputError: (text, write) => {
    const line = escapeText(text.trimEnd().replace(/\n\((?=Did you mean )/, " ("));
    write(`${line}\n`);
  },
};
