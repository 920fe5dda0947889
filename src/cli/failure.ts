// How a command that failed says so, and with which exit code.
import type { OutputConfiguration } from "commander";
import { DivergedError, LonghandError, UsageError } from "../gpu/errors.ts";
import { escapeText, wordsOf } from "../gpu/foreign-text.ts";

/** Prints an error as a person wants it, and returns the exit code: 2 for usage, 1 for the rest. */
export function report(error: unknown): number {
  const verbose = process.argv.includes("--verbose");
  if (error instanceof Error && "exitCode" in error && "code" in error) {
    // commander has printed its own sentence, or help that was asked for
    return error.exitCode === 0 ? 0 : 2;
  }
  if (verbose && error instanceof Error) {
    console.error(String(error.stack).split("\n").map(escapeText).join("\n"));
  } else if (error instanceof LonghandError) console.error(`longhand: ${error.message}`);
  else console.error(`longhand: unexpected: ${wordsOf(error)} (--verbose shows where)`);
  if (error instanceof DivergedError) return 3;
  return error instanceof UsageError ? 2 : 1;
}

/** A remark on stderr, beside what a command prints. */
export function remark(text: string): void {
  console.error(`longhand: ${escapeText(text)}`);
}

/** Commander's complaints in one printable line: they repeat what was typed. */
export const complaints: OutputConfiguration = {
  outputError: (text, write) => {
    const line = escapeText(text.trimEnd().replace(/\n\((?=Did you mean )/, " ("));
    write(`${line}\n`);
  },
};
